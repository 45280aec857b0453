"""Requests and responses of reports."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from troupe.reports.records import Decision, Report, ReportAction, ReportStatus, SubjectKind
from troupe.web.schema import Id, Page, Schema, Text, example


class ReportBody(Schema):
    model_config = example(
        {
            "subjectKind": "character",
            "subjectId": "ID_OF_ANNA",
            "reason": "This is my voice, and nobody has asked me.",
        }
    )

    subject_kind: SubjectKind
    subject_id: Id
    reason: Annotated[Text, Field(max_length=2000)]


class ReportsQuery(Page):
    status: ReportStatus | None = None


class ReportPath(Schema):
    report_id: Id


class UpdateReport(Schema):
    model_config = example({"status": "resolved", "action": "hide_character"})

    status: Literal[ReportStatus.RESOLVED, ReportStatus.DISMISSED]
    action: ReportAction | None = Field(
        None,
        description="`hide_character` makes the character private; `revoke_consent` ends the use "
        "of its voice; `suspend_user` suspends the reported user, or the character's owner.",
    )

    @model_validator(mode="after")
    def _dismissed_without_action(self) -> Self:
        if self.action is not None and self.status is ReportStatus.DISMISSED:
            raise PydanticCustomError("not_combined", "a dismissed report has no action")
        return self

    def decision(self) -> Decision:
        return Decision(self.status, self.action)


class ReportView(Schema):
    """A report. `subjectOwnerId` is the reported user, or the owner of what was reported;
    `subjectName` is its name when it was reported."""

    id: str
    reporter_id: str
    subject_kind: SubjectKind
    subject_id: str
    subject_owner_id: str
    subject_name: str
    reason: str
    status: ReportStatus
    action: ReportAction | None
    decider_id: str | None
    decided_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, report: Report) -> Self:
        fields = report.model_dump(exclude={"uid", "subject_uid", "decided_by"})
        return cls(
            **fields,
            reporter_id=report.uid,
            subject_owner_id=report.subject_uid,
            decider_id=report.decided_by,
        )


class ReportData(Schema):
    report: ReportView


class ReportList(Schema):
    reports: list[ReportView]
