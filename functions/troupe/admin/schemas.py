"""What the admin function takes and answers about users, numbers and deeds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from troupe.accounts.directory import UserFilter, UserStatus, status_of
from troupe.accounts.records import SubscriptionSummary, UserRecord
from troupe.accounts.schemas import RoleView, UserView
from troupe.accounts.service import SignedIn
from troupe.activities.service import Category
from troupe.adapters.firestore import now
from troupe.admin.stats import Counted, RecentAction, UserStats
from troupe.admin.users import UserChange, UserDetails
from troupe.caller import Role
from troupe.plans.records import BillingPeriod
from troupe.plans.schemas import (
    Minutes,
    Moment,
    PlanName,
    SubscriptionView,
    TermsView,
    Tokens,
    in_minutes,
)
from troupe.wallet.records import Wallet
from troupe.web.schema import Email, Id, Limit, Line, Page, Schema, Sized, example, limit_of

All = Literal["all"]


class AdminSignedIn(Schema):
    admin: UserView
    access_token: str
    refresh_token: str
    expires_in: int = Field(description="Seconds that the access token lives.")

    @classmethod
    def of(cls, signed_in: SignedIn) -> Self:
        return cls(
            admin=UserView.of(signed_in.user),
            access_token=signed_in.pair.access_token,
            refresh_token=signed_in.pair.refresh_token,
            expires_in=signed_in.pair.expires_in,
        )


class ValidAdmin(Schema):
    valid: bool
    admin: UserView


class _Filter(Schema):
    status: UserStatus | All = Field("all", description="Suspended, or as the plan is.")
    plan: Id = Field("all", description="The id of the present or last plan, or `all`.")

    @property
    def wanted(self) -> UserFilter:
        return UserFilter(
            status=None if self.status == "all" else UserStatus(self.status),
            plan_id=None if self.plan == "all" else self.plan,
        )


class UsersQuery(Page, _Filter):
    limit: Limit = limit_of(10, "Users on a page.")


class SearchQuery(Sized, _Filter):
    search: Annotated[Line, Field(description="How an address or a name begins.")]
    limit: Limit = limit_of(50, "At most so many; `totalCount` tells of all.")


class UserPath(Schema):
    user_id: Id


class UpdateUserBody(Schema):
    """What is left out, or null, stays as it is."""

    model_config = example({"plan": "pro", "tokens": 200})

    email: Email | None = None
    plan: PlanName | None = Field(None, description="The id of a plan, or its name.")
    tokens: Tokens | None = Field(None, description="The balance: granted less used.")
    voice_minutes: Minutes | None = Field(None, description="The balance, likewise.")
    start_date: Moment | None = None
    expiry_date: Moment | None = Field(None, description="One that has passed ends the plan now.")
    status: UserStatus | None = Field(
        None,
        description="`suspended` ends all access; `active` gives it back, or begins a plan that "
        "has ended anew; the others end the plan.",
    )
    role: Role | None = None

    def change(self) -> UserChange:
        given = self.model_dump(exclude={"start_date", "expiry_date"})
        return UserChange(**given, started_at=self.start_date, expires_at=self.expiry_date)


class AdminUserView(Schema):
    """A user, and what the user has."""

    id: str
    underscore_id: str = Field(alias="_id", description="The same as `id`.")
    name: str
    username: str
    email: str
    profile_picture: str
    role: RoleView
    status: UserStatus
    is_suspended: bool
    is_guest: bool
    is_verified: bool
    plan: str | None = Field(description="The id of the present plan.")
    current_subscription: TermsView | None
    subscription_started_at: datetime | None
    start_date: datetime | None = Field(description="Of the present or last plan.")
    expiry_date: datetime | None = Field(description="The end of what is granted.")
    tokens: int = Field(description="Granted less used.")
    total_minutes: float = Field(description="Granted, less what expired.")
    available_minutes: float = Field(description="What can be spent now.")
    voice_id: str | None = Field(None, description="Voices belong to characters: always null.")
    model_id: str | None = Field(None, description="Always null.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, user: UserRecord) -> Self:
        return cls(**_shown(user))


class AdminUserDetails(AdminUserView):
    sessions: int = Field(description="How many sign-ins are remembered.")
    held_tokens: int = Field(description="Promised to running jobs.")
    held_minutes: float
    subscription: SubscriptionView | None

    @classmethod
    def of_details(cls, shown: UserDetails) -> Self:
        standing = shown.standing
        wallet = standing.wallet if standing else Wallet(id=shown.user.id)
        return cls(
            **_shown(shown.user),
            sessions=len(shown.user.sessions),
            held_tokens=wallet.tokens.held,
            held_minutes=in_minutes(wallet.voice_seconds.held),
            subscription=SubscriptionView.of(standing, now()) if standing else None,
        )


class UserList(Schema):
    users: list[AdminUserView]


class FoundUsers(UserList):
    total_count: int


class AdminUserData(Schema):
    user: AdminUserView


class AdminUserDetailsData(Schema):
    user: AdminUserDetails


class PlanUsers(Schema):
    plan_id: str
    name: str
    users: int

    @classmethod
    def of(cls, counted: Counted) -> Self:
        return cls(plan_id=counted.plan.id, name=counted.plan.name, users=counted.users)


class TotalsView(Schema):
    users: int = Field(description="Everybody, guests too.")
    guests: int
    admins: int
    suspended: int
    subscribers: int = Field(description="Who has a plan now.")


class AdminStatsData(Schema):
    """Users by the plan that they have now. Those of the four named tiers are the plans of that
    id or name."""

    low_plan_users: int
    middle_plan_users: int
    high_plan_users: int
    enterprise_plan_users: int
    by_plan: list[PlanUsers]
    totals: TotalsView

    @classmethod
    def of(cls, stats: UserStats) -> Self:
        totals = stats.totals
        return cls(
            low_plan_users=stats.of_tier("low"),
            middle_plan_users=stats.of_tier("middle"),
            high_plan_users=stats.of_tier("high"),
            enterprise_plan_users=stats.of_tier("enterprise"),
            by_plan=[PlanUsers.of(each) for each in stats.by_plan],
            totals=TotalsView(
                users=totals.users,
                guests=totals.guests,
                admins=totals.admins,
                suspended=totals.suspended,
                subscribers=stats.subscribers,
            ),
        )


class RecentQuery(Sized):
    limit: Limit = limit_of(20, "The newest so many.")


class RecentActionView(Schema):
    id: str
    user_id: str
    user_email: str
    action: str = Field(description="The type of the activity.")
    category: Category
    message: str
    timestamp: datetime

    @classmethod
    def of(cls, deed: RecentAction) -> Self:
        activity = deed.activity
        return cls(
            id=activity.id,
            user_id=deed.uid,
            user_email=deed.email or "",
            action=activity.type,
            category=activity.category,
            message=activity.message,
            timestamp=activity.timestamp,
        )


class RecentActivity(Schema):
    activities: list[RecentActionView]


def _terms(has: SubscriptionSummary) -> TermsView:
    return TermsView(
        id=has.plan_id,
        underscore_id=has.plan_id,
        name=has.name,
        price=has.price_cents / 100,
        billing_period=BillingPeriod(has.billing_period),
        voice_minutes=has.voice_minutes,
        tokens=has.tokens,
    )


def _shown(user: UserRecord) -> dict[str, Any]:
    """The fields of `AdminUserView`, all from the user's document: lists read no other."""
    has = user.subscription
    live = has if has and user.plan is not None else None
    view = UserView.of(user)
    return {
        "id": user.id,
        "underscore_id": user.id,
        "name": user.name,
        "username": view.username,
        "email": view.email,
        "profile_picture": user.profile_picture,
        "role": view.role,
        "status": status_of(user),
        "is_suspended": user.suspended,
        "is_guest": user.guest,
        "is_verified": user.email_verified,
        "plan": user.plan,
        "current_subscription": _terms(live) if live else None,
        "subscription_started_at": live.started_at if live else None,
        "start_date": has.started_at if has else None,
        "expiry_date": has.ends_at if has else None,
        "tokens": user.tokens,
        "total_minutes": in_minutes(user.voice_seconds.granted),
        "available_minutes": in_minutes(user.voice_seconds.available),
        "created_at": user.created_at,
        "updated_at": user.updated_at,
    }
