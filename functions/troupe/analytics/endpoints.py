"""Dashboards over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.analytics import schemas
from troupe.analytics.errors import BadRange
from troupe.companies.choice import chosen
from troupe.companies.errors import CompanyRequired
from troupe.errors import CompanyNotFound, Forbidden, UnknownChoice
from troupe.wallet.errors import CompanyDiffers
from troupe.wallet.schemas import CompanyHeader
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.analytics.service import Dashboards
    from troupe.caller import Caller

api = Api("analytics", "Dashboards")


@api.get(
    "/api/dashboard/<view>/<companyId>",
    auth=Auth.COMPANY,
    data=schemas.DashboardData,
    errors=(CompanyNotFound, Forbidden, BadRange),
)
def dashboards(
    path: schemas.DashboardPath,
    query: schemas.DashboardQuery,
    caller: Caller,
    company_dashboards: Dashboards,
) -> Reply:
    """Returns what happened in a company in a period, compared with as many days before. The view
    `realtime` shows what goes on now, and today. Only those who manage the company can see it."""
    made = company_dashboards.view(
        caller, path.company_id, path.view, query.asked(), query.granularity
    )
    return Reply(schemas.DashboardData.of(made), "Dashboard fetched successfully")


@api.get(
    "/api/analytics",
    auth=Auth.COMPANY,
    data=schemas.AnalyticsData,
    errors=(
        *(CompanyNotFound, CompanyRequired, CompanyDiffers, Forbidden),
        *(BadRange, UnknownChoice),
    ),
)
def analytics(
    header: CompanyHeader,
    query: schemas.AnalyticsQuery,
    caller: Caller,
    company_dashboards: Dashboards,
) -> Reply:
    """Returns chosen figures of a company, grouped by time or by member. They are those of the
    dashboards."""
    company_id = chosen(caller, query.company_id, header.x_troupe_company)
    period, found = company_dashboards.analytics(
        caller, company_id, query.names, query.group_by, query.asked()
    )
    data = schemas.AnalyticsData.of(period, found)
    return Reply(data, "Analytics fetched successfully")
