"""Deletes the scripts of a deleted account, and exports those of any account."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from troupe.adapters.firestore import Database
from troupe.exported import Exported
from troupe.scripts.errors import ScriptNotFound
from troupe.scripts.service import ScriptService
from troupe.scripts.writes import COLLECTION, files_prefix

if TYPE_CHECKING:
    from troupe.adapters.storage import Files


def erase(uid: str, limit: int, *, database: Database, scripts: ScriptService) -> int:
    """Deletes up to `limit` scripts with their audio and video; returns how many."""
    documents = database.find(COLLECTION, where=[("uid", "==", uid)], limit=limit, select=["uid"])
    for document in documents:
        with suppress(ScriptNotFound):
            scripts.delete(uid, document.id)
    return len(documents)


def export(uid: str, *, database: Database, files: Files) -> Iterator[Exported]:
    """With their audio and video. A script can have 1 MB."""
    for document in database.walk(COLLECTION, where=[("uid", "==", uid)], batch=10):
        yield document
        yield from files.list(files_prefix(document.id))
