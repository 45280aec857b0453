"""What the operations on invitations take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from troupe.adapters.firestore import now
from troupe.caller import CompanyRole
from troupe.companies.invitations import Look
from troupe.companies.records import Company, Invitation, InvitationStatus, Member
from troupe.companies.schemas import ShownType
from troupe.web.schema import Email, Id, Schema, example

Token = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class InvitationPath(Schema):
    company_id: Id
    invitation_id: Id


class Invite(Schema):
    model_config = example({"email": "grace@example.com", "role": "member"})

    email: Email
    role: Literal["admin", "member"] = Field(
        "member", description="Only the owner can invite administrators."
    )
    with_seat: bool = Field(False, description="Whether to hold a free license for the new member.")


class TokenBody(Schema):
    model_config = example({"token": "TOKEN_OF_AN_INVITATION"})

    token: Token


class AnswerBody(Schema):
    model_config = example({"token": "TOKEN_OF_AN_INVITATION"})

    token: Token | None = Field(None, description="Of the link that you have got.")
    company_id: Id | None = Field(
        None, description="Without a token: the company that has invited your address."
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.token is None) == (self.company_id is None):
            raise PydanticCustomError("one_required", "must have either token or companyId")
        return self


class InvitationView(Schema):
    id: str
    email: str
    name: str
    role: Literal["admin", "member"]
    license_id: str | None = Field(description="The license that the invitation holds.")
    status: InvitationStatus
    inviter_id: str
    accepter_id: str | None
    accepted_at: datetime | None
    expires_at: datetime
    created_at: datetime

    @classmethod
    def of(cls, invitation: Invitation) -> Self:
        given = invitation.model_dump(include=set(cls.model_fields))
        return cls.model_validate(
            given
            | {
                "status": invitation.status_at(now()),
                "inviter_id": invitation.invited_by,
                "accepter_id": invitation.accepted_by,
            }
        )


class InvitedData(Schema):
    invitation: InvitationView
    link: str = Field(
        description="Shown only once. A path of your site, with the token after the `#`, which "
        "browsers never send to a server. Pass it on to the person you invite."
    )


class InvitationsData(Schema):
    invitations: list[InvitationView]


class InvitingCompany(Schema):
    name: str
    slug: str
    logo_url: str

    @classmethod
    def of(cls, company: Company) -> Self:
        return cls(name=company.name, slug=company.slug, logo_url=company.logo_url)


class OfferingCompany(InvitingCompany):
    id: str


class OwnInvitationView(Schema):
    company: OfferingCompany
    role: CompanyRole
    with_license: bool = Field(description="Whether a license is held for you.")
    expires_at: datetime
    created_at: datetime

    @classmethod
    def of(cls, look: Look) -> Self:
        company, invitation = look.company, look.invitation
        return cls(
            company=OfferingCompany(
                id=company.id, name=company.name, slug=company.slug, logo_url=company.logo_url
            ),
            role=invitation.role,
            with_license=invitation.license_id is not None,
            expires_at=invitation.expires_at,
            created_at=invitation.created_at,
        )


class OwnInvitationsData(Schema):
    invitations: list[OwnInvitationView]


class LookData(Schema):
    company: InvitingCompany
    role: CompanyRole
    address: str = Field(description="The invited address, with most letters hidden.")

    @classmethod
    def of(cls, look: Look) -> Self:
        return cls(
            company=InvitingCompany.of(look.company),
            role=look.invitation.role,
            address=masked(look.invitation.email),
        )


class JoinedCompany(InvitingCompany):
    id: str
    role: CompanyRole
    license_type: ShownType

    @classmethod
    def joined(cls, company: Company, member: Member) -> Self:
        return cls(
            id=company.id,
            name=company.name,
            slug=company.slug,
            logo_url=company.logo_url,
            role=member.role,
            license_type=member.license_type or "",
        )


class JoinedData(Schema):
    company: JoinedCompany


def masked(email: str) -> str:
    """`a***@e***.com`."""
    name, _, domain = email.partition("@")
    host, _, top = domain.rpartition(".")
    return f"{name[:1]}***@{host[:1]}***.{top}"
