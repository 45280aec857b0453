"""Exports of companies as they are stored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from troupe.jobs.records import JobStatus
from troupe.records import Record

KIND = "company_export"


class Table(StrEnum):
    """What can be exported."""

    USERS = "users"
    LICENSES = "licenses"
    PAYMENTS = "payments"
    USAGE = "usage"
    CALLS = "calls"
    REVIEWS = "reviews"
    COMMENTS = "comments"


# The columns that each table can be filtered by.
FILTERS: Mapping[Table, frozenset[str]] = {
    Table.USERS: frozenset({"role", "status", "licenseType"}),
    Table.LICENSES: frozenset({"type", "status", "userId"}),
    Table.PAYMENTS: frozenset({"kind", "status", "currency"}),
    Table.USAGE: frozenset({"userId"}),
    Table.CALLS: frozenset({"status", "hostId"}),
    Table.REVIEWS: frozenset({"subjectKind", "hostId", "rating"}),
    Table.COMMENTS: frozenset({"subjectKind", "kind", "userId"}),
}


class Format(StrEnum):
    CSV = "csv"
    JSON = "json"


class ExportInput(Record):
    """`since` and `until`: when people joined, payments were issued, tokens were spent (whole
    months), or the others were created. `filter`: columns and the values that they must have."""

    company_id: str
    table: Table
    format: Format = Format.CSV
    since: datetime | None = None
    until: datetime | None = None
    filter: dict[str, str] = Field(default_factory=dict)


class ExportFile(Record):
    """In Cloud Storage. `size` in bytes."""

    path: str
    size: int
    rows: int


class CompanyExport(Record):
    """`companyExports/{id}`; the id is that of its job. It names no person: it belongs to the
    company, and stays when the account of its maker is deleted. `due_at`: when it is deleted."""

    id: str
    company_id: str
    table: Table
    format: Format
    status: JobStatus = JobStatus.QUEUED
    file: ExportFile | None = None
    due_at: datetime
    created_at: datetime


class Nothing(Record):
    """The result of the only part: all is read when the file is written."""
