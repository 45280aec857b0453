"""Invitations to companies over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.audit.records import Actor
from troupe.companies import invitation_schemas as schemas
from troupe.companies.errors import (
    AddressNotVerified,
    AlreadyMember,
    DomainNotAllowed,
    InvitationForOtherAddress,
    InvitationNotFound,
    NoFreeLicense,
    TooManyCompanies,
)
from troupe.companies.people_schemas import UserPath
from troupe.companies.roster import is_outside_admin
from troupe.companies.schemas import CompanyPath
from troupe.companies.writes import link_of
from troupe.errors import CompanyNotFound, Forbidden, GuestNotAllowed
from troupe.paging import BadCursor, PageTooDeep
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import Page

if TYPE_CHECKING:
    from troupe.accounts.records import AccountCaller
    from troupe.audit.service import AuditLog
    from troupe.caller import Caller
    from troupe.companies.invitations import Invitations

api = Api("invitations", "Invitations to companies")


@api.post(
    "/api/companies/<companyId>/invitations",
    auth=Auth.COMPANY,
    status=201,
    data=schemas.InvitedData,
    errors=(CompanyNotFound, Forbidden, AlreadyMember, NoFreeLicense, DomainNotAllowed),
    limit="invite",
)
def invite(
    path: CompanyPath, body: schemas.Invite, caller: Caller, invitations: Invitations
) -> Reply:
    """Invites an email address, for 7 days unless the settings say otherwise. An earlier invitation
    of the same address becomes invalid. Pass the link on to the person: it works only for an
    account with this address, verified."""
    made = invitations.invite(
        caller, path.company_id, body.email, role=body.role, with_seat=body.with_seat
    )
    view = schemas.InvitationView.of(made.invitation)
    data = schemas.InvitedData(invitation=view, link=link_of(made.token))
    return Reply(data, "Invitation created successfully")


@api.get(
    "/api/companies/<companyId>/invitations",
    auth=Auth.COMPANY,
    data=schemas.InvitationsData,
    errors=(CompanyNotFound, Forbidden, BadCursor, PageTooDeep),
)
def invitations(
    path: CompanyPath, query: Page, caller: Caller, invitations: Invitations, audit_log: AuditLog
) -> Reply:
    """Lists the invitations of a company, newest first."""
    found, page = invitations.page(caller, path.company_id, query)
    if is_outside_admin(caller, path.company_id):
        target = f"companies/{path.company_id}/invitations"
        about = [f"{target}/{each.id}" for each in found]
        audit_log.read(Actor.of(caller), "invitations", target, about)
    views = [schemas.InvitationView.of(each) for each in found]
    meta = query.meta(page.total, page.next_cursor)
    return Reply(
        schemas.InvitationsData(invitations=views), "Invitations fetched successfully", meta=meta
    )


@api.delete(
    "/api/companies/<companyId>/invitations/<invitationId>",
    auth=Auth.COMPANY,
    errors=(CompanyNotFound, Forbidden, InvitationNotFound),
)
def revoke_company_invitation(
    path: schemas.InvitationPath, caller: Caller, invitations: Invitations
) -> Reply:
    """Ends a pending invitation at once. One that has ended stays as it is."""
    invitations.revoke(caller, path.company_id, path.invitation_id)
    return Reply(message="Invitation revoked successfully")


@api.post(
    "/api/invitations/look",
    auth=Auth.PUBLIC,
    data=schemas.LookData,
    errors=(InvitationNotFound,),
    limit="invitation",
)
def look_invitation(body: schemas.TokenBody, invitations: Invitations) -> Reply:
    """Returns what an invitation is for. Unknown, used, expired and revoked invitations get the
    same 404."""
    look = invitations.look(body.token)
    return Reply(schemas.LookData.of(look), "Invitation fetched successfully")


@api.get(
    "/api/users/<userId>/invitations",
    auth=Auth.SELF,
    data=schemas.OwnInvitationsData,
)
def user_invitations(
    path: UserPath, caller: Caller, invitations: Invitations, audit_log: AuditLog
) -> Reply:
    """Lists the invitations of a user's address that can be accepted, at most 50, newest first. An
    address that is not verified has none."""
    found = invitations.addressed_to(path.user_id)
    audit_log.read_user(caller, "userInvitations", path.user_id)
    views = [schemas.OwnInvitationView.of(each) for each in found]
    return Reply(schemas.OwnInvitationsData(invitations=views), "Invitations fetched successfully")


@api.post(
    "/api/invitations/accept",
    data=schemas.JoinedData,
    errors=(
        *(InvitationNotFound, InvitationForOtherAddress, AddressNotVerified),
        *(AlreadyMember, TooManyCompanies, GuestNotAllowed),
    ),
    limit="invitation",
)
def accept_invitation(
    body: schemas.AnswerBody, caller: AccountCaller, invitations: Invitations
) -> Reply:
    """Makes you a member of the company that invited you. Your address must be the invited one, and
    verified."""
    company, member = invitations.accept(caller, body.token, company_id=body.company_id or "")
    data = schemas.JoinedData(company=schemas.JoinedCompany.joined(company, member))
    return Reply(data, "Invitation accepted successfully")


@api.post(
    "/api/invitations/decline",
    errors=(InvitationNotFound, InvitationForOtherAddress, AddressNotVerified, GuestNotAllowed),
    limit="invitation",
)
def decline_invitation(
    body: schemas.AnswerBody, caller: AccountCaller, invitations: Invitations
) -> Reply:
    """Ends an invitation of your address, which must be verified, at once. Declining it twice is
    the same as once."""
    invitations.decline(caller, body.token, company_id=body.company_id or "")
    return Reply(message="Invitation declined successfully")
