"""How calls end, what is counted, and what is forgotten."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.support import reviews
from tests.support.calls import Clock, Desk, a_call, clock, license_of
from tests.support.companies import a_firm, a_person
from tests.support.factories import code
from tests.support.rooms import ask, data
from tests.support.wiring import services
from troupe.adapters.firestore import Database, Merge, now
from troupe.calls.records import CallPlace
from troupe.calls.writes import call_path, code_path, participants_path
from troupe.dashboards.days import days_path
from troupe.rooms.records import Room
from troupe.rooms.writes import messages_path, room_path

__all__ = ["clock"]


def counted(call: Desk) -> Counter[str]:
    """What the days of the company have for the host of a call."""
    found: Counter[str] = Counter()
    for day in call.db.find(days_path(call.firm.id), limit=100):
        for name, quarters in day.data["counts"].get(call.host.uid, {}).items():
            found[name] += sum(quarters.values())
    return +found


def test_a_call_that_ends_is_counted_once(db: Database, clock: Clock) -> None:
    call = a_call(db)
    host, guest = call.enter(call.host), call.guest()
    for _ in range(24):
        clock.forward(15)
        for tab in (host, guest):
            tab.beat(connection="connected")
    outcome = {"solved": True, "category": "router", "note": "Reset.", "billable": True}
    first = call.end(reason="completed", outcome=outcome).json["data"]["call"]
    again = call.end(outcome=outcome).json["data"]["call"]
    assert first["status"] == again["status"] == "ended"
    assert (again["endReason"], again["outcome"]["note"]) == ("completed", "Reset.")
    assert again["seconds"] in range(358, 364)
    found = counted(call)
    assert 715 <= found.pop("participantSeconds") <= 725
    assert 358 <= found.pop("callSeconds") <= 363
    found.pop("waitingSeconds", None)
    found.pop("responseSeconds", None)
    assert found == {
        "callsStarted": 1,
        "callsEnded": 1,
        "guestJoins": 1,
        "joins": 2,
        "durations1": 1,
        "solved": 1,
    }
    totals = call.firm.record.totals
    assert (totals.calls, totals.solved) == (1, 1)
    assert totals.seconds == license_of(call.firm, call.host).total_seconds == again["seconds"]
    assert Room.of(db.get(room_path(call.id))).status == "archived"
    call.ask(call.host, "PUT", json={"outcome": {"solved": False}})
    found = counted(call)
    assert (found["solved"], found["unsolved"]) == (0, 1)
    call.ask(call.host, "PUT", json={"outcome": {"solved": None}})
    assert counted(call)["unsolved"] == 0
    assert call.firm.record.totals.solved == 0


def test_two_who_end_a_call_at_once_end_it_once(db: Database) -> None:
    call = a_call(db)
    host, guest = call.enter(call.host), call.guest()
    host.beat(connection="connected")
    manager = call.firm.join("admin")
    with ThreadPoolExecutor(3) as pool:
        answers = list(
            pool.map(lambda each: call.ask(each, "PUT", "/end"), (call.host, manager, call.host))
        )
        left = guest.leave()
    assert [each.status_code for each in answers] == [200, 200, 200]
    assert left.status_code == 200
    assert counted(call)["callsEnded"] == 1
    assert call.record.participant_count == 0


@pytest.mark.parametrize(
    ("reason", "wanted"), [(None, "host_ended"), ("user_ended", "host_ended")], ids=str
)
def test_the_reason_of_an_end(db: Database, reason: str | None, wanted: str) -> None:
    call = a_call(db)
    call.enter(call.host).beat(connection="connected")
    call.guest()
    body = {"reason": reason} if reason else {}
    assert call.end(**body).json["data"]["call"]["endReason"] == wanted
    assert call.end(reason="bored").status_code == 422


def test_a_call_in_which_nothing_was_heard_has_failed(db: Database, clock: Clock) -> None:
    call = a_call(db)
    tabs = call.enter(call.host), call.guest()
    for connection in ("connecting", "connecting", "failed"):
        clock.forward(15)
        for tab in tabs:
            tab.beat(connection=connection)
    ended = call.end().json["data"]["call"]
    assert (ended["status"], ended["endReason"]) == ("failed", "technical_issue")
    found = counted(call)
    assert (found["callsFailed"], found["failedJoins"], found["joins"]) == (1, 2, 2)


def test_a_call_whose_clients_say_nothing_of_connections_has_not_failed(db: Database) -> None:
    call = a_call(db)
    call.enter(call.host)
    call.guest()
    assert call.end().json["data"]["call"]["status"] == "ended"


def test_a_call_that_nobody_answers_is_missed(db: Database, clock: Clock) -> None:
    call, hung_up = a_call(db), a_call(db)
    host = call.enter(call.host)
    call.due()
    assert call.record.status == "missed"
    assert code(host.beat()) == (409, "call_ended")
    assert counted(call)["callsMissed"] == 1
    hung_up.enter(hung_up.host)
    assert hung_up.end().json["data"]["call"]["status"] == "missed"
    assert code(a_call(db, call.firm).end()) == (409, "call_not_started")


def test_what_never_started_is_missed_in_time(db: Database) -> None:
    firm = a_firm(db)
    planned = a_call(db, firm, scheduledAt=(now() + timedelta(hours=2)).isoformat())
    pending = a_call(db, firm)
    due_at, at = planned.record.due_at, now()
    assert due_at is not None
    assert timedelta(hours=25) < due_at - at < timedelta(hours=27)
    for call in (planned, pending):
        call.due()
        assert (call.record.status, call.record.end_reason) == ("missed", "timeout")


def test_an_empty_call_ends_but_not_while_somebody_reloads(db: Database, clock: Clock) -> None:
    call = a_call(db)
    host, guest = call.enter(call.host), call.guest()
    host.beat(connection="connected")
    guest.leave()
    host.leave()
    call.due()
    assert call.record.status == "active"
    again = call.enter(call.host)
    clock.forward(125)
    again.beat()
    clock.forward(10)
    call.due()
    assert call.record.status == "active"
    again.leave()
    clock.forward(125)
    call.due()
    record = call.record
    assert (record.status, record.end_reason) == ("ended", "completed")
    assert record.ended_at is not None
    assert (clock() - record.ended_at).total_seconds() >= 120


def test_old_calls_are_forgotten_code_first(db: Database, clock: Clock) -> None:
    call = a_call(db, guestName="Grace", guestPhone="+4712345678")
    host = call.enter(call.host)
    call.guest()
    host.beat(connection="connected")
    data(call.host, "POST", f"/api/rooms/{call.id}/messages", json={"text": "Secret."})
    call.end(outcome={"note": "Born in May.", "solved": True})
    clock.forward(86_400)
    call.due()
    assert not db.get(code_path(call.code)).exists
    record = call.record
    assert record.invitees
    assert record.due_at is not None
    assert record.ended_at is not None
    assert record.due_at == record.ended_at + timedelta(days=90)
    clock.at = record.due_at
    call.due()
    record = call.record
    assert (record.invitees, record.guest_name, record.outcome.note) == ([], "", "")
    assert (record.due_at, record.status, record.outcome.solved) == (None, "ended", True)
    for path in (participants_path(call.id), messages_path(call.id)):
        assert not db.find(path, limit=1)
    assert not db.get(room_path(call.id)).exists
    assert "starts" in db.get(call_path(call.id)).data
    assert "12345678" not in str(db.get(call_path(call.id)).data)
    # What is said afterwards is not kept for ever.
    comment = {"subjectKind": "call", "subjectId": call.id, "text": "Late."}
    refused = reviews.ask(call.host, "POST", "/api/comments", json=comment)
    assert code(refused) == (404, "call_not_found")
    call.data(call.host, "PUT", json={"outcome": {"note": "Born in June."}})
    noted = call.record
    assert noted.due_at is not None
    call.due()
    record = call.record
    assert (record.outcome.note, record.due_at) == ("", None)


def test_a_code_that_another_call_has_by_now_stays(db: Database) -> None:
    """A slug, which people choose: codes are never the same."""
    firm = a_firm(db)
    old = a_call(db, firm, slug="help")
    old.data(firm.owner, "DELETE")
    new = a_call(db, firm, slug="help")
    old.due()
    place = CallPlace.of(db.get(f"companies/{firm.id}/slugs/help"))
    assert place.call_id == new.id


def test_a_crash_of_one_does_not_stop_the_sweep(db: Database) -> None:
    broken, sound = a_call(db), a_call(db)
    db.commit(Merge(call_path(broken.id), {"dueAt": now() - timedelta(days=1), "number": "x"}))
    sound.due()
    assert sound.record.status == "missed"
    db.commit(Merge(call_path(broken.id), {"dueAt": None}))


def test_a_guest_who_is_erased_leaves_a_place_without_a_name(db: Database) -> None:
    call = a_call(db)
    host, guest = call.enter(call.host), call.guest(name="Grace Hopper")
    export = services().exporters["calls"]
    assert len(list(export(guest.person.uid))) == 2
    erase = services().erasers["calls"]
    while erase(guest.person.uid, 10):
        pass
    assert call.record.participant_count == 1
    assert guest.record.name == ""
    assert "Hopper" not in str(db.get(call_path(call.id)).data)
    assert not list(export(guest.person.uid))
    people = host.ask("GET", "/participants").json["data"]["participants"]
    assert [each["name"] for each in people] == ["Ada", ""]
    assert guest.beat().status_code == 404


def test_a_host_and_an_invitee_who_are_erased(db: Database) -> None:
    firm, invited = a_firm(db), a_person(db)
    host = firm.join(name="Ada Lovelace")
    grace = {"userId": invited.uid, "name": "Grace", "phone": "+4712345678"}
    live = a_call(db, firm, host, title=None, invitees=[grace])
    assert Room.of(db.get(room_path(live.id))).name == "Call with Grace"
    waiting = a_call(db, firm, host)
    live.enter(host).beat(connection="connected")
    guest = live.guest()
    exported = str(list(services().exporters["calls"](host.uid)))
    assert "Call with Grace" in exported
    assert "12345678" not in exported
    erase = services().erasers["calls"]
    for uid in (host.uid, invited.uid):
        while erase(uid, 1):
            pass
    assert live.record.is_over
    assert waiting.record.status == "cancelled"
    assert code(guest.beat()) == (409, "call_ended")
    for call in (live, waiting):
        text = str(db.get(call_path(call.id)).data)
        assert host.uid not in text
        assert "Lovelace" not in text
        assert invited.uid not in text
        assert "Grace" not in text
    assert live.record.title == Room.of(db.get(room_path(live.id))).name == "Call 1"
    assert not list(services().exporters["calls"](host.uid))
    assert ask(firm.owner, "GET", live.path, "calls").status_code == 200
