"""Ends a job without a result: cancelled or failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from troupe.adapters.firestore import Database, Document, Write, now
from troupe.jobs import charges
from troupe.jobs.records import Job, JobError, JobStatus
from troupe.jobs.specs import JobSpec
from troupe.jobs.writes import ended_writes, parts


@dataclass(frozen=True, slots=True)
class Ending:
    """The ended job, and what to commit: `writes` for the job and the wallet, and `subject` for the
    job's subject, to leave out if that is gone."""

    job: Job
    writes: list[Write]
    subject: list[Write]

    @property
    def charged(self) -> int:
        return (self.job.charge and self.job.charge.charged) or 0


def ending(
    db: Database,
    spec: JobSpec[Any, Any],
    job: Job,
    document: Document,
    status: JobStatus,
    error: JobError | None = None,
) -> Ending:
    """Ends the job, which was read whole as `document`, and charges what was spoken. The commit
    raises Stale if the job changed since."""
    at = now()
    priced = charges.ended(job, status, at)
    if error is not None:
        error = charges.told(error, priced.charge)
    subject = spec.subject_writes(priced, status, error, at)
    # The job's version, checked by the commit, shows that no part was recorded meanwhile.
    if spec.kept_writes is not None and job.parts_done:
        subject += spec.kept_writes(priced, parts(db, job.id, job.parts_total))
    changes = {"status": status, "error": error, "completed_at": at, "updated_at": at}
    writes = ended_writes(priced, document, status, at, error)
    return Ending(priced.model_copy(update=changes), writes, subject)
