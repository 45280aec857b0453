"""What unfinished jobs are charged: the sums, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troupe.jobs.charges import CHARGED, Quote, ended, hold, price, speech_tariff, told
from troupe.jobs.records import Charge, Job, JobError, JobStatus, Tariff, Usage
from troupe.settings import Prices
from troupe.wallet.errors import CostAboveMax, NotEnoughTokens
from troupe.wallet.records import Balance, Meter, Wallet

AT = datetime(2026, 11, 26, tzinfo=UTC)
LATER, BEFORE = AT + timedelta(minutes=1), AT - timedelta(minutes=1)
SPEECH = speech_tariff(Prices())
VIDEO = Tariff(base=1, included=2000, per_token=1000)


def job(charge: Charge, parts: list[int], **fields: Any) -> Job:
    return Job(
        id="j",
        kind="voice",
        uid="u",
        status=JobStatus.IN_PROGRESS,
        request_hash="",
        charge=charge,
        cuts=list(range(len(parts) + 1)),
        part_characters=parts,
        created_at=AT,
        updated_at=AT,
        **fields,
    )


def charged(which: Job, status: JobStatus = JobStatus.CANCELLED) -> int:
    done = ended(which, status, AT)
    assert done.charge is not None
    assert done.charge.charged is not None
    return done.charge.charged


def tokens(held: int, tariff: Tariff = SPEECH) -> Charge:
    return Charge(meter=Meter.TOKENS, held=held, remaining_tokens=0, tariff=tariff)


def seconds(held: int) -> Charge:
    """Likely a third of it."""
    return Charge(
        meter=Meter.VOICE_SECONDS,
        held=held,
        remaining_tokens=0,
        tariff=SPEECH,
        likely_seconds=held // 3,
    )


@pytest.mark.parametrize(
    ("tariff", "characters", "expected"),
    [
        (SPEECH, 1, 1),
        (SPEECH, 1000, 1),
        (SPEECH, 1001, 2),
        (SPEECH, 58_500, 59),
        (VIDEO, 0, 1),
        (VIDEO, 2000, 1),
        (VIDEO, 2001, 2),
        (VIDEO, 6000, 5),
    ],
)
def test_prices(tariff: Tariff, characters: int, expected: int) -> None:
    assert tariff.tokens(characters) == expected


def test_a_queued_job_costs_nothing() -> None:
    assert charged(job(tokens(4), [4000])) == 0


@pytest.mark.parametrize(
    ("status", "lease", "expected"),
    [
        (JobStatus.CANCELLED, LATER, 4),
        (JobStatus.CANCELLED, BEFORE, 0),
        (JobStatus.CANCELLED, None, 0),
        (JobStatus.FAILED, LATER, 0),
    ],
)
def test_a_single_part_is_at_work_while_it_is_leased(
    status: JobStatus, lease: datetime | None, expected: int
) -> None:
    assert charged(job(tokens(4), [3900], lease_until=lease), status) == expected


def test_recorded_parts_and_parts_at_work_are_rounded_together() -> None:
    running = {"1": LATER, "2": BEFORE}
    half = job(
        tokens(3), [600, 600, 600, 600], running=running, usage=Usage(characters=600), parts_done=1
    )
    assert charged(half) == 2, "1,200 characters, rounded once"
    assert charged(half, JobStatus.FAILED) == 1


@pytest.mark.parametrize(
    ("status", "fields", "expected"),
    [
        (JobStatus.CANCELLED, {"lease_until": LATER}, 1),
        (JobStatus.CANCELLED, {"running": {"1": LATER}}, 1),
        (JobStatus.CANCELLED, {"parts_done": 1}, 1),
        (JobStatus.CANCELLED, {"lease_until": BEFORE, "running": {"1": BEFORE}}, 0),
        (JobStatus.FAILED, {"lease_until": LATER, "parts_done": 2}, 0),
    ],
)
@pytest.mark.parametrize("parts", [[0], [0, 0]])
def test_cancelled_work_without_new_speech_costs_the_base(
    parts: list[int], status: JobStatus, fields: dict[str, Any], expected: int
) -> None:
    """The attack: a video whose lines are paid for, cancelled while it renders, again and again."""
    assert charged(job(tokens(1, VIDEO), parts, **fields), status) == expected


def test_seconds_are_real_for_recorded_parts_and_likely_for_others() -> None:
    half = job(
        seconds(1200),
        [1000] * 4,
        usage=Usage(characters=1000, milliseconds=66_001),
        running={"2": LATER},
    )
    assert charged(half, JobStatus.FAILED) == 67
    assert charged(half) == 67 + 100


def test_a_free_job_and_one_without_a_tariff_are_charged_nothing() -> None:
    plain = Charge(meter=Meter.TOKENS, held=5, remaining_tokens=0)
    assert charged(job(plain, [4000], lease_until=LATER)) == 0


@given(
    parts=st.lists(st.integers(0, 4000), min_size=2, max_size=30),
    done=st.data(),
    meter=st.sampled_from(Meter),
    tariff=st.sampled_from([SPEECH, VIDEO]),
    cancelled=st.booleans(),
)
def test_no_unfinished_job_costs_more_than_its_hold_or_less_than_nothing(
    parts: list[int], done: st.DataObject, meter: Meter, tariff: Tariff, cancelled: bool
) -> None:
    fate = done.draw(st.lists(st.sampled_from("rwn"), min_size=len(parts), max_size=len(parts)))
    recorded = sum(each for each, what in zip(parts, fate, strict=True) if what == "r")
    running = {str(n): LATER for n, what in enumerate(fate) if what == "w"}
    held = tariff.tokens(sum(parts)) if meter is Meter.TOKENS else sum(parts)
    charge = Charge(
        meter=meter, held=held, remaining_tokens=0, tariff=tariff, likely_seconds=held // 2
    )
    usage = Usage(characters=recorded, milliseconds=recorded * 70)
    status = JobStatus.CANCELLED if cancelled else JobStatus.FAILED
    cost = charged(job(charge, parts, running=running, usage=usage), status)
    assert 0 <= cost <= held
    if meter is Meter.TOKENS:
        counted = recorded + sum(parts[int(n)] for n in running if cancelled)
        worked = bool(counted) or (cancelled and bool(running))
        assert cost == (tariff.tokens(counted) if worked else 0)


def wallet(tokens: int, seconds: int) -> Wallet:
    return Wallet(id="u", tokens=Balance(granted=tokens), voice_seconds=Balance(granted=seconds))


def test_voice_seconds_pay_if_there_are_enough() -> None:
    quote = Quote.of(SPEECH, 5500, voice_seconds=400)
    rich, poor = price(wallet(9, 400), quote), price(wallet(5, 399), quote)
    assert (rich.meter, rich.tokens, rich.available, rich.sufficient) == (
        Meter.VOICE_SECONDS,
        0,
        400,
        True,
    )
    assert (poor.meter, poor.tokens, poor.available, poor.sufficient) == (
        Meter.TOKENS,
        6,
        5,
        False,
    )
    assert rich.voice_seconds_at_most == poor.voice_seconds_at_most == 400
    assert hold(wallet(9, 400), quote, max_tokens=0).held == 400
    with pytest.raises(NotEnoughTokens):
        hold(wallet(5, 399), quote, max_tokens=6)
    with pytest.raises(CostAboveMax) as refused:
        hold(wallet(50, 399), quote, max_tokens=5)
    assert refused.value.details == {"tokens": 6, "maxTokens": 5, "meter": Meter.TOKENS}
    assert hold(wallet(50, 399), quote, max_tokens=6).held == 6


@pytest.mark.parametrize(
    ("charge", "sentence"),
    [
        (None, "Nothing was charged."),
        (tokens(3).model_copy(update={"charged": 0}), "Nothing was charged."),
        (tokens(3).model_copy(update={"charged": 1}), "1 token charged for what was spoken."),
        (
            seconds(9).model_copy(update={"charged": 2}),
            "2 seconds of voice charged for what was spoken.",
        ),
    ],
)
def test_messages_state_the_charge(charge: Charge | None, sentence: str) -> None:
    error = JobError(code="x", message=f"It broke. {CHARGED}", retryable=True)
    assert told(error, charge).message == f"It broke. {sentence}"
    other = JobError(code="x", message="Refused.", retryable=False)
    assert told(other, charge) == other
