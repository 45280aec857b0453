"""Sounds and pictures of messages: what is stored, who gets it, and that nothing is left of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image

from tests.support import bombs
from tests.support.characters import Interrupted
from tests.support.companies import Person, a_person, client
from tests.support.factories import code, test_settings
from tests.support.forms import multipart
from tests.support.media_files import opened, picture, prove_recording, sound
from tests.support.rooms import Place, a_room
from tests.support.wiring import rewired, services
from troupe.adapters.firestore import Create, Database, Document, Update, Write, now
from troupe.adapters.storage import Files
from troupe.errors import FileMissing, Unavailable
from troupe.media.uploads.decoders import Decoders
from troupe.orphans import COLLECTION, OrphanedFiles, OrphanRecord
from troupe.rooms.attachments import Attachments, orphans_of

SOUND, OTHER, PICTURE = sound(seconds=1.5), sound(seconds=2), picture("jpeg")
MB = 1024 * 1024
EXIF = Image.Exif()
EXIF[0x0112], EXIF[0x010E] = 6, "taken at home"  # to be turned, and a description


def send(room: Place, person: Person, **fields: Any) -> Any:
    return room.ask(person, "POST", "/messages", **multipart(**fields))


def sent(room: Place, person: Person, **fields: Any) -> Any:
    answer = send(room, person, **fields)
    assert answer.status_code == 201, answer.text
    return answer.json["data"]["message"]


def stored(room: Place) -> list[str]:
    return services().files.list(f"rooms/{room.id}/")


def left_over(room: Place) -> list[OrphanRecord]:
    """The records of files of the room that are to be deleted."""
    found = map(OrphanRecord.of, room.db.walk(COLLECTION))
    prefix = f"rooms/{room.id}/"
    return [
        each
        for each in found
        if any(path.startswith(prefix) for path in (each.prefix or "", *each.paths))
    ]


def swept(room: Place) -> None:
    """An hour later, the sweep deletes what is recorded."""
    for record in left_over(room):
        room.db.commit(Update(record.path, {"dueAt": now() - timedelta(seconds=1)}))
    services().orphans.sweep(1000)


def interrupted(db: Database) -> Any:
    """Services whose commits can be broken off, and what breaks them off."""
    broken = Interrupted(db._client)
    return broken, rewired(database=broken, orphans=OrphanedFiles(broken, lambda: services().files))


def creates_a_message(writes: tuple[Write, ...]) -> bool:
    return any(isinstance(each, Create) and "/messages/" in each.path for each in writes)


def test_a_sound_and_a_picture_are_sent_and_opened(db: Database) -> None:
    room = a_room(db)
    bob = room.join()
    image = picture("jpeg", (60, 40), exif=EXIF)
    message = sent(room, bob, text="Look!", audio=sound("webm", 1.5), photo=image, clientId="1")
    assert (message["kind"], message["text"]) == ("audio", "Look!")
    audio, photo = message["audio"], message["photo"]
    assert audio["seconds"] == pytest.approx(1.5, abs=0.05)
    assert (audio["contentType"], audio["transcript"]) == ("audio/mpeg", "none")
    assert (photo["contentType"], photo["width"], photo["height"]) == ("image/jpeg", 40, 60)
    assert room.record.last_message and room.record.last_message.kind == "audio"
    (listed,) = room.data(room.owner, "GET", "/messages")["messages"]

    # A player has no bearer token; the links of the list are those of its reader.
    heard = client("rooms").get(listed["audioUrl"])
    assert (heard.status_code, heard.mimetype) == (200, "audio/mpeg")
    assert len(heard.data) == audio["size"]
    assert prove_recording(heard.data).seconds == pytest.approx(1.5, abs=0.1)
    part = client("rooms").get(listed["audioUrl"], headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.data) == (206, heard.data[:10])
    assert heard.headers["Cache-Control"].startswith("private")

    seen = room.ask(bob, "GET", f"/messages/{message['id']}/photo")
    assert (seen.status_code, seen.mimetype, len(seen.data)) == (200, "image/jpeg", photo["size"])
    assert opened(seen.data).size == (40, 60)
    assert b"taken at home" in image and b"taken at home" not in seen.data
    assert len(stored(room)) == 2 and not left_over(room)

    alone = sent(room, bob, photo=PICTURE)
    assert (alone["kind"], alone["text"], alone["audioUrl"]) == ("photo", "", None)
    # A caption can be added; the picture stays.
    edited = room.data(bob, "PUT", f"/messages/{alone['id']}", json={"text": "Home"})["message"]
    assert (edited["text"], edited["photo"]) == ("Home", alone["photo"])


def test_a_message_with_files_is_sent_once(db: Database) -> None:
    room = a_room(db)
    first = sent(room, room.owner, audio=SOUND, text="Hi", clientId="1")
    files = stored(room)
    for key, headers in (({"clientId": "1"}, {}), ({}, {"Idempotency-Key": "1"})):
        form = multipart(audio=SOUND, text="Hi", **key)
        again = room.ask(room.owner, "POST", "/messages", headers=headers, **form)
        assert (again.status_code, again.json["data"]["message"]["id"]) == (200, first["id"])
    for fields in (
        {"audio": OTHER, "text": "Hi"},
        {"audio": SOUND, "text": "Ho"},
        {"audio": SOUND, "text": "Hi", "photo": PICTURE},
        {"photo": SOUND, "text": "Hi"},
        {"text": "Hi"},
    ):
        other = send(room, room.owner, **fields, clientId="1")
        assert code(other) == (409, "idempotency_key_reused")
    assert stored(room) == files and not left_over(room)


@pytest.mark.parametrize(
    "change, refusal",
    [
        ("mute", (403, "muted")),
        ("remove", (404, "room_not_found")),
        ("archive", (409, "room_archived")),
    ],
)
def test_what_changes_while_files_are_prepared_is_seen(
    db: Database, monkeypatch: pytest.MonkeyPatch, change: str, refusal: tuple[int, str]
) -> None:
    """Decoding and uploading take seconds, with others waiting up to 45."""
    room = a_room(db)
    bob = room.join()
    prepare = Attachments.prepared
    sent_meanwhile: list[Any] = []

    def meanwhile() -> None:
        monkeypatch.undo()
        if sent_meanwhile:
            assert send(room, bob, audio=SOUND, clientId="1").status_code == 201
        if change == "mute":
            body = {"mutedUntil": "2099-01-01T00:00:00Z"}
            room.data(room.owner, "PUT", f"/members/{bob.uid}", json=body)
        elif change == "remove":
            room.data(room.owner, "DELETE", f"/members/{bob.uid}")
        else:
            room.data(room.owner, "PUT", json={"status": "archived"})

    def prepared(self: Attachments, *given: Any) -> Any:
        found = prepare(self, *given)
        with ThreadPoolExecutor(1) as another:
            another.submit(meanwhile).result()
        return found

    monkeypatch.setattr(Attachments, "prepared", prepared)
    assert code(send(room, bob, audio=SOUND, clientId="1")) == refusal
    assert not stored(room) and not left_over(room)
    assert room.data(room.owner, "GET", "/messages")["messages"] == []
    if change == "mute":  # what another request has sent in time is sent
        room.data(room.owner, "PUT", f"/members/{bob.uid}", json={"mutedUntil": None})
        sent_meanwhile.append(True)
        monkeypatch.setattr(Attachments, "prepared", prepared)
        assert send(room, bob, audio=SOUND, clientId="1").status_code == 200
        assert len(stored(room)) == 1 and not left_over(room)


def test_the_record_of_many_files_is_small_enough_for_a_document() -> None:
    """500 messages, each spoken in 18 languages."""
    prefix = f"rooms/{'r' * 32}/{'m' * 32}-{'j' * 32}"
    speech = {f"l{n}": {"path": f"{prefix}-{n:02}-12345678.mp3"} for n in range(18)}
    documents = [
        Document(f"m/{n}", {"speech": speech}, exists=True, update_time=None) for n in range(500)
    ]
    records = orphans_of(documents)
    assert sum(len(each.paths) for each in records) == 9_000
    assert all(sum(len(path) for path in each.paths) < 500_000 for each in records)
    assert orphans_of([]) == []


def test_twenty_threads_make_one_message_and_one_file(db: Database) -> None:
    room = a_room(db)
    clients = [client("rooms") for _ in range(20)]

    def post(number: int) -> Any:
        given = multipart(audio=SOUND, clientId="1")
        place = f"{room.path}/messages"
        return clients[number].post(place, headers=room.owner.headers, **given)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(post, range(20)))
    # A user has six places at the decoders.
    assert {each.status_code for each in answers} <= {200, 201, 503}
    done = [each.json["data"]["message"] for each in answers if each.status_code < 300]
    assert len(done) >= 6 and len({each["id"] for each in done}) == 1
    assert [each.status_code for each in answers].count(201) == 1
    assert len(stored(room)) == 1 and not left_over(room)
    assert len(room.data(room.owner, "GET", "/messages")["messages"]) == 1


def test_a_crash_before_the_commit_leaves_files_that_the_sweep_deletes(db: Database) -> None:
    room = a_room(db)
    broken, context = interrupted(db)

    def lose(writes: tuple[Write, ...]) -> None:
        if creates_a_message(writes):
            raise Unavailable(retry_after=1)

    with context:
        broken.before = lose
        assert send(room, room.owner, audio=SOUND, clientId="1").status_code == 503
    assert len(stored(room)) == len(left_over(room)) == 1
    # The client sends it again before the sweep comes.
    message = sent(room, room.owner, audio=SOUND, clientId="1")
    assert len(stored(room)) == 2
    swept(room)
    assert len(stored(room)) == 1 and not left_over(room)
    assert room.ask(room.owner, "GET", f"/messages/{message['id']}/audio").status_code == 200


def test_a_message_whose_answer_was_lost_keeps_its_file(db: Database) -> None:
    room = a_room(db)
    broken, context = interrupted(db)

    def lose(writes: tuple[Write, ...]) -> None:
        if creates_a_message(writes):
            broken.after = lambda writes: None
            raise Unavailable(retry_after=1)

    with context:
        broken.after = lose
        assert send(room, room.owner, audio=SOUND, clientId="1").status_code == 503
    swept(room)
    again = send(room, room.owner, audio=SOUND, clientId="1")
    assert again.status_code == 200 and len(stored(room)) == 1
    message = again.json["data"]["message"]
    assert room.ask(room.owner, "GET", f"/messages/{message['id']}/audio").status_code == 200


def test_a_room_that_is_deleted_while_a_file_is_uploaded_keeps_nothing(db: Database) -> None:
    room = a_room(db)
    bob = room.join()  # has no marker yet, whose version the commit would name
    room.say(room.owner)  # else the room's copy of the last message would be written anyway
    broken, context = interrupted(db)

    def delete(writes: tuple[Write, ...]) -> None:
        if creates_a_message(writes):
            broken.before = lambda writes: None
            room.data(room.owner, "DELETE")

    with context:
        broken.before = delete
        assert code(send(room, bob, audio=SOUND)) == (404, "room_not_found")
    assert not stored(room) and not left_over(room)


REFUSED: dict[str, tuple[Callable[[], dict[str, Any]], int, str, str]] = {
    "nothing": (dict, 422, "nothing_to_send", ""),
    "an empty file": (lambda: {"audio": b""}, 415, "unsupported_media_type", "audio"),
    "0.2 s": (lambda: {"audio": sound(seconds=0.2)}, 422, "audio_too_short", "audio"),
    "301 s": (lambda: {"audio": sound("wav-u8", 301)}, 422, "audio_too_long", "audio"),
    "a later part": (
        lambda: {"audio": (whole := sound("webm"))[whole.index(b"\x1f\x43\xb6\x75") :]},
        415,
        "unsupported_media_type",
        "audio",
    ),
    "a picture as sound": (lambda: {"audio": PICTURE}, 415, "unsupported_media_type", "audio"),
    "a sound as picture": (lambda: {"photo": SOUND}, 415, "unsupported_media_type", "photo"),
    "a good sound, a broken picture": (
        lambda: {"audio": SOUND, "photo": bombs.PICTURES["png cut"]()},
        422,
        "broken_image",
        "photo",
    ),
    "a good picture, half a sound": (
        lambda: {"audio": SOUND[: len(SOUND) // 2], "photo": PICTURE},
        422,
        "broken_audio",
        "audio",
    ),
    "10 MB": (lambda: {"audio": SOUND + bytes(10 * MB)}, 413, "file_too_large", "audio"),
    "6 MB": (lambda: {"photo": PICTURE + bytes(6 * MB)}, 413, "file_too_large", "photo"),
    "17 MB": (lambda: {"audio": SOUND + bytes(17 * MB)}, 413, "payload_too_large", ""),
    "a long text": (lambda: {"audio": SOUND, "text": "a" * 4001}, 422, "invalid_input", ""),
    "a text as sound": (lambda: {"audio": "hello"}, 422, "invalid_input", ""),
}


@pytest.mark.parametrize("name", REFUSED)
def test_nothing_is_stored_of_what_is_refused(db: Database, name: str) -> None:
    make, status, expected, field = REFUSED[name]
    room = a_room(db)
    answer = send(room, room.owner, **make(), clientId="1")
    assert code(answer) == (status, expected), answer.text
    assert (answer.json["error"].get("details") or {}).get("field", "") == field
    assert not stored(room) and not left_over(room)
    assert room.data(room.owner, "GET", "/messages")["messages"] == []


def test_a_later_part_of_a_recording_is_told_as_such(db: Database) -> None:
    room, whole = a_room(db), sound("webm")
    answer = send(room, room.owner, audio=whole[whole.index(b"\x1f\x43\xb6\x75") :])
    assert "a part of a WebM recording without its beginning" in answer.json["message"]


def test_json_still_needs_a_text_and_has_its_own_limit(db: Database) -> None:
    room = a_room(db)
    assert code(room.ask(room.owner, "POST", "/messages", json={})) == (422, "invalid_input")
    large = room.ask(room.owner, "POST", "/messages", json={"text": "a", "more": "b" * 300_000})
    assert code(large) == (413, "payload_too_large")
    other = room.ask(room.owner, "POST", "/messages", data=b"hi", content_type="text/plain")
    assert code(other) == (415, "unsupported_media_type")
    assert other.json["error"]["details"]["allowed"] == ["application/json", "multipart/form-data"]


@pytest.mark.parametrize(
    "who", ["muted", "removed", "banned", "archived", "stranger", "signed out"]
)
def test_who_may_not_write_sends_no_file(db: Database, who: str) -> None:
    """And nothing of it is opened."""
    room = a_room(db)
    bob = a_person(db) if who == "stranger" else room.join()
    member = f"/members/{bob.uid}"
    expected = (404, "room_not_found")
    if who == "muted":
        until = (now() + timedelta(hours=1)).isoformat()
        room.data(room.owner, "PUT", member, json={"mutedUntil": until})
        expected = (403, "muted")
    elif who in ("removed", "banned"):
        room.data(room.owner, "DELETE", member + ("?ban=true" if who == "banned" else ""))
    elif who == "archived":
        room.data(room.owner, "PUT", "", json={"status": "archived"})
        expected = (409, "room_archived")
    decoders = Decoders()
    with rewired(decoders=decoders):
        if who == "signed out":
            answer = client("rooms").post(f"{room.path}/messages", **multipart(audio=SOUND))
            expected = (401, "unauthorized")
        else:
            answer = send(room, bob, audio=SOUND, photo=PICTURE)
    assert code(answer) == expected
    assert all(lane._idle.count(None) == len(lane._idle) for lane in decoders._lanes.values())
    assert not stored(room) and not left_over(room)


def test_files_are_for_members(db: Database) -> None:
    room = a_room(db)
    bob, eve = room.join(), a_person(db)
    message = sent(room, room.owner, audio=SOUND, photo=PICTURE)
    link = room.data(bob, "GET", "/messages")["messages"][0]["photoUrl"]
    place = f"/messages/{message['id']}"
    assert client("rooms").get(link).status_code == 200
    for kind in ("audio", "photo"):
        assert room.ask(bob, "GET", f"{place}/{kind}").status_code == 200
        assert code(room.ask(eve, "GET", f"{place}/{kind}")) == (404, "room_not_found")
        assert client("rooms").get(f"{room.path}{place}/{kind}").status_code == 401
        missing = room.ask(bob, "GET", f"/messages/{'0' * 32}/{kind}")
        assert code(missing) == (404, "message_not_found")
        text = room.say(bob)
        none = room.ask(bob, "GET", f"/messages/{text['id']}/{kind}")
        assert code(none) == (404, "message_file_not_found")
    # The link of one is not the link of the other, and ends with the membership.
    assert client("rooms").get(link.replace("/photo", "/audio")).status_code == 401
    room.data(room.owner, "DELETE", f"/members/{bob.uid}")
    assert client("rooms").get(link).status_code == 404


def _expired(room: Place, message: Any) -> None:
    path = f"rooms/{room.id}/messages/{message['id']}"
    room.db.commit(Update(path, {"expiresAt": now() - timedelta(seconds=1)}))
    assert services().messages.expire(1000) >= 1


def _account_deleted(room: Place, message: Any) -> None:
    while services().erasers["messages"](message["userId"], 10):
        pass


DELETED: dict[str, Callable[[Place, Any], Any]] = {
    "by a moderator": lambda room, each: room.data(room.owner, "DELETE", f"/messages/{each['id']}"),
    "retention": _expired,
    "room": lambda room, each: room.data(room.owner, "DELETE"),
    "account": _account_deleted,
}


@pytest.mark.parametrize("crash", [False, True], ids=["", "crash"])
@pytest.mark.parametrize("way", DELETED)
def test_files_are_deleted_with_their_message(
    db: Database, files: Files, monkeypatch: pytest.MonkeyPatch, way: str, crash: bool
) -> None:
    """`crash`: after the commit that deletes the message, before its files are deleted."""
    room = a_room(db)
    bob = room.join()
    message = sent(room, bob, audio=SOUND, photo=PICTURE)
    link = room.data(room.owner, "GET", "/messages")["messages"][0]["audioUrl"]
    if crash:
        monkeypatch.setattr(OrphanedFiles, "clean", lambda self, record: None)
    DELETED[way](room, message)
    assert client("rooms").get(link).status_code == 404
    if crash:
        assert len(stored(room)) == 2
        monkeypatch.undo()
        swept(room)
    assert not stored(room) and not left_over(room)


def test_an_author_deletes_a_message_twice(db: Database) -> None:
    room = a_room(db)
    message = sent(room, room.owner, audio=SOUND)
    for _ in range(2):
        room.data(room.owner, "DELETE", f"/messages/{message['id']}")
    (shown,) = room.data(room.owner, "GET", "/messages")["messages"]
    assert (shown["audio"], shown["audioUrl"]) == (None, None)
    assert not stored(room) and not left_over(room)


def test_an_export_has_ones_own_sounds_and_pictures(db: Database) -> None:
    room = a_room(db)
    bob = room.join()
    sent(room, bob, audio=SOUND, photo=PICTURE)
    mine = set(stored(room))
    sent(room, room.owner, audio=OTHER)
    exported = list(services().exporters["messages"](bob.uid))
    assert {each for each in exported if isinstance(each, str)} == mine and len(mine) == 2


def test_events_have_links_of_those_who_follow(db: Database) -> None:
    room = a_room(db)
    bob = room.join()
    after = room.say(room.owner)["updatedAt"]
    sent(room, room.owner, photo=PICTURE)
    query = {"wait": 20, "after": after}
    found = room.ask(bob, "GET", "/events", function="live", query_string=query).json["events"]
    (link,) = (each["message"]["photoUrl"] for each in found if each["message"]["photoUrl"])
    assert client("rooms").get(link).status_code == 200
    room.data(room.owner, "DELETE", f"/members/{bob.uid}")
    assert client("rooms").get(link).status_code == 404


def test_files_are_limited_and_texts_are_not(db: Database) -> None:
    room = a_room(db)
    with rewired(settings=test_settings(ROOM_FILE_LIMIT="2/86400, 0")):
        assert send(room, room.owner, audio=SOUND, photo=PICTURE).status_code == 201
        refused = send(room, room.owner, photo=PICTURE)
        assert code(refused) == (429, "too_many_requests")
        assert send(room, room.owner, text="In a form").status_code == 201
        room.say(room.owner)
    assert len(stored(room)) == 2


def test_a_file_that_is_gone_is_not_found(db: Database) -> None:
    room = a_room(db)
    message = sent(room, room.owner, audio=SOUND)
    services().files.delete(stored(room))
    answer = room.ask(room.owner, "GET", f"/messages/{message['id']}/audio")
    assert code(answer) == (404, FileMissing.code)
