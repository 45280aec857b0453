"""The search over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.companies.choice import chosen
from troupe.companies.errors import CompanyRequired
from troupe.errors import CompanyNotFound, Forbidden
from troupe.search import schemas
from troupe.wallet.errors import CompanyDiffers
from troupe.wallet.schemas import CompanyHeader
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.caller import Caller
    from troupe.search.service import CompanySearch

api = Api("search", "Companies")


@api.get(
    "/api/search",
    auth=Auth.COMPANY,
    data=schemas.SearchData,
    errors=(CompanyNotFound, CompanyRequired, CompanyDiffers, Forbidden),
    limit="search",
)
def search(
    header: CompanyHeader,
    query: schemas.CompanySearchQuery,
    caller: Caller,
    company_search: CompanySearch,
) -> Reply:
    """Finds people, calls, licenses and comments of a company by the beginnings of words. Only
    those who manage the company can search it."""
    company_id = chosen(caller, query.company_id, header.x_troupe_company)
    found = company_search.find(caller, company_id, query.q, query.chosen(), query.limit)
    hits = [schemas.HitView.of(each) for each in found]
    return Reply(schemas.SearchData(hits=hits), "Search finished")
