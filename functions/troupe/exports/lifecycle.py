"""Erases the exports of a deleted user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.adapters.firestore import Database, Delete
from troupe.exports.writes import export_path, files_prefix

if TYPE_CHECKING:
    from troupe.adapters.storage import Files


def erase(uid: str, limit: int, *, database: Database, files: Files) -> int:
    """Deletes the archives, then the record; returns how many it deleted."""
    archives = files.list(files_prefix(uid))
    files.delete(archives)
    document = database.get(export_path(uid))
    if document.exists:
        database.commit(Delete(document.path))
    return len(archives) + int(document.exists)
