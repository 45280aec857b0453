"""Erases the generations of a deleted user, and exports those of any user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from troupe.adapters.firestore import Database
from troupe.exported import Exported
from troupe.generations.errors import GenerationNotFound
from troupe.generations.service import Generations
from troupe.generations.writes import COLLECTION, spoken_prefix
from troupe.jobs.records import input_path, job_path
from troupe.jobs.writes import whole

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
    # Left by workers that died before they recorded them.
    strays = list(_files(uid, files))
    files.delete(strays)
    return len(strays)


def export(uid: str, *, database: Database, files: Files) -> Iterator[Exported]:
    """With the texts, which their jobs hold, and the audio, also that of parts."""
    for document in database.walk(COLLECTION, where=[("uid", "==", uid)], batch=50):
        # One by one: a text can have 800 kB.
        paths = [job_path(document.id), input_path(document.id)]
        job = whole(*database.get_all(paths, select=["input.text"]))
        text = job.data.get("input", {}).get("text")
        yield replace(document, data=document.data | {"text": text})
    yield from _files(uid, files)


def _files(uid: str, files: Files) -> Iterator[str]:
    for prefix in (f"{COLLECTION}/{uid}/", spoken_prefix(uid)):
        yield from files.list(prefix)
