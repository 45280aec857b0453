"""Invitations to calls over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.audit.records import Actor
from troupe.calls import invitation_schemas as schemas
from troupe.calls.errors import (
    CallEnded,
    CallNotFound,
    InviteeNotFound,
    InvitesToCallNotAllowed,
    NumberNotReachable,
    RecipientOptedOut,
    TooManyInvitees,
    TooManyToOne,
)
from troupe.companies.roster import is_outside_admin
from troupe.errors import CompanyNotFound, Forbidden, TooManyRequests
from troupe.idempotency import KeyReused
from troupe.messengers.errors import MailNotConfigured, SmsNotConfigured
from troupe.paging import BadCursor, PageTooDeep
from troupe.wallet.errors import CompanySuspended
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import KeyHeader, Page

if TYPE_CHECKING:
    from troupe.audit.service import AuditLog
    from troupe.caller import Caller
    from troupe.calls.invitations import CallInvitations

api = Api("call invitations", "Invitations to calls")


@api.post(
    "/api/videocalls/<callId>/invitations",
    auth=Auth.MEMBER,
    status=202,
    data=schemas.InvitedToCall,
    errors=(
        *(CallNotFound, Forbidden, InvitesToCallNotAllowed, CallEnded, KeyReused),
        *(CompanyNotFound, CompanySuspended),
        *(InviteeNotFound, TooManyInvitees, TooManyRequests, TooManyToOne),
        *(SmsNotConfigured, MailNotConfigured, NumberNotReachable, RecipientOptedOut),
    ),
)
def invite_to_call(
    header: KeyHeader,
    path: schemas.InvitedCallPath,
    body: schemas.InviteToCall,
    caller: Caller,
    call_invitations: CallInvitations,
) -> Reply:
    """Invites a person to a call with a link of their own: by text message, by mail, or, if it is a
    colleague, with a notification. For the host, the managers of the company, and its members who
    are in the call. If no message can be sent, the error has the call's link in
    `details.joinUrl`."""
    made = call_invitations.invite(
        caller, path.call_id, body.invitee(), body.message, header.idempotency_key
    )
    view = schemas.CallInvitationView.of(made.invitation)
    data = schemas.InvitedToCall(invitation=view, join_url=made.link)
    return Reply(data, "Invitation accepted for delivery")


@api.get(
    "/api/videocalls/<callId>/invitations",
    auth=Auth.COMPANY,
    data=schemas.CallInvitationList,
    errors=(CallNotFound, Forbidden, BadCursor, PageTooDeep),
)
def call_invitations(
    path: schemas.InvitedCallPath,
    query: Page,
    caller: Caller,
    call_invitations: CallInvitations,
    audit_log: AuditLog,
) -> Reply:
    """Lists who was invited to a call and what became of it, newest first."""
    page, found = call_invitations.page(caller, path.call_id, query)
    if page and is_outside_admin(caller, page[0].company_id):
        target = f"calls/{path.call_id}"
        audit_log.read(Actor.of(caller), "callInvitations", target)
    views = [schemas.CallInvitationView.of(each) for each in page]
    meta = query.meta(found.total, found.next_cursor)
    data = schemas.CallInvitationList(invitations=views)
    return Reply(data, "Invitations fetched successfully", meta=meta)
