"""What jobs cost: quotes, and the charge of a job that ends without a result.

Such a job is charged for what was spoken, at most its hold, and the base of its tariff if it was
cancelled at work (decision 025). Everything this needs is on the job's document, so the commit that
ends the job can charge it without reading its parts, and the audit can repeat the sum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from troupe.jobs.records import Charge, Job, JobError, JobStatus, Tariff, Usage
from troupe.settings import Prices
from troupe.wallet.errors import BillingBlocked, CapReached, CostAboveMax, NotEnoughTokens
from troupe.wallet.records import Meter, Owner, Wallet

# In the message of an error of ours: replaced by what was charged, once that is known.
CHARGED = "{charged}"


def speech_tariff(prices: Prices) -> Tariff:
    """A token for every started thousand characters, and at least one."""
    per_token = prices.characters_per_token
    return Tariff(base=1, included=per_token, per_token=per_token)


@dataclass(frozen=True, slots=True)
class Quote:
    """The price of a job: exact tokens, or the maximum number of voice seconds (None if it cannot
    be paid with those). The other fields: see Charge."""

    tokens: int
    voice_seconds: int | None = None
    tariff: Tariff | None = None
    characters: int = 0
    likely_seconds: int = 0

    @classmethod
    def of(
        cls,
        tariff: Tariff,
        characters: int,
        voice_seconds: int | None = None,
        likely_seconds: int = 0,
    ) -> Quote:
        tokens = tariff.tokens(characters)
        return cls(tokens, voice_seconds, tariff, characters, likely_seconds)


@dataclass(frozen=True, slots=True)
class Price:
    """A quote for one wallet, as it is now. `tokens` is 0 if voice seconds pay. `available` is in
    units of the meter."""

    payer: Owner
    meter: Meter
    tokens: int
    voice_seconds_at_most: int | None
    available: int
    sufficient: bool


# How much more the spender may spend of a meter, None for all that there is.
Left = Callable[[Meter], int | None]


def uncapped(meter: Meter) -> int | None:
    return None


def price(wallet: Wallet, quote: Quote, left: Left = uncapped) -> Price:
    """Voice seconds pay if enough are available, else tokens."""

    def spendable(meter: Meter) -> int:
        available, most = wallet.meter(meter).available, left(meter)
        return available if most is None else min(available, most)

    seconds = quote.voice_seconds
    in_seconds = seconds is not None and seconds <= spendable(Meter.VOICE_SECONDS)
    meter = Meter.VOICE_SECONDS if in_seconds else Meter.TOKENS
    available = spendable(meter)
    return Price(
        payer=wallet.owner,
        meter=meter,
        tokens=0 if in_seconds else quote.tokens,
        voice_seconds_at_most=seconds,
        available=available,
        sufficient=in_seconds or quote.tokens <= available,
    )


def hold(wallet: Wallet, quote: Quote, max_tokens: int | None, left: Left = uncapped) -> Charge:
    """The hold for a job. Raises CostAboveMax, NotEnoughTokens, CapReached,
    BillingBlocked."""
    if wallet.blocked:
        raise BillingBlocked
    cost, tokens = price(wallet, quote, left), wallet.tokens.available
    if max_tokens is not None and cost.tokens > max_tokens:
        raise CostAboveMax.of(cost.tokens, max_tokens)
    if cost.tokens > tokens:
        raise NotEnoughTokens.of(cost.tokens, tokens, wallet.owner)
    if not cost.sufficient:
        raise CapReached.of(cost.tokens, cost.available)
    in_seconds, budget = cost.meter is Meter.VOICE_SECONDS, left(Meter.TOKENS)
    return Charge(
        meter=cost.meter,
        held=quote.voice_seconds or 0 if in_seconds else quote.tokens,
        remaining_tokens=tokens - cost.tokens,
        remaining_budget=None if budget is None else budget - cost.tokens,
        tariff=quote.tariff,
        characters=quote.characters,
        likely_seconds=quote.likely_seconds,
    )


def ended(job: Job, status: JobStatus, at: datetime) -> Job:
    """The job with what it is charged if it ends now as `status` without a result.

    Parts that are at work count as spoken if the job is cancelled, because their text has been sent
    to the engine. They do not count if the job fails, which is not the user's doing.
    """
    if job.charge is None:
        return job
    usage = job.usage
    if status is JobStatus.CANCELLED:
        worked = job.parts_done > 0 or _is_leased(job, at) or bool(job.at_work(at))
        counted = {"interrupted": _characters_at_work(job, at), "worked": worked}
        usage = usage.model_copy(update=counted)
    charge = job.charge.model_copy(
        update={"charged": unfinished_charge(job.charge, usage, sum(job.part_characters))}
    )
    return job.model_copy(update={"usage": usage, "charge": charge})


def unfinished_charge(charge: Charge, usage: Usage, characters: int) -> int:
    """The charge for an unfinished job, of `characters` in all its parts. Never above the hold.

    Rounded once for the whole job. In tokens, cancelled work costs at least the base of the tariff:
    rendering lines that were paid for before is work too, and free work could be repeated for ever.
    How long an interrupted part would have been is not known, so it counts with its share of the
    likely seconds.
    """
    spoken = usage.characters + usage.interrupted
    if charge.tariff is None or not (spoken or usage.worked):
        return 0
    if charge.meter is Meter.TOKENS:
        return min(charge.tariff.tokens(spoken), charge.held)
    likely = charge.likely_seconds * 1000
    share = likely * usage.interrupted // characters if characters else 0
    return min(-(-(usage.milliseconds + share) // 1000), charge.held)


def told(error: JobError, charge: Charge | None) -> JobError:
    """The error with what was charged in its message."""
    if CHARGED not in error.message:
        return error
    sentence = "Nothing was charged."
    if charge is not None and charge.charged:
        plural = "" if charge.charged == 1 else "s"
        unit = f"token{plural}" if charge.meter is Meter.TOKENS else f"second{plural} of voice"
        sentence = f"{charge.charged} {unit} charged for what was spoken."
    return error.model_copy(update={"message": error.message.replace(CHARGED, sentence)})


def _characters_at_work(job: Job, at: datetime) -> int:
    if job.parts_total == 1:  # a single part runs in the task that has the lease
        return sum(job.part_characters) if _is_leased(job, at) else 0
    return sum(job.part_characters[number] for number in job.at_work(at))


def _is_leased(job: Job, at: datetime) -> bool:
    return job.lease_until is not None and job.lease_until > at
