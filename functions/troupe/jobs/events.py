"""Tells the webhooks of whoever pays that a job has ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from troupe.adapters.firestore import Write
from troupe.jobs.records import Job, JobError, JobStatus
from troupe.jobs.specs import JobSpec
from troupe.webhook_events import EventType, event_write


def event_of(job: Job, spec: JobSpec[Any, Any], status: JobStatus) -> EventType | None:
    """None if nobody is told: the payer had no webhooks when the job was submitted, or this kind
    has no events."""
    if not job.hooked or spec.event is None:
        return None
    return EventType(f"{spec.event}.{status}")


def event_id(job: Job, status: JobStatus) -> str:
    return f"{job.id}-{status}"


def event_writes(
    job: Job,
    spec: JobSpec[Any, Any],
    status: JobStatus,
    at: datetime,
    *,
    charged: int,
    error: JobError | None = None,
) -> list[Write]:
    """For the commit that ends the job as `status`."""
    type = event_of(job, spec, status)
    if type is None:
        return []
    data = {
        "id": job.subject.rpartition("/")[2] or job.id,
        "jobId": job.id,
        "kind": job.kind,
        "status": status,
        "userId": job.uid,
        "companyId": job.company_id,
        "meter": job.charge.meter if job.charge else None,
        "charged": charged,
        "error": error.code if error else None,
        "createdAt": job.created_at.isoformat(),
    }
    return [event_write(job.payer.id, type, event_id(job, status), at, data)]
