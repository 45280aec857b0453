"""Clones that a speech service keeps of samples, and their end.

The commit that ends a sample notes it in `clones/{id}`. Later the sweep, which holds the service's
key, has the clone deleted, unless another character speaks with the same recording.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from troupe.adapters.firestore import Create, Database, Delete, Update, Write, now
from troupe.characters.records import Sample
from troupe.characters.writes import COLLECTION as CHARACTERS
from troupe.logs import log
from troupe.records import Record
from troupe.speech.catalogue import capabilities
from troupe.speech.engine import SpeechError

COLLECTION = "clones"
# Longer than a task runs: one that has read the sample already would have it cloned again.
PATIENCE = timedelta(hours=1)


class Clone(Record):
    """`clones/{id}`: the clone of the recording with that hash is to be deleted."""

    id: str
    sha256: str
    due_at: datetime


def clone_deletion_writes(engine_name: str, sample: Sample) -> list[Write]:
    """For the commit that ends a sample; none when the engine keeps no clones."""
    if not capabilities(engine_name).keeps_clones:
        return []
    clone = Clone(id=secrets.token_hex(10), sha256=sample.sha256, due_at=now() + PATIENCE)
    return [Create(f"{COLLECTION}/{clone.id}", clone.stored())]


class Clones:
    def __init__(self, db: Database, forget: Callable[[str], None]) -> None:
        """`forget`: deletes the clones of the recording with a hash; raises SpeechError."""
        self._db = db
        self._forget = forget

    def sweep(self, limit: int) -> int:
        """Returns how many notes were done with."""
        due = self._db.due(COLLECTION, limit)
        for done, document in enumerate(due):
            sha256 = Clone.of(document).sha256
            try:
                if not self._is_used(sha256):
                    self._forget(sha256)
            except SpeechError as error:
                log.error("clone_left_behind", error, cloneId=document.id)
                self._db.commit(Update(document.path, {"dueAt": now() + PATIENCE}))
                return done  # the service is away: it would keep the whole sweep waiting
            self._db.commit(Delete(document.path))
        return len(due)

    def _is_used(self, sha256: str) -> bool:
        where = [("sample.sha256", "==", sha256)]
        return bool(self._db.find(CHARACTERS, where=where, limit=1, select=[]))
