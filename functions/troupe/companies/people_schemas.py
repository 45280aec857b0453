"""What the operations on members and users of a company take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from troupe.accounts.schemas import (
    AccountView,
    ActivityView,
    Language,
    Named,
    Phone,
    Timezone,
)
from troupe.caller import CompanyRole
from troupe.companies.invitation_schemas import InvitationView
from troupe.companies.members import MemberAccount, MemberFilter, Sort
from troupe.companies.records import Invitation, LicenseType, Member, MemberStatus
from troupe.companies.schemas import SearchText, ShownType
from troupe.wallet.budgets import Cap
from troupe.web.schema import Email, Id, Page, Schema, example

GivenRole = Literal["admin", "member"]


class MemberPath(Schema):
    company_id: Id
    user_id: Id


class UserPath(Schema):
    user_id: Id


class CompanyIdQuery(Schema):
    company_id: Id | None = None


class MembersQuery(Page):
    search: SearchText = Field(
        "",
        description="The beginning of a word of the name, or of the address. Results are sorted "
        "by name.",
    )
    role: CompanyRole | None = None
    status: MemberStatus | None = None
    license: LicenseType | Literal["none"] | None = Field(
        None, description="The type of the active license; `none`: members without one."
    )
    sort: Sort = "newest"

    def filter(self) -> MemberFilter:
        return MemberFilter(self.search, self.role, self.status, self.license, self.sort)


class CompanyUsersQuery(MembersQuery):
    company_id: Id | None = None


class CapBody(Schema):
    """Per month; null: no limit."""

    tokens: Annotated[int, Field(ge=0, le=10**9)] | None = None
    voice_seconds: Annotated[int, Field(ge=0, le=10**9)] | None = None


class UpdateMember(Schema):
    """Omitted fields stay unchanged; a null `cap` removes it."""

    model_config = example({"cap": {"tokens": 100}})

    role: GivenRole | None = None
    cap: CapBody | None = None

    def changes(self) -> dict[str, Any]:
        changes: dict[str, Any] = {} if self.role is None else {"role": self.role}
        if "cap" in self.model_fields_set:
            changes["cap"] = None if self.cap is None else Cap(**self.cap.model_dump())
        return changes


class TransferCompany(Schema):
    model_config = example({"userId": "ID_OF_A_MEMBER"})

    user_id: Id


class CreateUser(Named):
    model_config = example({"email": "grace@example.com", "name": "Grace Hopper"})

    email: Email
    role: GivenRole = "member"
    license_id: Id | None = Field(
        None, description="A free license, which the invitation holds until it is accepted or ends."
    )
    company_id: Id | None = None


class UpdateUser(Named):
    """Omitted and null fields stay unchanged."""

    model_config = example({"name": "Grace Hopper", "phone": "+4712345678"})

    phone: Phone | None = None
    language: Language | Literal[""] | None = None
    timezone: Timezone | None = None
    role: GivenRole | None = None
    status: MemberStatus | None = Field(
        None, description="`suspended`: no access to the company; keeps the license."
    )
    license_id: Id | Literal[""] | None = Field(
        None, description="Replaces the current license; an empty string removes it."
    )

    def changes(self) -> dict[str, Any]:
        """The given fields of a `Member`."""
        given = {
            "name": self.full_name,
            "phone": self.phone,
            "language": self.language,
            "timezone": self.timezone,
            "role": self.role,
            "status": self.status,
        }
        return {name: value for name, value in given.items() if value is not None}


class CapView(Schema):
    tokens: int | None
    voice_seconds: int | None


class MemberView(Schema):
    user_id: str
    name: str
    email: str = Field(description="The person's address when they joined.")
    role: CompanyRole
    status: MemberStatus
    license_id: str | None
    license_type: ShownType
    cap: CapView | None
    inviter_id: str | None
    joined_at: datetime

    @classmethod
    def of(cls, member: Member) -> Self:
        given = member.model_dump(include=set(cls.model_fields))
        ids = {"user_id": member.id, "inviter_id": member.invited_by}
        return cls.model_validate(given | ids)


class MemberData(Schema):
    member: MemberView

    @classmethod
    def of(cls, member: Member) -> Self:
        return cls(member=MemberView.of(member))


class MembersData(Schema):
    members: list[MemberView]


class CompanyUserView(Schema):
    """A person as their company sees them. Name, phone, language and time zone are the company's
    own entries; the address is the account's."""

    id: str | None = Field(description="Null until the invitation is accepted.")
    name: str
    email: str
    email_verified: bool
    phone: str
    avatar_url: str
    language: str
    timezone: str
    role: CompanyRole
    status: Literal["active", "suspended", "invited"]
    license_id: str | None
    license_type: ShownType
    cap: CapView | None
    inviter_id: str | None
    joined_at: datetime | None

    @classmethod
    def of(cls, found: MemberAccount) -> Self:
        member, user = found.member, found.user
        given = member.model_dump(include=set(cls.model_fields))
        return cls.model_validate(
            given
            | {
                "inviter_id": member.invited_by,
                "email": (user and user.email) or member.email,
                "email_verified": user is not None and user.email_verified,
                "avatar_url": user.profile_picture if user else "",
            }
        )

    @classmethod
    def invited(cls, invitation: Invitation) -> Self:
        return cls(
            id=None,
            name=invitation.name,
            email=invitation.email,
            email_verified=False,
            phone="",
            avatar_url="",
            language="",
            timezone="",
            role=invitation.role,
            status="invited",
            license_id=invitation.license_id,
            license_type="",
            cap=None,
            inviter_id=invitation.invited_by,
            joined_at=None,
        )


class CompanyUserData(Schema):
    user: CompanyUserView

    @classmethod
    def of(cls, found: MemberAccount) -> Self:
        return cls(user=CompanyUserView.of(found))


class CompanyUsersData(Schema):
    users: list[CompanyUserView]


class InvitedUserData(Schema):
    user: CompanyUserView
    invitation: InvitationView
    link: str = Field(description="Shown only now: see `POST .../invitations`.")


class AvatarData(Schema):
    user: AccountView


class ActivityData(Schema):
    activities: list[ActivityView]
