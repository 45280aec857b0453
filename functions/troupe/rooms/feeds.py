"""What happens in a room, read once a second for all streams of this instance that follow it.

Nothing runs in the background: of the streams that wait, one reads for the others.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from troupe.adapters.firestore import Database, now
from troupe.rooms.presence import Online, Seen
from troupe.rooms.records import Message, Room
from troupe.rooms.standing import cleared
from troupe.rooms.writes import beats_path, messages_path, presence_path, room_path

# The database's time of a message is that of processing, so an earlier one can appear late.
OVERLAP = timedelta(seconds=5)
_EVERY = 1.0  # seconds
_KEPT = timedelta(seconds=30)
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The room as it is, without `room` if it was deleted, and the messages that have changed
    within the last seconds. `version` counts the reads."""

    version: int = 0
    room: Room | None = None
    online: dict[str, Online] = field(default_factory=dict)
    messages: tuple[Message, ...] = ()


def changes(
    db: Database, room_id: str, since: datetime, room: Room | None
) -> Iterator[list[Message]]:
    """Pages of the messages that were written, edited or deleted after `since`, in that order,
    without those that are being deleted with the history of the `room`."""
    after: list[Any] | None = None
    while True:
        found = db.find(
            messages_path(room_id),
            where=[("updatedAt", ">", since)],
            order=[("updatedAt", False), ("__name__", False)],
            after=after,
            limit=_PAGE,
        )
        if kept := _not_cleared(map(Message.of, found), room):
            yield kept
        if len(found) < _PAGE:
            return
        after = [found[-1].data["updatedAt"], found[-1].id]


def _not_cleared(messages: Iterable[Message], room: Room | None) -> list[Message]:
    """Without what is being deleted."""
    return [each for each in messages if room is None or not cleared(room, each)]


class _Feed:
    def __init__(self, db: Database, room_id: str) -> None:
        self._db = db
        self._room_id = room_id
        self._changed = threading.Condition()
        self._reading = False
        self._next = 0.0
        self._since = now()
        self._snapshot = Snapshot()
        self.streams = 0

    def after(self, version: int, seconds: float) -> Snapshot | None:
        """A later snapshot than `version`; None if there is none within the time."""
        ends = time.monotonic() + seconds
        while True:
            with self._changed:
                if self._snapshot.version > version:
                    return self._snapshot
                at = time.monotonic()
                if at >= ends:
                    return None
                if self._reading or at < self._next:
                    wait = ends - at if self._reading else min(ends, self._next) - at
                    self._changed.wait(wait)
                    continue
                self._reading = True
            try:
                snapshot = self._read(self._snapshot)
            except BaseException:
                with self._changed:
                    self._next = time.monotonic() + _EVERY
                    self._reading = False
                    self._changed.notify_all()  # another one tries
                raise
            with self._changed:
                self._snapshot = snapshot
                self._next = time.monotonic() + _EVERY
                self._reading = False
                self._changed.notify_all()

    def _read(self, before: Snapshot) -> Snapshot:
        paths = [room_path(self._room_id), presence_path(self._room_id), beats_path(self._room_id)]
        document, presence, beats = self._db.get_all(paths)
        room = Room.of(document) if document.exists else None
        known = {(each.id, each.updated_at): each for each in before.messages}
        for page in changes(self._db, self._room_id, self._since - OVERLAP, room):
            known |= {(each.id, each.updated_at): each for each in page}
        newest = max((each.updated_at for each in known.values()), default=self._since)
        self._since = max(self._since, newest)
        recent = (each for each in known.values() if self._since - each.updated_at < _KEPT)
        return Snapshot(
            version=before.version + 1,
            room=room,
            online=Seen.of(presence, beats).there(now()),
            messages=tuple(
                sorted(_not_cleared(recent, room), key=lambda each: (each.updated_at, each.id))
            ),
        )


class Feeds:
    """Of all rooms that are followed here. Thread-safe."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._feeds: dict[str, _Feed] = {}

    @contextmanager
    def follow(self, room_id: str) -> Iterator[_Feed]:
        with self._lock:
            feed = self._feeds.setdefault(room_id, _Feed(self._db, room_id))
            feed.streams += 1
        try:
            yield feed
        finally:
            with self._lock:
                feed.streams -= 1
                if not feed.streams:
                    del self._feeds[room_id]
