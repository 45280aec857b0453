"""Responses of the export operations."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from pydantic import Field

from troupe.exports.specs import EXPORT
from troupe.jobs.schemas import JobView
from troupe.web.media import MediaUrl
from troupe.web.schema import Id, Schema

if TYPE_CHECKING:
    from troupe.exports.records import Archive
    from troupe.exports.service import ExportWithJob


class ExportPath(Schema):
    export_id: Id = Field(description="The id of the job.")


class ArchiveView(Schema):
    url: MediaUrl
    size: int = Field(description="In bytes.")
    documents: int = Field(description="How many documents are in it.")
    files: int = Field(description="How many files are in it.")
    missing: int = Field(description="Files that a document names, but that no longer exist.")
    expires_at: datetime

    @classmethod
    def of(cls, job_id: str, archive: Archive) -> Self:
        fields = archive.model_dump(exclude={"path", "created_at"})
        return cls(url=f"/api/auth/export/{job_id}/archive", **fields)


class ExportStarted(Schema):
    job: JobView

    @classmethod
    def of(cls, found: ExportWithJob) -> Self:
        return cls(job=JobView.of(found.job, EXPORT))


class ExportData(Schema):
    job: JobView
    archive: ArchiveView | None = Field(
        description="Null until the job has completed, once the archive has expired, and for an "
        "earlier export."
    )

    @classmethod
    def of(cls, found: ExportWithJob) -> Self:
        archive = ArchiveView.of(found.job.id, found.archive) if found.archive else None
        return cls(job=JobView.of(found.job, EXPORT), archive=archive)
