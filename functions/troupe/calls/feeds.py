"""What happens in a call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from troupe.adapters.firestore import Database, now
from troupe.calls.records import Call, Participant
from troupe.calls.signal_records import Signal
from troupe.calls.writes import call_path, participants_path, signals_path
from troupe.feeds import OVERLAP, Feeds

_KEPT = timedelta(seconds=30)
_PAGE = 100
_MOST_PRESENT = 100


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The call as it is, without `call` if it was deleted, who is there or waits, and the signals
    of the last seconds."""

    call: Call | None = None
    people: dict[str, Participant] = field(default_factory=dict)
    signals: tuple[Signal, ...] = ()


def missed(db: Database, call_id: str, uid: str, since: datetime) -> list[Signal]:
    """The newest hundred signals to somebody after `since`, in their order."""
    found = db.find(
        signals_path(call_id),
        where=[("toUid", "==", uid), ("at", ">", since)],
        order=[("at", True)],
        limit=_PAGE,
    )
    return sorted(map(Signal.of, found), key=lambda each: (each.at, each.seq))


def _sent(db: Database, call_id: str, since: datetime) -> Iterator[Signal]:
    after: list[Any] | None = None
    while True:
        found = db.find(
            signals_path(call_id),
            where=[("at", ">", since)],
            order=[("at", False), ("__name__", False)],
            after=after,
            limit=_PAGE,
        )
        yield from map(Signal.of, found)
        if len(found) < _PAGE:
            return
        after = [found[-1].data["at"], found[-1].id]


class _Reader:
    """Reads one call. `before`: the snapshot of the last time."""

    def __init__(self, db: Database, call_id: str) -> None:
        self._db = db
        self._call_id = call_id
        self._since = now()

    def __call__(self, before: Snapshot | None) -> Snapshot:
        document = self._db.get(call_path(self._call_id))
        present = self._db.find(
            participants_path(self._call_id),
            where=[("state", "in", ["waiting", "in"])],
            limit=_MOST_PRESENT,
        )
        known = {each.id: each for each in before.signals} if before else {}
        known |= {each.id: each for each in _sent(self._db, self._call_id, self._since - OVERLAP)}
        self._since = max([self._since, *(each.at for each in known.values())])
        recent = [each for each in known.values() if self._since - each.at < _KEPT]
        return Snapshot(
            call=Call.of(document) if document.exists else None,
            people={each.id: each for each in map(Participant.of, present)},
            signals=tuple(sorted(recent, key=lambda each: (each.at, each.seq))),
        )


def call_feeds(db: Database) -> Feeds[Snapshot]:
    return Feeds(lambda call_id: _Reader(db, call_id))
