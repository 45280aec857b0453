"""Deletes the scripts of a deleted account."""

from __future__ import annotations

from contextlib import suppress

from troupe.adapters.firestore import Database
from troupe.scripts.errors import ScriptNotFound
from troupe.scripts.service import ScriptService
from troupe.scripts.writes import COLLECTION


def erase(uid: str, limit: int, *, database: Database, scripts: ScriptService) -> int:
    """Deletes up to `limit` scripts with their audio and video; returns how many."""
    documents = database.find(COLLECTION, where=[("uid", "==", uid)], limit=limit, select=["uid"])
    for document in documents:
        with suppress(ScriptNotFound):
            scripts.delete(uid, document.id)
    return len(documents)
