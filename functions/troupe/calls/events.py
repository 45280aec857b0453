"""Events of a call over HTTP, for clients that cannot listen to Firestore.

A signal may come a second time after a lost connection; its id tells.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import Field

from troupe.accounts.records import AccountCaller
from troupe.adapters.firestore import Database, now
from troupe.calls.feeds import Snapshot, call_feeds, missed
from troupe.calls.records import Access, Call, Participant
from troupe.calls.signal_records import Signal
from troupe.calls.standing import standing
from troupe.calls.writes import access_path
from troupe.feeds import (
    OVERLAP,
    Sent,
    StoredSent,
    batches,
    may_follow,
    packed,
    time_of,
    unpacked,
)

EventName = Literal[
    "signal", "participant_joined", "participant_left", "participant_changed", "call_changed"
]
_ID_PART = 10  # characters of an id in a key


@dataclass(frozen=True, slots=True)
class Happened:
    """One event, with what its kind is about. Of those who have left, only the id is known."""

    name: EventName
    signal: Signal | None = None
    participant: Participant | None = None
    participant_id: str = ""
    call: Call | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Events that were found together. `cursor`: where to go on after them."""

    events: list[Happened]
    cursor: str


class _Stored(StoredSent):
    """A cursor as it is sent."""

    p: dict[str, str] = Field(default_factory=dict, max_length=200)
    c: str = ""


@dataclass(slots=True)
class _Position:
    """What a client has been sent. `sent`: signals, by their ids; `people`: who was there, and
    how; `call`: how the call was. Empty: not yet known."""

    sent: Sent
    people: dict[str, str]
    call: str = ""

    @classmethod
    def of(cls, cursor: str | None) -> Self:
        """Of a cursor, or a time. Raises BadCursor."""
        at = now() if cursor is None else time_of(cursor)
        if at is not None:
            return cls(Sent(at), {})
        stored = unpacked(_Stored, cursor or "")
        return cls(stored.sent(), stored.p, stored.c)

    def packed(self) -> str:
        return packed(_Stored(**self.sent.stored(), p=self.people, c=self.call))

    def take(self, signals: Iterable[Signal], uid: str) -> list[Happened]:
        """The events of signals to `uid` that were not sent yet, which now are."""
        events = []
        for each in signals:
            key = each.id[:_ID_PART]
            if each.to_uid == uid and self.sent.misses(each.at, key):
                events.append(Happened("signal", signal=each))
                self.sent.add(each.at, key)
        if events:
            self.sent.trim()
        return events

    def compare(self, call: Call, people: list[Participant]) -> list[Happened]:
        """The events of a call and its people since the last time."""
        events = []
        after = {each.id: _marker(each.model_dump_json()) for each in people}
        for gone in self.people.keys() - after.keys():
            events.append(Happened("participant_left", participant_id=gone))
        for each in people:
            if self.people.get(each.id) == after[each.id]:
                continue
            known = each.id in self.people
            name: EventName = "participant_changed" if known else "participant_joined"
            events.append(Happened(name, participant=each, participant_id=each.id))
        shown = {"status", "end_reason", "title", "media", "started_at", "ended_at"}
        shown |= {"ends_at", "recording"}
        version = _marker(call.model_dump_json(include=shown))
        if self.call and self.call != version:
            events.append(Happened("call_changed", call=call))
        self.people, self.call = after, version
        return events


class CallEvents:
    def __init__(self, db: Database) -> None:
        self._db = db
        self._feeds = call_feeds(db)

    def follow(
        self, caller: AccountCaller, call_id: str, cursor: str | None, *, seconds: float, once: bool
    ) -> Iterator[Batch | None]:
        """Batches of events as they happen, for so many seconds; None when nothing has happened for
        long. `once`: ends with the first batch. It also ends when the caller may read no longer.

        Raises CallNotFound, BadCursor.
        """
        position = _Position.of(cursor)
        standing(self._db, call_id, caller.uid)
        return self._batches(caller, call_id, position, time.monotonic() + seconds, once)

    def _batches(
        self, caller: AccountCaller, call_id: str, position: _Position, ends: float, once: bool
    ) -> Iterator[Batch | None]:
        uid = caller.uid

        def later(snapshot: Snapshot) -> list[Happened] | None:
            if snapshot.call is None:
                return None
            events = position.compare(snapshot.call, list(snapshot.people.values()))
            return events + position.take(snapshot.signals, uid)

        def sent(events: list[Happened]) -> Batch | None:
            path = access_path(call_id, uid)
            may = may_follow(self._db, caller, path, lambda found: Access.of(found).is_in)
            return Batch(events, position.packed()) if may else None

        def earlier() -> Iterator[list[Happened]]:
            yield position.take(missed(self._db, call_id, uid, position.sent.at - OVERLAP), uid)

        with self._feeds.follow(call_id) as feed:
            yield from batches(
                feed, earlier=earlier(), later=later, sent=sent, ends=ends, once=once
            )


def _marker(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
