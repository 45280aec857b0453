"""What becomes of the generations of a user who leaves."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from troupe.adapters.firestore import Database
from troupe.generations.service import GenerationNotFound, VoiceService
from troupe.generations.writes import COLLECTION

if TYPE_CHECKING:
    from troupe.adapters.storage import Files


def erase(
    uid: str, limit: int, *, database: Database, files: Files, generations: VoiceService
) -> int:
    """Deletes generations with their audio, then files that nothing leads to; returns how many."""
    found = database.find(COLLECTION, where=[("uid", "==", uid)], limit=limit, select=["uid"])
    for document in found:
        with suppress(GenerationNotFound):  # its retention has ended just now
            generations.delete(uid, document.id)
    if found:
        return len(found)
    strays = files.list(f"{COLLECTION}/{uid}/")
    files.delete(strays)
    return len(strays)
