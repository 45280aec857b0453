"""Erases the dictionaries of a deleted user, and exports those of any user."""

from __future__ import annotations

from collections.abc import Iterator

from troupe.adapters.firestore import Database, Stale
from troupe.dictionaries.records import COLLECTION, versions_path
from troupe.dictionaries.writes import deletion
from troupe.exported import Exported
from troupe.orphans import OrphanedFiles


def erase(uid: str, limit: int, *, database: Database, orphans: OrphanedFiles) -> int:
    """Deletes up to `limit` dictionaries with all versions; returns how many it found."""
    found = database.find(COLLECTION, where=[("uid", "==", uid)], limit=limit, select=["uid"])
    for document in found:
        record, *batch = deletion(document)
        try:
            database.commit(*batch)
        except Stale:
            continue  # changed or deleted in the meantime: the next step looks again
        orphans.clean(record)
    return len(found)


def export(uid: str, *, database: Database) -> Iterator[Exported]:
    """With all versions that are still kept."""
    for document in database.walk(COLLECTION, where=[("uid", "==", uid)]):
        yield document
        yield from database.walk(versions_path(document.id), batch=20)
