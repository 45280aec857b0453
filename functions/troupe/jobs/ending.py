"""Ends a job without a result: cancelled or failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from troupe.adapters.firestore import Database, Document, Missing, Write, now
from troupe.counters import COUNTERS
from troupe.jobs import charges
from troupe.jobs.events import event_writes
from troupe.jobs.notices import notices
from troupe.jobs.records import Job, JobError, JobStatus
from troupe.jobs.sender import TaskSender
from troupe.jobs.shares import leave_write, still_waiting
from troupe.jobs.specs import JobSpec
from troupe.jobs.writes import ended_writes, parts


@dataclass(frozen=True, slots=True)
class Ended:
    """The ended job, and whether other jobs of its user may wait for its place."""

    job: Job
    more: bool

    @property
    def charged(self) -> int:
        return (self.job.charge and self.job.charge.charged) or 0


def end(
    db: Database,
    sender: TaskSender,
    spec: JobSpec[Any, Any],
    job: Job,
    document: Document,
    status: JobStatus,
    error: JobError | None = None,
    also: Sequence[Write] = (),
) -> Ended:
    """Ends the job, which was read with its input as `document`, charges what was spoken, and gives
    up its place, in one commit with the writes of `also`. Raises Stale if the job changed since,
    and Missing if it is gone."""
    at = now()
    priced = charges.ended(job, status, at)
    if spec.unfinished is not None:
        priced, used = spec.unfinished(db, priced)
        also = [*also, *used]
    if error is not None:
        error = charges.told(error, priced.charge)
    charged = (priced.charge and priced.charge.charged) or 0
    writes = [
        *ended_writes(priced, spec, document, status, at, error),
        *also,
        *event_writes(priced, spec, status, at, charged=charged, error=error),
    ]
    subject = spec.subject_writes(priced, status, error, at)
    subject += notices(job, spec, status, at)
    # The job's version, checked by the commit, shows that no part was recorded meanwhile.
    if spec.kept_writes is not None and job.parts_done:
        subject += spec.kept_writes(priced, parts(db, job.id, job.parts_total))
    try:
        committed = db.commit(*writes, *subject, leave_write(job))
    except Missing:  # the subject is gone, but the hold must still be settled
        committed = db.commit(*writes, leave_write(job))
    sender.tell(job, status)
    if status is JobStatus.FAILED:
        COUNTERS.add("jobsFailed")
    changes = {"status": status, "error": error, "completed_at": at, "updated_at": at}
    return Ended(priced.model_copy(update=changes), still_waiting(committed))
