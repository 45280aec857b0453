"""Events of rooms over HTTP: nothing is lost or sent twice, and nothing is sent to who has left."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import requests

from tests.fakes.told_translator import ToldTranslator
from tests.support.companies import Person
from tests.support.factories import code
from tests.support.machine import slack
from tests.support.rooms import Place, a_room
from tests.support.served_rooms import served
from tests.support.wiring import rewired
from troupe import feeds
from troupe.adapters.firestore import SERVER_TIME, Create, Database, Update, now
from troupe.rooms import feeds as room_feeds
from troupe.rooms import presence
from troupe.rooms.records import Message
from troupe.rooms.writes import message_path
from troupe.waiters import STREAMS


def wait(room: Place, person: Person, after: str = "", seconds: int = 20) -> tuple[list[Any], str]:
    """The events of one answer as JSON, and the id to go on with."""
    query = {"wait": seconds, **({"after": after} if after else {})}
    answer = room.ask(person, "GET", "/events", function="live", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json["events"], answer.json["lastEventId"]


def seen(events: list[Any]) -> list[tuple[str, str]]:
    """Name, and text of the message or id of the user."""
    return [
        (each["event"], each["message"]["text"] if each["message"] else each["userId"])
        for each in events
    ]


def begin(room: Place, person: Person) -> str:
    """The id to go on with, after what is so already."""
    room.say(room.owner, "first")
    found, after = wait(room, person)
    while ("new_message", "first") not in seen(found):
        found, after = wait(room, person, after)
    return wait(room, person, after, 1)[1]


@pytest.fixture(name="served")
def _served() -> Iterator[str]:
    """The address of the function on a real socket."""
    with served(lambda path: "live") as address:
        yield address


class Stream:
    """Server-sent events, read by a thread."""

    def __init__(self, address: str, room: Place, person: Person, **query: Any) -> None:
        self.events: list[tuple[str, Any]] = []
        self.last = ""
        self.ended = threading.Event()
        self.response = requests.get(
            f"{address}{room.path}/events",
            params=query,
            headers=person.headers,
            stream=True,
            timeout=60,
        )
        self.status = self.response.status_code
        self._socket = self.response.raw._fp.fp.raw._sock
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Goes away, as a client that loses its network: `response.close` would wait for the
        thread that reads."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        assert self.ended.wait(30)

    def _read(self) -> None:
        with suppress(requests.exceptions.RequestException):
            self._read_lines()
        self.ended.set()

    def _read_lines(self) -> None:
        name = ""
        for line in self.response.iter_lines(chunk_size=1):
            field, _, value = line.decode().partition(": ")
            if field == "event":
                name = value
            elif field == "id":
                self.last = value
            elif field == "data":
                self.events.append((name, json.loads(value)))

    def texts(self) -> list[str]:
        return [data["message"]["text"] for _, data in self.events if data["message"]]

    def wait_for(self, met: Callable[[], bool], seconds: float = 30) -> None:
        ends = time.monotonic() + seconds
        while not met() and time.monotonic() < ends:
            time.sleep(0.02)
        assert met(), self.events


def test_a_translation_of_a_known_message_is_its_result(db: Database) -> None:
    room = a_room(db)
    bob = room.join(language="en")
    after = begin(room, bob)
    told = ToldTranslator()
    slow = threading.Event()
    told.do = lambda request: slow.wait(30)
    with rewired(translator=told), ThreadPoolExecutor(1) as pool:
        sending = pool.submit(room.say, room.owner, "Wann öffnet das Geschäft?")
        found, after = wait(room, bob, after)
        assert [each["event"] for each in found] == ["new_message"]
        assert found[0]["message"]["translationState"] == "pending"
        slow.set()
        sending.result()
    found, _ = wait(room, bob, after)
    assert [each["event"] for each in found] == ["translation_result"]
    assert found[0]["message"]["translations"]["en"]["text"] == "[en] Wann öffnet das Geschäft?"
    late, _ = wait(room, bob, (now() - timedelta(seconds=60)).isoformat())
    assert "translation_result" not in {each["event"] for each in late}


def test_what_happens_arrives_once_and_in_order(db: Database) -> None:
    room = a_room(db)
    bob = room.join()
    after = begin(room, bob)
    message = room.say(room.owner, "Hello!")
    found, after = wait(room, bob, after)
    assert seen(found) == [("new_message", "Hello!")]
    assert found[0]["message"]["id"] == message["id"]
    room.data(room.owner, "PUT", f"/messages/{message['id']}", json={"text": "Hi!"})
    found, after = wait(room, bob, after)
    assert seen(found) == [("message_edited", "Hi!")]
    room.data(room.owner, "DELETE", f"/messages/{message['id']}")
    found, after = wait(room, bob, after)
    assert seen(found) == [("message_deleted", "")]
    room.data(room.owner, "PUT", "", json={"topic": "Lisbon"})
    found, after = wait(room, bob, after)
    assert [(each["event"], each["room"]["topic"]) for each in found] == [
        ("room_changed", "Lisbon")
    ]
    assert wait(room, bob, after, 1) == ([], after)


def test_people_come_type_and_go(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "_PAUSE", timedelta())
    room = a_room(db)
    bob = room.join()
    after = begin(room, bob)
    for state, wanted in (
        ("active", ["user_joined"]),
        ("typing", ["user_typing"]),
        ("speaking", ["user_speaking"]),
        ("gone", ["user_left"]),
    ):
        room.data(room.owner, "POST", "/presence", json={"state": state})
        found, after = wait(room, bob, after)
        assert seen(found) == [(each, room.owner.uid) for each in wanted]


def test_hundreds_of_missed_messages_are_caught_up_in_batches(db: Database) -> None:
    """More than a page of them changed in one moment."""
    room = a_room(db)
    bob = room.join()
    start = (now() - timedelta(seconds=1)).isoformat()
    at, total = now(), 250
    for first in range(0, total, 125):
        writes = []
        for number in range(first, first + 125):
            message = Message(
                id=f"m{number:03}",
                room_id=room.id,
                uid=bob.uid,
                name="Bob",
                client_id="x",
                request="x",
                text=f"{number}",
                created_at=at,
                updated_at=at,
            )
            times = {"createdAt": SERVER_TIME, "updatedAt": SERVER_TIME}
            writes.append(Create(message_path(room.id, message.id), message.stored() | times))
        db.commit(*writes)
    found: list[str] = []
    after = start
    while len(found) < total:
        events, after = wait(room, bob, after)
        assert events
        found += [text for name, text in seen(events) if name == "new_message"]
    assert found == [str(number) for number in range(total)]
    assert wait(room, bob, after, 1)[0] == []


def test_a_late_message_is_not_lost(db: Database) -> None:
    """Its time is that of its processing: another one with a later time can be seen first."""
    room = a_room(db)
    bob = room.join()
    after = begin(room, bob)
    message = room.say(room.owner, "second")
    found, after = wait(room, bob, after)
    assert seen(found) == [("new_message", "second")]
    late = Message.of(db.get(message_path(room.id, message["id"])))
    before = late.updated_at - timedelta(seconds=2)
    times = {"text": "late", "createdAt": before, "updatedAt": before}
    db.commit(Create(message_path(room.id, "late"), late.stored() | times))
    found, after = wait(room, bob, after)
    assert seen(found) == [("new_message", "late")]
    assert wait(room, bob, after, 1)[0] == []


def test_a_stream_goes_on_and_can_be_continued(db: Database, served: str) -> None:
    room = a_room(db)
    bob = room.join()
    first = Stream(served, room, bob, stream="1")
    for number in range(5):
        room.say(room.owner, str(number))
        first.wait_for(lambda number=number: str(number) in first.texts())  # type: ignore[misc]
    first.close()
    for number in range(5, 8):
        room.say(room.owner, str(number))
    second = Stream(served, room, bob, stream="1", after=first.last)
    second.wait_for(lambda: len(second.texts()) == 3)
    assert first.texts() + second.texts() == [str(number) for number in range(8)]
    second.close()


def test_the_first_event_of_a_stream_is_quick(db: Database, served: str) -> None:
    room = a_room(db)
    stream = Stream(served, room, room.owner, stream="1")
    started = time.monotonic()
    room.say(room.owner, "Hello!")
    stream.wait_for(lambda: stream.texts() == ["Hello!"])
    assert time.monotonic() - started < 2.5 * slack()
    stream.close()


def test_without_stream_an_answer_ends_with_its_first_events(
    db: Database, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "QUIET_SECONDS", 0.5)  # the head of the answer is not sent before
    room = a_room(db)
    stream = Stream(served, room, room.owner)
    room.say(room.owner, "Hello!")
    assert stream.ended.wait(30)
    assert stream.texts() == ["Hello!"]
    assert stream.response.headers["Content-Type"].startswith("text/event-stream")


@pytest.mark.parametrize("how", ["removed", "left", "session", "suspended", "deleted"])
def test_who_may_not_read_gets_nothing_of_the_next_message(
    db: Database, served: str, how: str
) -> None:
    room = a_room(db)
    bob = room.join()
    stream = Stream(served, room, bob, stream="1")
    room.say(room.owner, "before")
    stream.wait_for(lambda: "before" in stream.texts())
    if how == "removed":
        room.data(room.owner, "DELETE", f"/members/{bob.uid}")
    elif how == "left":
        room.data(bob, "POST", "/leave")
    else:
        fields: dict[str, dict[str, Any]] = {
            "session": {"sessions": {}},
            "suspended": {"suspended": True},
            "deleted": {"deletedAt": now()},
        }
        db.commit(Update(f"users/{bob.uid}", fields[how]))
    room.say(room.owner, "after")
    assert stream.ended.wait(30)
    assert stream.texts() == ["before"]


def test_a_deleted_room_ends_its_streams(db: Database, served: str) -> None:
    room = a_room(db)
    stream = Stream(served, room, room.owner, stream="1")
    room.data(room.owner, "DELETE", "")
    assert stream.ended.wait(30)


def test_an_account_has_six_places(
    db: Database, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "QUIET_SECONDS", 0.5)
    room = a_room(db)
    bob = room.join()
    streams = [Stream(served, room, bob, stream="1") for _ in range(6)]
    assert [each.status for each in streams] == [200] * 6
    refused = room.ask(bob, "GET", "/events", function="live", query_string={"wait": 1})
    assert refused.status_code == 503
    assert refused.headers["Retry-After"]
    assert Stream(served, room, bob, stream="1").status == 503
    assert Stream(served, room, room.owner).status == 200
    db.commit(Update(f"users/{bob.uid}", {"sessions": {}}))
    room.say(room.owner)
    assert all(each.ended.wait(30) for each in streams)
    streams[0].wait_for(lambda: STREAMS._waiting[bob.uid] == 0)


@pytest.mark.slow
def test_the_streams_of_a_room_share_one_reader(
    db: Database, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = a_room(db)
    people = [room.owner, *(room.join() for _ in range(4))]
    streams = [Stream(served, room, each, stream="1") for each in people for _ in range(4)]
    time.sleep(1.5)
    reads: list[int] = []
    find = Database.find

    def counted(self: Database, *args: Any, **more: Any) -> Any:
        if room.id in args[0]:
            reads.append(1)
        return find(self, *args, **more)

    monkeypatch.setattr(Database, "find", counted)
    time.sleep(5)
    assert 1 <= len(reads) <= 6  # a busy machine reads less often
    monkeypatch.undo()
    room.say(room.owner, "Hello!")
    for each in streams:
        each.wait_for(lambda each=each: each.texts() == ["Hello!"])  # type: ignore[misc]
    for each in streams:
        each.close()


def test_a_busy_room_is_seen_alike_by_all(db: Database, served: str) -> None:
    """Some stream, some come back after each batch, while four people write."""
    room = a_room(db)
    writers = [room.owner, *(room.join() for _ in range(3))]
    streams = [Stream(served, room, each, stream="1") for each in writers]
    batched: list[str] = []
    reader, total = room.join(), 40
    start = now().isoformat()

    def read_batches() -> None:
        after, ends = start, time.monotonic() + 40
        while len(batched) < total and time.monotonic() < ends:
            found, after = wait(room, reader, after, 2)
            batched.extend(text for name, text in seen(found) if name == "new_message")

    with ThreadPoolExecutor(5) as pool:
        reading = pool.submit(read_batches)

        def write(person: Person) -> None:
            for number in range(10):
                room.say(person, f"{person.uid} {number}")

        list(pool.map(write, writers))
        reading.result()
    for each in streams:
        each.wait_for(lambda each=each: len(each.texts()) >= total)  # type: ignore[misc]
    stored = room.data(room.owner, "GET", "/messages?limit=100")["messages"]
    order = [each["text"] for each in reversed(stored)]
    assert sorted(batched) == sorted(order)
    for each in streams:
        assert sorted(each.texts()) == sorted(order)
        each.close()


@pytest.mark.parametrize(
    "after",
    [
        *("x", "2026-01-01T00:00:00", "eJwDAAAAAAE", "%00", "A" * 5000, "null", "-1"),
        *("0001-01-01T00:00:00+00:00", "0001-01-01T00:00:00+14:00", "1969-12-31T23:59:59+00:00"),
        *("9999-12-31T23:59:59-12:00", "2300-01-01T00:00:00+00:00"),
    ],
)
def test_a_cursor_that_is_none_is_refused(db: Database, after: str) -> None:
    room = a_room(db)
    query = {"wait": 1, "after": after}
    answer = room.ask(room.owner, "GET", "/events", function="live", query_string=query)
    assert answer.status_code == 422


def test_a_cursor_that_unpacks_to_much_is_refused(db: Database) -> None:
    bomb = zlib.compress(b'{"t":1,"r":' + b" " * 2_000_000 + b"1}", 9)
    after = base64.urlsafe_b64encode(bomb).decode()
    assert len(after) < 6000
    room = a_room(db)
    query = {"wait": 1, "after": after}
    answer = room.ask(room.owner, "GET", "/events", function="live", query_string=query)
    assert code(answer) == (422, "invalid_cursor")


def test_what_is_caught_up_is_followed_by_no_change_of_the_room(db: Database) -> None:
    room = a_room(db)
    after = (now() - timedelta(seconds=1)).isoformat()
    room.say(room.owner, "first")
    found, after = wait(room, room.owner, after)
    assert ("new_message", "first") in seen(found)
    assert wait(room, room.owner, after, 1)[0] == []
    room.data(room.owner, "PUT", "", json={"topic": "Lisbon"})
    assert [each["event"] for each in wait(room, room.owner, after)[0]] == ["room_changed"]


def test_the_time_of_a_stream_is_limited_while_it_catches_up(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = a_room(db)
    after = (now() - timedelta(seconds=1)).isoformat()
    for number in range(3):
        room.say(room.owner, str(number))
    monkeypatch.setattr(room_feeds, "_PAGE", 1)
    monkeypatch.setattr("troupe.web.following.STREAM_SECONDS", 0.0)
    query = {"stream": 1, "after": after}
    answer = room.ask(room.owner, "GET", "/events", function="live", query_string=query)
    assert answer.text.count("event: new_message") == 1


def test_the_time_of_a_stream_is_limited(
    db: Database, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("troupe.web.following.STREAM_SECONDS", 2.0)
    monkeypatch.setattr(feeds, "QUIET_SECONDS", 0.5)
    room = a_room(db)
    stream = Stream(served, room, room.owner, stream="1")
    assert stream.ended.wait(30)
