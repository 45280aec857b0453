"""How people come into a call: with an account or without, from the lobby, twice, never."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.support.accounts import new_address
from tests.support.calls import Clock, Desk, a_call, clock, unknown_id
from tests.support.companies import a_person, client
from tests.support.factories import code
from tests.support.rooms import ask, data
from tests.support.wiring import services
from troupe.adapters.firestore import Database, Update, now
from troupe.calls.records import MOST_TABS
from troupe.calls.writes import access_path, call_path, participants_path
from troupe.rooms.records import Member, Room
from troupe.rooms.writes import member_path, room_path
from troupe.settings import settings
from troupe.wallet.ledger import wallet_path

__all__ = ["clock"]
LOOK = "/api/calls/join"


def looked(call: Desk, typed: str | None = None, query: str = "") -> Any:
    return ask(None, "GET", f"{LOOK}/{typed or call.code}{query}", "calls")


def test_a_code_leads_to_a_call_and_shows_no_address(db: Database) -> None:
    call = a_call(
        db, guestName="Grace", guestPhone="+4712345678", guestEmail="g@example.com", slug="help"
    )
    typed = f"{call.code[:5]}-{call.code[5:]} ".lower().replace("0", "o").replace("1", "l")
    found = looked(call, typed).json
    assert found["data"]["callId"] == call.id
    assert found["data"]["guestName"] == "Grace"
    assert found["data"]["media"] == "video"
    assert found["data"]["company"]["name"] == "Fjord Telecom"
    text = looked(call).text
    for private in ("12345678", "example.com", call.host.uid, call.code, call.firm.id):
        assert private not in text
    by_slug = looked(call, "Help", f"?company={call.firm.record.slug}").json["data"]
    assert by_slug == found["data"]


def test_wrong_old_and_foreign_codes_are_alike(db: Database) -> None:
    call = a_call(db, slug="help")
    company = call.firm.record.slug
    gone = a_call(db, call.firm)
    gone.data(call.host, "DELETE")
    assert looked(gone).json["data"]["status"] == "cancelled"  # for a day
    db.commit(Update(call_path(gone.id), {"updatedAt": now(), "dueAt": now()}))
    services().call_endings.sweep(1000)
    wrong = [
        looked(call, "0000000000"),
        looked(gone),
        looked(call, unknown_id()),
        looked(call, "nothing", f"?company={company}"),
        looked(call, "help", "?company=nobody"),
    ]
    bodies = [each.json | {"requestId": ""} for each in wrong]
    assert [each.status_code for each in wrong] == [404] * 5
    assert all(each["error"] == bodies[0]["error"] for each in bodies)


@pytest.fixture
def few_guesses(emulators: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CALL_CODE_LIMIT", "0, 3/86400")
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.usefixtures("few_guesses")
def test_codes_are_not_guessed_for_long(db: Database) -> None:
    """Right ones are not counted. An address that has guessed is refused with a right one, too."""
    call = a_call(db)
    call.enter(call.host)

    def look(typed: str, address: str) -> int:
        where = {"REMOTE_ADDR": address}
        return client("calls").get(f"{LOOK}/{typed}", environ_overrides=where).status_code

    def join(typed: str, address: str) -> int:
        return (
            client("calls")
            .post(
                f"{call.inside}/guest",
                json={"name": "Eve", "code": typed},
                environ_overrides={"REMOTE_ADDR": address},
            )
            .status_code
        )

    guesser, other = new_address(), new_address()
    assert [look(call.code, guesser) for _ in range(5)] == [200] * 5
    assert [look("0000000000", guesser), join("0000000000", guesser)] == [404, 404]
    assert [look("1111111111", guesser), look("2222222222", guesser)] == [404, 429]
    assert [look(call.code, guesser), join(call.code, guesser)] == [429, 429]
    assert [look(call.code, other), join(call.code, other)] == [200, 201]


def test_the_host_starts_the_call_by_coming_in_and_a_guest_meets_them(db: Database) -> None:
    call = a_call(db)
    assert code(call.try_guest()) == (409, "not_open_yet")
    host = call.enter(call.host, media={"audio": True, "video": True})
    assert call.record.status == "ringing"
    guest = call.guest(language="nb")
    record = call.record
    assert (record.status, record.participant_count, record.peak) == ("active", 2, 2)
    assert record.response_seconds == 0
    assert host.entered["state"] == guest.entered["state"] == "in"
    assert (host.record.role, guest.record.role) == ("host", "guest")
    assert (host.record.order, guest.record.order) == (1, 2)
    (peer,) = guest.entered["peers"]
    assert peer == {
        "participantId": host.tab,
        "userId": call.host.uid,
        "name": "Ada",
        "order": 1,
        "polite": True,
    }
    assert guest.entered["firebaseToken"]
    assert guest.entered["roomId"] == call.id
    room = Room.of(db.get(room_path(call.id)))
    assert (room.member_count, room.languages) == (2, {"en": 1, "nb": 1})
    member = Member.of(db.get(member_path(call.id, guest.person.uid)))
    assert (member.name, member.guest, member.role) == ("Grace", True, "member")
    assert Member.of(db.get(member_path(call.id, call.host.uid))).role == "owner"


def test_a_guest_is_somebody_to_rooms_and_rules_but_cannot_spend(db: Database) -> None:
    call = a_call(db)
    call.enter(call.host)
    guest = call.guest()
    sent = {"text": "Hello!"}
    path = f"/api/rooms/{call.id}/messages"
    assert data(guest.person, "POST", path, json=sent)["message"]["name"] == "Grace"
    assert guest.person.user.guest
    assert guest.person.user.tokens == 0
    assert db.get(wallet_path(guest.person.uid)).exists
    assert code(ask(guest.person, "POST", "/api/rooms", json={"name": "Mine"})) == (
        403,
        "guest_not_allowed",
    )
    refused = ask(a_person(db), "GET", path)
    assert code(refused) == (404, "room_not_found")


def test_nobody_comes_in_without_a_right(db: Database) -> None:
    call = a_call(db)
    call.enter(call.host)
    stranger = a_person(db)
    wrong = {"code": "0000000000"}
    assert code(call.try_enter(stranger)) == (404, "call_not_found")
    assert code(call.try_enter(stranger, **wrong)) == (404, "call_not_found")
    assert code(call.try_guest(**wrong)) == (404, "call_not_found")
    assert code(call.try_enter(a_person(db, "admin"))) == (404, "call_not_found")
    other = a_call(db)
    assert code(call.try_guest(code=other.code)) == (404, "call_not_found")
    nowhere = ask(stranger, "POST", f"/api/calls/{unknown_id()}/join", "calls")
    assert code(nowhere) == (404, "call_not_found")
    assert call.enter(stranger, code=call.code).record.role == "participant"
    member = call.firm.join()
    assert call.enter(member).record.role == "participant"
    guests = db.find("users", where=[("guest", "==", True), ("name", "==", "Mallory")], limit=1)
    assert call.try_guest(**wrong, name="Mallory").status_code == 404
    assert not guests


def test_who_is_invited_needs_no_code(db: Database) -> None:
    person = a_person(db)
    call = a_call(db, invitees=[{"userId": person.uid, "name": "Grace"}])
    call.enter(call.host)
    assert call.enter(person).record.role == "participant"


def test_guests_come_in_only_where_they_may(db: Database) -> None:
    call = a_call(db, guestsAllowed=False)
    call.enter(call.host)
    assert code(call.try_guest()) == (403, "guests_not_allowed")
    guest = a_person(db, guest=True)
    assert code(call.try_enter(guest, code=call.code)) == (403, "guests_not_allowed")
    assert call.enter(a_person(db), code=call.code).record.state == "in"
    was_open = a_call(db)
    was_open.enter(was_open.host)
    early = was_open.guest()
    early.leave()
    was_open.data(was_open.host, "PUT", json={"guestsAllowed": False})
    assert code(was_open.try_enter(early.person)) == (403, "guests_not_allowed")


def test_who_has_left_the_company_is_an_outsider(db: Database) -> None:
    call = a_call(db, lobby=True)
    host, former, guest = call.enter(call.host), call.enter(call.firm.join()), call.guest()
    host.moderate(former, "promote")
    services().members.remove(call.firm.owner.caller, call.firm.id, former.person.uid)
    assert code(former.moderate(guest, "admit")) == (409, "not_in_call")
    assert code(call.try_enter(former.person)) == (404, "call_not_found")
    again = call.enter(former.person, code=call.code)
    assert (again.record.role, again.record.state) == ("participant", "waiting")


def test_a_call_is_full_also_for_those_who_come_at_once(db: Database) -> None:
    call = a_call(db, maxParticipants=3)
    call.enter(call.host)
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: call.try_guest(), range(5)))
    assert sorted(each.status_code for each in answers) == [201, 201, 409, 409, 409]
    refused = next(each for each in answers if each.status_code == 409)
    assert refused.json["error"]["code"] == "call_full"
    assert refused.json["error"]["details"] == {"maximum": 3}
    inside = db.find(participants_path(call.id), where=[("state", "==", "in")], limit=10)
    assert sorted(each.data["order"] for each in inside) == [1, 2, 3]
    record = call.record
    assert (record.participant_count, record.peak, record.guest_count) == (3, 3, 2)


def test_a_second_tab_is_another_participant_and_a_repeat_is_the_same(db: Database) -> None:
    call = a_call(db)
    first = call.enter(call.host)
    second = call.enter(call.host)
    assert first.tab != second.tab
    assert call.record.status == "ringing"  # one person, twice
    keyed = [call.try_enter(call.host, key="k").json["data"] for _ in range(2)]
    assert keyed[0]["participant"] == keyed[1]["participant"]
    assert call.record.participant_count == 3
    first.leave()
    assert second.access.state == "in"
    assert second.beat().status_code == 200
    assert code(first.beat()) == (409, "not_in_call")
    second.leave()
    again = call.try_enter(call.host, key="k").json["data"]
    assert again["participant"]["id"] == keyed[0]["participant"]["id"]
    ask(
        call.host,
        "POST",
        f"{call.inside}/leave",
        "calls",
        json={"participantId": keyed[0]["participant"]["id"]},
    )
    assert first.access.state == "left"
    assert code(call.try_enter(call.host, key="k")) == (409, "not_in_call")
    member = Member.of(db.get(member_path(call.id, call.host.uid)))
    assert (member.state, Room.of(db.get(room_path(call.id))).member_count) == ("left", 0)
    assert call.enter(call.host).record.order == 4
    assert call.record.reconnects == 1


def test_nobody_opens_tabs_for_ever(db: Database) -> None:
    call = a_call(db)
    call.enter(call.host)
    many = [unknown_id() for _ in range(MOST_TABS)]
    db.commit(Update(access_path(call.id, call.host.uid), {"participantIds": many}))
    assert code(call.try_enter(call.host)) == (409, "too_many_tabs")


def test_the_lobby_lets_in_refuses_and_tells_nobody_who_waits(db: Database) -> None:
    call = a_call(db, lobby=True)
    host = call.enter(call.host)
    guest, refused, member = call.guest(), call.guest(name="Eve"), call.firm.join()
    assert guest.entered["state"] == "waiting"
    assert (guest.entered["peers"], guest.entered["roomId"]) == ([], None)
    assert call.enter(member).record.state == "in"  # colleagues do not wait
    record = call.record
    assert (record.status, record.waiting_count, record.participant_count) == ("active", 2, 2)
    # All that those in the lobby can do is wait, and go.
    beat = guest.beat(media={"audio": True}).json["data"]["participants"]
    assert [each["id"] for each in beat] == [guest.tab]
    assert code(guest.ask("GET", "/participants")) == (409, "not_in_call")
    assert code(guest.ask("GET", "/status")) == (409, "not_in_call")
    room = ask(guest.person, "GET", f"/api/rooms/{call.id}/messages")
    assert code(room) == (404, "room_not_found")
    assert code(guest.moderate(guest, "admit")) == (409, "not_in_call")
    assert code(call.enter(member).moderate(guest, "admit")) == (403, "call_role_required")
    first, again = host.moderate(guest, "admit"), host.moderate(guest, "admit")
    assert first.json["data"] == again.json["data"]
    assert first.json["data"]["participant"]["state"] == "in"
    assert guest.record.order == 4
    assert ask(guest.person, "GET", f"/api/rooms/{call.id}/messages").status_code == 200
    for _ in range(2):
        assert host.moderate(refused, "deny").json["data"]["participant"]["state"] == "removed"
    assert code(refused.beat()) == (403, "removed")
    assert code(host.moderate(refused, "admit")) == (409, "gone")
    assert call.record.waiting_count == 0
    # Whoever was let in comes back without waiting, and nobody else.
    waited, person = call.guest(), a_person(db)
    call.enter(person, code=call.code).leave()
    for tab in (guest, waited):
        tab.leave()
    assert call.enter(guest.person).record.state == "in"
    assert call.enter(waited.person).record.state == "waiting"
    assert code(call.try_enter(person)) == (404, "call_not_found")
    assert call.enter(person, code=call.code).record.state == "waiting"


def test_admitting_into_a_full_call_leaves_the_guest_in_the_lobby(db: Database) -> None:
    call = a_call(db, lobby=True, maxParticipants=2)
    host = call.enter(call.host)
    first, second = call.guest(), call.guest()
    host.moderate(first, "admit")
    assert code(host.moderate(second, "admit")) == (409, "call_full")
    assert second.access.state == "waiting"
    first.leave()
    assert host.moderate(second, "admit").status_code == 200


def test_a_removed_person_is_out_with_all_tabs_and_every_token(db: Database) -> None:
    call = a_call(db)
    host, guest = call.enter(call.host), call.guest()
    second = call.enter(guest.person)
    assert host.moderate(guest, "remove").json["data"]["participant"]["state"] == "removed"
    assert call.record.participant_count == 1
    for tab in (guest, second):
        assert tab.record.state == "removed"
        assert code(tab.beat()) == (403, "removed")
        assert tab.leave().status_code == 200
    assert code(guest.ask("GET", "/participants")) == (403, "removed")
    quality = {"participantId": guest.tab, "rttMs": 5}
    assert code(call.ask(guest.person, "POST", "/quality", json=quality)) == (403, "removed")
    assert code(call.try_enter(guest.person, code=call.code)) == (403, "removed")
    assert code(ask(guest.person, "GET", f"/api/rooms/{call.id}/messages")) == (
        404,
        "room_not_found",
    )
    assert guest.access.state == "removed"
    assert host.moderate(guest, "remove").status_code == 200
    assert call.guest(name="Another").record.state == "waiting"  # it may be the same person


def test_hosts_moderate_others_and_nobody_moderates_the_host(db: Database) -> None:
    call = a_call(db)
    host, guest, member = call.enter(call.host), call.guest(), call.enter(call.firm.join())
    assert code(guest.moderate(host, "remove")) == (403, "call_role_required")
    assert code(member.moderate(guest, "mute")) == (403, "call_role_required")
    assert code(host.moderate(host, "remove")) == (409, "cannot_moderate_self")
    assert code(host.moderate(guest, "promote")) == (403, "guest_cannot_host")
    for _ in range(2):
        assert host.moderate(guest, "mute").json["data"]["participant"]["muted"]
        promoted = host.moderate(member, "promote").json["data"]["participant"]
    assert promoted["role"] == member.access.role == "host"
    assert Member.of(db.get(member_path(call.id, member.person.uid))).role == "moderator"
    assert member.moderate(guest, "remove").status_code == 200
    assert code(member.moderate(host, "remove")) == (403, "call_role_required")
    other = a_call(db)
    theirs = other.enter(other.host)
    assert code(host.moderate(theirs, "mute")) == (404, "participant_not_found")
    assert code(theirs.moderate(host, "mute")) == (404, "participant_not_found")
    stranger = ask(
        a_person(db),
        "PUT",
        f"{call.inside}/participants/{host.tab}",
        "calls",
        json={"action": "mute"},
    )
    assert code(stranger) == (404, "call_not_found")
    gone = call.guest()
    gone.leave()
    assert code(host.moderate(gone, "mute")) == (409, "gone")


def test_those_who_have_stopped_make_room_for_others(db: Database, clock: Clock) -> None:
    call = a_call(db, maxParticipants=2)
    host, ghost = call.enter(call.host), call.guest()
    clock.forward(30)
    host.beat()
    clock.forward(16)
    assert call.try_guest().status_code == 201
    assert ghost.record.state == "left"


def test_a_call_that_is_over_lets_nobody_in(db: Database) -> None:
    call = a_call(db)
    host, guest = call.enter(call.host), call.guest()
    call.end()
    assert code(call.try_guest()) == (409, "call_ended")
    assert code(call.try_enter(call.host)) == (409, "call_ended")
    for tab in (host, guest):
        assert code(tab.beat()) == (409, "call_ended")
        assert tab.leave().status_code == 200
    assert guest.access.state == "left"


def test_the_guests_token_ends(db: Database, clock: Clock) -> None:
    call = a_call(db)
    call.enter(call.host)
    guest = call.guest()
    session = next(iter(guest.person.user.sessions.values()))
    assert timedelta(hours=24) < session.expires_at - now() < timedelta(hours=40)
    path = f"users/{guest.person.uid}"
    name = next(iter(guest.person.user.sessions))
    db.commit(Update(path, {f"sessions.{name}.expiresAt": now()}))
    assert guest.beat().status_code == 401


@pytest.mark.parametrize("body", [{"name": ""}, {"name": "x" * 41}, {"name": "A\u0007"}])
def test_a_guest_has_a_decent_name(db: Database, body: dict[str, str]) -> None:
    call = a_call(db)
    call.enter(call.host)
    assert call.try_guest(**body).status_code == 422
