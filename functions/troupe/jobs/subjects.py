"""What a job's subject (a generation, a transcription, a dubbing) copies from the job."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from troupe.jobs.records import Job, JobError, JobStatus
from troupe.wallet.records import Meter


def status_fields(status: JobStatus, error: JobError | None, at: datetime) -> dict[str, Any]:
    """The fields of a subject whose job is `status` since `at`."""
    fields: dict[str, Any] = {"status": status, "updatedAt": at}
    if status.ended:
        fields["completedAt"] = at
        if error is not None:
            fields["error"] = error.stored()
    return fields


def charge_fields(job: Job, charge: int) -> dict[str, int]:
    """What the work cost, in units of the job's meter."""
    in_seconds = job.charge is not None and job.charge.meter is Meter.VOICE_SECONDS
    return {"voiceSecondsUsed" if in_seconds else "tokensUsed": charge}


def status_message(work: str, status: JobStatus, error: JobError | None) -> str:
    """The activity of a user whose `work` ("Dubbing") has ended without a result."""
    return f"{work} {status}" + (f": {error.message}" if error is not None else "")
