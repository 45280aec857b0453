"""The errors of reports."""

from __future__ import annotations

from typing_extensions import TypedDict

from troupe.errors import Conflict, NotFound, Unprocessable
from troupe.reports.records import ReportAction, ReportStatus


class SubjectNotFound(NotFound):
    code = "subject_not_found"
    message = "There is nothing with this id that you could report."


class AlreadyReported(Conflict):
    code = "already_reported"
    message = "You have already reported this, and the report is still open."


class ReportNotFound(NotFound):
    code = "report_not_found"
    message = "There is no report with this id."


class ReportClosedDetails(TypedDict):
    status: ReportStatus
    action: ReportAction | None


class ReportClosed(Conflict):
    code = "report_closed"
    details_type = ReportClosedDetails
    message = "This report has already been decided otherwise."


class ActionNotApplicable(Unprocessable):
    code = "action_not_applicable"
    message = "This action applies to characters, and the report is about a user."
