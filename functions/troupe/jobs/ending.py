"""Ends a job without a result: cancelled or failed."""

from __future__ import annotations

from typing import Any

from troupe.adapters.firestore import Database, Document, Write, now
from troupe.jobs import charges
from troupe.jobs.records import Job, JobError, JobStatus
from troupe.jobs.specs import JobSpec
from troupe.jobs.writes import ended_writes, parts


def end(
    db: Database,
    spec: JobSpec[Any, Any],
    job: Job,
    document: Document,
    status: JobStatus,
    error: JobError | None = None,
    *,
    subject_gone: bool = False,
) -> Job:
    """Ends the job as it was read, charges what was spoken and updates its subject, in one commit.
    Returns the ended job. Raises Stale; Missing if its subject is gone."""
    at = now()
    priced = charges.ended(job, status, at)
    if error is not None:
        error = charges.told(error, priced.charge)
    writes: list[Write] = ended_writes(priced, document, status, at, error)
    if not subject_gone:
        writes += spec.subject_writes(priced, status, error, at)
        # The job's version, checked by the commit, shows that no part was recorded meanwhile.
        if spec.kept_writes is not None and job.parts_done:
            writes += spec.kept_writes(priced, parts(db, job.id, job.parts_total))
    db.commit(*writes)
    changes = {"status": status, "error": error, "completed_at": at, "updated_at": at}
    return priced.model_copy(update=changes)
