"""Calls of a company over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.audit.records import Actor
from troupe.calls import schemas
from troupe.calls.errors import (
    CallActive,
    CallEnded,
    CallLimitReached,
    CallNotFound,
    CallNotStarted,
    CallRoleRequired,
    CallSlugTaken,
    CallUnpaid,
    HostNotFound,
    LicenseExpired,
    LiveKitNotConfigured,
    TooManyParticipants,
)
from troupe.companies.choice import own
from troupe.companies.errors import CompanyRequired
from troupe.companies.roster import is_outside_admin
from troupe.companies.schemas import CompanyKeyHeader
from troupe.errors import CompanyNotFound, Forbidden
from troupe.idempotency import KeyReused
from troupe.moderation.errors import MODERATION_ERRORS
from troupe.paging import BadCursor, PageTooDeep
from troupe.wallet.errors import CompanyDiffers, CompanySuspended, LicenseRequired
from troupe.wallet.schemas import CompanyHeader
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.audit.service import AuditLog
    from troupe.caller import Caller
    from troupe.calls.endings import CallEndings
    from troupe.calls.service import Calls

api = Api("videocalls", "Video calls of companies")
_COMPANY = (CompanyNotFound, CompanyRequired, CompanyDiffers)
_HOSTING = (CompanyNotFound, CompanySuspended, HostNotFound, LicenseRequired, LicenseExpired)


@api.post(
    "/api/videocalls",
    auth=Auth.MEMBER,
    status=201,
    data=schemas.CreatedCall,
    errors=(
        *(*_COMPANY, *_HOSTING[1:], Forbidden, CallSlugTaken, TooManyParticipants, KeyReused),
        *(LiveKitNotConfigured, *MODERATION_ERRORS),
    ),
    headers=("Location",),
    limit="call",
)
def create_call(
    header: CompanyKeyHeader, body: schemas.CreateCall, caller: Caller, calls: Calls
) -> Reply:
    """Creates a call of a company, and invites people to it. Its host needs one of the company's
    licenses. Who cannot be sent a message is told so in `invitations`, and the call is created all
    the same."""
    company_id = own(caller, body.company_id, header.x_troupe_company)
    made = calls.create(caller, company_id, body.request(), header.idempotency_key)
    headers = {"Location": f"/api/videocalls/{made.call.id}"}
    return Reply(schemas.CreatedCall.of(made), "Call created successfully", headers=headers)


@api.get(
    "/api/videocalls",
    auth=Auth.MEMBER,
    data=schemas.CallsData,
    errors=(*_COMPANY, BadCursor, PageTooDeep),
)
def list_calls(
    header: CompanyHeader, query: schemas.CallsQuery, caller: Caller, calls: Calls
) -> Reply:
    """Lists the calls of a company, newest first: all of them for those who manage it, for others
    those that they host."""
    company_id = own(caller, query.company_id, header.x_troupe_company)
    found, page = calls.page(caller, company_id, query, query.filter())
    meta = query.meta(page.total, page.next_cursor)
    return Reply(schemas.CallsData.of(found), "Calls fetched successfully", meta=meta)


@api.get(
    "/api/videocalls/<callId>",
    auth=Auth.COMPANY,
    data=schemas.CallData,
    errors=(CallNotFound, Forbidden),
)
def get_call(path: schemas.CallPath, caller: Caller, calls: Calls, audit_log: AuditLog) -> Reply:
    """Returns a call, for its host and those who manage the company."""
    call = calls.get(caller, path.call_id)
    if is_outside_admin(caller, call.company_id):
        about = [f"users/{call.host_uid}", f"calls/{call.id}"]
        audit_log.read(Actor.of(caller), "getCall", f"calls/{call.id}", about)
    return Reply(schemas.CallData.of(call), "Call fetched successfully")


@api.put(
    "/api/videocalls/<callId>",
    auth=Auth.COMPANY,
    data=schemas.CallData,
    errors=(
        *(CallNotFound, Forbidden, CallEnded, CallActive, CallSlugTaken),
        *(TooManyParticipants, *_HOSTING, *MODERATION_ERRORS),
    ),
)
def update_call(
    path: schemas.CallPath, body: schemas.UpdateCall, caller: Caller, calls: Calls
) -> Reply:
    """Changes a call, or says how it went."""
    call = calls.update(caller, path.call_id, body.change())
    return Reply(schemas.CallData.of(call), "Call updated successfully")


@api.delete(
    "/api/videocalls/<callId>",
    auth=Auth.COMPANY,
    data=schemas.CallData,
    errors=(CallNotFound, Forbidden, CallActive, CallEnded),
)
def cancel_call(path: schemas.CallPath, caller: Caller, calls: Calls) -> Reply:
    """Cancels a call that has not started. It stays in the list."""
    call = calls.cancel(caller, path.call_id)
    return Reply(schemas.CallData.of(call), "Call cancelled successfully")


@api.put(
    "/api/videocalls/<callId>/start",
    auth=Auth.MEMBER,
    data=schemas.CallData,
    errors=(CallNotFound, CallRoleRequired, CallEnded, CallLimitReached, CallUnpaid, *_HOSTING),
)
def start_call(path: schemas.CallPath, caller: Caller, calls: Calls) -> Reply:
    """Lets a call ring, so that others can come in. Its host also starts it by joining."""
    call = calls.start(caller, path.call_id)
    return Reply(schemas.CallData.of(call), "Call started successfully")


@api.put(
    "/api/videocalls/<callId>/end",
    auth=Auth.MEMBER,
    data=schemas.CallData,
    errors=(CallNotFound, CallRoleRequired, CallNotStarted),
)
def end_call(
    path: schemas.CallPath, body: schemas.EndCall, caller: Caller, call_endings: CallEndings
) -> Reply:
    """Ends a call for everybody, and says how it went. Nobody has come while it rings: then it is
    missed."""
    call = call_endings.end(caller, path.call_id, body.reason, body.outcome.given())
    return Reply(schemas.CallData.of(call), "Call ended successfully")
