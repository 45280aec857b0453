"""Deletes the voice clones that a speech service keeps.

The commit that removes a sample records it in `clones/{id}`. Later the sweep, which has the
service's key, deletes the clone, unless another character uses the same recording.
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
from troupe.speech.errors import SpeechError

COLLECTION = "clones"
# Longer than any task: a running task that has already read the sample would clone it again.
DELETION_DELAY = timedelta(hours=1)


class Clone(Record):
    """`clones/{id}`: a clone to delete at `due_at`, identified by the recording's hash."""

    id: str
    sha256: str
    due_at: datetime


def clone_deletion_writes(
    engines: tuple[str, ...], sample: Sample | None, *, at_once: bool = False
) -> list[Write]:
    """For the commit that removes a sample; empty if there is none, or if no engine keeps
    clones. `at_once`: the next sweep deletes the clone, and a later one the clone that a task in
    progress may have made again."""
    if sample is None or not any(capabilities(name).keeps_clones for name in engines):
        return []
    at = now()
    clones = [
        Clone(id=secrets.token_hex(10), sha256=sample.sha256, due_at=due)
        for due in ([at] if at_once else []) + [at + DELETION_DELAY]
    ]
    return [Create(f"{COLLECTION}/{clone.id}", clone.stored()) for clone in clones]


class Clones:
    def __init__(self, db: Database, forget: Callable[[str], None]) -> None:
        """`forget`: deletes the clones of the recording with the given hash; raises SpeechError."""
        self._db = db
        self._forget = forget

    def sweep(self, limit: int) -> int:
        """Deletes up to `limit` due clones; returns how many records were processed."""
        due = self._db.due(COLLECTION, limit)
        for done, document in enumerate(due):
            sha256 = Clone.of(document).sha256
            try:
                if not self._is_used(sha256):
                    self._forget(sha256)
            except SpeechError as error:
                log.error("clone_left_behind", error, cloneId=document.id)
                self._db.commit(Update(document.path, {"dueAt": now() + DELETION_DELAY}))
                return done  # the service is down: the rest would only time out too
            self._db.commit(Delete(document.path))
        return len(due)

    def _is_used(self, sha256: str) -> bool:
        where = [("sample.sha256", "==", sha256)]
        return bool(self._db.find(CHARACTERS, where=where, limit=1, select=[]))
