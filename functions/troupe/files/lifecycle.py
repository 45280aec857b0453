"""Erases the recordings of a deleted user, with those that are still arriving, and exports those of
any user."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from troupe.accounts.tiers import UPLOADS
from troupe.adapters.firestore import Database, Delete
from troupe.exported import Exported
from troupe.files.records import ARRIVALS, UserFile
from troupe.files.service import COLLECTION

if TYPE_CHECKING:
    from troupe.adapters.storage import Files
    from troupe.files.uploads import Uploads

_SECRET = frozenset({"url", "path"})  # of an upload: its URL can be written to


def erase(uid: str, limit: int, *, database: Database, files: Files, uploads: Uploads) -> int:
    """Ends uploads, deletes recordings, then files that no document references; returns how many.
    An upload goes on without its user: whoever has its URL needs no account."""
    arriving = database.find(UPLOADS, where=[("uid", "==", uid)], limit=limit)
    for document in arriving:
        uploads.drop(document)
    if arriving:
        return len(arriving)
    found = database.find(COLLECTION, where=[("uid", "==", uid)], limit=limit)
    if found:
        # Files first: an interrupted run leaves documents that still reference the remaining files.
        files.delete([UserFile.of(document).path for document in found])
        database.commit(*(Delete(document.path) for document in found))
        return len(found)
    unreferenced = [*files.list(f"{COLLECTION}/{uid}/"), *files.list(f"{ARRIVALS}/{uid}/")]
    files.delete(unreferenced)
    return len(unreferenced)


def export(uid: str, *, database: Database) -> Iterator[Exported]:
    for document in database.walk(COLLECTION, where=[("uid", "==", uid)]):
        yield document
        yield UserFile.of(document).path
    for document in database.walk(UPLOADS, where=[("uid", "==", uid)]):
        shown = {name: value for name, value in document.data.items() if name not in _SECRET}
        yield replace(document, data=shown)
