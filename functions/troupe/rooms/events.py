"""Events of a room over HTTP, for clients that cannot listen to Firestore.

The cursor of a stream has what the client was sent last, so nothing is lost or sent twice between
two connections.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import Field

from troupe.accounts.records import AccountCaller
from troupe.adapters.firestore import Database, now
from troupe.feeds import (
    OVERLAP,
    Sent,
    StoredSent,
    batches,
    may_follow,
    micros,
    packed,
    time_of,
    unpacked,
)
from troupe.rooms.feeds import Snapshot, changes, room_feeds
from troupe.rooms.presence import Online
from troupe.rooms.records import Member, Message, Room
from troupe.rooms.standing import standing
from troupe.rooms.writes import member_path

EventName = Literal[
    "new_message",
    "message_edited",
    "message_deleted",
    "translation_result",
    "audio_transcription",
    "speech_result",
    "room_changed",
    "history_cleared",
    "user_joined",
    "user_left",
    "user_typing",
    "user_speaking",
]
_ID_PART = 10  # characters of an id in a key


@dataclass(frozen=True, slots=True)
class Happened:
    """One event, with what its kind is about."""

    name: EventName
    message: Message | None = None
    room: Room | None = None
    user_id: str = ""
    user_name: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Events that were found together. `cursor`: where to go on after them."""

    events: list[Happened]
    cursor: str


class _Stored(StoredSent):
    """A cursor as it is sent."""

    o: dict[str, str] = Field(default_factory=dict, max_length=200)
    r: int = Field(0, ge=0, le=2**53)
    c: int | None = Field(None, ge=0, le=2**53)


@dataclass(slots=True)
class _Position:
    """What a client has been sent. `sent`: the messages, by the keys of their versions; `online`:
    who was there and what they did; `room`: when the room had changed. None: not yet known.
    `cleared`: when its history had last been deleted, or earlier."""

    sent: Sent
    online: dict[str, str] | None = None
    room: int | None = None
    cleared: int = 0

    def __post_init__(self) -> None:
        self.cleared = self.cleared or micros(self.sent.at)

    @classmethod
    def of(cls, cursor: str | None) -> Self:
        """Of a cursor, or a time. Raises BadCursor."""
        at = now() if cursor is None else time_of(cursor)
        if at is not None:
            return cls(Sent(at))
        stored = unpacked(_Stored, cursor or "")
        return cls(stored.sent(), stored.o, stored.r or None, stored.c or 0)

    def packed(self) -> str:
        more = {"o": self.online or {}, "r": self.room or 0, "c": self.cleared}
        return packed(_Stored(**self.sent.stored(), **more))

    def take(self, messages: list[Message]) -> list[Happened]:
        """The events of messages that were not sent yet, which now are."""
        events = []
        for at, key, message in sorted(
            ((each.updated_at, _key(each), each) for each in messages), key=lambda each: each[:2]
        ):
            if self.sent.misses(at, key):
                events.append(Happened(self._kind(message), message=message))
                self.sent.add(at, key)
        if events:
            self.sent.trim()
        return events

    def _kind(self, message: Message) -> EventName:
        """A message that has changed since it was written or edited has translations, or was
        spoken; a client that got the message before gets an event about these only."""
        if message.deleted_at is not None:
            return "message_deleted"
        written = message.edited_at or message.created_at
        said = max(written, message.heard_at or written)
        known = said <= self.sent.at - OVERLAP or any(
            _is_of(key, message) for key in self.sent.keys
        )
        if message.updated_at > said and known:
            spoken = message.spoken_at == message.updated_at
            return "speech_result" if spoken else "translation_result"
        if message.heard_at == said:
            return "audio_transcription"
        return "new_message" if message.edited_at is None else "message_edited"

    def compare(self, room: Room, online: dict[str, Online], uid: str) -> list[Happened]:
        """The events of a room and its people since the last time."""
        events = []
        if room.cleared_at is not None and micros(room.cleared_at) > self.cleared:
            events.append(Happened("history_cleared", room=room))
            self.cleared = micros(room.cleared_at)
        version = micros(room.updated_at)
        if self.room is not None and self.room != version:
            events.append(Happened("room_changed", room=room))
        before, after = self.online or {}, {key: _marker(each) for key, each in online.items()}
        for key in before.keys() - after.keys():
            events.append(Happened("user_left", user_id=key))
        for key, each in online.items():
            if key not in before:
                events.append(Happened("user_joined", user_id=key, user_name=each.name))
            if each.until is not None and before.get(key) != after[key] and key != uid:
                name: EventName = "user_typing" if each.state == "typing" else "user_speaking"
                events.append(Happened(name, user_id=key, user_name=each.name))
        self.room, self.online = version, after
        return events


class RoomEvents:
    def __init__(self, db: Database) -> None:
        self._db = db
        self._feeds = room_feeds(db)

    def follow(
        self, caller: AccountCaller, room_id: str, cursor: str | None, *, seconds: float, once: bool
    ) -> Iterator[Batch | None]:
        """Batches of events as they happen, for so many seconds; None when nothing has happened for
        long. `once`: ends with the first batch. It also ends when the caller may no longer read.

        Raises RoomNotFound, BadCursor.
        """
        position = _Position.of(cursor)
        room = standing(self._db, room_id, caller.uid).room
        if position.room is None:
            position.room = micros(room.updated_at)
        return self._batches(caller, room, position, time.monotonic() + seconds, once)

    def _batches(
        self,
        caller: AccountCaller,
        room: Room,
        position: _Position,
        ends: float,
        once: bool,
    ) -> Iterator[Batch | None]:
        def later(snapshot: Snapshot) -> list[Happened] | None:
            if snapshot.room is None:
                return None
            events = position.take(list(snapshot.messages))
            return events + position.compare(snapshot.room, snapshot.online, caller.uid)

        def sent(events: list[Happened]) -> Batch | None:
            path = member_path(room.id, caller.uid)
            may = may_follow(self._db, caller, path, lambda found: Member.of(found).is_in)
            return Batch(events, position.packed()) if may else None

        with self._feeds.follow(room.id) as feed:
            pages = changes(self._db, room.id, position.sent.at - OVERLAP, room)
            earlier = (position.take(page) for page in pages)
            yield from batches(feed, earlier=earlier, later=later, sent=sent, ends=ends, once=once)


def _key(message: Message) -> str:
    """Of one version of a message; in the order of the ids."""
    named = f"{message.revision} {micros(message.updated_at)}"
    return message.id[:_ID_PART] + hashlib.sha256(named.encode()).hexdigest()[:4]


def _is_of(key: str, message: Message) -> bool:
    """Whether a key is of a version of this message."""
    return key.startswith(message.id[:_ID_PART])


def _marker(online: Online) -> str:
    """What somebody does, as far as it is an event."""
    return "" if online.until is None else str(micros(online.until))
