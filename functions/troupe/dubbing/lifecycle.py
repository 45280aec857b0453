"""Erases the dubbings of a deleted user, and exports those of any user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from troupe.adapters.firestore import Database
from troupe.dubbing.errors import DubbingNotFound
from troupe.dubbing.service import Dubbings
from troupe.dubbing.writes import COLLECTION
from troupe.exported import Exported

if TYPE_CHECKING:
    from troupe.adapters.storage import Files


def erase(uid: str, limit: int, *, database: Database, files: Files, dubbings: Dubbings) -> int:
    """Deletes up to `limit` dubbings with their files, then files that no document references;
    returns how many it deleted."""
    found = database.find(COLLECTION, where=[("uid", "==", uid)], limit=limit, select=["uid"])
    for document in found:
        with suppress(DubbingNotFound):  # its retention has just ended
            dubbings.delete(uid, document.id)
    if found:
        return len(found)
    strays = files.list(f"{COLLECTION}/{uid}/")
    files.delete(strays)
    return len(strays)


def export(uid: str, *, database: Database, files: Files) -> Iterator[Exported]:
    """With the sound, the film and the captions, and the recordings of those that are not done."""
    yield from database.walk(COLLECTION, where=[("uid", "==", uid)])
    yield from files.list(f"{COLLECTION}/{uid}/")
