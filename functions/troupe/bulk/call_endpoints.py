"""Bulk operations on calls over HTTP, by the function that serves calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.bulk import request_schemas as requests
from troupe.bulk import schemas
from troupe.companies.choice import chosen
from troupe.companies.errors import CompanyRequired
from troupe.companies.schemas import CompanyKeyHeader
from troupe.errors import CompanyNotFound, Forbidden
from troupe.idempotency import KeyReused
from troupe.jobs.errors import TooManyJobs
from troupe.wallet.errors import CompanyDiffers
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.bulk.service import BulkService
    from troupe.caller import Caller

api = Api("videocalls-bulk", "Video calls of companies")
_REFUSALS = (CompanyNotFound, CompanyRequired, CompanyDiffers, Forbidden, KeyReused, TooManyJobs)


@api.post(
    "/api/videocalls/bulk",
    auth=Auth.COMPANY,
    data=schemas.BulkData,
    other_statuses=(202,),
    headers=("Location",),
    errors=_REFUSALS,
    limit="bulk",
    limit_weight=schemas.weight,
    body_bytes=1024 * 1024,
)
def bulk_calls(
    header: CompanyKeyHeader, body: requests.BulkCalls, caller: Caller, bulk: BulkService
) -> Reply:
    """Cancels or deletes many calls of a company, item by item, as `POST /api/users/bulk` does for
    users."""
    company_id = chosen(caller, body.company_id, header.x_troupe_company)
    found = bulk.of_company(
        caller, body.given(company_id), schemas.asked(body), header.idempotency_key
    )
    return schemas.reply(found)
