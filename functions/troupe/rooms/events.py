"""Events of a room over HTTP, for clients that cannot listen to Firestore.

A stream starts where its cursor says and can be continued by any instance: the cursor has what the
client was sent last, so nothing is lost or sent twice between two connections.
"""

from __future__ import annotations

import base64
import hashlib
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, Self

from pydantic import BaseModel, Field

from troupe.accounts.errors import AccountSuspended
from troupe.accounts.records import AccountCaller, UserRecord
from troupe.accounts.sessions import live_session
from troupe.accounts.writes import user_path
from troupe.adapters.firestore import Database, now
from troupe.paging import BadCursor
from troupe.rooms.feeds import OVERLAP, Feeds, changes
from troupe.rooms.presence import Online
from troupe.rooms.records import Member, Message, Room
from troupe.rooms.standing import standing
from troupe.rooms.writes import member_path
from troupe.tokens import TokenInvalid

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
STREAM_SECONDS = 280.0  # the function ends at 300
BATCH_SECONDS = 25.0
_QUIET = 15.0  # seconds after which a stream says that it is alive
# The cursor is sent as a header, so its size is limited. In busier rooms, late messages may be
# missed.
_MOST_SENT = 150
_ID_PART = 10  # characters of an id in a key
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MOST_CURSOR = 16_384  # bytes, unpacked
_LATEST = 2**53  # microseconds since 1970: in the year 2255


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


class _Stored(BaseModel):
    """A cursor as it is sent."""

    t: int = Field(ge=0, le=_LATEST)
    s: dict[str, int] = Field(default_factory=dict, max_length=2000)
    o: dict[str, str] = Field(default_factory=dict, max_length=200)
    r: int = Field(0, ge=0, le=_LATEST)
    c: int | None = Field(None, ge=0, le=_LATEST)
    f: tuple[int, str] | None = None


@dataclass(slots=True)
class _Position:
    """What a client has been sent. `at`: the change of the last message; `sent`: the messages that
    changed shortly before it, by their keys, with when; `floor`: all up to it were sent, too;
    `online`: who was there and what they did; `room`: when the room had last changed; both None in
    the beginning. `cleared`: when its history had last been deleted, or earlier."""

    at: datetime
    sent: dict[str, datetime] = field(default_factory=dict)
    floor: tuple[datetime, str] | None = None
    online: dict[str, str] | None = None
    room: int | None = None
    cleared: int = 0

    def __post_init__(self) -> None:
        self.cleared = self.cleared or _micros(self.at)

    @classmethod
    def of(cls, cursor: str | None) -> Self:
        """Of a cursor, or a time. Raises BadCursor."""
        if cursor is None:
            return cls(now())
        try:
            at = datetime.fromisoformat(cursor)
        except ValueError:
            return cls._unpacked(cursor)
        # What a packed cursor can hold, too.
        if at.tzinfo is None or not 0 <= _micros(at) <= _LATEST:
            raise BadCursor
        return cls(at)

    @classmethod
    def _unpacked(cls, cursor: str) -> Self:
        try:
            packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            text = zlib.decompressobj().decompress(packed, _MOST_CURSOR)
            stored = _Stored.model_validate_json(text)
            at = _EPOCH + stored.t * _MICROSECOND
            sent = {key: at - age * _MICROSECOND for key, age in stored.s.items()}
            floor = stored.f and (_EPOCH + stored.f[0] * _MICROSECOND, stored.f[1])
        except (ValueError, zlib.error, OverflowError) as error:
            raise BadCursor from error
        return cls(at, sent, floor, stored.o, stored.r or None, stored.c or 0)

    def packed(self) -> str:
        stored = _Stored(
            t=_micros(self.at),
            s={key: (self.at - at) // _MICROSECOND for key, at in self.sent.items()},
            o=self.online or {},
            r=self.room or 0,
            c=self.cleared,
            f=self.floor and (_micros(self.floor[0]), self.floor[1]),
        )
        data = zlib.compress(stored.model_dump_json().encode(), 9)
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    def take(self, messages: list[Message]) -> list[Happened]:
        """The events of messages that were not sent yet, which now are."""
        events = []
        for at, key, message in sorted(
            ((each.updated_at, _key(each), each) for each in messages), key=lambda each: each[:2]
        ):
            old = at <= self.at - OVERLAP or (self.floor is not None and (at, key) <= self.floor)
            if old or key in self.sent:
                continue
            events.append(Happened(self._kind(message), message=message))
            self.sent[key] = at
        if events:
            self.at = max(self.at, *self.sent.values())
            known = sorted((at, key) for key, at in self.sent.items() if at > self.at - OVERLAP)
            if len(known) > _MOST_SENT:
                self.floor = known[-_MOST_SENT - 1]
            self.sent = {key: at for at, key in known[-_MOST_SENT:]}
        return events

    def _kind(self, message: Message) -> EventName:
        """A message that has changed since it was written or edited has translations, or was
        spoken; a client that got the message before gets an event about these only."""
        if message.deleted_at is not None:
            return "message_deleted"
        written = message.edited_at or message.created_at
        said = max(written, message.heard_at or written)
        known = said <= self.at - OVERLAP or any(_is_of(key, message) for key in self.sent)
        if message.updated_at > said and known:
            spoken = message.spoken_at == message.updated_at
            return "speech_result" if spoken else "translation_result"
        if message.heard_at == said:
            return "audio_transcription"
        return "new_message" if message.edited_at is None else "message_edited"

    def compare(self, room: Room, online: dict[str, Online], uid: str) -> list[Happened]:
        """The events of a room and its people since the last time."""
        events = []
        if room.cleared_at is not None and _micros(room.cleared_at) > self.cleared:
            events.append(Happened("history_cleared", room=room))
            self.cleared = _micros(room.cleared_at)
        version = _micros(room.updated_at)
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
        self._feeds = Feeds(db)

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
            position.room = _micros(room.updated_at)
        return self._batches(caller, room, position, time.monotonic() + seconds, once)

    def _batches(
        self,
        caller: AccountCaller,
        room: Room,
        position: _Position,
        ends: float,
        once: bool,
    ) -> Iterator[Batch | None]:
        def batch(events: list[Happened]) -> Batch | None:
            """None if the caller may not read them any more."""
            may = self._may_read(caller, room.id)
            return Batch(events, position.packed()) if may else None

        with self._feeds.follow(room.id) as feed:
            # What came before this stream; the feed has what comes now.
            for page in changes(self._db, room.id, position.at - OVERLAP, room):
                if events := position.take(page):
                    sent = batch(events)
                    if sent is None:
                        return
                    yield sent
                    if once:
                        return
                if time.monotonic() >= ends:
                    return
            version, quiet_at = 0, time.monotonic() + _QUIET
            while (left := ends - time.monotonic()) > 0:
                snapshot = feed.after(version, min(left, quiet_at - time.monotonic()))
                events = []
                if snapshot is not None:
                    version = snapshot.version
                    if snapshot.room is None:
                        return
                    events = position.take(list(snapshot.messages))
                    events += position.compare(snapshot.room, snapshot.online, caller.uid)
                if not events and time.monotonic() < quiet_at:
                    continue
                sent = batch(events)
                if sent is None:
                    return
                yield sent if events else None
                if once and events:
                    return
                quiet_at = time.monotonic() + _QUIET

    def _may_read(self, caller: AccountCaller, room_id: str) -> bool:
        """Whether the caller is still in the room, and the session has not ended. Asked after the
        events were read: what was written after a removal is not sent."""
        paths = [user_path(caller.uid), member_path(room_id, caller.uid)]
        user, membership = self._db.get_all(paths)
        if not user.exists or not membership.exists or not Member.of(membership).is_in:
            return False
        try:
            live_session(UserRecord.of(user), caller.session_id)
        except (TokenInvalid, AccountSuspended):
            return False
        return True


def _key(message: Message) -> str:
    """Of one version of a message; in the order of the ids."""
    named = f"{message.revision} {_micros(message.updated_at)}"
    return message.id[:_ID_PART] + hashlib.sha256(named.encode()).hexdigest()[:4]


def _is_of(key: str, message: Message) -> bool:
    """Whether a key is of a version of this message."""
    return key.startswith(message.id[:_ID_PART])


def _marker(online: Online) -> str:
    """What somebody does, as far as it is an event."""
    return "" if online.until is None else str(_micros(online.until))


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND
