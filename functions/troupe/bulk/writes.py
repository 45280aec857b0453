"""What bulk operations write besides the changes themselves."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime

from troupe.adapters.firestore import Write
from troupe.jobs.records import Job, JobError, JobStatus
from troupe.jobs.writes import forget_writes


def status_writes(job: Job, status: JobStatus, error: JobError | None, at: datetime) -> list[Write]:
    return forget_writes(job.id) if status.ended else []


def invitation_secret(key: str, job_id: str, email: str) -> str:
    """The secret of an invitation's token: the same whenever the job repeats it, and stored
    nowhere. `key`: the secret of this installation."""
    digest = hmac.new(key.encode(), f"bulk\n{job_id}\n{email}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
