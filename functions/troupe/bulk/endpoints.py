"""Bulk operations of companies over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.bulk import request_schemas as requests
from troupe.bulk import schemas
from troupe.bulk.errors import BulkNotFound, NothingFound, TooManyItems
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

api = Api("bulk", "Bulk operations")

_REFUSALS = (CompanyNotFound, CompanyRequired, CompanyDiffers, Forbidden, KeyReused, TooManyJobs)


@api.post(
    "/api/users/bulk",
    auth=Auth.COMPANY,
    data=schemas.BulkData,
    other_statuses=(202,),
    headers=("Location",),
    errors=(*_REFUSALS, TooManyItems, NothingFound),
    limit="bulk",
    limit_weight=schemas.weight,
    body_bytes=4 * 1024 * 1024,
)
def bulk_company_users(
    header: CompanyKeyHeader, body: requests.BulkUsers, caller: Caller, bulk: BulkService
) -> Reply:
    """Does for many users of a company what the single operations do, item by item: one that fails
    stops nothing. Up to 50 are done at once; more are a job (202), whose results are at `GET
    /api/bulk/{bulkId}`."""
    company_id = chosen(caller, body.company_id, header.x_troupe_company)
    found = bulk.of_company(
        caller,
        body.given(company_id),
        schemas.asked(body),
        header.idempotency_key,
        body.filter.filter() if body.filter else None,
    )
    return schemas.reply(found)


@api.post(
    "/api/licenses/bulk",
    auth=Auth.COMPANY,
    data=schemas.BulkData,
    other_statuses=(202,),
    headers=("Location",),
    errors=_REFUSALS,
    limit="bulk",
    limit_weight=schemas.weight,
    body_bytes=2 * 1024 * 1024,
)
def bulk_licenses(
    header: CompanyKeyHeader, body: requests.BulkLicenses, caller: Caller, bulk: BulkService
) -> Reply:
    """Does for many licenses of a company what the single operations do, as `POST /api/users/bulk`
    does for users."""
    company_id = chosen(caller, body.company_id, header.x_troupe_company)
    found = bulk.of_company(
        caller, body.given(company_id), schemas.asked(body), header.idempotency_key
    )
    return schemas.reply(found)


@api.get("/api/bulk/<bulkId>", auth=Auth.OWNER, data=schemas.BulkData, errors=(BulkNotFound,))
def get_bulk(path: schemas.BulkPath, caller: Caller, bulk: BulkService) -> Reply:
    """Returns a bulk operation that you have started, with the results so far."""
    return Reply(schemas.BulkData.of(bulk.get(caller.uid, path.bulk_id)), "Bulk operation fetched")
