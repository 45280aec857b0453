"""Tells users that long work has ended: they have probably looked away."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from troupe.adapters.firestore import Write
from troupe.jobs.records import Job, JobStatus
from troupe.jobs.specs import JobSpec
from troupe.notifications.records import NotificationType
from troupe.notifications.writes import notice_writes

LONG = timedelta(seconds=60)
_TYPES = {
    JobStatus.COMPLETED: NotificationType.WORK_READY,
    JobStatus.FAILED: NotificationType.WORK_FAILED,
}


def notices(job: Job, spec: JobSpec[Any, Any], status: JobStatus, at: datetime) -> list[Write]:
    """For the commit that ends the job as `status`; nothing for short or cancelled work."""
    if spec.link is None or status not in _TYPES or at - job.created_at < LONG:
        return []
    return notice_writes(
        job.uid,
        _TYPES[status],
        f"{job.id}-{status}",
        at,
        muted=job.muted,
        params={"kind": job.kind},
        link=spec.link.format(
            id=job.subject.rpartition("/")[2], job=job.id, company=job.input.get("companyId")
        ),
        company_id=job.company_id,
    )
