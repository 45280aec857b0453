"""Recordings by LiveKit: who must agree, what becomes of each, and that no event decides."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.fakes.livekit_server import Egress, FakeLiveKit
from tests.support.audits import audit_place
from tests.support.call_recordings import Taped, a_recorded_firm, act, film, look_at
from tests.support.calls import Clock, Tab, clock
from tests.support.factories import HeldQueue, code, test_settings
from tests.support.livekit import (
    configured,
    connect,
    livekit_call,
    recording_livekit,
    room_of,
    sent,
)
from tests.support.rooms import ask
from tests.support.wiring import deliver, rewired, services
from troupe.adapters.firestore import Database, Delete, Merge
from troupe.app.container import Container
from troupe.call_recordings.egresses import BEGINS_IN, STORED_IN
from troupe.call_recordings.writes import parts_path, recording_prefix
from troupe.calls.writes import call_path, live_recording_path, recording_path
from troupe.commands.ledger_audit import audit_owner
from troupe.orphans import COLLECTION as ORPHANS
from troupe.settings import Prices
from troupe.wallet.records import Owner

__all__ = ["clock", "recording_livekit"]


@dataclass
class Recorded:
    """A call by LiveKit that LiveKit records."""

    fake: FakeLiveKit
    tape: Taped
    clock: Clock

    @property
    def egress(self) -> Egress:
        """The latest one."""
        return self.fake.egresses[-1]

    def told(self, name: str = "egress_updated") -> None:
        body, token = self.fake.event(name, "", egress_info=self.egress.info)
        assert sent(body, token).status_code == 200

    def begun(self) -> None:
        self.egress.begin()
        self.told()

    def stored(self, seconds: float, tone: float, egress: Egress | None = None) -> None:
        """LiveKit stores its file, and says so."""
        ended = egress or self.egress
        ended.end(film(seconds, (tone,), by_livekit=True), at=self.clock().timestamp())
        self.told("egress_ended")

    def joins(self) -> Tab:
        return connect(self.fake, self.tape.call.guest(name="Bruno"))


@pytest.fixture
def recorded(
    db: Database, recording_livekit: FakeLiveKit, clock: Clock, queue: HeldQueue
) -> Recorded:
    """With its host alone."""
    call = livekit_call(db, a_recorded_firm(db))
    host = connect(recording_livekit, call.enter(call.host))
    started = act(call, call.host, "start").json["data"]["recording"]
    assert started["source"] == "egress"
    return Recorded(recording_livekit, Taped(call, host, started["id"]), clock)


def test_livekit_records_and_the_film_has_every_part(
    db: Database, recorded: Recorded, queue: HeldQueue
) -> None:
    tape, call = recorded.tape, recorded.tape.call
    assert recorded.egress.status == "EGRESS_STARTING"
    assert recorded.egress.info.room_name == room_of(call)
    assert tape.record.state == "starting"
    recorded.begun()
    assert tape.host.beat().json["data"]["recording"]["state"] == "recording"
    recorded.clock.forward(3)
    guest = recorded.joins()  # who has not agreed
    assert recorded.egress.status == "EGRESS_ENDING"
    assert tape.host.beat().json["data"]["recording"]["waitingFor"] == [guest.person.uid]
    recorded.clock.forward(10)
    # LiveKit needs a moment to stop; of that, nothing is kept.
    recorded.stored(5, 500)
    assert len(recorded.fake.egresses) == 1
    tape.agree(guest.person)
    assert len(recorded.fake.egresses) == 2
    assert tape.host.beat().json["data"]["recording"]["state"] == "starting"
    recorded.begun()
    recorded.clock.forward(2)
    tape.stop()
    assert (recorded.egress.status, tape.record.state) == ("EGRESS_ENDING", "stopping")
    recorded.stored(4, 1500)
    assert tape.record.state == "processing"
    deliver(queue)
    made = tape.record
    assert (made.state, made.error, made.parts) == ("ready", None, 2)
    assert made.milliseconds == 5_000
    assert made.file is not None
    answer = ask(call.host, "GET", f"{call.inside}/recordings/{tape.id}/file", "calls")
    seen = look_at(answer.data, 2)
    assert seen.codecs == ["h264", "aac"]
    assert abs(seen.seconds - 5) < 0.3
    assert {round(each, -2) for each in seen.tones} == {500, 1500}
    files = services().files.list(recording_prefix(made.company_id, made.call_id, made.id))
    assert files == [made.file.path]
    assert db.count(parts_path(made.id)) == 0
    call.end()
    assert audit_place(db, call_path(call.id)) == []
    assert audit_owner(db, Owner.company(call.firm.id)) == []


def test_nobody_connects_who_has_not_agreed_until_livekit_has_stopped(recorded: Recorded) -> None:
    call = recorded.tape.call
    recorded.begun()
    recorded.fake.script(*["busy"] * 40)
    assert code(call.try_guest()) == (503, "livekit_unavailable")
    recorded.fake._script.clear()
    assert recorded.egress.status == "EGRESS_ACTIVE"
    member = call.firm.join()
    tab = connect(recorded.fake, call.enter(member))
    assert recorded.egress.status == "EGRESS_ENDING"
    assert tab.entered["livekit"]["token"]


def test_taking_it_back_stops_livekit(db: Database, recorded: Recorded, queue: HeldQueue) -> None:
    guest = recorded.joins()
    recorded.tape.agree(guest.person)
    first, _ = recorded.fake.egresses
    first.end(status="EGRESS_ABORTED")  # before it began
    recorded.begun()
    recorded.clock.forward(2)
    recorded.tape.act(guest.person, "decline")
    assert recorded.egress.status == "EGRESS_ENDING"
    assert db.get(live_recording_path(recorded.tape.call.id)).exists is False
    recorded.clock.forward(5)
    recorded.stored(6, 440)
    deliver(queue)
    made = recorded.tape.record
    assert (made.state, made.end_reason) == ("ready", "declined")
    assert made.file is not None
    assert abs(made.file.seconds - 2) < 0.2  # not what was said after that


@pytest.mark.parametrize(
    "arrive",
    [
        pytest.param(lambda events: [], id="lost"),
        pytest.param(lambda events: [*events, *events], id="doubled"),
        pytest.param(lambda events: events[::-1], id="reversed"),
        pytest.param(lambda events: random.Random(7).sample(events, len(events)), id="shuffled"),
    ],
)
def test_the_events_do_not_decide(
    recorded: Recorded,
    queue: HeldQueue,
    arrive: Callable[[list[tuple[bytes, str]]], list[tuple[bytes, str]]],
) -> None:
    events = []

    def event(name: str) -> None:
        events.append(recorded.fake.event(name, "", egress_info=recorded.egress.info))

    event("egress_started")
    recorded.egress.begin()
    event("egress_updated")
    recorded.tape.host.beat()  # while it begins, heartbeats look
    recorded.tape.host.beat()
    assert recorded.tape.record.state == "recording"
    recorded.clock.forward(3)
    recorded.tape.stop()
    recorded.egress.end(film(4, by_livekit=True), at=recorded.clock().timestamp())
    event("egress_ended")
    for each in arrive(events):
        assert sent(*each).status_code == 200
    recorded.tape.due()
    deliver(queue)
    made = recorded.tape.record
    assert (made.state, made.parts, made.milliseconds) == ("ready", 1, 3_000)


def test_an_event_that_livekit_has_not_signed(recorded: Recorded) -> None:
    recorded.egress.begin()
    body, token = recorded.fake.event("egress_updated", "", egress_info=recorded.egress.info)
    assert code(sent(body + b" ", token)) == (400, "bad_livekit_signature")
    assert recorded.tape.record.state == "starting"


def test_an_answer_that_is_lost_makes_no_second_recording(
    db: Database, recording_livekit: FakeLiveKit, clock: Clock, queue: HeldQueue
) -> None:
    call = livekit_call(db, a_recorded_firm(db))
    host = connect(recording_livekit, call.enter(call.host))
    real = recording_livekit.answer

    def lost(method: str, *given: object) -> object:
        answer = real(method, *given)  # type: ignore[arg-type]
        if method == "StartRoomCompositeEgress":
            raise ConnectionError
        return answer

    recording_livekit.answer = lost  # type: ignore[assignment,method-assign]
    started = act(call, call.host, "start").json["data"]["recording"]
    recording_livekit.answer = real  # type: ignore[method-assign]
    host.beat()
    assert len(recording_livekit.egresses) == 1
    (run,) = Taped(call, host, started["id"]).record.runs.values()
    assert run.id == recording_livekit.egresses[0].info.egress_id


def test_livekit_that_does_not_begin_ends_the_recording(recorded: Recorded) -> None:
    recorded.egress.end(status="EGRESS_FAILED")
    recorded.tape.host.beat()
    assert len(recorded.fake.egresses) == 2  # once more
    recorded.egress.end(status="EGRESS_ABORTED")
    recorded.told()
    recorded.egress.end(status="EGRESS_LIMIT_REACHED")
    recorded.told()
    assert len(recorded.fake.egresses) == 3
    ended = recorded.tape.record
    assert (ended.state, ended.end_reason, ended.error) == (
        "failed",
        "nothing_received",
        "nothing_recorded",
    )
    answer = act(recorded.tape.call, recorded.tape.call.host, "start")
    assert answer.status_code == 200  # it blocks none


def test_a_recording_that_breaks_off_goes_on_in_another_part(
    recorded: Recorded, queue: HeldQueue
) -> None:
    recorded.begun()
    recorded.clock.forward(3)
    recorded.stored(3, 440)
    assert recorded.tape.record.parts == 1
    assert recorded.egress.status == "EGRESS_STARTING"
    assert len(recorded.fake.egresses) == 2
    recorded.begun()
    recorded.clock.forward(2)
    recorded.tape.call.end()
    assert recorded.egress.status == "EGRESS_ENDING"
    recorded.stored(2, 440)
    deliver(queue)
    made = recorded.tape.record
    assert (made.state, made.parts, made.milliseconds) == ("ready", 2, 5_000)


def test_livekit_that_is_silent_for_ever(db: Database, recorded: Recorded, clock: Clock) -> None:
    recorded.begun()
    recorded.clock.forward(5)
    recorded.tape.stop()
    assert recorded.tape.due().state == "stopping"
    late = recorded.tape.record.ended_at
    assert late is not None
    ended_at = late - STORED_IN - timedelta(hours=1)
    db.commit(Merge(recording_path(recorded.tape.id), {"endedAt": ended_at}))
    ended = recorded.tape.due()
    assert (ended.state, ended.error) == ("failed", "nothing_recorded")
    # A file that still comes is deleted.
    orphans = [each.data["paths"] for each in db.find(ORPHANS, limit=1000)]
    assert [recorded.egress.path] in orphans


def test_a_request_that_is_lost_is_given_up(
    recorded: Recorded, recording_livekit: FakeLiveKit
) -> None:
    """LiveKit was asked, and knows nothing of it."""
    recording_livekit.egresses.clear()
    (run,) = recorded.tape.record.runs.values()
    assert run.id
    recorded.clock.forward(BEGINS_IN.total_seconds() + 1)
    recorded.tape.host.beat()
    assert len(recording_livekit.egresses) == 1
    (other,) = recorded.tape.record.runs.values()
    assert other.path != run.path


def test_what_is_recorded_is_paid_while_it_goes_on(db: Database, recorded: Recorded) -> None:
    recorded.begun()
    for _ in range(3):
        recorded.clock.forward(40)
        recorded.tape.host.beat()
        recorded.tape.due()
    record = recorded.tape.record
    assert record.state == "recording"
    assert record.milliseconds in (80_000, 120_000)
    assert sum(record.used.values()) == record.milliseconds
    assert audit_place(db, call_path(recorded.tape.call.id)) == []


def test_a_company_that_cannot_pay_any_more(
    db: Database, recording_livekit: FakeLiveKit, clock: Clock, queue: HeldQueue
) -> None:
    prices = Prices(recorded_seconds_per_token=10, call_seconds_per_token={"livekit": 0})
    with rewired(settings=test_settings(prices=prices)):
        call = livekit_call(db, a_recorded_firm(db), tokens=1)
        host = connect(recording_livekit, call.enter(call.host))
        started = act(call, call.host, "start").json["data"]["recording"]
        recorded = Recorded(recording_livekit, Taped(call, host, started["id"]), clock)
        recorded.begun()
        clock.forward(40)
        host.beat()
        clock.forward(30)
        host.beat()
        recorded.told()  # it is counted: 70 s
        paid = recorded.tape.record.milliseconds
        for _ in range(9):
            clock.forward(40)
            host.beat()
        recorded.told()
        ended = recorded.tape.record
        assert (ended.state, ended.end_reason) == ("stopping", "unpaid")
        assert recorded.egress.status == "EGRESS_ENDING"
        recorded.stored(80, 440)
        deliver(queue)
        made = recorded.tape.record
        assert (made.state, made.milliseconds) == ("ready", paid)
        assert made.file is not None
        assert abs(made.file.seconds - paid / 1000) < 0.3
        assert audit_place(db, call_path(call.id)) == []


def test_what_nobody_knows_of_is_stopped(db: Database, recorded: Recorded) -> None:
    recorded.begun()
    stray = recorded.fake.egresses[0]
    db.commit(Delete(recording_path(recorded.tape.id)))
    services().chores["livekit_rooms"](1000)
    assert stray.status == "EGRESS_ENDING"


def test_without_a_bucket_the_browser_records(
    db: Database, recording_livekit: FakeLiveKit, queue: HeldQueue
) -> None:
    plain = Container(configured(recording_livekit.url)).livekit
    with rewired(livekit=plain):
        call = livekit_call(db, a_recorded_firm(db))
        call.enter(call.host)
        started = act(call, call.host, "start").json["data"]["recording"]
    assert started["source"] == "parts"
    assert recording_livekit.egresses == []


def test_a_browser_sends_nothing_to_livekits_recording(recorded: Recorded) -> None:
    assert code(recorded.tape.send(0, film())) == (404, "recording_not_found")
