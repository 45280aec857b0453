"""Exports: at most one per user at a time, and one archive, which expires."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from troupe.access import owned
from troupe.adapters.firestore import Create, Database, Update, Write, now
from troupe.exports.errors import ExportNotFound, ExportNotReady
from troupe.exports.records import KIND, Archive, Export, Nothing
from troupe.exports.specs import EXPORT
from troupe.exports.writes import COLLECTION, export_path
from troupe.idempotency import keyed_id, request_hash
from troupe.jobs.records import SHOWN_FIELDS, Job, job_path
from troupe.jobs.service import JobService
from troupe.logs import log
from troupe.orphans import OrphanedFiles, orphan_record

if TYPE_CHECKING:
    from troupe.adapters.storage import Files


@dataclass(frozen=True, slots=True)
class ExportWithJob:
    """`archive` is None until the job has completed, and once it has expired."""

    job: Job
    archive: Archive | None = None


class Exports:
    def __init__(
        self,
        db: Database,
        files: Callable[[], Files],
        jobs: JobService,
        orphans: OrphanedFiles,
    ) -> None:
        self._db = db
        self._files = files
        self._jobs = jobs
        self._orphans = orphans

    def start(self, uid: str) -> ExportWithJob:
        """Starts an export, which replaces the archive of the one before. While one is running,
        returns that one. Raises TooManyJobs."""
        document = self._db.get(export_path(uid))
        before = Export.of(document) if document.exists else None
        if before is not None and not before.status.ended:
            return ExportWithJob(self._jobs.get(before.job_id)[0])
        at = now()
        # The id depends on the export before, so two requests at once make the same job.
        job = EXPORT.job(
            id=keyed_id(uid, f"export after {before.job_id if before else 'none'}"),
            uid=uid,
            subject=document.path,
            given=Nothing(),
            request_hash=request_hash("exportAccount", {}),
            at=at,
        )
        after = Export(id=uid, uid=uid, job_id=job.id, updated_at=at)
        writes: list[Write] = [
            Update(document.path, after.stored(), seen=document)
            if document.exists
            else Create(document.path, after.stored())
        ]
        orphan = None
        if before is not None and before.archive is not None:
            orphan = orphan_record([before.archive.path])
            writes.append(orphan.create_write())
        job = self._jobs.submit(job, None, writes, keyed=True)
        if orphan is not None:
            self._orphans.clean(orphan)
        return ExportWithJob(job)

    def get(self, uid: str, job_id: str) -> ExportWithJob:
        """Raises ExportNotFound."""
        paths = [job_path(job_id), export_path(uid)]
        fields = [*SHOWN_FIELDS, "jobId", "archive"]
        document, latest = self._db.get_all(paths, select=fields)
        job = Job.of(owned(document, uid, ExportNotFound))
        if job.kind != KIND:
            raise ExportNotFound
        found = Export.of(latest) if latest.exists else None
        archive = found.archive if found and found.job_id == job_id else None
        if archive is not None and archive.expires_at <= now():
            archive = None
        return ExportWithJob(job, archive)

    def archive(self, uid: str, job_id: str) -> Archive:
        """Raises ExportNotFound, ExportNotReady."""
        found = self.get(uid, job_id)
        if found.archive is None:
            raise ExportNotReady
        return found.archive

    def expire(self, limit: int) -> int:
        """Deletes the archives that have expired; returns how many."""
        expired = 0
        for document in self._db.due(COLLECTION, limit):
            try:
                # Not everything of the user: a new export may be writing its archive.
                archive = Export.of(document).archive
                self._files().delete([archive.path] if archive else [])
                self._db.commit(
                    Update(document.path, {"archive": None, "dueAt": None}, seen=document)
                )
                expired += 1
            except Exception as error:  # one failure must not block the others
                log.error("export_not_expired", error, uid=document.id)
        return expired
