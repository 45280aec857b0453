"""A user's latest export."""

from __future__ import annotations

from datetime import datetime

from troupe.jobs.records import JobStatus
from troupe.records import Record

KIND = "export"


class Archive(Record):
    """A zip file in storage. `size` in bytes; `documents` and `files`: how many are in it;
    `missing`: files that a document names, but that were gone."""

    path: str
    size: int
    documents: int
    files: int
    missing: int
    created_at: datetime
    expires_at: datetime


class Export(Record):
    """`exports/{uid}`. Stays when the archive has expired: the next job's id depends on it."""

    id: str
    uid: str
    job_id: str
    status: JobStatus = JobStatus.QUEUED
    archive: Archive | None = None
    due_at: datetime | None = None  # when the archive expires
    updated_at: datetime


class Nothing(Record):
    """The input of an export, and the result of its only part: all is read when it is written."""
