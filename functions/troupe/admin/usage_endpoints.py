"""The admin function: what users and companies used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.accounts.errors import UserNotFound
from troupe.admin import usage_schemas as schemas
from troupe.admin.usage import TooMuchUsage
from troupe.audit.records import Actor
from troupe.errors import CompanyNotFound
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.admin.usage import UsageReport
    from troupe.audit.service import AuditLog
    from troupe.caller import Caller

api = Api("admin-usage", "Administration: usage")


@api.get(
    "/api/admin/usage",
    auth=Auth.ADMIN,
    data=schemas.AdminUsageData,
    errors=(UserNotFound, CompanyNotFound, TooMuchUsage),
)
def usage(
    query: schemas.AdminUsageQuery, caller: Caller, usage_report: UsageReport, audit_log: AuditLog
) -> Reply:
    """Returns the tokens and voice seconds that a user, a company, or a company's member used, by
    day or month and kind of job. A job counts when it ends, with what it was charged.
    Nothing is left of users and companies that are deleted."""
    given = (f"users/{query.user_id}", f"companies/{query.company_id}")
    whose = [path for path, of in zip(given, (query.user_id, query.company_id), strict=True) if of]
    periods = usage_report.between(query.user_id, query.company_id, *query.days, query.by)
    audit_log.read(Actor.of(caller), "usage", "usage", whose)
    data = schemas.AdminUsageData(usage=schemas.AdminUsageView.of(periods))
    return Reply(data, "Usage fetched successfully")
