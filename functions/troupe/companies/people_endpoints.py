"""Members, and the users of a company, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.accounts.errors import AvatarTooLarge, UserNotFound
from troupe.accounts.schemas import AccountView, ActivitiesQuery, ActivityView, AvatarForm
from troupe.audit.records import Actor
from troupe.audit.service import witness
from troupe.companies import people_schemas as schemas
from troupe.companies.choice import chosen
from troupe.companies.errors import (
    AlreadyMember,
    CompanyRequired,
    DomainNotAllowed,
    HasLicense,
    LastOwner,
    LicenseNotActive,
    LicenseNotFound,
    LicenseTaken,
    MemberNotFound,
    MemberSuspended,
    NoFreeLicense,
    OwnerCannotLeave,
)
from troupe.companies.invitation_schemas import InvitationView
from troupe.companies.roster import is_outside_admin
from troupe.companies.schemas import CompanyPath
from troupe.companies.writes import link_of
from troupe.errors import CompanyNotFound, Forbidden
from troupe.media.uploads.checks import (
    BrokenImage,
    DecodersBusy,
    ImageTooLarge,
    TooDemanding,
    UnsupportedFile,
)
from troupe.paging import BadCursor, PageTooDeep
from troupe.records import no_witness
from troupe.wallet.errors import CompanyDiffers
from troupe.wallet.schemas import CompanyHeader
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.accounts.passwords import Passwords
    from troupe.accounts.profile import Profiles
    from troupe.activities.service import Activities
    from troupe.audit.service import AuditLog
    from troupe.caller import Caller
    from troupe.companies.invitations import Invitations
    from troupe.companies.members import Members

api = Api("people", "Members and users of companies")

_REFUSALS = (CompanyNotFound, CompanyRequired, CompanyDiffers, Forbidden)
_LICENSE = (LicenseNotFound, LicenseTaken, HasLicense, LicenseNotActive)


@api.get(
    "/api/companies/<companyId>/members",
    auth=Auth.COMPANY,
    data=schemas.MembersData,
    errors=(CompanyNotFound, Forbidden, BadCursor, PageTooDeep),
)
def members(
    path: CompanyPath,
    query: schemas.MembersQuery,
    caller: Caller,
    members: Members,
    audit_log: AuditLog,
) -> Reply:
    """Lists the members of a company. Only its owner and administrators can see them."""
    found, page = members.page(caller, path.company_id, query, query.filter())
    _audited(audit_log, caller, "members", path.company_id, [each.id for each in found])
    data = schemas.MembersData(members=[schemas.MemberView.of(each) for each in found])
    meta = query.meta(page.total, page.next_cursor)
    return Reply(data, "Members fetched successfully", meta=meta)


@api.put(
    "/api/companies/<companyId>/members/<userId>",
    auth=Auth.COMPANY,
    data=schemas.MemberData,
    errors=(CompanyNotFound, Forbidden, MemberNotFound, LastOwner),
)
def update_member(
    path: schemas.MemberPath, body: schemas.UpdateMember, caller: Caller, members: Members
) -> Reply:
    """Changes a member's role or monthly cap. Only the owner can change roles."""
    member = members.update(caller, path.company_id, path.user_id, body.changes())
    return Reply(schemas.MemberData.of(member), "Member updated successfully")


@api.delete(
    "/api/companies/<companyId>/members/<userId>",
    auth=Auth.COMPANY,
    errors=(CompanyNotFound, Forbidden, MemberNotFound, LastOwner),
)
def drop_member(path: schemas.MemberPath, caller: Caller, members: Members) -> Reply:
    """Removes a member, who loses access at once. Their license becomes free. Only the owner can
    remove administrators."""
    members.remove(caller, path.company_id, path.user_id)
    return Reply(message="Member removed successfully")


@api.post(
    "/api/companies/<companyId>/leave",
    auth=Auth.MEMBER,
    errors=(CompanyNotFound, OwnerCannotLeave),
)
def leave_company(path: CompanyPath, caller: Caller, members: Members) -> Reply:
    """Ends your membership. The owner must transfer the company first."""
    members.leave(caller, path.company_id)
    return Reply(message="Company left successfully")


@api.post(
    "/api/companies/<companyId>/transfer",
    auth=Auth.COMPANY,
    data=schemas.MemberData,
    errors=(CompanyNotFound, Forbidden, MemberNotFound, MemberSuspended),
)
def transfer_company(
    path: CompanyPath, body: schemas.TransferCompany, caller: Caller, members: Members
) -> Reply:
    """Makes another member the owner; the previous owner becomes an administrator. Only the owner
    can do this."""
    member = members.transfer(caller, path.company_id, body.user_id)
    return Reply(schemas.MemberData.of(member), "Company transferred successfully")


@api.get(
    "/api/users",
    auth=Auth.COMPANY,
    data=schemas.CompanyUsersData,
    errors=(*_REFUSALS, BadCursor, PageTooDeep),
)
def list_company_users(
    header: CompanyHeader,
    query: schemas.CompanyUsersQuery,
    caller: Caller,
    members: Members,
    audit_log: AuditLog,
) -> Reply:
    """Lists the users of a company. Only its owner and administrators can see them."""
    company_id = chosen(caller, query.company_id, header.x_troupe_company)
    found, page = members.page(caller, company_id, query, query.filter())
    users = members.with_accounts(found)
    _audited(audit_log, caller, "listCompanyUsers", company_id, [each.id for each in found])
    data = schemas.CompanyUsersData(users=[schemas.CompanyUserView.of(each) for each in users])
    meta = query.meta(page.total, page.next_cursor)
    return Reply(data, "Users fetched successfully", meta=meta)


@api.post(
    "/api/users",
    auth=Auth.COMPANY,
    status=201,
    data=schemas.InvitedUserData,
    errors=(
        *(*_REFUSALS, AlreadyMember, NoFreeLicense, LicenseNotFound),
        DomainNotAllowed,
    ),
    limit="invite",
)
def create_company_user(
    header: CompanyHeader,
    body: schemas.CreateUser,
    caller: Caller,
    invitations: Invitations,
    passwords: Passwords,
) -> Reply:
    """Invites a person to a company. If the address has no account, one is created, and an email
    lets its owner set the password. The person then joins with the link. The response does not
    reveal whether there was an account."""
    company_id = chosen(caller, body.company_id, header.x_troupe_company)
    name = body.full_name or ""
    made = invitations.invite(
        caller, company_id, body.email, role=body.role, license_id=body.license_id, name=name
    )
    passwords.introduce(body.email, name)
    data = schemas.InvitedUserData(
        user=schemas.CompanyUserView.invited(made.invitation),
        invitation=InvitationView.of(made.invitation),
        link=link_of(made.token),
    )
    return Reply(data, "User invited successfully")


@api.get(
    "/api/users/<userId>",
    auth=Auth.COMPANY,
    data=schemas.CompanyUserData,
    errors=(*_REFUSALS, UserNotFound),
)
def get_company_user(
    header: CompanyHeader,
    path: schemas.UserPath,
    query: schemas.CompanyIdQuery,
    caller: Caller,
    members: Members,
    audit_log: AuditLog,
) -> Reply:
    """Returns a user of a company. Only its owner and administrators can see them."""
    company_id = chosen(caller, query.company_id, header.x_troupe_company)
    member = members.get(caller, company_id, path.user_id, UserNotFound)
    (user,) = members.with_accounts([member])
    _audited(audit_log, caller, "getCompanyUser", company_id, [member.id])
    return Reply(schemas.CompanyUserData.of(user), "User fetched successfully")


@api.put(
    "/api/users/<userId>",
    auth=Auth.COMPANY,
    data=schemas.CompanyUserData,
    errors=(*_REFUSALS, UserNotFound, LastOwner, *_LICENSE),
)
def update_company_user(
    header: CompanyHeader,
    path: schemas.UserPath,
    query: schemas.CompanyIdQuery,
    body: schemas.UpdateUser,
    caller: Caller,
    members: Members,
) -> Reply:
    """Changes the company's own entry of a user: name, phone, language, time zone, role, status and
    license. The user's account stays as it is."""
    company_id = chosen(caller, query.company_id, header.x_troupe_company)
    member = members.update(
        caller,
        company_id,
        path.user_id,
        body.changes(),
        license_id=body.license_id,
        missing=UserNotFound,
    )
    (user,) = members.with_accounts([member])
    return Reply(schemas.CompanyUserData.of(user), "User updated successfully")


@api.delete(
    "/api/users/<userId>",
    auth=Auth.COMPANY,
    errors=(*_REFUSALS, UserNotFound, LastOwner),
)
def delete_company_user(
    header: CompanyHeader,
    path: schemas.UserPath,
    query: schemas.CompanyIdQuery,
    caller: Caller,
    members: Members,
) -> Reply:
    """Removes a user from a company. The user's account stays."""
    company_id = chosen(caller, query.company_id, header.x_troupe_company)
    members.remove(caller, company_id, path.user_id, UserNotFound)
    return Reply(message="User removed successfully")


@api.post(
    "/api/users/<userId>/avatar",
    auth=Auth.SELF,
    data=schemas.AvatarData,
    errors=(
        *(AvatarTooLarge, UnsupportedFile, BrokenImage, ImageTooLarge),
        *(TooDemanding, DecodersBusy),
    ),
    body_bytes=6 * 1024 * 1024,
)
def user_avatar(
    path: schemas.UserPath, form: AvatarForm, caller: Caller, profiles: Profiles
) -> Reply:
    """Sets a user's profile picture, replacing the previous one. Metadata is removed."""
    own = path.user_id == caller.uid
    noted = no_witness if own else witness(Actor.of(caller), "userAvatar", "users")
    user = profiles.set_avatar(path.user_id, form.avatar, noted)
    return Reply(schemas.AvatarData(user=AccountView.of(user)), "Avatar uploaded successfully")


@api.get(
    "/api/users/<userId>/activity",
    auth=Auth.SELF,
    data=schemas.ActivityData,
    errors=(BadCursor, PageTooDeep),
)
def user_activity(
    path: schemas.UserPath,
    query: ActivitiesQuery,
    caller: Caller,
    activities: Activities,
    audit_log: AuditLog,
) -> Reply:
    """Lists a user's activities, newest first. Only the user and administrators of Troupe can see
    them."""
    found, page = activities.page(path.user_id, query)
    audit_log.read_user(caller, "userActivity", path.user_id)
    views = [ActivityView.of(activity) for activity in found]
    meta = query.meta(page.total, page.next_cursor)
    return Reply(
        schemas.ActivityData(activities=views), "Activities fetched successfully", meta=meta
    )


def _audited(
    audit_log: AuditLog, caller: Caller, operation: str, company_id: str, uids: list[str]
) -> None:
    """Records what an administrator of Troupe reads in a company that they do not manage."""
    if is_outside_admin(caller, company_id):
        about = [f"users/{uid}" for uid in uids]
        audit_log.read(Actor.of(caller), operation, f"companies/{company_id}/members", about)
