"""Exports in Firestore, and the paths of their archives."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from troupe.adapters.firestore import Update, Write
from troupe.exports.records import Archive
from troupe.jobs.records import Job, JobError, JobStatus

COLLECTION = "exports"


def export_path(uid: str) -> str:
    return f"{COLLECTION}/{uid}"


def files_prefix(uid: str) -> str:
    """Of all archives of a user."""
    return f"{COLLECTION}/{uid}/"


def job_prefix(job: Job) -> str:
    return f"{files_prefix(job.uid)}{job.id}-"


def archive_path(job: Job) -> str:
    """With the attempt, so that a late worker cannot overwrite the archive of another."""
    return f"{job_prefix(job)}{job.attempt}.zip"


def status_writes(job: Job, status: JobStatus, error: JobError | None, at: datetime) -> list[Write]:
    """Copies the job's status to the export, in the job's own commit."""
    return [Update(job.subject, {"status": status, "updatedAt": at})]


def completed_writes(job: Job, archive: Archive) -> list[Write]:
    fields: dict[str, Any] = {
        "status": JobStatus.COMPLETED,
        "archive": archive.stored(),
        "dueAt": archive.expires_at,
        "updatedAt": archive.created_at,
    }
    return [Update(job.subject, fields)]
