"""The admin function: reports of abuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.accounts.errors import CannotSuspendAdmin, OwnAccount, UserNotFound
from troupe.audit.records import Actor
from troupe.characters.errors import CharacterNotFound
from troupe.paging import BadCursor, PageTooDeep
from troupe.reports import schemas
from troupe.reports.errors import ActionNotApplicable, ReportClosed, ReportNotFound
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.audit.service import AuditLog
    from troupe.caller import Caller
    from troupe.reports.decisions import Decisions
    from troupe.reports.service import Reports

api = Api("admin-reports", "Administration: reports of abuse")


@api.get(
    "/api/admin/reports",
    auth=Auth.ADMIN,
    data=schemas.ReportList,
    errors=(BadCursor, PageTooDeep),
)
def admin_reports(
    query: schemas.ReportsQuery, caller: Caller, reports: Reports, audit_log: AuditLog
) -> Reply:
    """Lists reports of abuse, newest first; `?status=` selects one status."""
    page, found = reports.page(query, query.status)
    whose = [f"users/{uid}" for each in page for uid in (each.uid, each.subject_uid)]
    audit_log.read(Actor.of(caller), "adminReports", "reports", whose)
    return Reply(
        schemas.ReportList(reports=[schemas.ReportView.of(each) for each in page]),
        "Reports fetched successfully",
        meta=query.meta(found.total, found.next_cursor),
    )


@api.put(
    "/api/admin/reports/<reportId>",
    auth=Auth.ADMIN,
    data=schemas.ReportData,
    errors=(
        ReportNotFound,
        ReportClosed,
        ActionNotApplicable,
        CharacterNotFound,
        UserNotFound,
        OwnAccount,
        CannotSuspendAdmin,
    ),
)
def admin_update_report(
    path: schemas.ReportPath,
    body: schemas.UpdateReport,
    caller: Caller,
    report_decisions: Decisions,
) -> Reply:
    """Decides an open report and takes an action in the same commit. Repeating the decision changes
    nothing."""
    decided = report_decisions.decide(Actor.of(caller), path.report_id, body.decision())
    data = schemas.ReportData(report=schemas.ReportView.of(decided))
    return Reply(data, "Report updated successfully")
