"""What can go wrong with companies, as the API reports it."""

from __future__ import annotations

from typing_extensions import TypedDict

from troupe.errors import Conflict, FileSizeDetails, Forbidden, NotFound, TroupeError, Unprocessable


class CompanyRequired(Unprocessable):
    code = "company_required"
    message = (
        "Name the company with `companyId` or the header `X-Troupe-Company`. You can "
        "leave it out only if you manage exactly one company."
    )


class SlugTaken(Conflict):
    code = "slug_taken"
    message = "This slug is taken."


class SlugReserved(Unprocessable):
    code = "slug_reserved"
    message = "This slug is reserved. Choose another one."


class TooManyCompanies(Conflict):
    code = "too_many_companies"
    message = "A user can belong to at most 20 companies."


class CompanyInUseDetails(TypedDict):
    members: int
    licenses: int
    plan: str | None


class CompanyInUse(Conflict):
    code = "company_in_use"
    details_type = CompanyInUseDetails
    message = (
        "This company has other members, licenses or a plan. To delete it anyway, "
        "send its name as `confirm`."
    )


class LogoTooLarge(TroupeError):
    status = 413
    code = "file_too_large"
    details_type = FileSizeDetails
    message = "The picture is too large (maximum 5 MB)."


class MemberNotFound(NotFound):
    code = "member_not_found"
    message = "This company has no member with this id."


class LastOwner(Conflict):
    code = "last_owner"
    message = "A company always has an owner. Transfer it to another member first."


class OwnerCannotLeave(Conflict):
    code = "owner_cannot_leave"
    message = "You own this company. Transfer it to another member first, or delete it."


class MemberSuspended(Conflict):
    code = "member_suspended"
    message = "This member is suspended. Activate them first."


class AlreadyMember(Conflict):
    code = "already_member"
    message = "This person is already a member of the company."


class InvitationNotFound(NotFound):
    """The same answer for unknown, used, expired, revoked and replaced invitations."""

    code = "invitation_not_found"
    message = "This invitation does not exist or is no longer valid. Ask for a new one."


class InvitationForOtherAddress(Forbidden):
    code = "invitation_for_other_address"
    message = "This invitation is for a different email address. Sign in with the invited address."


class AddressNotVerified(Forbidden):
    code = "address_not_verified"
    message = "Verify your email address first, with `POST /api/auth/verify-email`."


class DomainNotAllowed(Unprocessable):
    code = "domain_not_allowed"
    message = "This company only invites addresses of the domains in its settings."


class LicenseNotFound(NotFound):
    code = "license_not_found"
    message = "You don't have a license with this id."


class LicenseTaken(Conflict):
    code = "license_taken"
    message = "Another member has this license, or an invitation holds it."


class HasLicense(Conflict):
    code = "has_license"
    message = "This member already has a license. Unassign it first."


class LicenseNotActive(Conflict):
    code = "license_not_active"
    message = "This license is not active, not yet valid, or has expired."


class NoFreeLicense(Conflict):
    code = "no_free_license"
    message = "No license is free. Unassign one, or ask an administrator of Troupe for more."


class NotAMember(Conflict):
    code = "not_a_member"
    message = "Only members of the company can have its licenses."


class OperationDetails(TypedDict):
    """`use`: the operation that does it instead."""

    use: str


class UsePortal(Conflict):
    code = "use_portal"
    details_type = OperationDetails
    message = "Licenses are changed with the company's subscription, not here."

    def __init__(self) -> None:
        super().__init__(details={"use": "billingPortal"})


class LicensePaid(Conflict):
    code = "license_paid"
    message = "The company pays for this license. It follows the subscription."
