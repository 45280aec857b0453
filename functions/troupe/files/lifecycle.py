"""What becomes of the recordings of a user who leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.adapters.firestore import Database, Delete
from troupe.files.records import UserFile
from troupe.files.service import COLLECTION

if TYPE_CHECKING:
    from troupe.adapters.storage import Files


def erase(uid: str, limit: int, *, database: Database, files: Files) -> int:
    """Deletes recordings, then files that nothing leads to; returns how many."""
    found = database.find(COLLECTION, where=[("uid", "==", uid)], limit=limit)
    if found:
        # The files first: whatever stops this half-way leaves documents that lead to the rest.
        files.delete([UserFile.of(document).path for document in found])
        database.commit(*(Delete(document.path) for document in found))
        return len(found)
    strays = files.list(f"{COLLECTION}/{uid}/")
    files.delete(strays)
    return len(strays)
