"""Deletes the files of transcription jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.jobs.cleanup import Cleanup
from troupe.jobs.records import Job
from troupe.jobs.worker import Outcome
from troupe.transcriptions.writes import files_prefix

if TYPE_CHECKING:
    from troupe.adapters.storage import Files


class TranscriptionCleanup(Cleanup):
    """The sound that was sent is kept no longer than its job needs it."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def discard(self, outcome: Outcome) -> None:
        self._files.delete(outcome.files)

    def tidy(self, job: Job) -> None:
        path = job.input.get("path") or ""
        # A file of the user stays.
        if path.startswith(files_prefix(job.uid, job.id)):
            self._files.delete([path])
