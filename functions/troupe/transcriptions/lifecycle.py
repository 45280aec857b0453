"""Erases the transcriptions of a deleted user, and exports those of any user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from troupe.adapters.firestore import Database
from troupe.exported import Exported
from troupe.transcriptions.errors import TranscriptionNotFound
from troupe.transcriptions.service import Transcriptions
from troupe.transcriptions.writes import COLLECTION

if TYPE_CHECKING:
    from troupe.adapters.storage import Files


def erase(
    uid: str, limit: int, *, database: Database, files: Files, transcriptions: Transcriptions
) -> int:
    """Deletes up to `limit` transcriptions with their texts, then files that no document
    references; returns how many it deleted."""
    found = database.find(COLLECTION, where=[("uid", "==", uid)], limit=limit, select=["uid"])
    for document in found:
        with suppress(TranscriptionNotFound):  # its retention has just ended
            transcriptions.delete(uid, document.id)
    if found:
        return len(found)
    strays = files.list(f"{COLLECTION}/{uid}/")
    files.delete(strays)
    return len(strays)


def export(uid: str, *, database: Database, files: Files) -> Iterator[Exported]:
    """With the texts and their captions, and the sound of those that are not done."""
    yield from database.walk(COLLECTION, where=[("uid", "==", uid)])
    yield from files.list(f"{COLLECTION}/{uid}/")
