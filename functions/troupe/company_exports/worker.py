"""Writes the table of an export straight into storage. In memory are a page of documents and a
piece of the file, so neither a large company nor a large file needs more. A retry starts again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from troupe.accounts.writes import existing_user, user_path
from troupe.adapters.firestore import Database, now
from troupe.adapters.storage import Files
from troupe.caller import Caller
from troupe.companies.roster import Roster
from troupe.company_exports.formats import MIME, write
from troupe.company_exports.records import ExportFile, ExportInput, Nothing
from troupe.company_exports.tables import COLUMNS, rows
from troupe.company_exports.writes import completed_writes, file_path
from troupe.errors import NotFound, TroupeError, WorkError
from troupe.jobs.records import Job
from troupe.jobs.worker import Outcome, Watch, WorkPlan


class CompanyExportWorker:
    def __init__(self, db: Database, files: Files, keep: timedelta) -> None:
        """`keep`: how long the file can be downloaded."""
        self._db = db
        self._files = files
        self._keep = keep

    def plan(self, job: Job, given: ExportInput) -> WorkPlan:
        return WorkPlan([0, 1])

    def run_part(
        self, job: Job, given: ExportInput, number: int, folder: Path, watch: Watch
    ) -> Nothing:
        return Nothing()

    def assemble(
        self, job: Job, given: ExportInput, done: Sequence[Nothing], folder: Path, watch: Watch
    ) -> Outcome:
        self._require_manager(job.uid, given.company_id)
        path = file_path(job, given.format)
        found = _watched(rows(self._db, given), watch)
        with self._files.writer(path, MIME[given.format]) as target:
            count = write(target, given.format, COLUMNS[given.table], found)
        file = ExportFile(path=path, size=self._files.stat(path).size, rows=count)
        return Outcome(completed_writes(job, file, now() + self._keep), files=[path])

    def _require_manager(self, uid: str, company_id: str) -> None:
        """Raises WorkError if the maker may no longer see what is exported."""
        user = existing_user(self._db.get(user_path(uid)))
        try:
            if user is None:
                raise NotFound
            caller = Caller(uid=uid, role=user.role, guest=user.guest, email=user.email)
            Roster(self._db, company_id, [uid]).require_manager(caller)
        except TroupeError as error:
            if error.status >= 500:
                raise
            raise WorkError(
                "forbidden", "You don't manage this company any longer.", retryable=False
            ) from None


def _watched(found: Iterator[dict[str, Any]], watch: Watch) -> Iterator[dict[str, Any]]:
    for row in found:
        watch.check()
        yield row
