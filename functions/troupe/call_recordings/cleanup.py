"""Deletes the parts of a recording once its file is made, and files of attempts that died."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.adapters.firestore import Database
from troupe.call_recordings.records import RecordingInput
from troupe.call_recordings.writes import film_prefix, parts_path, parts_prefix
from troupe.jobs.cleanup import Cleanup
from troupe.jobs.records import Job
from troupe.jobs.worker import Outcome

if TYPE_CHECKING:
    from troupe.adapters.storage import Files


class CallRecordingCleanup(Cleanup):
    def __init__(self, db: Database, files: Files) -> None:
        self._db = db
        self._files = files

    def discard(self, outcome: Outcome) -> None:
        self._files.delete(outcome.files)

    def tidy(self, job: Job) -> None:
        given = RecordingInput.model_validate(job.input)
        file = self._db.get(job.subject).data.get("file") or {}
        made = self._files.list(film_prefix(given, job)) + self._files.list(parts_prefix(given))
        self._files.delete(path for path in made if path != file.get("path"))
        self._db.clear(parts_path(given.recording_id))
