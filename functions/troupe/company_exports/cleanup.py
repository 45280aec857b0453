"""Deletes the files that no export of a company references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.adapters.firestore import Database
from troupe.company_exports.writes import job_prefix
from troupe.jobs.cleanup import Cleanup
from troupe.jobs.records import Job
from troupe.jobs.worker import Outcome

if TYPE_CHECKING:
    from troupe.adapters.storage import Files


class CompanyExportCleanup(Cleanup):
    def __init__(self, db: Database, files: Files) -> None:
        self._db = db
        self._files = files

    def discard(self, outcome: Outcome) -> None:
        self._files.delete(outcome.files)

    def tidy(self, job: Job) -> None:
        """Deletes the files of attempts that died before they were recorded."""
        file = self._db.get(job.subject).data.get("file") or {}
        made = self._files.list(job_prefix(job))
        self._files.delete(path for path in made if path != file.get("path"))
