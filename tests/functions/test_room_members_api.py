"""Members of rooms: join, leave, roles, bans, invitations."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.support.companies import Person, a_person
from tests.support.factories import code, new_character, test_settings
from tests.support.rooms import a_room, ask, data
from tests.support.wiring import rewired, services
from troupe.adapters.firestore import Committed, Database, Stale, Update, Write, now
from troupe.rooms.invitations import as_token
from troupe.rooms.lifecycle import erase
from troupe.rooms.records import MemberState
from troupe.rooms.writes import INVITATIONS


def test_a_member_joins_once_with_their_languages(db: Database) -> None:
    room, bob = a_room(db), a_person(db, name="Bob", language="en")
    joined = room.data(bob, "POST", "/join", json={"secondLanguage": "pt"})
    assert joined["member"]["language"] == "en"
    assert joined["member"]["secondLanguage"] == "pt"
    assert joined["room"]["memberCount"] == 2
    assert joined["room"]["languages"] == {"de": 1, "en": 1, "pt": 1}
    again = room.data(bob, "POST", "/join", json={"language": "fr"})
    assert again == joined
    names = [each["name"] for each in room.data(bob, "GET", "/members")["members"]]
    assert names == ["Ada", "Bob"]


def test_the_aliases_take_the_room_in_the_body(db: Database) -> None:
    room, bob = a_room(db), a_person(db)
    for name in ("roomId", "chatroomId", "chatroom_id"):
        data(bob, "POST", "/api/join-chatroom", json={name: room.id})
        data(bob, "POST", "/api/leave-chatroom", json={name: room.id})
    assert room.record.member_count == 1
    code_ = room.data(room.owner, "POST", "/invitations", json={"kind": "code"})["code"]
    joined = data(bob, "POST", "/api/rooms/join", json={"code": code_})
    assert joined["room"]["id"] == room.id
    assert code(ask(bob, "POST", "/api/rooms/join")) == (404, "invitation_not_found")


def test_many_who_join_at_once_are_all_counted(db: Database) -> None:
    room = a_room(db, settings={"maxMembers": 6})
    people = [a_person(db, language="en") for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda each: room.ask(each, "POST", "/join"), people))
    refused = [code(each) for each in answers if each.status_code != 200]
    assert refused == [(409, "room_full")] * 3
    assert (room.record.member_count, room.record.languages) == (6, {"de": 1, "en": 5})


def test_a_private_room_needs_its_password(db: Database) -> None:
    room, bob = a_room(db, isPrivate=True, password="open sesame"), a_person(db)
    assert code(room.ask(bob, "POST", "/join")) == (403, "password_required")
    wrong = room.ask(bob, "POST", "/join", json={"password": "sesame"})
    assert code(wrong) == (403, "wrong_password")
    room.data(bob, "POST", "/join", json={"password": "open sesame"})
    closed = a_room(db, isPrivate=True)
    for body in ({}, {"password": "open sesame"}):
        assert code(closed.ask(bob, "POST", "/join", json=body)) == (404, "room_not_found")


def test_wrong_passwords_are_counted_and_missing_ones_are_not(db: Database) -> None:
    with rewired(settings=test_settings(ROOM_PASSWORD_LIMIT="2/86400, 0", ROOM_JOIN_LIMIT="0")):
        room, bob = a_room(db, isPrivate=True, password="open sesame"), a_person(db)

        def try_(**body: str) -> tuple[int, str]:
            return code(room.ask(bob, "POST", "/join", json=body))

        for _ in range(4):
            assert try_() == (403, "password_required")
        for _ in range(2):
            assert try_(password="sesame") == (403, "wrong_password")
        assert try_(password="sesame") == (429, "too_many_requests")
        assert try_(password="open sesame") == (429, "too_many_requests")
        other = a_room(db, isPrivate=True, password="open sesame")
        other.data(bob, "POST", "/join", json={"password": "open sesame"})


def test_guests_join_where_the_room_allows_it(db: Database) -> None:
    guest = a_person(db, guest=True)
    a_room(db).data(guest, "POST", "/join")
    closed = a_room(db, settings={"guests": False})
    assert code(closed.ask(guest, "POST", "/join")) == (403, "guests_not_allowed")


def test_a_code_is_read_out_and_typed_as_people_do(db: Database) -> None:
    room, bob = a_room(db, isPrivate=True), a_person(db)
    first = room.data(room.owner, "POST", "/invitations", json={"kind": "code"})
    assert (len(first["code"]), first["token"]) == (8, "")
    second = room.data(room.owner, "POST", "/invitations", json={"kind": "code"})
    old = room.ask(bob, "POST", "/join", json={"code": first["code"]})
    assert code(old) == (404, "invitation_not_found")
    typed = f" {second['code'][:4].lower()}-{second['code'][4:].lower()} "
    room.data(bob, "POST", "/join", json={"code": typed})
    assert as_token("o1Il-abcd") == "0111ABCD"


def test_an_invitation_can_be_for_one_address_or_a_number_of_uses(db: Database) -> None:
    room, bob, cid = a_room(db, isPrivate=True), a_person(db), a_person(db)
    body = {"email": bob.email, "role": "moderator"}
    token = room.data(room.owner, "POST", "/invitations", json=body)["token"]
    other = room.ask(cid, "POST", "/join", json={"invitation": token})
    assert code(other) == (404, "invitation_not_found")
    joined = room.data(bob, "POST", "/join", json={"invitation": token})
    assert joined["member"]["role"] == "moderator"
    once = room.data(bob, "POST", "/invitations", json={"maxUses": 1})
    room.data(cid, "POST", "/join", json={"invitation": once["token"]})
    used = room.ask(a_person(db), "POST", "/join", json={"invitation": once["token"]})
    assert code(used) == (404, "invitation_not_found")
    listed = room.data(bob, "GET", "/invitations")["invitations"]
    assert [each["uses"] for each in listed] == [1, 1]
    room.data(bob, "DELETE", f"/invitations/{listed[0]['id']}")
    gone = room.ask(bob, "DELETE", f"/invitations/{listed[0]['id']}")
    assert code(gone) == (404, "invitation_not_found")


def test_an_invitation_of_a_moderator_is_for_one(db: Database) -> None:
    room = a_room(db)
    made = room.data(room.owner, "POST", "/invitations", json={"role": "moderator", "maxUses": 9})
    assert made["invitation"]["maxUses"] == 1
    bob = a_person(db)
    room.data(bob, "POST", "/join", json={"invitation": made["token"]})
    room.data(room.owner, "PUT", f"/members/{bob.uid}", json={"role": "member"})
    room.data(bob, "POST", "/leave")
    again = room.ask(bob, "POST", "/join", json={"invitation": made["token"]})
    assert code(again) == (404, "invitation_not_found")


def test_an_invitation_ends_with_the_right_to_make_it(db: Database) -> None:
    room = a_room(db, isPrivate=True, settings={"memberInvites": True})
    bob = room.join()
    token = room.data(bob, "POST", "/invitations")["token"]

    def joins() -> int:
        answer = room.ask(a_person(db), "POST", "/join", json={"invitation": token})
        return int(answer.status_code)

    assert joins() == 200
    room.data(room.owner, "PUT", json={"settings": {"memberInvites": False}})
    assert joins() == 404
    room.data(room.owner, "PUT", f"/members/{bob.uid}", json={"role": "moderator"})
    assert joins() == 200
    room.data(room.owner, "DELETE", f"/members/{bob.uid}")
    assert joins() == 404


def test_many_join_with_a_password_at_once(db: Database) -> None:
    room = a_room(db, isPrivate=True, password="open sesame")
    people = [a_person(db) for _ in range(20)]
    body = {"password": "open sesame"}
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda each: room.ask(each, "POST", "/join", json=body), people))
    assert [each.status_code for each in answers] == [200] * 20
    assert room.record.member_count == 21


def test_codes_that_are_made_at_once_leave_one(db: Database) -> None:
    room = a_room(db, isPrivate=True)
    with ThreadPoolExecutor(5) as pool:
        made = list(
            pool.map(
                lambda _: room.data(room.owner, "POST", "/invitations", json={"kind": "code"}),
                range(5),
            )
        )
    found = [each for each in made if db.get(f"{INVITATIONS}/{each['invitation']['id']}").exists]
    assert len(found) == 1


def test_who_may_invite(db: Database) -> None:
    room = a_room(db, isPrivate=True)
    bob = room.join()
    assert code(room.ask(bob, "POST", "/invitations")) == (403, "invites_not_allowed")
    room.data(room.owner, "PUT", json={"settings": {"memberInvites": True}})
    room.data(bob, "POST", "/invitations")
    higher = room.ask(bob, "POST", "/invitations", json={"role": "moderator"})
    assert code(higher) == (403, "room_role_required")
    assert code(room.ask(a_person(db), "POST", "/invitations")) == (404, "room_not_found")


def test_a_look_needs_no_account_and_a_private_room_a_right(db: Database) -> None:
    room = a_room(db, isPrivate=True, password="open sesame", settings={"guests": False})
    made = room.data(room.owner, "POST", "/invitations", json={"kind": "code"})
    seen = data(None, "POST", "/api/rooms/look", json={"code": made["code"]})
    assert (seen["roomId"], seen["guestsAllowed"], seen["needsPassword"]) == (room.id, False, False)
    hidden = ask(None, "POST", "/api/rooms/look", json={"roomId": room.id})
    assert code(hidden) == (404, "room_not_found")
    assert data(None, "POST", "/api/rooms/look", json={"roomId": a_room(db).id})["memberCount"] == 1
    assert code(ask(None, "POST", "/api/rooms/look")) == (422, "invalid_input")


def test_expired_invitations_let_nobody_in_and_are_deleted(db: Database) -> None:
    room = a_room(db, isPrivate=True)
    made = room.data(room.owner, "POST", "/invitations")
    path = f"{INVITATIONS}/{made['invitation']['id']}"
    db.commit(Update(path, {"expiresAt": now() - timedelta(seconds=1)}))
    late = room.ask(a_person(db), "POST", "/join", json={"invitation": made["token"]})
    assert code(late) == (404, "invitation_not_found")
    assert services().room_invitations.expire(1000) >= 1
    assert not db.get(path).exists


def test_a_removed_member_may_come_back_and_a_banned_one_may_not(db: Database) -> None:
    room = a_room(db)
    bob = room.join()
    room.data(room.owner, "DELETE", f"/members/{bob.uid}")
    assert code(room.ask(bob, "GET", "/members")) == (404, "room_not_found")
    assert (room.record.member_count, room.record.languages) == (1, {"de": 1})
    room.data(bob, "POST", "/join")
    room.data(room.owner, "DELETE", f"/members/{bob.uid}?ban=true")
    room.data(room.owner, "DELETE", f"/members/{bob.uid}?ban=true")  # the same once more
    assert code(room.ask(bob, "POST", "/join")) == (403, "banned")
    token = room.data(room.owner, "POST", "/invitations")["token"]
    invited = room.ask(bob, "POST", "/join", json={"invitation": token})
    assert code(invited) == (403, "banned")
    assert room.record.member_count == 1
    room.data(room.owner, "DELETE", f"/members/{bob.uid}?ban=false")
    room.data(bob, "POST", "/join")
    assert room.record.member_count == 2


def test_removing_oneself_is_leaving(db: Database) -> None:
    room = a_room(db)
    bob = room.join()
    room.data(bob, "DELETE", f"/members/{bob.uid}")
    assert room.record.member_count == 1
    owner = room.ask(room.owner, "DELETE", f"/members/{room.owner.uid}")
    assert code(owner) == (409, "owner_must_hand_over")


def test_a_leave_whose_response_is_lost_is_made_once(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = a_room(db)
    bob, cid = room.join(), room.join()
    commit = Database.commit
    lost = [True, True]

    def losing(self: Database, *writes: Write) -> Committed:
        committed = commit(self, *writes)
        if lost and any("/members/" in write.path for write in writes):
            lost.pop()
            raise Stale
        return committed

    monkeypatch.setattr(Database, "commit", losing)
    room.data(bob, "POST", "/leave")
    room.data(room.owner, "DELETE", f"/members/{cid.uid}")
    assert (lost, room.record.member_count) == ([], 1)


def test_a_member_is_shown_as_the_account_is_now(db: Database) -> None:
    room = a_room(db)
    bob = room.join(a_person(db, name="Bob", guest=True))
    db.commit(Update(f"users/{bob.uid}", {"name": "Robert", "guest": False}))
    assert room.say(bob)["name"] == "Robert"
    member = room.data(bob, "PUT", f"/members/{bob.uid}", json={"autoSpeak": True})["member"]
    assert (member["name"], member["guest"]) == ("Robert", False)
    room.data(room.owner, "POST", "/leave", json={"transferTo": bob.uid})


def test_roles_decide_over_others(db: Database) -> None:
    room = a_room(db)
    bob, cid, dee = room.join(), room.join(), room.join()
    until = (now() + timedelta(hours=1)).isoformat()

    def set_(who: Person, whom: Person, **body: object) -> tuple[int, str]:
        answer = room.ask(who, "PUT", f"/members/{whom.uid}", json=body)
        return (200, "") if answer.status_code == 200 else code(answer)

    denied = (403, "room_role_required")
    assert set_(bob, bob, role="moderator") == denied
    assert set_(bob, cid, mutedUntil=until) == denied
    for each in (bob, cid):
        assert set_(room.owner, each, role="moderator") == (200, "")
    assert set_(bob, dee, mutedUntil=until) == (200, "")
    assert set_(bob, cid, mutedUntil=until) == denied
    assert set_(bob, room.owner, mutedUntil=until) == denied
    assert set_(room.owner, bob, mutedUntil=until) == (200, "")
    assert set_(bob, bob, mutedUntil=None) == denied
    assert set_(bob, dee, language="fr") == denied
    assert set_(bob, dee, role="moderator") == denied
    assert set_(room.owner, room.owner, role="member") == (422, "invalid_input")
    assert code(room.ask(bob, "DELETE", f"/members/{cid.uid}")) == denied
    assert code(room.ask(bob, "DELETE", f"/members/{room.owner.uid}")) == denied
    assert set_(bob, dee, mutedUntil=None) == (200, "")
    dees = room.member(dee)
    assert dees is not None
    assert dees.muted_until is None


def test_members_set_their_own_languages_and_voice(db: Database) -> None:
    room = a_room(db)
    bob = room.join(language="en")
    body = {"language": "fr", "secondLanguage": "es", "autoSpeak": True}
    member = room.data(bob, "PUT", f"/members/{bob.uid}", json=body)["member"]
    assert (member["language"], member["secondLanguage"], member["autoSpeak"]) == ("fr", "es", True)
    assert room.record.languages == {"de": 1, "es": 1, "fr": 1}
    room.data(bob, "PUT", f"/members/{bob.uid}", json={"secondLanguage": ""})
    assert room.record.languages == {"de": 1, "fr": 1}
    mine, others = new_character(db, bob.uid, "Bob"), new_character(db, room.owner.uid, "Ada")
    shown = room.data(bob, "PUT", f"/members/{bob.uid}", json={"voiceCharacterId": mine})
    assert shown["member"]["voiceCharacterId"] == mine
    for character in (others, "0" * 16):
        refused = room.ask(bob, "PUT", f"/members/{bob.uid}", json={"voiceCharacterId": character})
        assert code(refused) == (403, "not_your_voice")


def test_an_owner_hands_over_before_leaving(db: Database) -> None:
    room = a_room(db)
    bob, guest = room.join(), room.join(a_person(db, guest=True))
    for body in ({}, {"transferTo": guest.uid}, {"transferTo": room.owner.uid}):
        answer = room.ask(room.owner, "POST", "/leave", json=body)
        assert code(answer) == (409, "owner_must_hand_over")
    db.commit(Update(f"users/{bob.uid}", {"suspended": True}))
    suspended = room.ask(room.owner, "POST", "/leave", json={"transferTo": bob.uid})
    assert code(suspended) == (409, "owner_must_hand_over")
    db.commit(Update(f"users/{bob.uid}", {"suspended": False}))
    stranger = room.ask(room.owner, "POST", "/leave", json={"transferTo": a_person(db).uid})
    assert code(stranger) == (404, "member_not_found")
    room.data(room.owner, "POST", "/leave", json={"transferTo": bob.uid})
    assert room.record.owner_uid == bob.uid
    assert room.record.member_count == 2
    heir, former = room.member(bob), room.member(room.owner)
    assert heir is not None and former is not None
    assert (heir.role, former.role, former.state) == ("owner", "member", MemberState.LEFT)
    room.data(room.owner, "POST", "/join")


def test_an_archived_room_is_not_deleted_for_its_members(db: Database) -> None:
    room = a_room(db)
    bob = room.join()
    room.data(room.owner, "PUT", json={"status": "archived"})
    assert room.data(bob, "GET")["room"]["status"] == "archived"
    stranger = a_person(db)
    assert code(room.ask(stranger, "GET")) == (404, "room_not_found")
    assert code(room.ask(stranger, "POST", "/join")) == (404, "room_not_found")


@pytest.mark.parametrize("heir", ["moderator", "member", None])
def test_a_deleted_account_leaves_its_rooms_to_others(db: Database, heir: str | None) -> None:
    room, other = a_room(db), a_room(db)
    other.join(room.owner)
    guest = room.join(a_person(db, guest=True))
    first, second = (room.join(), room.join()) if heir else (None, None)
    if first:  # who joined as a guest may have an account by now
        db.commit(Update(f"rooms/{room.id}/members/{first.uid}", {"guest": True}))
    if heir == "moderator" and second:
        room.data(room.owner, "PUT", f"/members/{second.uid}", json={"role": "moderator"})
    room.data(room.owner, "POST", "/invitations")
    container = services()
    while erase(room.owner.uid, 10, database=db, orphans=container.orphans):
        pass
    assert other.record.member_count == 1
    expected = second if heir == "moderator" else first
    if expected is None:
        assert not db.get(f"rooms/{room.id}").exists
        assert room.member(guest) is None
        return
    assert room.record.owner_uid == expected.uid
    assert room.record.member_count == 3
    assert room.member(room.owner) is None
