"""Erases the recordings of a deleted user, and exports those of any user."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from troupe.adapters.firestore import Database, Delete
from troupe.exported import Exported
from troupe.files.records import UserFile
from troupe.files.service import COLLECTION

if TYPE_CHECKING:
    from troupe.adapters.storage import Files


def erase(uid: str, limit: int, *, database: Database, files: Files) -> int:
    """Deletes recordings, then files that no document references; returns how many."""
    found = database.find(COLLECTION, where=[("uid", "==", uid)], limit=limit)
    if found:
        # Files first: an interrupted run leaves documents that still reference the remaining files.
        files.delete([UserFile.of(document).path for document in found])
        database.commit(*(Delete(document.path) for document in found))
        return len(found)
    unreferenced = files.list(f"{COLLECTION}/{uid}/")
    files.delete(unreferenced)
    return len(unreferenced)


def export(uid: str, *, database: Database) -> Iterator[Exported]:
    for document in database.walk(COLLECTION, where=[("uid", "==", uid)]):
        yield document
        yield UserFile.of(document).path
