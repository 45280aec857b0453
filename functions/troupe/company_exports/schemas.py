"""What the operations on exports of companies take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from troupe.company_exports.records import ExportInput, Format, Table
from troupe.company_exports.service import Found
from troupe.company_exports.specs import COMPANY_EXPORT
from troupe.jobs.records import Job, JobStatus
from troupe.jobs.schemas import JobView
from troupe.web.media import MediaUrl
from troupe.web.schema import Id, Schema, Time, example

FilterName = Annotated[str, StringConstraints(max_length=30)]
FilterValue = Annotated[str, StringConstraints(max_length=128)]


class CompanyExportPath(Schema):
    company_id: Id
    export_id: Id = Field(description="The id of the job.")


class ExportCompany(Schema):
    model_config = example({"kind": "users", "format": "csv"})

    kind: Table
    format: Format = Format.CSV
    since: Time | None = Field(
        None,
        alias="from",
        description="When people joined, payments were issued, tokens were spent, or the others "
        "were created; of `usage`, whole months (UTC).",
    )
    until: Time | None = Field(
        None, alias="to", description="Exclusive; of `usage`, the month is included."
    )
    filter: dict[FilterName, FilterValue] = Field(
        {},
        max_length=5,
        description="Values of columns: `role`, `status` and `licenseType` of users; `type`, "
        "`status` and `userId` of licenses; `kind`, `status` and `currency` of payments; `userId` "
        "of usage; `status` and `hostId` of calls; `subjectKind`, `hostId` and `rating` of "
        "reviews; `subjectKind`, `kind` and `userId` of comments. An empty string finds empty "
        "ones.",
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.since and self.until and self.since >= self.until:
            raise PydanticCustomError("order", "`to` must be after `from`")
        return self

    def given(self, company_id: str) -> ExportInput:
        return ExportInput(
            company_id=company_id,
            table=self.kind,
            format=self.format,
            since=self.since,
            until=self.until,
            filter=self.filter,
        )


class ExportStarted(Schema):
    job: JobView

    @classmethod
    def of(cls, job: Job) -> Self:
        return cls(job=JobView.of(job, COMPANY_EXPORT))


class CompanyExportView(Schema):
    id: str
    kind: Table
    format: Format
    status: JobStatus
    url: MediaUrl | None = Field(description="Of the file; null until it is there.")
    size: int | None = Field(description="In bytes.")
    rows: int | None
    created_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, found: Found) -> Self:
        export, file = found.export, found.export.file
        path = f"/api/companies/{export.company_id}/exports/{export.id}/file"
        return cls(
            id=export.id,
            kind=export.table,
            format=export.format,
            status=export.status,
            url=path if file else None,
            size=file.size if file else None,
            rows=file.rows if file else None,
            created_at=export.created_at,
            expires_at=export.due_at,
        )


class CompanyExportData(Schema):
    export: CompanyExportView
    job: JobView | None = Field(description="Null once the account of its maker is deleted.")

    @classmethod
    def of(cls, found: Found) -> Self:
        job = JobView.of(found.job, COMPANY_EXPORT) if found.job else None
        return cls(export=CompanyExportView.of(found), job=job)
