"""Requests and responses of the auth function."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from troupe.accounts.companies import NewCompany, UserCompanies
from troupe.accounts.fields import (
    check_org_number,
    known_timezone,
    plain_number,
    upper,
    without_spaces,
)
from troupe.accounts.pictures import PICTURE
from troupe.accounts.policy import check_password
from troupe.accounts.quotas import Usage
from troupe.accounts.records import Session, UserRecord
from troupe.activities.service import Activity, ActivityStats, Category
from troupe.allowances import Quota
from troupe.caller import CompanyRole, Role
from troupe.wallet.records import Wallet
from troupe.web.media import MediaUrl
from troupe.web.schema import (
    Email,
    Id,
    Limit,
    Line,
    Page,
    Password,
    Schema,
    Username,
    VoiceId,
    example,
    limit_of,
)
from troupe.web.upload import Form, Upload

if TYPE_CHECKING:
    from troupe.accounts.service import SignedIn

# The path of an uploaded picture, or the URL of a Google account's.
Picture = Annotated[str, StringConstraints(max_length=500, pattern=PICTURE)]
# As in ISO 3166-1, in E.164, and in the IANA database.
Country = Annotated[
    str,
    BeforeValidator(upper),
    StringConstraints(max_length=2, pattern=r"^[A-Z]{2}$"),
    Field(description="ISO 3166-1, two letters.", examples=["NO"]),
]
Phone = Annotated[
    str,
    BeforeValidator(without_spaces),
    StringConstraints(max_length=16, pattern=r"^(?:\+[1-9][0-9]{6,14})?$"),
    Field(description="E.164: `+` and up to 15 digits.", examples=["+4712345678"]),
]
Timezone = Annotated[
    str,
    StringConstraints(max_length=64),
    AfterValidator(known_timezone),
    Field(description="A name from the IANA database.", examples=["Europe/Oslo"]),
]
OrgNumber = Annotated[
    str,
    BeforeValidator(plain_number),
    StringConstraints(max_length=20, pattern=r"^(?:[A-Z0-9]{4,20})?$"),
    Field(description="The company's number in its country's register.", examples=["923609016"]),
]
Language = Annotated[
    str, StringConstraints(max_length=35, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
]
FirstName = Annotated[Line, Field(max_length=100)]
NewPassword = Annotated[
    Password,
    AfterValidator(check_password),
    Field(description="A letter and a digit, not a common password; settings can require more."),
]


class Named(Schema):
    """A person's name, in one field or in two."""

    name: Line | None = None
    first_name: FirstName | None = Field(
        None, description="Joined with `lastName` if `name` is omitted."
    )
    last_name: FirstName | None = None

    @property
    def full_name(self) -> str | None:
        parts = [part for part in (self.first_name, self.last_name) if part]
        return self.name or (" ".join(parts) if parts else None)


class RegisterBody(Named):
    model_config = example(
        {"name": "Grace", "email": "grace@example.com", "password": "secret-123"}
    )

    username: Username | None = None
    email: Email
    password: NewPassword
    profile_picture: Picture | None = Field(
        None, description="The path of an uploaded picture, or the URL of a Google account's."
    )
    phone: Phone | None = None
    company_name: Line | None = Field(
        None, description="Also creates a company with this name, owned by the new account."
    )
    org_number: OrgNumber | None = None
    country: Country | None = None

    @model_validator(mode="after")
    def _company(self) -> Self:
        check_org_number(self.org_number, self.country)
        return self

    @property
    def company(self) -> NewCompany | None:
        if self.company_name is None:
            return None
        return NewCompany(self.company_name, self.org_number or None, self.country)


class LoginBody(Schema):
    model_config = example({"email": "ada@example.com", "password": "local-only-ada"})

    email: Email
    # Only Firebase Auth checks it: the account may be older than our rules for new passwords.
    password: Annotated[str, StringConstraints(min_length=1, max_length=1024)]


class ProfileBody(Named):
    """Omitted and null fields stay unchanged."""

    model_config = example({"name": "Grace", "language": "en-GB", "voiceId": "espeak-en-us-male"})

    username: Username | None = None
    phone: Phone | None = Field(None, description="An empty string removes it.")
    timezone: Timezone | None = None
    language: Language | None = Field(None, description="A BCP 47 tag.", examples=["en-GB"])
    profile_picture: Picture | None = Field(
        None, description="An empty string removes the picture."
    )
    voice_id: VoiceId | Literal[""] | None = Field(
        None,
        description="The voice that speaks your texts when a request names no voice, type or "
        "character, if it speaks the language of the text: an id from `GET /api/voice/voices`, or "
        "a blend. An empty string removes it.",
    )


# A mailed code: the `oobCode` parameter of the link.
Code = Annotated[str, StringConstraints(max_length=512, pattern=r"^[A-Za-z0-9_-]{1,512}$")]
# The account may be older than our rules for new passwords.
OldPassword = Annotated[str, StringConstraints(min_length=1, max_length=1024)]


class ForgotPasswordBody(Schema):
    model_config = example({"email": "grace@example.com"})

    email: Email


class ResetPasswordBody(Schema):
    model_config = example({"code": "the-mailed-code", "password": "secret-456"})

    code: Code
    password: NewPassword


class VerifyEmailBody(Schema):
    model_config = example({"code": "the-mailed-code"})

    code: Code | None = Field(
        None, description="If omitted, a code is mailed to the signed-in user."
    )


class ChangePasswordBody(Schema):
    model_config = example({"currentPassword": "secret-123", "newPassword": "secret-456"})

    current_password: OldPassword
    new_password: NewPassword


class AvatarForm(Form):
    avatar: Annotated[
        Upload, Field(description="PNG, JPEG, WebP, GIF, AVIF or HEIC, at most 5 MB.")
    ]


class DeleteAccountBody(Schema):
    model_config = example({"password": "secret-123"})

    password: OldPassword | None = Field(
        None,
        description="If sent, it must be correct; if not, the sign-in must be recent.",
    )


class SessionPath(Schema):
    session_id: Id


class RefreshBody(Schema):
    model_config = example({"refreshToken": "the-refresh-token-from-sign-in"})

    refresh_token: Annotated[str, StringConstraints(max_length=4096)] | None = Field(
        None, description="If omitted, send a valid access token as the bearer token."
    )


class RoleView(Schema):
    underscore_id: str = Field(alias="_id")
    name: Role
    description: str

    @classmethod
    def of(cls, role: Role) -> Self:
        return cls(underscore_id=role, name=role, description=_ROLES[role])


_ROLES: dict[Role, str] = {
    "user": "Regular user with standard permissions",
    "admin": "Administrator with all permissions",
}


class UserCompanyView(Schema):
    """A company that the user belongs to. The fields of `UserCompany`."""

    id: str
    name: str
    slug: str
    logo_url: str
    role: CompanyRole
    license_type: str = Field(description="Empty without an active license.")


class AccountView(Schema):
    id: str
    underscore_id: str = Field(alias="_id", description="The same as `id`.")
    name: str
    username: str
    email: str
    profile_picture: str
    phone: str
    timezone: str
    language: str = Field(description="The user's preferred language.")
    voice_id: str = Field(description="The user's default voice; empty if there is none.")
    tokens: int = Field(description="Granted minus used; includes tokens held by running jobs.")
    is_verified: bool
    is_guest: bool
    subscription: str = Field(description="The plan's id; `free` without a plan.")
    role: RoleView
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, user: UserRecord) -> Self:
        return cls(**cls._fields(user))

    @staticmethod
    def _fields(user: UserRecord) -> dict[str, Any]:
        return {
            "id": user.id,
            "underscore_id": user.id,
            "name": user.name,
            "username": user.username or "",
            "email": user.email or "",
            "profile_picture": user.profile_picture,
            "phone": user.phone,
            "timezone": user.timezone,
            "language": user.language or "",
            "voice_id": user.voice_id,
            "tokens": user.tokens,
            "is_verified": user.email_verified,
            "is_guest": user.guest,
            "subscription": user.plan or "free",
            "role": RoleView.of(user.role),
            "created_at": user.created_at,
            "updated_at": user.updated_at,
        }


class UserView(AccountView):
    companies: list[UserCompanyView]

    @classmethod
    def within(cls, user: UserRecord, companies: UserCompanies) -> Self:
        """`companies` reads those of the user."""
        views = [UserCompanyView(**asdict(company)) for company in companies(user)]
        return cls(**cls._fields(user), companies=views)


class SignedInData(Schema):
    user: UserView
    access_token: str
    refresh_token: str
    expires_in: int = Field(description="Lifetime of the access token in seconds.")

    @classmethod
    def of(cls, signed_in: SignedIn, companies: UserCompanies) -> SignedInData:
        return cls(
            user=UserView.within(signed_in.user, companies),
            access_token=signed_in.pair.access_token,
            refresh_token=signed_in.pair.refresh_token,
            expires_in=signed_in.pair.expires_in,
        )


class UserData(Schema):
    user: UserView


class ValidData(Schema):
    valid: bool
    user: UserView


class ProfileSubscription(Schema):
    plan: str = Field(description="The plan's id; `free` without a plan.")
    name: str
    status: Literal["active", "expired", "cancelled", "past_due"] | None
    started_at: datetime | None
    expiry_date: datetime | None

    @classmethod
    def of(cls, user: UserRecord) -> ProfileSubscription:
        subscription = user.subscription
        return cls(
            plan=user.plan or "free",
            name=subscription.name if subscription else "",
            status=subscription.status if subscription else None,
            started_at=subscription.started_at if subscription else None,
            expiry_date=subscription.ends_at if subscription else None,
        )


class QuotaView(Schema):
    used: int
    maximum: int


class QuotasView(Schema):
    """What the user keeps, and how much of each the plan allows."""

    characters: QuotaView
    scripts: QuotaView
    files: QuotaView
    file_bytes: QuotaView = Field(description="The size of all uploaded files.")
    dictionaries: QuotaView

    @classmethod
    def of(cls, usage: Usage, quota: Quota) -> Self:
        return cls(
            characters=QuotaView(used=usage.characters, maximum=quota.characters),
            scripts=QuotaView(used=usage.scripts, maximum=quota.scripts),
            files=QuotaView(used=usage.files, maximum=quota.files),
            file_bytes=QuotaView(used=usage.size, maximum=quota.bytes),
            dictionaries=QuotaView(used=usage.dictionaries, maximum=quota.dictionaries),
        )


class ProfileData(Schema):
    user: UserView
    subscription: ProfileSubscription
    tokens_remaining: int = Field(description="Tokens available to spend now.")
    minutes_remaining: float
    quotas: QuotasView

    @classmethod
    def of(
        cls,
        user: UserRecord,
        companies: UserCompanies,
        wallet: Wallet,
        quotas: QuotasView,
    ) -> ProfileData:
        return cls(
            quotas=quotas,
            user=UserView.within(user, companies),
            subscription=ProfileSubscription.of(user),
            tokens_remaining=wallet.tokens.available,
            minutes_remaining=round(wallet.voice_seconds.available / 60, 2),
        )


class SessionView(Schema):
    id: str
    current: bool = Field(description="Whether this session made the request.")
    user_agent: str
    created_at: datetime
    last_seen_at: datetime = Field(
        description="When its tokens were last refreshed; for a sign-in with the Firebase SDK, the "
        "day it was last used."
    )
    expires_at: datetime

    @classmethod
    def of(cls, session_id: str, session: Session, current: str | None) -> SessionView:
        return cls(
            id=session_id,
            current=session_id == current,
            user_agent=session.user_agent,
            created_at=session.created_at,
            last_seen_at=session.last_used_at,
            expires_at=session.expires_at,
        )


class FirebaseTokenData(Schema):
    firebase_token: str
    expires_in: int = Field(description="Seconds within which it can be used to sign in.")


class SessionsData(Schema):
    sessions: list[SessionView]


class RevokedSessions(Schema):
    ended: int = Field(description="How many sessions and sign-ins of the list have ended.")


class ActivitiesQuery(Page):
    limit: Limit = limit_of(50, "Entries per page.")


class ActivityView(Schema):
    id: str
    type: str
    category: Category
    message: str
    timestamp: datetime
    script_id: str | None
    character_id: str | None
    generation_id: str | None
    job_id: str | None
    video_path: MediaUrl | None

    @classmethod
    def of(cls, activity: Activity) -> ActivityView:
        return cls.model_validate(activity.model_dump())


class ActivitiesData(Schema):
    activities: list[ActivityView]
    total_count: int
    limit: int


class StatsData(Schema):
    script_activities: int
    character_activities: int
    video_activities: int
    voice_activities: int
    total_activities: int
    last_activity_at: datetime | None

    @classmethod
    def of(cls, stats: ActivityStats) -> StatsData:
        return cls(
            script_activities=stats.counts[Category.SCRIPT],
            character_activities=stats.counts[Category.CHARACTER],
            video_activities=stats.counts[Category.VIDEO],
            voice_activities=stats.counts[Category.VOICE],
            total_activities=stats.total,
            last_activity_at=stats.last_at,
        )
