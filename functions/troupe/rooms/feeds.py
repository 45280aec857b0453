"""What happens in a room."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from troupe.adapters.firestore import Database, now
from troupe.feeds import OVERLAP, Feeds
from troupe.rooms.presence import Online, Seen
from troupe.rooms.records import Message, Room
from troupe.rooms.standing import cleared
from troupe.rooms.writes import beats_path, messages_path, presence_path, room_path

_KEPT = timedelta(seconds=30)
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The room as it is, without `room` if it was deleted, and the messages that have changed
    within the last seconds."""

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


class _Reader:
    """Reads one room. `before`: the snapshot of the last time."""

    def __init__(self, db: Database, room_id: str) -> None:
        self._db = db
        self._room_id = room_id
        self._since = now()

    def __call__(self, before: Snapshot | None) -> Snapshot:
        paths = [room_path(self._room_id), presence_path(self._room_id), beats_path(self._room_id)]
        document, presence, beats = self._db.get_all(paths)
        room = Room.of(document) if document.exists else None
        messages = before.messages if before else ()
        known = {(each.id, each.updated_at): each for each in messages}
        for page in changes(self._db, self._room_id, self._since - OVERLAP, room):
            known |= {(each.id, each.updated_at): each for each in page}
        newest = max((each.updated_at for each in known.values()), default=self._since)
        self._since = max(self._since, newest)
        recent = (each for each in known.values() if self._since - each.updated_at < _KEPT)
        return Snapshot(
            room=room,
            online=Seen.of(presence, beats).there(now()),
            messages=tuple(
                sorted(_not_cleared(recent, room), key=lambda each: (each.updated_at, each.id))
            ),
        )


def room_feeds(db: Database) -> Feeds[Snapshot]:
    return Feeds(lambda room_id: _Reader(db, room_id))
