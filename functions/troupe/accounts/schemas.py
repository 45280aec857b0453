"""What the auth function takes and answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from troupe.accounts.activities import Activity, Category, Stats
from troupe.accounts.records import Role, UserRecord
from troupe.accounts.service import SignedIn
from troupe.wallet.records import Wallet
from troupe.web.schema import Email, Line, Page, Password, Schema, Username

# An address of a picture, or the path of one that was uploaded here.
Picture = Annotated[
    str, StringConstraints(max_length=500, pattern=r"^((https?://|/)[^\s\x00-\x1f\x7f]*)?$")
]


class RegisterBody(Schema):
    name: Line | None = None
    username: Username | None = None
    email: Email
    password: Password
    profile_picture: Picture | None = None


class LoginBody(Schema):
    email: Email
    # Judged by Firebase Auth: an account may be older than our own rules for new passwords.
    password: Annotated[str, StringConstraints(min_length=1, max_length=1024)]


class RefreshBody(Schema):
    refresh_token: Annotated[str, StringConstraints(max_length=4096)] | None = Field(
        None, description="Or send a still valid access token as bearer."
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
    username: str | None
    email: str | None
    profile_picture: str
    tokens: int = Field(description="Granted less used; what running jobs hold is still in it.")
    is_verified: bool
    is_guest: bool
    subscription: str = Field(description="The plan; `free` without one.")
    role: RoleView
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, user: UserRecord) -> UserView:
        return cls(
            id=user.id,
            underscore_id=user.id,
            name=user.name,
            username=user.username,
            email=user.email,
            profile_picture=user.profile_picture,
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
    expires_in: int = Field(description="Seconds that the access token lives.")

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


class PlanView(Schema):
    plan: str


class ProfileData(Schema):
    user: UserView
    subscription: PlanView
    tokens_remaining: int = Field(description="What can be spent now.")
    minutes_remaining: float

    @classmethod
    def of(cls, user: UserRecord, wallet: Wallet) -> ProfileData:
        return cls(
            user=UserView.of(user),
            subscription=PlanView(plan=user.plan or "free"),
            tokens_remaining=wallet.tokens.available,
            minutes_remaining=round(wallet.voice_seconds.available / 60, 2),
        )


class ActivitiesQuery(Page):
    limit: int = Field(50, ge=1, le=100)


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
    video_path: str | None

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
    def of(cls, stats: Stats) -> StatsData:
        return cls(
            script_activities=stats.counts[Category.SCRIPT],
            character_activities=stats.counts[Category.CHARACTER],
            video_activities=stats.counts[Category.VIDEO],
            voice_activities=stats.counts[Category.VOICE],
            total_activities=stats.total,
            last_activity_at=stats.last_at,
        )
