"""Everybody's jobs, for administrators: a list, and cancelling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from troupe.adapters.firestore import Database, Missing, Write
from troupe.audit.service import entry_writes
from troupe.jobs.errors import JobNotFound
from troupe.jobs.records import SHOWN_FIELDS, Job, JobStatus
from troupe.paging import PageOf, PageRequest, newest_first

if TYPE_CHECKING:
    from troupe.accounts.directory import Directory
    from troupe.audit.records import Actor
    from troupe.jobs.admission import Admission


@dataclass(frozen=True, slots=True)
class JobFilter:
    """None selects all."""

    status: JobStatus | None = None
    kind: str | None = None
    uid: str | None = None

    def where(self) -> list[tuple[str, str, str]]:
        given = {"status": self.status, "kind": self.kind, "uid": self.uid}
        return [(name, "==", value) for name, value in given.items() if value is not None]


@dataclass(frozen=True, slots=True)
class OwnedJob:
    """A job without its input, and its owner's email address."""

    job: Job
    email: str | None


class AdminJobs:
    def __init__(self, db: Database, directory: Directory, admission: Admission) -> None:
        self._db = db
        self._directory = directory
        self._admission = admission

    def page(self, request: PageRequest, job_filter: JobFilter) -> tuple[list[OwnedJob], PageOf]:
        """Newest first. Raises BadCursor, PageTooDeep."""
        found = newest_first(
            self._db,
            "jobs",
            request,
            field="createdAt",
            where=job_filter.where(),
            select=SHOWN_FIELDS,
        )
        return self._owned([Job.of(document) for document in found.documents]), found

    def cancel(self, actor: Actor, job_id: str) -> OwnedJob:
        """Cancels anybody's job, as its owner could; a job that has ended does not change.

        Raises JobNotFound.
        """

        def audited(job: Job) -> Sequence[Write]:
            before, after = {"status": job.status}, {"status": JobStatus.CANCELLED}
            return entry_writes(actor, "adminCancelJob", f"jobs/{job_id}", before, after)

        try:
            job, _ = self._admission.cancel(job_id, audited)
        except Missing:
            raise JobNotFound("There is no job with this id.") from None
        return self._owned([job])[0]

    def _owned(self, jobs: list[Job]) -> list[OwnedJob]:
        emails = self._directory.emails([job.uid for job in jobs])
        return [OwnedJob(job, emails.get(job.uid)) for job in jobs]
