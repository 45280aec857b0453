"""Rooms: create, show, list, change, delete."""

from __future__ import annotations

import secrets

import pytest

from tests.support.companies import a_firm, a_person
from tests.support.factories import CountingDatabase, code
from tests.support.rooms import a_room, ask, data
from tests.support.wiring import rewired, services
from troupe.adapters.firestore import Database
from troupe.rooms import passwords


def a_name() -> str:
    """A word that no other room has."""
    return f"Word{secrets.token_hex(6)}"


def test_a_room_belongs_to_the_user_who_created_it(db: Database) -> None:
    ada = a_person(db, language="de")
    body = {
        "name": "Travel plans",
        "topic": "May",
        "secondLanguage": "fr",
        "settings": {"slowSeconds": 5},
    }
    room = data(ada, "POST", "/api/rooms", json=body)["room"]
    assert (room["ownerId"], room["role"], room["memberCount"]) == (ada.uid, "owner", 1)
    assert room["languages"] == {"de": 1, "fr": 1}
    assert (room["isPrivate"], room["hasPassword"], room["status"]) == (False, False, "open")
    assert room["settings"]["slowSeconds"] == 5
    assert room["settings"]["retentionDays"] == 0
    assert data(ada, "GET", f"/api/rooms/{room['id']}")["room"] == room


def test_the_name_may_come_as_chatroom_name(db: Database) -> None:
    ada = a_person(db)
    for name in ("chatroomName", "chatroom_name"):
        made = data(ada, "POST", "/api/create-chatroom", json={name: "Lobby"})["room"]
        assert made["name"] == "Lobby"
    assert code(ask(ada, "POST", "/api/rooms")) == (422, "invalid_input")


def test_the_same_key_creates_one_room(db: Database) -> None:
    ada, headers = a_person(db), {"Idempotency-Key": "one"}
    body = {"name": "Lobby", "isPrivate": True, "password": "open sesame"}
    first = data(ada, "POST", "/api/rooms", json=body, headers=headers)
    assert data(ada, "POST", "/api/rooms", json=body, headers=headers) == first
    other = ask(ada, "POST", "/api/rooms", json=body | {"name": "Hall"}, headers=headers)
    assert code(other) == (409, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"password": "open sesame"}, (422, "password_needs_private")),
        ({"settings": {"payer": "company"}}, (422, "company_needed")),
        ({"companyId": "co00000000000000000000"}, (404, "company_not_found")),
        ({"settings": {"maxMembers": 501}}, (422, "invalid_input")),
        ({"name": "x" * 81}, (422, "invalid_input")),
        ({"isPrivate": True, "password": "short"}, (422, "invalid_input")),
    ],
    ids=str,
)
def test_what_cannot_be_created(
    db: Database, body: dict[str, object], refusal: tuple[int, str]
) -> None:
    assert code(ask(a_person(db), "POST", "/api/rooms", json={"name": "Lobby", **body})) == refusal


def test_guests_create_no_rooms(db: Database) -> None:
    answer = ask(a_person(db, guest=True), "POST", "/api/rooms", json={"name": "Lobby"})
    assert code(answer) == (403, "guest_not_allowed")


def test_a_company_pays_for_a_room_of_its_own(db: Database) -> None:
    firm = a_firm(db)
    room = a_room(db, firm.owner, companyId=firm.id, settings={"payer": "company"})
    assert room.record.company_id == firm.id


def test_the_password_is_nowhere_but_as_a_hash(db: Database) -> None:
    room = a_room(db, isPrivate=True, password="open sesame")
    secret = db.get(f"roomSecrets/{room.id}").data
    assert passwords.matches("open sesame", secret["passwordHash"])
    assert "sesame" not in str(secret) + str(db.get(f"rooms/{room.id}").data)


def test_strangers_see_public_rooms_alone(db: Database) -> None:
    bob = a_person(db)
    public = a_room(db)
    public.data(public.owner, "PUT", json={"announcement": "Bring a map."})
    public.say(public.owner)
    shown = public.data(bob, "GET")["room"]
    assert (shown["role"], shown["announcement"], shown["lastMessage"]) == ("", None, None)
    assert public.data(public.owner, "GET")["room"]["lastMessage"]["text"] == "Hello!"
    private = a_room(db, isPrivate=True, password="open sesame").ask(bob, "GET")
    assert code(private) == (404, "room_not_found")
    nonsense = ask(bob, "GET", f"/api/rooms/{'0' * 32}")
    assert nonsense.json["error"] == private.json["error"]


def test_lists_have_open_public_rooms_by_name_and_language(db: Database) -> None:
    word, bob = a_name(), a_person(db)
    german = a_room(db, name=f"{word} eins")
    english = a_room(db, name=f"{word} one", language="en")
    a_room(db, name=f"{word} private", isPrivate=True)
    archived = a_room(db, name=f"{word} old")
    archived.data(archived.owner, "PUT", json={"status": "archived"})

    def listed(query: str) -> list[str]:
        found = data(bob, "GET", f"/api/rooms?search={word}&{query}")["rooms"]
        return [each["id"] for each in found]

    assert listed("sort=new") == [english.id, german.id]
    assert listed("language=de") == [german.id]
    assert listed("mine=true") == []
    english.join(bob)
    assert listed("mine=true") == [english.id]
    mine = data(bob, "GET", f"/api/user-chatrooms/{bob.uid}")["rooms"]
    assert [(each["id"], each["role"]) for each in mine] == [(english.id, "member")]
    other = ask(bob, "GET", f"/api/user-chatrooms/{german.owner.uid}")
    assert other.status_code == 403


@pytest.mark.parametrize("search", ["", "Travel"])
@pytest.mark.parametrize("language", ["", "de"])
@pytest.mark.parametrize("sort", ["active", "new"])
def test_rooms_are_listed_by_everything_together(
    db: Database, search: str, language: str, sort: str
) -> None:
    """Each combination is a query with an index of its own."""
    room = a_room(db)
    query = f"search={search}&language={language}&sort={sort}".replace("language=&", "")
    found = data(room.owner, "GET", f"/api/rooms?limit=100&{query}")["rooms"]
    assert room.id in {each["id"] for each in found}


def test_a_user_is_in_two_hundred_rooms_at_most(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("troupe.rooms.service.MOST_ROOMS", 1)
    room = a_room(db)
    refused = ask(room.owner, "POST", "/api/rooms", json={"name": "Lobby"})
    assert code(refused) == (409, "too_many_rooms")
    other = a_room(db)
    assert code(other.ask(room.owner, "POST", "/join")) == (409, "too_many_rooms")


def test_only_members_of_a_company_make_it_pay(db: Database) -> None:
    firm = a_firm(db)
    colleague = firm.join()
    room = a_room(db, firm.owner, companyId=firm.id, settings={"payer": "company"})
    room.join(colleague)
    bob = room.join()
    room.data(firm.owner, "POST", "/leave", json={"transferTo": colleague.uid})
    assert (room.record.settings.payer, room.record.company_id) == ("none", firm.id)
    room.data(colleague, "PUT", json={"settings": {"payer": "company"}})
    room.data(colleague, "POST", "/leave", json={"transferTo": bob.uid})
    assert (room.record.settings.payer, room.record.company_id) == ("none", None)
    refused = room.ask(bob, "PUT", json={"settings": {"payer": "company"}})
    assert code(refused) == (422, "company_needed")


def test_language_tags_have_one_form(db: Database) -> None:
    room = a_room(db, language="DE", secondLanguage="zh-hant")
    room.join(language="de")
    room.join(language="PT-br")
    assert room.record.languages == {"de": 2, "pt-BR": 1, "zh-Hant": 1}


def test_my_rooms_are_read_in_two_calls(db: Database) -> None:
    bob = a_person(db)
    for _ in range(3):
        a_room(db).join(bob)
    counting = CountingDatabase(db._client)
    with rewired(database=counting):
        shown, total = services().room_service.mine(bob.uid, _Page())
    assert (len(shown), total, counting.total) == (2, 3, 2)


class _Page:
    page, limit = 1, 2
    cursor: str | None = None


def test_moderators_change_what_a_room_says_and_the_owner_the_rest(db: Database) -> None:
    room = a_room(db, isPrivate=True, password="open sesame")
    bob, cid = room.join(), room.join()
    room.data(room.owner, "PUT", f"/members/{bob.uid}", json={"role": "moderator"})
    words = {"name": "Plans", "topic": "June", "announcement": "Bring a map."}
    changed = room.data(bob, "PUT", json=words)["room"]
    assert (changed["name"], changed["topic"]) == ("Plans", "June")
    said = changed["announcement"]
    assert (said["text"], said["by"]) == ("Bring a map.", bob.uid)
    for body in (
        {"password": "another one"},
        {"settings": {"guests": False}},
        {"isPrivate": False},
    ):
        assert code(room.ask(bob, "PUT", json=body)) == (403, "room_role_required")
    assert code(room.ask(cid, "PUT", json=words)) == (403, "room_role_required")
    assert code(room.ask(a_person(db), "PUT", json=words)) == (404, "room_not_found")
    opened = room.data(room.owner, "PUT", json={"isPrivate": False, "announcement": ""})["room"]
    assert (opened["isPrivate"], opened["hasPassword"]) == (False, False)
    assert opened["announcement"] is None
    refused = room.ask(room.owner, "PUT", json={"password": "open sesame"})
    assert code(refused) == (422, "password_needs_private")


def test_a_deleted_room_leaves_nothing(db: Database) -> None:
    room = a_room(db, isPrivate=True, password="open sesame")
    bob = room.join()
    assert code(room.ask(bob, "DELETE")) == (403, "room_role_required")
    invited = room.data(room.owner, "POST", "/invitations", json={"email": "a@example.com"})
    room.data(room.owner, "DELETE")
    assert not db.get(f"roomInvitations/{invited['invitation']['id']}").exists
    assert code(room.ask(room.owner, "GET")) == (404, "room_not_found")
    assert room.member(bob) is None
    assert not db.get(f"roomSecrets/{room.id}").exists
    assert code(room.ask(bob, "DELETE")) == (404, "room_not_found")
