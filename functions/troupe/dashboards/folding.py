"""Moves what was counted on past days into packs, so that a year is a few documents to read.

What a document of a day has is added to a pack and the document deleted in one commit, so that
every increment is in exactly one of them. An increment that comes later makes the document anew,
and the next sweep moves that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from troupe.adapters.firestore import (
    Create,
    Database,
    Delete,
    Document,
    Stale,
    Update,
    Write,
)
from troupe.dashboards.counts import add_day, add_pack, no_cells, packed, start_of
from troupe.dashboards.days import DAYS
from troupe.logs import log

MOST_PACK = 600_000  # bytes; a document has at most 1 MiB


class DayFolding:
    def __init__(self, db: Database) -> None:
        self._db = db

    def fold(self, limit: int) -> int:
        """Called by the sweep; returns how many documents were moved."""
        days: dict[tuple[str, str], list[Document]] = defaultdict(list)
        for document in self._db.due(DAYS, limit, field="foldAt", group=True):
            days[document.path.rpartition("/")[0], document.data["day"]].append(document)
        moved = 0
        for (collection, day), documents in days.items():
            try:
                self._fold(collection, day, documents)
                moved += len(documents)
            except Stale:
                log.info("day_not_folded", path=collection, day=day)  # the next sweep does it
            except Exception as error:  # one day must not block the others
                log.error("day_not_folded", error, path=collection, day=day)
        return moved

    def _fold(self, collection: str, day: str, documents: Sequence[Document]) -> None:
        writes: list[Write] = [Delete(each.path, seen=each) for each in documents]
        company = self._db.get(collection.rpartition("/")[0])
        if company.exists and not company.data.get("deletedAt"):
            writes.append(self._add(collection, day[:6], documents))
        self._db.commit_or_stale(*writes)

    def _add(self, collection: str, month: str, documents: Sequence[Document]) -> Write:
        """To the first pack of the month that has room."""
        number = 0
        while True:
            pack = self._db.get(f"{collection}/{month}-{number}")
            cells = no_cells()
            if pack.exists:
                add_pack(cells, pack.data)
            for document in documents:
                add_day(cells, document.data, base=start_of(month))
            fields = packed(cells)
            if not pack.exists:
                return Create(pack.path, {"day": month, **fields})
            if sum(map(len, fields.values())) <= MOST_PACK:
                return Update(pack.path, fields, seen=pack)
            number += 1
