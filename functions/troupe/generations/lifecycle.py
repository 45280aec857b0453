"""Erases the generations of a deleted user."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from troupe.adapters.firestore import Database
from troupe.generations.errors import GenerationNotFound
from troupe.generations.service import Generations
from troupe.generations.writes import COLLECTION

if TYPE_CHECKING:
    from troupe.adapters.storage import Files


def erase(
    uid: str, limit: int, *, database: Database, files: Files, generations: Generations
) -> int:
    """Deletes up to `limit` generations with their audio, then files that no document references;
    returns how many it deleted."""
    found = database.find(COLLECTION, where=[("uid", "==", uid)], limit=limit, select=["uid"])
    for document in found:
        with suppress(GenerationNotFound):  # its retention has just ended
            generations.delete(uid, document.id)
    if found:
        return len(found)
    strays = files.list(f"{COLLECTION}/{uid}/")
    files.delete(strays)
    return len(strays)
