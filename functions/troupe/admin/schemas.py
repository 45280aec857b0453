"""Requests and responses of the admin function for users, jobs, statistics and activities."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from troupe.accounts.directory import UserFilter, UserStatus, status_of
from troupe.accounts.schemas import AccountView, RoleView
from troupe.activities.service import Category
from troupe.adapters.firestore import now
from troupe.admin.changes import UserChange
from troupe.admin.jobs import JobFilter
from troupe.caller import Role
from troupe.jobs.records import CurrentStep, JobKind, JobStatus
from troupe.jobs.schemas import ChargeView, ErrorView, JobView
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

if TYPE_CHECKING:
    from troupe.accounts.records import SubscriptionSummary, UserRecord
    from troupe.accounts.service import SignedIn
    from troupe.admin.jobs import OwnedJob
    from troupe.admin.stats import PlanCount, RecentAction, UserStats
    from troupe.admin.users import UserDetails
    from troupe.audit.records import AuditEntry
    from troupe.jobs.specs import JobSpecs

All = Literal["all"]
_MOST_DAYS = 92  # of a chart
_DEFAULT_DAYS = 30


def _settable(status: UserStatus) -> UserStatus:
    if status is UserStatus.PAST_DUE:
        raise PydanticCustomError("status_of_stripe", "can only be set by a failed payment")
    return status


DocumentPath = Annotated[
    str, StringConstraints(max_length=300, pattern=r"^[A-Za-z]{1,40}/[A-Za-z0-9_-]{1,128}$")
]


class AdminSignedIn(Schema):
    admin: AccountView
    access_token: str
    refresh_token: str
    expires_in: int = Field(description="Lifetime of the access token in seconds.")

    @classmethod
    def of(cls, signed_in: SignedIn) -> Self:
        return cls(
            admin=AccountView.of(signed_in.user),
            access_token=signed_in.pair.access_token,
            refresh_token=signed_in.pair.refresh_token,
            expires_in=signed_in.pair.expires_in,
        )


class ValidAdmin(Schema):
    valid: bool
    admin: AccountView


class _Filter(Schema):
    status: UserStatus | All = Field("all", description="`suspended`, or the plan's status.")
    plan: Id = Field("all", description="The id of the current or last plan, or `all`.")

    @property
    def user_filter(self) -> UserFilter:
        return UserFilter(
            status=None if self.status == "all" else UserStatus(self.status),
            plan_id=None if self.plan == "all" else self.plan,
        )


class UsersQuery(Page, _Filter):
    limit: Limit = limit_of(10, "Users per page.")


class SearchQuery(Sized, _Filter):
    search: Annotated[Line, Field(description="Start of an email address or name.")]
    limit: Limit = limit_of(50, "Maximum results; `totalCount` counts all matches.")


class UserPath(Schema):
    user_id: Id


class UpdateUserBody(Schema):
    """Omitted and null fields stay unchanged."""

    model_config = example({"plan": "pro", "tokens": 200})

    email: Email | None = None
    plan: PlanName | None = Field(None, description="The id or name of a plan.")
    tokens: Tokens | None = Field(None, description="The new balance: granted minus used.")
    voice_minutes: Minutes | None = Field(None, description="The new balance: granted minus used.")
    start_date: Moment | None = None
    expiry_date: Moment | None = Field(None, description="A date in the past ends the plan now.")
    status: Annotated[UserStatus, AfterValidator(_settable)] | None = Field(
        None,
        description="`suspended` ends all access; `active` lifts the suspension, or else restarts "
        "an ended plan; the others end the plan.",
    )
    role: Role | None = None

    def change(self) -> UserChange:
        given = self.model_dump(exclude={"start_date", "expiry_date"})
        return UserChange(**given, started_at=self.start_date, expires_at=self.expiry_date)


class AdminUserView(Schema):
    """A user with plan and balances."""

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
    plan: str | None = Field(description="The id of the current plan.")
    current_subscription: TermsView | None
    subscription_started_at: datetime | None
    start_date: datetime | None = Field(description="Start of the current or last plan.")
    expiry_date: datetime | None = Field(description="End of the plan, or of its current period.")
    tokens: int = Field(description="Granted minus used.")
    total_minutes: float = Field(description="Granted minus expired.")
    available_minutes: float = Field(description="Minutes available to spend now.")
    voice_id: str | None = Field(None, description="Always null: voices belong to characters.")
    model_id: str | None = Field(None, description="Always null.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, user: UserRecord) -> Self:
        return cls(**_user_fields(user))


class AdminUserDetails(AdminUserView):
    sessions: int = Field(description="Number of stored sessions.")
    held_tokens: int = Field(description="Tokens held by running jobs.")
    held_minutes: float = Field(description="Minutes held by running jobs.")
    subscription: SubscriptionView | None

    @classmethod
    def of_details(cls, details: UserDetails) -> Self:
        statement = details.statement
        wallet = statement.wallet if statement else Wallet(id=details.user.id)
        return cls(
            **_user_fields(details.user),
            sessions=len(details.user.sessions),
            held_tokens=wallet.tokens.held,
            held_minutes=in_minutes(wallet.voice_seconds.held),
            subscription=SubscriptionView.of(statement, now()) if statement else None,
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
    def of(cls, count: PlanCount) -> Self:
        return cls(plan_id=count.plan.id, name=count.plan.name, users=count.users)


class TotalsView(Schema):
    users: int = Field(description="All users, including guests.")
    guests: int
    admins: int
    suspended: int
    subscribers: int = Field(description="Users with a current plan.")


class AdminStatsData(Schema):
    """Users by current plan. Each of the four tiers counts the plans whose id or name is that
    tier."""

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


class DaysQuery(Schema):
    """From a day to a day (UTC), both included."""

    since: Moment | None = Field(
        None, alias="from", description="The first day (UTC). Defaults to 29 days before `to`."
    )
    until: Moment | None = Field(
        None, alias="to", description="The last day (UTC). Defaults to today. At most 92 days."
    )

    @property
    def most_days(self) -> int:
        return _MOST_DAYS

    @model_validator(mode="after")
    def _in_range(self) -> Self:
        since, until = self.days
        if not 1 <= (until - since).days + 1 <= self.most_days:
            raise PydanticCustomError(
                "range",
                "`to` must not be before `from`, and the range must not exceed {most} days",
                {"most": self.most_days},
            )
        return self

    @property
    def days(self) -> tuple[date, date]:
        until = (self.until or now()).date()
        since = self.since.date() if self.since else until - timedelta(days=_DEFAULT_DAYS - 1)
        return since, until


class SeriesQuery(DaysQuery):
    metric: Annotated[str, StringConstraints(max_length=40)] = Field(
        description="`users`, `companies`, `characters`, `scripts`, `generations`, "
        "`transcriptions`, `dubbings`, `rooms`, `calls` or `jobs`."
    )


class StatsPointView(Schema):
    date: str = Field(description="`2026-11-27`.")
    count: int


class StatsSeriesView(Schema):
    metric: str
    points: list[StatsPointView] = Field(description="One for each day, oldest first.")
    total: int

    @classmethod
    def of(cls, metric: str, points: Sequence[tuple[date, int]]) -> Self:
        return cls(
            metric=metric,
            points=[StatsPointView(date=day.isoformat(), count=count) for day, count in points],
            total=sum(count for _, count in points),
        )


class StatsSeriesData(Schema):
    series: StatsSeriesView


class RecentQuery(Sized):
    limit: Limit = limit_of(20, "How many activities to return.")


class RecentActionView(Schema):
    id: str
    user_id: str
    user_email: str
    action: str = Field(description="The type of the activity.")
    category: Category
    message: str
    timestamp: datetime

    @classmethod
    def of(cls, recent: RecentAction) -> Self:
        activity = recent.activity
        return cls(
            id=activity.id,
            user_id=recent.uid,
            user_email=recent.email or "",
            action=activity.type,
            category=activity.category,
            message=activity.message,
            timestamp=activity.timestamp,
        )


class RecentActivity(Schema):
    activities: list[RecentActionView]


class AuditQuery(Page):
    target: DocumentPath | None = Field(
        None, description="Only entries about this document.", examples=["users/ada"]
    )
    actor: Id | None = Field(None, description="Only entries of this administrator, by user id.")


class AuditEntryView(Schema):
    id: str
    actor_id: str = Field(description="The administrator's user id, or `operator`.")
    actor_email: str
    operation: str = Field(description="The operation id, or the operator's command.")
    target: str = Field(
        description="The path of the document that was changed or read, or the collection of a "
        "list."
    )
    about: list[str] = Field(description="The target, or the documents that a list showed.")
    before: dict[str, Any] = Field(description="The fields that a change replaced.")
    after: dict[str, Any] = Field(description="The same fields after the change.")
    at: datetime
    request_id: str | None

    @classmethod
    def of(cls, entry: AuditEntry) -> Self:
        return cls(
            actor_id=entry.uid,
            actor_email=entry.email or "",
            **entry.model_dump(exclude={"uid", "email"}),
        )


class AuditEntries(Schema):
    entries: list[AuditEntryView]


def _terms(subscription: SubscriptionSummary) -> TermsView:
    return TermsView(
        id=subscription.plan_id,
        underscore_id=subscription.plan_id,
        name=subscription.name,
        price=subscription.price_cents / 100,
        billing_period=BillingPeriod(subscription.billing_period),
        voice_minutes=subscription.voice_minutes,
        tokens=subscription.tokens,
    )


class JobsQuery(Page):
    status: JobStatus | None = None
    kind: Annotated[JobKind, Field(max_length=40)] | None = None
    user_id: Id | None = None

    @property
    def job_filter(self) -> JobFilter:
        return JobFilter(self.status, self.kind, self.user_id)


class JobPath(Schema):
    job_id: Id


class AdminJobView(Schema):
    """A job with its owner. `progress`: 0 to 100; `subject`: the document it works on;
    `waiting`: it starts when another job of the user has ended."""

    job_id: str
    kind: JobKind
    status: JobStatus
    waiting: bool
    subject: str
    user_id: str
    user_email: str
    progress: int
    current_step: CurrentStep
    attempt: int
    charge: ChargeView | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    updated_at: datetime
    error: ErrorView | None

    @classmethod
    def of(cls, owned: OwnedJob, specs: JobSpecs) -> Self:
        job = owned.job
        spec = specs.get(job.kind)
        view = JobView.of(job, spec) if spec else None  # None: this kind no longer exists
        return cls(
            job_id=job.id,
            kind=job.kind,
            status=job.status,
            waiting=job.waiting,
            subject=job.subject,
            user_id=job.uid,
            user_email=owned.email or "",
            progress=view.overall_progress if view else 0,
            current_step=view.current_step if view else "",
            attempt=job.attempt,
            charge=ChargeView.of(job.charge),
            created_at=job.created_at,
            started_at=job.started_at,
            completed_at=job.completed_at,
            updated_at=job.updated_at,
            error=ErrorView.of(job.error),
        )


class AdminJobList(Schema):
    jobs: list[AdminJobView]


class AdminJobData(Schema):
    job: AdminJobView


def _user_fields(user: UserRecord) -> dict[str, Any]:
    """The fields of `AdminUserView`, all from the user's document, so that lists read no other."""
    last = user.subscription
    current = last if user.plan is not None else None
    view = AccountView.of(user)
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
        "current_subscription": _terms(current) if current else None,
        "subscription_started_at": current.started_at if current else None,
        "start_date": last.started_at if last else None,
        "expiry_date": last.ends_at if last else None,
        "tokens": user.tokens,
        "total_minutes": in_minutes(user.voice_seconds.granted),
        "available_minutes": in_minutes(user.voice_seconds.available),
        "created_at": user.created_at,
        "updated_at": user.updated_at,
    }
