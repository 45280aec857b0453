"""What becomes of the scripts of a user who leaves."""

from __future__ import annotations

from contextlib import suppress

from troupe.adapters.firestore import Database
from troupe.scripts.errors import ScriptNotFound
from troupe.scripts.service import ScriptService
from troupe.scripts.writes import COLLECTION


def erase(uid: str, limit: int, *, database: Database, scripts: ScriptService) -> int:
    """Deletes scripts with their audio and video; returns how many."""
    found = database.find(COLLECTION, where=[("uid", "==", uid)], limit=limit, select=["uid"])
    for document in found:
        with suppress(ScriptNotFound):
            scripts.delete(uid, document.id)
    return len(found)
