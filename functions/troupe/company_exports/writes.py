"""Exports of companies in Firestore, and the paths of their files."""

from __future__ import annotations

from datetime import datetime

from troupe.adapters.firestore import Update, Write
from troupe.company_exports.records import ExportFile, ExportInput
from troupe.jobs.records import Job, JobError, JobStatus

COLLECTION = "companyExports"


def export_path(export_id: str) -> str:
    return f"{COLLECTION}/{export_id}"


def files_prefix(company_id: str) -> str:
    """Of all files of a company."""
    return f"company-exports/{company_id}/"


def job_prefix(job: Job) -> str:
    company_id = ExportInput.model_validate(job.input).company_id
    return f"{files_prefix(company_id)}{job.id}-"


def file_path(job: Job, format: str) -> str:
    """With the attempt, so that a late worker cannot overwrite the file of another."""
    return f"{job_prefix(job)}{job.attempt}.{format}"


def status_writes(job: Job, status: JobStatus, error: JobError | None, at: datetime) -> list[Write]:
    """Copies the job's status to the export, in the job's own commit."""
    return [Update(job.subject, {"status": status})]


def completed_writes(job: Job, file: ExportFile, until: datetime) -> list[Write]:
    fields = {"status": JobStatus.COMPLETED, "file": file.stored(), "dueAt": until}
    return [Update(job.subject, fields)]
