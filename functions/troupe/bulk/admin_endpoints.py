"""Bulk operations of administrators over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.accounts.errors import RecentSignInRequired
from troupe.bulk import schemas
from troupe.idempotency import KeyReused
from troupe.jobs.errors import TooManyJobs
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import KeyHeader

if TYPE_CHECKING:
    from troupe.accounts.records import AccountCaller
    from troupe.accounts.service import Accounts
    from troupe.bulk.service import BulkService

api = Api("admin-bulk", "Administration: users, jobs and statistics")


@api.post(
    "/api/admin/users/bulk",
    auth=Auth.ADMIN,
    data=schemas.BulkData,
    other_statuses=(202,),
    headers=("Location",),
    errors=(KeyReused, TooManyJobs, RecentSignInRequired),
    limit="bulk",
    limit_weight=schemas.weight,
    body_bytes=1024 * 1024,
)
def bulk_users(
    header: KeyHeader,
    body: schemas.BulkAccounts,
    caller: AccountCaller,
    accounts: Accounts,
    bulk: BulkService,
) -> Reply:
    """Suspends, reactivates or deletes many accounts, item by item: one that fails stops nothing.
    Up to 50 are done at once; more are a job (202), whose results are at `GET
    /api/bulk/{bulkId}`."""
    if body.action == "delete":
        accounts.require_recent_sign_in(caller)
    found = bulk.of_accounts(caller, body.given(), schemas.asked(body), header.idempotency_key)
    return schemas.reply(found)
