"""Requests and responses of the auth function."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints

from troupe.accounts.pictures import PICTURE
from troupe.accounts.policy import check_password
from troupe.accounts.quotas import Usage
from troupe.accounts.records import Session, UserRecord
from troupe.activities.service import Activity, ActivityStats, Category
from troupe.allowances import Quota
from troupe.caller import Role
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
NewPassword = Annotated[
    Password,
    AfterValidator(check_password),
    Field(description="A letter and a digit, not a common password; settings can require more."),
]


class RegisterBody(Schema):
    model_config = example(
        {"name": "Grace", "email": "grace@example.com", "password": "secret-123"}
    )

    name: Line | None = None
    username: Username | None = None
    email: Email
    password: NewPassword
    profile_picture: Picture | None = Field(
        None, description="The path of an uploaded picture, or the URL of a Google account's."
    )


class LoginBody(Schema):
    model_config = example({"email": "ada@example.com", "password": "local-only-ada"})

    email: Email
    # Only Firebase Auth checks it: the account may be older than our rules for new passwords.
    password: Annotated[str, StringConstraints(min_length=1, max_length=1024)]


class ProfileBody(Schema):
    """Omitted and null fields stay unchanged."""

    model_config = example({"name": "Grace", "language": "en-GB", "voiceId": "espeak-en-us-male"})

    name: Line | None = None
    username: Username | None = None
    language: (
        Annotated[
            str, StringConstraints(max_length=35, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
        ]
        | None
    ) = Field(None, description="A BCP 47 tag.", examples=["en-GB"])
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


_ROLES: dict[Role, str] = {
    "user": "Regular user with standard permissions",
    "admin": "Administrator with all permissions",
}


class UserView(Schema):
    id: str
    underscore_id: str = Field(alias="_id", description="The same as `id`.")
    name: str
    username: str
    email: str
    profile_picture: str
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
    def of(cls, user: UserRecord) -> UserView:
        return cls(
            id=user.id,
            underscore_id=user.id,
            name=user.name,
            username=user.username or "",
            email=user.email or "",
            profile_picture=user.profile_picture,
            language=user.language or "",
            voice_id=user.voice_id,
            tokens=user.tokens,
            is_verified=user.email_verified,
            is_guest=user.guest,
            subscription=user.plan or "free",
            role=RoleView(underscore_id=user.role, name=user.role, description=_ROLES[user.role]),
            created_at=user.created_at,
            updated_at=user.updated_at,
        )


class SignedInData(Schema):
    user: UserView
    access_token: str
    refresh_token: str
    expires_in: int = Field(description="Lifetime of the access token in seconds.")

    @classmethod
    def of(cls, signed_in: SignedIn) -> SignedInData:
        return cls(
            user=UserView.of(signed_in.user),
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
    status: Literal["active", "expired", "cancelled"] | None
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
    def of(cls, user: UserRecord, wallet: Wallet, quotas: QuotasView) -> ProfileData:
        return cls(
            quotas=quotas,
            user=UserView.of(user),
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


class SessionsData(Schema):
    sessions: list[SessionView]


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
