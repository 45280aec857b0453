"""Calls of a company: create, list, change, start, end, cancel; who may, and how many."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.support.calls import a_call, license_of, unknown_id
from tests.support.companies import Firm, a_firm, a_person
from tests.support.factories import code
from tests.support.rooms import ask, data
from tests.support.wiring import services
from troupe.adapters.firestore import Database, Update, now
from troupe.calls.writes import call_path, code_path, counters_path, slug_path
from troupe.companies.writes import company_path, license_path
from troupe.rooms.records import Room
from troupe.rooms.writes import room_path

CALLS = "/api/videocalls"


def create(firm: Firm, person: Any = None, key: str | None = None, **body: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    given = {"companyId": firm.id, **body}
    return ask(person or firm.owner, "POST", CALLS, "calls", json=given, headers=headers)


def listed(firm: Firm, person: Any = None, query: str = "") -> list[str]:
    path = f"{CALLS}?companyId={firm.id}{query}"
    found = data(person or firm.owner, "GET", path, function="calls")["calls"]
    return [each["title"] for each in found]


def test_a_call_has_a_number_a_code_and_a_room(db: Database) -> None:
    firm = a_firm(db)
    license_of(firm, firm.owner)
    guest = {"guestName": "Grace Hopper", "guestPhone": "+47 12 34 56 78", "language": "nb"}
    first = create(firm, **guest)
    assert first.status_code == 201, first.text
    made, second = first.json["data"], create(firm).json["data"]["call"]
    call = made["call"]
    assert (call["number"], second["number"]) == (1, 2)
    assert call["title"] == "Call with Grace Hopper"
    assert second["title"] == "Call 2"
    assert call["guests"][0]["phone"] == "+4712345678"
    assert call["host"]["userId"] == firm.owner.uid
    assert call["status"] == "pending"
    assert call["maxParticipants"] == 4
    assert first.headers["Location"] == f"{CALLS}/{call['id']}"
    assert made["joinUrl"].endswith(made["code"])
    assert len(made["code"]) == 10
    assert db.get(code_path(made["code"])).data["callId"] == call["id"]
    room = Room.of(db.get(room_path(call["roomId"])))
    assert (room.kind, room.settings.payer, room.company_id) == ("call", "company", firm.id)
    assert room.member_count == 0


def test_numbers_have_no_gaps_and_no_repeats_when_many_create(db: Database) -> None:
    firm = a_firm(db)
    license_of(firm, firm.owner)
    with ThreadPoolExecutor(5) as pool:
        made = list(pool.map(lambda _: create(firm).json["data"], range(5)))
    assert sorted(each["call"]["number"] for each in made) == [1, 2, 3, 4, 5]
    assert len({each["code"] for each in made}) == 5


def test_a_host_needs_a_license_that_is_valid(db: Database) -> None:
    firm = a_firm(db)
    assert code(create(firm)) == (403, "license_required")
    license = license_of(firm, firm.owner)
    path = license_path(license.id)
    for fields in (
        {"status": "suspended"},
        {"status": "active", "expiresAt": now() - timedelta(seconds=1)},
        {"status": "active", "expiresAt": None, "validFrom": now() + timedelta(hours=1)},
    ):
        db.commit(Update(path, fields))
        assert code(create(firm)) == (403, "license_expired")
    db.commit(Update(path, {"validFrom": license.valid_from}))
    call = a_call(db, firm)
    db.commit(Update(path, {"status": "expired"}))
    assert code(call.ask(firm.owner, "PUT", "/start")) == (403, "license_expired")
    db.commit(Update(company_path(firm.id), {"status": "suspended"}))
    assert code(call.ask(firm.owner, "PUT", "/start")) == (403, "company_suspended")


def test_members_create_for_themselves_and_managers_for_others(db: Database) -> None:
    firm = a_firm(db)
    member, other = firm.join(), firm.join()
    license_of(firm, member)
    assert create(firm, member).status_code == 201
    license_of(firm, other)
    assert create(firm, member, hostId=other.uid).status_code == 403
    made = create(firm, hostId=other.uid).json["data"]["call"]
    assert made["host"]["userId"] == other.uid
    assert code(create(firm, hostId=a_person(db).uid)) == (422, "host_not_found")
    stranger = a_firm(db).owner
    assert code(create(firm, stranger)) == (404, "company_not_found")
    assert code(create(firm, a_person(db, "admin"))) == (404, "company_not_found")


def test_a_repeat_with_the_same_key_is_the_same_call(db: Database) -> None:
    firm = a_firm(db)
    license_of(firm, firm.owner)
    body = {"guestName": "Grace", "guestPhone": "+4712345678"}
    first = create(firm, key="k", **body).json["data"]
    again = create(firm, key="k", **body).json["data"]
    assert again["call"]["id"] == first["call"]["id"]
    assert again["code"] == first["code"]
    assert code(create(firm, key="k", guestName="Ada")) == (409, "idempotency_key_reused")
    assert create(firm).json["data"]["call"]["number"] == 2


def test_a_slug_belongs_to_one_call_until_that_is_over(db: Database) -> None:
    firm = a_firm(db)
    first = a_call(db, firm, slug="router-help")
    assert code(create(firm, slug="router-help")) == (409, "slug_taken")
    other = a_call(db, a_firm(db), slug="router-help")  # of another company
    assert other.id != first.id
    first.data(firm.owner, "DELETE")
    second = a_call(db, firm, slug="router-help")
    place = slug_path(firm.id, "router-help")
    assert db.get(place).data["callId"] == second.id
    second.data(firm.owner, "PUT", json={"slug": None})
    assert not db.get(place).exists
    third = a_call(db, firm, slug="other")
    assert code(second.ask(firm.owner, "PUT", json={"slug": "other"})) == (409, "slug_taken")
    third.data(firm.owner, "PUT", json={"slug": "third"})
    second.data(firm.owner, "PUT", json={"slug": "other"})
    assert db.get(slug_path(firm.id, "other")).data["callId"] == second.id


def test_a_mesh_has_a_size(db: Database) -> None:
    firm = a_firm(db)
    license_of(firm, firm.owner)
    assert code(create(firm, maxParticipants=5)) == (422, "too_many_participants")
    assert create(firm, maxParticipants=9, media="audio").status_code == 422
    call = a_call(db, firm, media="audio", maxParticipants=8)
    answer = call.ask(firm.owner, "PUT", json={"media": "video", "maxParticipants": 8})
    assert code(answer) == (422, "too_many_participants")
    changed = call.data(firm.owner, "PUT", json={"media": "video"})["call"]
    assert changed["maxParticipants"] == 4


def test_the_list_has_filters_and_members_see_their_own(db: Database) -> None:
    firm = a_firm(db)
    member, idle = firm.join(), firm.join()
    first = a_call(db, firm, title="Router setup", guestName="Grace Hopper")
    a_call(db, firm, member, title="Invoice", guestPhone="+4798765432")
    license_of(firm, firm.owner)
    first.data(firm.owner, "PUT", json={"outcome": {"solved": True}})
    assert listed(firm) == ["Invoice", "Router setup"]
    assert listed(firm, query="&sort=oldest") == ["Router setup", "Invoice"]
    assert listed(firm, member) == ["Invoice"]
    assert listed(firm, member, f"&hostId={firm.owner.uid}") == ["Invoice"]
    assert listed(firm, idle) == []
    assert listed(firm, query=f"&hostId={member.uid}") == ["Invoice"]
    assert listed(firm, query="&solved=true") == ["Router setup"]
    assert listed(firm, query="&search=hop") == ["Router setup"]
    assert listed(firm, query="&search=%2B47987") == ["Invoice"]
    assert listed(firm, query="&search=2") == ["Invoice"]
    assert listed(firm, query="&status=cancelled") == []
    later = (now() + timedelta(hours=1)).isoformat().replace("+", "%2B")
    assert listed(firm, query=f"&from={later}") == []
    assert len(listed(firm, query=f"&to={later}")) == 2
    stranger = ask(a_firm(db).owner, "GET", f"{CALLS}?companyId={firm.id}", "calls")
    assert code(stranger) == (404, "company_not_found")


def test_strangers_members_and_unknown_ids(db: Database) -> None:
    firm = a_firm(db)
    call, member = a_call(db, firm), firm.join()
    for person in (a_person(db), a_firm(db).owner):
        for method, path in (
            *(("GET", ""), ("PUT", ""), ("DELETE", "")),
            *(("PUT", "/start"), ("PUT", "/end")),
        ):
            assert code(call.ask(person, method, path)) == (404, "call_not_found"), (method, path)
    for method in ("GET", "PUT", "DELETE"):
        assert call.ask(member, method).status_code == 403
    assert code(call.ask(member, "PUT", "/start")) == (403, "call_role_required")
    assert code(call.ask(member, "PUT", "/end")) == (403, "call_role_required")
    nowhere = ask(firm.owner, "GET", f"{CALLS}/{unknown_id()}", "calls")
    assert code(nowhere) == (404, "call_not_found")
    assert call.record.status == "pending"
    assert call.ask(a_person(db, "admin"), "GET").status_code == 200


def test_a_call_is_planned_changed_and_fixed_once_it_has_started(db: Database) -> None:
    firm = a_firm(db)
    time = (now() + timedelta(days=1)).replace(microsecond=0)
    call = a_call(db, firm, title=None)
    for late in ((now() + timedelta(days=400)).isoformat(), "9999-12-31T23:59:59Z"):
        assert call.ask(firm.owner, "PUT", json={"scheduledAt": late}).status_code == 422
    person = {"name": "Grace", "phone": "+4712345678"}
    change = {"scheduledAt": time.isoformat(), "invitees": [person], "lobby": True}
    changed = call.data(firm.owner, "PUT", json=change)["call"]
    assert (changed["status"], changed["guestName"], changed["lobby"]) == (
        "scheduled",
        "Grace",
        True,
    )
    assert changed["title"] == Room.of(db.get(room_path(call.id))).name == "Call with Grace"
    assert call.record.scheduled_at == time
    nobody = call.data(firm.owner, "PUT", json={"invitees": []})["call"]
    assert (nobody["title"], nobody["guestName"]) == ("Call 1", "")
    unplanned = call.data(firm.owner, "PUT", json={"scheduledAt": None})["call"]
    assert unplanned["status"] == "pending"
    call.data(firm.owner, "PUT", "/start")
    fixed_ones: list[dict[str, Any]] = [
        {"media": "audio"},
        {"scheduledAt": time.isoformat()},
        {"invitees": []},
    ]
    for fixed in fixed_ones:
        assert code(call.ask(firm.owner, "PUT", json=fixed)) == (409, "call_active")
    still = call.data(firm.owner, "PUT", json={"title": "Router", "outcome": {"note": "Slow."}})
    assert (still["call"]["title"], still["call"]["outcome"]["note"]) == ("Router", "Slow.")
    assert code(call.ask(firm.owner, "DELETE")) == (409, "call_active")


def test_another_host_gets_the_call_and_its_room(db: Database) -> None:
    firm = a_firm(db)
    call, member = a_call(db, firm), firm.join()
    license_of(firm, member)
    call.data(firm.owner, "PUT", json={"hostId": member.uid})
    assert call.record.host_uid == member.uid
    assert Room.of(db.get(room_path(call.id))).owner_uid == member.uid
    answer = call.ask(member, "PUT", json={"hostId": firm.owner.uid})
    assert answer.status_code == 403


def test_starting_again_counts_once_and_cancelling_again_changes_nothing(db: Database) -> None:
    firm = a_firm(db)
    call = a_call(db, firm)
    first = call.data(firm.owner, "PUT", "/start")["call"]
    again = call.data(firm.owner, "PUT", "/start")["call"]
    assert first == again
    assert first["status"] == "ringing"
    license = license_of(firm, firm.owner)
    assert (license.calls_used, license.total_calls) == (1, 1)
    other = a_call(db, firm)
    cancelled = other.data(firm.owner, "DELETE")["call"]
    assert cancelled["status"] == "cancelled"
    assert other.data(firm.owner, "DELETE")["call"] == cancelled
    assert code(other.ask(firm.owner, "PUT", "/start")) == (409, "call_ended")


@pytest.mark.parametrize(
    ("limit", "fields"),
    [
        ("license", None),
        ("day", {"settings.callLimits.perDay": 1}),
        ("month", {"settings.callLimits.perMonth": 1}),
    ],
)
def test_no_more_calls_start_than_are_allowed(
    db: Database, limit: str, fields: dict[str, Any] | None
) -> None:
    firm = a_firm(db)
    first, second = a_call(db, firm), a_call(db, firm)
    license = license_of(firm, firm.owner)
    if fields:
        db.commit(Update(company_path(firm.id), fields))
    else:
        db.commit(Update(license_path(license.id), {"callsPerMonth": 1}))
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda c: c.ask(firm.owner, "PUT", "/start"), (first, second)))
    assert sorted(each.status_code for each in answers) == [200, 409]
    (refused,) = (each for each in answers if each.status_code == 409)
    assert refused.json["error"]["details"] == {"limit": limit, "maximum": 1}
    loser = second if second.record.status == "pending" else first
    assert code(loser.try_enter(firm.owner)) == (409, "call_limit_reached")
    # The next month, and the next day.
    past = now() - timedelta(days=32)
    db.commit(
        Update(counters_path(firm.id), {"day": f"{past:%Y-%m-%d}", "month": f"{past:%Y-%m}"}),
        Update(license_path(license.id), {"lastUsedAt": past}),
    )
    loser.data(firm.owner, "PUT", "/start")


def test_bulk_cancels_and_deletes_item_by_item(db: Database) -> None:
    firm = a_firm(db)
    pending, live, theirs = a_call(db, firm), a_call(db, firm), a_call(db)
    live.data(firm.owner, "PUT", "/start")
    calls = [pending.id, live.id, theirs.id, unknown_id()]

    def bulk(action: str) -> list[str]:
        body = {"companyId": firm.id, "callIds": calls, "action": action}
        answer = ask(firm.owner, "POST", f"{CALLS}/bulk", "calls", json=body)
        assert answer.status_code == 200, answer.text
        return [each["code"] for each in answer.json["data"]["results"]]

    missing = ["call_not_found", "call_not_found"]
    assert bulk("delete") == ["call_not_started", "call_active", *missing]
    assert bulk("cancel") == ["", "call_active", *missing]
    assert bulk("delete") == ["", "call_active", *missing]
    assert not db.get(call_path(pending.id)).exists
    assert not db.get(room_path(pending.id)).exists
    assert not db.get(code_path(pending.code)).exists
    assert theirs.record.status == "pending"
    member = firm.join()
    body = {"companyId": firm.id, "callIds": calls, "action": "cancel"}
    assert ask(member, "POST", f"{CALLS}/bulk", "calls", json=body).status_code == 403


def test_the_calls_of_a_deleted_company_go_with_it(db: Database) -> None:
    firm = a_firm(db)
    live, pending = a_call(db, firm, slug="help"), a_call(db, firm)
    live.enter(firm.owner)
    guest = live.guest()
    services().companies.delete(firm.owner.caller, firm.id, firm.record.name)
    services().company_endings.sweep(100)
    for call in (live, pending):
        for path in (call_path(call.id), room_path(call.id), code_path(call.code)):
            assert not db.get(path).exists
    assert not db.get(slug_path(firm.id, "help")).exists
    assert not db.get(counters_path(firm.id)).exists
    assert code(guest.beat()) == (404, "call_not_found")
