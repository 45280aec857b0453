"""A company's spending over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.companies import spending_schemas as schemas
from troupe.companies.schemas import CompanyPath
from troupe.errors import CompanyNotFound
from troupe.paging import BadCursor, PageTooDeep
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import Page

if TYPE_CHECKING:
    from troupe.caller import Caller
    from troupe.companies.spending import Spending

api = Api("company-spending", "Companies")


@api.get(
    "/api/companies/<companyId>/usage",
    auth=Auth.COMPANY,
    data=schemas.CompanyUsage,
    errors=(CompanyNotFound,),
)
def get_company_usage(
    path: CompanyPath,
    query: schemas.UsageQuery,
    caller: Caller,
    company_spending: Spending,
) -> Reply:
    """Returns how many of the company's tokens and voice minutes its members have used, by
    month."""
    first, last = query.months
    found = company_spending.usage(
        caller, path.company_id, first, last, by_member=query.by == "member"
    )
    return Reply(schemas.CompanyUsage.of(found), "Usage fetched successfully")


@api.get(
    "/api/companies/<companyId>/ledger",
    auth=Auth.COMPANY,
    data=schemas.CompanyLedger,
    errors=(CompanyNotFound, BadCursor, PageTooDeep),
)
def get_company_ledger(
    path: CompanyPath, query: Page, caller: Caller, company_spending: Spending
) -> Reply:
    """Lists all changes to the company's balance, newest first."""
    entries, found = company_spending.ledger(caller, path.company_id, query)
    views = [schemas.CompanyEntryView.of(each) for each in entries]
    meta = query.meta(found.total, found.next_cursor)
    return Reply(schemas.CompanyLedger(entries=views), "Ledger fetched successfully", meta=meta)
