"""Members who lose their company are out of its running calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.calls import Desk, Tab, a_call
from tests.support.companies import Person, a_firm, a_person
from tests.support.factories import code
from tests.support.meanwhile import Meanwhile, of
from tests.support.rooms import ask
from tests.support.wiring import rewired, services
from troupe.adapters.firestore import Database, Merge, now
from troupe.calls.writes import call_path
from troupe.companies.departures import departure_path
from troupe.companies.records import MemberStatus
from troupe.rooms.writes import member_path as room_member_path


def remove(call: Desk, person: Person) -> None:
    call.firm.owner.data("DELETE", f"{call.firm.path}/members/{person.uid}")


def suspend(call: Desk, person: Person) -> None:
    change = {"status": MemberStatus.SUSPENDED}
    services().members.update(call.firm.owner.caller, call.firm.id, person.uid, change)


def leave(call: Desk, person: Person) -> None:
    services().members.leave(person.caller, call.firm.id)


def swept(call: Desk, person: Person) -> None:
    """Lets the sweep look now for whom the company has lost."""
    call.db.commit(Merge(departure_path(call.firm.id, person.uid), {"dueAt": now()}))
    services().call_departures.sweep(1000)
    assert not call.db.get(departure_path(call.firm.id, person.uid)).exists


def a_talk(db: Database) -> tuple[Desk, Tab, Tab, Tab]:
    """A call with its host, a guest, and a colleague."""
    call = a_call(db)
    host, guest = call.enter(call.host), call.guest()
    return call, host, guest, call.enter(call.firm.join())


@pytest.mark.parametrize("end", [remove, suspend, leave])
def test_who_loses_the_company_is_out_at_once(
    db: Database, end: Callable[[Desk, Person], None]
) -> None:
    call, host, guest, colleague = a_talk(db)
    path = f"{call.inside}/events"

    def events(after: str) -> Any:
        return ask(call.host, "GET", path, "live", query_string={"wait": 1, "after": after}).json

    after = events(host.entered["participant"]["joinedAt"])["lastEventId"]
    end(call, colleague.person)
    assert (colleague.record.state, colleague.access.state) == ("left", "left")
    assert db.get(f"calls/{call.id}/access/{colleague.person.uid}").data["active"] is False
    member = db.get(room_member_path(call.id, colleague.person.uid)).data
    assert member["state"] == "left"
    gone = [each for each in events(after)["events"] if each["event"] == "participant_left"]
    assert [each["participantId"] for each in gone] == [colleague.tab]
    for answer in (colleague.beat(), colleague.ask("GET", "/participants")):
        assert code(answer) == (409, "not_in_call")
    assert [tab.record.state for tab in (host, guest)] == ["in", "in"]
    assert (call.record.participant_count, call.record.status) == (2, "active")
    swept(call, colleague.person)
    assert (call.record.participant_count, call.record.status) == (2, "active")


def test_who_knows_the_code_waits_in_the_lobby_from_then_on(db: Database) -> None:
    call, _, _, colleague = a_talk(db)
    remove(call, colleague.person)
    assert code(call.try_enter(colleague.person)) == (404, "call_not_found")
    again = call.enter(colleague.person, code=call.code)
    assert (again.record.state, again.record.role) == ("waiting", "participant")


def test_other_companies_and_other_people_go_on(db: Database) -> None:
    call, _, _, colleague = a_talk(db)
    other = a_call(db)
    other.enter(other.host)
    elsewhere = other.enter(colleague.person, code=other.code)
    remove(call, colleague.person)
    assert elsewhere.record.state == "in"
    stranger = a_person(db)
    services().call_departures.leave(call.firm.id, stranger.uid)
    services().call_departures.leave(other.firm.id, colleague.person.uid)  # without a note
    assert elsewhere.record.state == "in"
    assert call.record.participant_count == 2


def test_the_sweep_does_what_a_crash_has_left(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, host, guest, colleague = a_talk(db)
    host.moderate(colleague, "promote")
    members = services().members
    monkeypatch.setattr(members, "_departed", lambda company_id, uid: None)  # the instance died
    remove(call, colleague.person)
    assert colleague.access.is_in
    assert code(colleague.moderate(guest, "mute")) == (403, "call_role_required")
    swept(call, colleague.person)
    assert not colleague.access.is_in


def test_who_comes_in_while_they_lose_the_company_is_out_with_the_sweep(db: Database) -> None:
    call, _, _, colleague = a_talk(db)
    colleague.leave()
    removed = Meanwhile(db, of(call_path(call.id)), before=lambda: remove(call, colleague.person))
    with rewired(database=removed):
        late = call.enter(colleague.person)
    assert removed.happened
    assert late.access.is_in  # the removal has found them in no call
    services().call_departures.sweep(1000)
    assert late.access.is_in  # others may be as late
    swept(call, colleague.person)
    assert (late.record.state, late.access.state) == ("left", "left")
    assert call.record.lobby


def test_who_is_let_in_again_as_an_outsider_stays(db: Database) -> None:
    call, host, _, colleague = a_talk(db)
    remove(call, colleague.person)
    again, waiting = (call.enter(colleague.person, code=call.code) for _ in range(2))
    host.moderate(again, "admit")
    swept(call, colleague.person)
    assert [tab.record.state for tab in (again, waiting)] == ["in", "waiting"]


def test_who_is_back_before_the_sweep_stays(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    call, _, _, colleague = a_talk(db)
    monkeypatch.setattr(services().members, "_departed", lambda company_id, uid: None)
    suspend(call, colleague.person)
    back = {"status": MemberStatus.ACTIVE}
    uid = colleague.person.uid
    services().members.update(call.firm.owner.caller, call.firm.id, uid, back)
    swept(call, colleague.person)
    assert colleague.access.is_in


def test_a_failure_does_not_keep_a_member(db: Database) -> None:
    call, _, _, colleague = a_talk(db)
    note = departure_path(call.firm.id, colleague.person.uid)
    db.commit(Merge(note, {"dueAt": now()}))  # cannot be read
    services().call_departures.leave(call.firm.id, colleague.person.uid)
    assert colleague.access.is_in
    remove(call, colleague.person)
    assert call.firm.member(colleague.person) is None
    assert not colleague.access.is_in


def test_a_change_that_takes_nothing_away_leaves_no_note(db: Database) -> None:
    firm = a_firm(db)
    person = firm.join()
    services().members.update(firm.owner.caller, firm.id, person.uid, {"role": "admin"})
    assert not db.get(departure_path(firm.id, person.uid)).exists
