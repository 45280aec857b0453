"""Deletes script files that nothing references any more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from troupe.adapters.firestore import Database
from troupe.jobs.cleanup import Cleanup
from troupe.jobs.records import Job, Part
from troupe.jobs.worker import Outcome
from troupe.recording.records import Recorded
from troupe.scripts.records import Script
from troupe.scripts.writes import files_prefix, referenced_files

if TYPE_CHECKING:
    from troupe.adapters.storage import Files


class ScriptCleanup(Cleanup):
    """The files of all jobs of a script share its folder. Deletes those that neither the script
    nor a finished part references."""

    def __init__(self, db: Database, files: Files, parts: Callable[[Job], Sequence[Part]]) -> None:
        """`parts`: returns the finished parts of a job."""
        self._db = db
        self._files = files
        self._parts = parts

    def discard(self, outcome: Outcome) -> None:
        self._files.delete(outcome.files)

    def forget(self, job: Job, part: Part) -> None:
        self._delete_unused(job, (other for other in self._parts(job) if other.id != part.id))

    def tidy(self, job: Job) -> None:
        self._delete_unused(job, self._parts(job))

    def _delete_unused(self, job: Job, kept: Iterable[Part]) -> None:
        """Deletes the files that neither the job's script nor `kept` references: all of them if
        the script is gone, none while another job works on it."""
        # Listed before the script is read: files of a job that starts in between are not deleted.
        stored = self._files.list(files_prefix(job.subject.rpartition("/")[2]))
        document = self._db.get(job.subject)
        used: set[str] = set()
        if document.exists:
            script = Script.of(document)
            if script.active_job_id not in (None, job.id):
                return
            used = referenced_files(script)
            used.update(
                path for part in kept for path in Recorded.model_validate(part.payload).files
            )
        self._files.delete(path for path in stored if path not in used)
