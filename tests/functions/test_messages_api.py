"""Messages in rooms: send, list, edit, delete, read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.support.companies import Person, a_person
from tests.support.deliveries import Killed
from tests.support.factories import CountingDatabase, code, moment, test_settings
from tests.support.meanwhile import Meanwhile, of
from tests.support.rooms import Place, a_room, data
from tests.support.wiring import rewired, services
from troupe.adapters.firestore import Database, Document, Update, now
from troupe.adapters.model import Failure, ModelError
from troupe.moderation.service import Moderation
from troupe.rooms.lifecycle import erase_messages
from troupe.rooms.messages import Draft, remove


def listed(room: Place, person: Person, query: str = "limit=100") -> list[Any]:
    return room.data(person, "GET", f"/messages?{query}")["messages"]  # type: ignore[no-any-return]


def age(room: Place, message: Any, **fields: Any) -> None:
    """Changes stored fields of a message."""
    room.db.commit(Update(f"rooms/{room.id}/messages/{message['id']}", fields))


def test_a_message_is_seen_by_all_newest_first(db: Database) -> None:
    room = a_room(db)
    bob = room.join(a_person(db, name="Bob"), language="en")
    first = room.say(room.owner, "Guten Morgen!")
    second = room.say(bob, f"Hi <@{room.owner.uid}>!", replyTo=first["id"], language="en-GB")
    assert (first["language"], second["language"], second["name"]) == ("de", "en-GB", "Bob")
    assert second["replyToId"] == first["id"]
    assert second["mentionedIds"] == [room.owner.uid]
    assert [first["revision"], first["deletedAt"], first["editedAt"]] == [1, None, None]
    assert listed(room, bob) == listed(room, room.owner) == [second, first]
    alias = data(bob, "POST", "/api/get-chatroom-messages", json={"chatroomId": room.id})
    assert alias["messages"] == [second, first]


def test_the_same_client_id_sends_once(db: Database) -> None:
    room = a_room(db)
    first = room.ask(room.owner, "POST", "/messages", json={"text": "Hi", "clientId": "1"})
    again = room.ask(room.owner, "POST", "/messages", json={"text": "Hi", "clientId": "1"})
    keyed = room.ask(
        room.owner, "POST", "/messages", json={"text": "Hi"}, headers={"Idempotency-Key": "1"}
    )
    assert [first.status_code, again.status_code, keyed.status_code] == [201, 200, 200]
    assert first.json["data"] == again.json["data"] == keyed.json["data"]
    other = room.ask(room.owner, "POST", "/messages", json={"text": "Ho", "clientId": "1"})
    assert code(other) == (409, "idempotency_key_reused")
    bob = room.join()
    assert room.say(bob, clientId="1")["id"] != first.json["data"]["message"]["id"]
    assert len(listed(room, bob)) == 2


def test_twenty_threads_send_one_message(db: Database) -> None:
    room = a_room(db)
    body = {"text": "Hi", "clientId": "1"}
    with ThreadPoolExecutor(20) as pool:
        answers = [
            pool.submit(room.ask, room.owner, "POST", "/messages", json=body) for _ in range(20)
        ]
    statuses = sorted(each.result().status_code for each in answers)
    assert statuses == [200] * 19 + [201]
    assert len(listed(room, room.owner)) == 1


def test_what_was_sent_in_time_stays_sent_though_its_sender_is_muted(db: Database) -> None:
    room = a_room(db)
    bob = room.join()
    sent = room.say(bob, clientId="1")
    until = (now() + timedelta(hours=1)).isoformat()
    room.data(room.owner, "PUT", f"/members/{bob.uid}", json={"mutedUntil": until})
    assert room.say(bob, clientId="1") == sent
    refused = room.ask(bob, "POST", "/messages", json={"text": "Ho"})
    assert code(refused) == (403, "muted")
    edit = room.ask(bob, "PUT", f"/messages/{sent['id']}", json={"text": "Ho"})
    assert code(edit) == (403, "muted")
    room.data(room.owner, "PUT", json={"status": "archived"})
    assert room.say(bob, clientId="1") == sent
    archived = room.ask(room.owner, "POST", "/messages", json={"text": "Ho"})
    assert code(archived) == (409, "room_archived")


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"text": "x" * 4001}, (422, "invalid_input")),
        ({"text": " "}, (422, "invalid_input")),
        ({"text": "a\x00b"}, (422, "invalid_input")),
        ({"text": "Hi", "replyTo": "0" * 32}, (404, "message_not_found")),
        ({"text": "Hi", "clientId": "x" * 129}, (422, "invalid_input")),
    ],
    ids=str,
)
def test_what_cannot_be_sent(db: Database, body: Any, refusal: tuple[int, str]) -> None:
    room = a_room(db)
    assert code(room.ask(room.owner, "POST", "/messages", json=body)) == refusal


def test_a_message_of_4000_characters_is_sent_whole(db: Database) -> None:
    room = a_room(db)
    assert room.say(room.owner, "é" * 4000)["text"] == "é" * 4000


def test_a_member_sends_twenty_in_ten_seconds(db: Database) -> None:
    room = a_room(db)
    room.say(room.owner)
    marker = f"rooms/{room.id}/reads/{room.owner.uid}"
    db.commit(Update(marker, {"window": now(), "sent": 20}))
    refused = room.ask(room.owner, "POST", "/messages", json={"text": "Hi"})
    assert code(refused) == (429, "too_many_requests")
    assert 1 <= int(refused.headers["Retry-After"]) <= 11
    db.commit(Update(marker, {"window": now() - timedelta(seconds=11)}))
    room.say(room.owner)
    assert db.get(marker).data["sent"] == 1


def test_the_limit_holds_for_many_at_once_and_for_edits(db: Database) -> None:
    room = a_room(db, settings={"slowSeconds": 0})
    sent = room.say(room.owner)
    marker = f"rooms/{room.id}/reads/{room.owner.uid}"
    db.commit(Update(marker, {"window": now() + timedelta(seconds=5), "sent": 15}))
    with ThreadPoolExecutor(10) as pool:
        answers = [
            pool.submit(room.ask, room.owner, "POST", "/messages", json={"text": str(number)})
            for number in range(10)
        ]
    assert sorted(each.result().status_code for each in answers) == [201] * 5 + [429] * 5
    edit = room.ask(room.owner, "PUT", f"/messages/{sent['id']}", json={"text": "Ho"})
    assert edit.status_code == 429


def test_a_repeat_is_answered_while_nothing_can_be_checked(db: Database) -> None:
    room = a_room(db)
    sent = room.say(room.owner, "Hi", clientId="1")

    def judge() -> Any:
        raise ModelError(Failure.UNAVAILABLE, "down")

    with rewired(moderation=Moderation(judge)):
        assert room.say(room.owner, "Hi", clientId="1") == sent
        new = room.ask(room.owner, "POST", "/messages", json={"text": "Ho"})
    assert new.status_code == 503


def test_a_slow_room_is_slow_for_members_alone(db: Database) -> None:
    room = a_room(db, settings={"slowSeconds": 60})
    bob = room.join()
    room.say(room.owner)
    room.say(room.owner)
    room.say(bob)
    assert code(room.ask(bob, "POST", "/messages", json={"text": "Hi"}))[0] == 429


def test_an_edit_is_for_the_author_and_the_text_they_saw(db: Database) -> None:
    room = a_room(db)
    bob = room.join()
    sent = room.say(bob, "Helo")
    path = f"/messages/{sent['id']}"
    edited = room.data(bob, "PUT", path, json={"text": "Hello", "revision": 1})["message"]
    assert (edited["text"], edited["revision"]) == ("Hello", 2)
    assert edited["editedAt"] == edited["updatedAt"]
    assert moment(edited["updatedAt"]) > moment(sent["updatedAt"])
    assert edited["createdAt"] == sent["createdAt"]
    again = room.data(bob, "PUT", path, json={"text": "Hello", "revision": 1})["message"]
    assert again == edited
    stale = room.ask(bob, "PUT", path, json={"text": "Hallo", "revision": 1})
    assert code(stale) == (409, "changed_since")
    assert stale.json["error"]["details"] == {"revision": 2}
    others = room.ask(room.owner, "PUT", path, json={"text": "Hallo"})
    assert code(others) == (403, "not_author")
    age(room, sent, createdAt=now() - timedelta(hours=25))
    late = room.ask(bob, "PUT", path, json={"text": "Hallo"})
    assert code(late) == (409, "edit_too_late")


def test_an_edit_leaves_nothing_by_which_the_earlier_text_is_recognised(db: Database) -> None:
    room = a_room(db)
    message = room.say(room.owner, "The PIN is 4711", clientId="1")
    room.data(room.owner, "PUT", f"/messages/{message['id']}", json={"text": "Sorry"})
    stored = db.get(f"rooms/{room.id}/messages/{message['id']}").data
    assert (stored["text"], stored["request"]) == ("Sorry", "")
    again = {"text": "The PIN is 4711", "clientId": "1"}
    repeat = room.ask(room.owner, "POST", "/messages", json=again)
    assert repeat.status_code == 200
    assert repeat.json["data"]["message"]["text"] == "Sorry"
    assert len(listed(room, room.owner)) == 1


def test_a_deleted_message_keeps_its_place_and_nothing_else(db: Database) -> None:
    room = a_room(db)
    bob, cid = room.join(), room.join()
    first, second = room.say(bob, "Secret"), room.say(bob, "Other")
    path = f"/messages/{first['id']}"
    assert code(room.ask(cid, "DELETE", path)) == (403, "not_author")
    room.data(bob, "DELETE", path)
    room.data(room.owner, "DELETE", f"/messages/{second['id']}")
    newest, oldest = listed(room, cid)
    assert (oldest["id"], oldest["text"], oldest["deletedBy"]) == (first["id"], "", bob.uid)
    assert newest["deletedBy"] == room.owner.uid
    assert "Secret" not in str(db.get(f"rooms/{room.id}").data)
    room.data(bob, "DELETE", path)  # sent again
    assert code(room.ask(bob, "PUT", path, json={"text": "Hi"})) == (404, "message_not_found")
    assert code(room.ask(room.owner, "DELETE", path)) == (404, "message_not_found")
    assert db.get(f"rooms/{room.id}{path}").data["request"] == ""


def test_a_room_shows_the_last_message_that_was_sent_alone_or_read(db: Database) -> None:
    room = a_room(db)
    bob = room.join()
    first, second = room.say(room.owner, "One"), room.say(room.owner, "Two")
    last = room.data(room.owner, "GET")["room"]["lastMessage"]
    assert (last["id"], last["text"]) == (first["id"], "One")
    room.data(bob, "PUT", "/read", json={"messageId": second["id"]})
    shown = room.data(room.owner, "GET")["room"]
    assert shown["lastMessage"]["text"] == "Two"
    assert shown["activeAt"] == second["createdAt"]
    room.data(bob, "PUT", "/read", json={"messageId": first["id"]})
    assert room.data(bob, "GET")["room"]["lastMessage"]["text"] == "Two"
    db.commit(Update(f"rooms/{room.id}", {"activeAt": now() - timedelta(seconds=6)}))
    room.say(room.owner, "x" * 200)
    last = room.data(room.owner, "GET")["room"]["lastMessage"]
    assert last["text"] == "x" * 139 + "…"


def test_a_caption_is_not_shown_as_the_last_message(db: Database) -> None:
    room = a_room(db)
    bob = room.join()
    room.say(room.owner, "first")
    second = room.say(room.owner, "second")
    age(room, second, kind="caption")
    room.data(bob, "PUT", "/read", json={"messageId": second["id"]})
    assert room.record.last_message is not None and room.record.last_message.text == "first"


def test_a_read_marker_that_many_move_at_once_ends_at_the_latest(db: Database) -> None:
    room = a_room(db)
    bob = room.join()
    sent = [room.say(room.owner, str(number)) for number in range(5)]
    with ThreadPoolExecutor(5) as pool:
        list(
            pool.map(
                lambda each: room.data(bob, "PUT", "/read", json={"messageId": each["id"]}), sent
            )
        )
    marked = room.data(bob, "PUT", "/read", json={"messageId": sent[0]["id"]})
    assert (marked["lastReadAt"], marked["unread"]) == (sent[-1]["createdAt"], 0)


def test_the_read_marker_moves_forward_alone(db: Database) -> None:
    room = a_room(db)
    bob = room.join()
    first, second, third = (room.say(room.owner, text) for text in "123")

    def read(message: Any) -> tuple[str, int]:
        marked = room.data(bob, "PUT", "/read", json={"messageId": message["id"]})
        return marked["lastReadAt"], marked["unread"]

    assert read(second) == (second["createdAt"], 1)
    assert read(first) == (second["createdAt"], 1)
    assert read(third) == (third["createdAt"], 0)
    room.say(bob, "4")  # one's own messages are read
    assert room.data(bob, "PUT", "/read", json={"messageId": first["id"]})["unread"] == 0
    missing = room.ask(bob, "PUT", "/read", json={"messageId": "0" * 32})
    assert code(missing) == (404, "message_not_found")


@pytest.mark.parametrize(("translator", "documents"), [("off", 3), ("firefox", 4)])
def test_sending_reads_four_documents_in_one_call_and_writes_three(
    db: Database, monkeypatch: pytest.MonkeyPatch, translator: str, documents: int
) -> None:
    """And the account's, which signing in reads."""
    room = a_room(db)
    caller = room.owner.account
    counting = CountingDatabase(db._client)
    get_all, read = counting.get_all, list[str]()

    def noted(paths: list[str]) -> list[Document]:
        read.extend(paths)
        return get_all(paths)

    monkeypatch.setattr(counting, "get_all", noted)
    with rewired(database=counting, settings=test_settings(TRANSLATOR=translator)):
        services().messages.send(caller, room.id, Draft("Hello!", "1"))
    assert counting.calls == {"batch_get_documents": 1, "commit": 1}
    assert len(read) == documents


def test_ten_senders_are_seen_in_one_order(db: Database) -> None:
    room = a_room(db)
    people = [room.join() for _ in range(10)]

    def speak(person: Person) -> None:
        for number in range(5):
            room.say(person, str(number))

    seen: set[str] = set()
    with ThreadPoolExecutor(10) as pool:
        sending = [pool.submit(speak, person) for person in people]
        while not all(each.done() for each in sending):
            seen |= {each["id"] for each in listed(room, room.owner)}
    for each in sending:
        each.result()
    found = listed(room, room.owner)
    assert len(found) == 50
    assert seen <= {each["id"] for each in found}
    assert found == sorted(
        found, key=lambda each: (moment(each["createdAt"]), each["id"]), reverse=True
    )
    for person in people:
        said = [each["text"] for each in found if each["userId"] == person.uid]
        assert said == list("43210")


def test_messages_are_deleted_when_their_room_keeps_them_no_longer(db: Database) -> None:
    room = a_room(db, settings={"retentionDays": 1})
    kept, old = room.say(room.owner), room.say(room.owner)
    age(room, old, expiresAt=now() - timedelta(seconds=1))
    db.commit(Update(f"rooms/{room.id}", {"lastMessage.id": old["id"]}))
    assert services().messages.expire(100) >= 1
    assert room.record.last_message is None
    assert [each["id"] for each in listed(room, room.owner)] == [kept["id"]]


def test_all_old_messages_are_deleted_in_one_run(db: Database) -> None:
    room = a_room(db, settings={"retentionDays": 1})
    for number in range(5):
        age(room, room.say(room.owner, str(number)), expiresAt=now() - timedelta(seconds=1))
    services().messages.expire(2)
    assert listed(room, room.owner) == []


@pytest.mark.parametrize("how", ["retention", "account"])
def test_a_crash_leaves_no_copy_of_a_deleted_text(db: Database, how: str) -> None:
    room = a_room(db)
    sent = room.say(room.owner, "Secret")
    assert room.record.last_message is not None

    def die() -> None:
        raise Killed

    dying = Meanwhile(db, of(f"rooms/{room.id}/messages/{sent['id']}"), after=die)
    with pytest.raises(Killed):
        if how == "account":
            erase_messages(room.owner.uid, 10, database=dying, orphans=services().orphans)
        else:
            found = db.find(f"rooms/{room.id}/messages", limit=2)
            remove(dying, services().orphans, found)
    assert "Secret" not in str(db.find(f"rooms/{room.id}/messages", limit=2))
    assert "Secret" not in str(db.get(f"rooms/{room.id}").data)


@pytest.mark.parametrize("first", ["read", "changed"])
@pytest.mark.parametrize("how", ["edited", "deleted"])
def test_who_reads_a_message_brings_no_earlier_text_back(
    db: Database, first: str, how: str
) -> None:
    """Each is committed between what the other reads and commits."""
    room = a_room(db)
    bob = room.join()
    room.say(room.owner, "One")
    sent = room.say(room.owner, "Secret")  # too soon for a copy

    def read() -> None:
        services().messages.mark_read(bob.account, room.id, sent["id"])

    def change() -> None:
        messages, author = services().messages, room.owner.account
        if how == "edited":
            messages.edit(author, room.id, sent["id"], "Sorry", None)
        else:
            messages.delete(author, room.id, sent["id"])

    late, early, met = change, read, of(f"rooms/{room.id}/messages/{sent['id']}")
    if first == "changed":
        late, early, met = read, change, of(f"rooms/{room.id}")
    meanwhile = Meanwhile(db, met, before=early)
    with rewired(database=meanwhile):
        late()
    assert meanwhile.happened
    assert "Secret" not in str(db.get(f"rooms/{room.id}").data)


def test_nothing_of_a_deleted_account_stays_in_messages(db: Database) -> None:
    room = a_room(db)
    bob = room.join(a_person(db, name="Bob"))
    said, other = room.say(bob, "Secret", clientId="bob-1"), room.say(room.owner, "Hi")
    while services().erasers["messages"](bob.uid, 10):
        pass
    assert room.record.last_message is None
    stored = db.get(f"rooms/{room.id}/messages/{said['id']}").data
    assert not [each for each in ("Secret", "Bob", bob.uid, "bob-1") if each in str(stored)]
    newest, oldest = listed(room, room.owner)
    assert newest == other
    assert (oldest["id"], oldest["userId"], oldest["name"]) == (said["id"], "", "")
