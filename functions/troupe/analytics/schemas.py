"""What the operations on dashboards take and answer."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints

from troupe.accounts.schemas import Timezone
from troupe.analytics.groups import Grouping
from troupe.analytics.periods import Granularity, Period
from troupe.analytics.service import METRICS, Asked, Group
from troupe.analytics.views import Dashboard, MemberFigures, StepFigures, View
from troupe.caller import CompanyRole
from troupe.calls.records import Call, CallStatus
from troupe.companies.license_schemas import LicenseView
from troupe.companies.records import LicenseType, Member, MemberStatus
from troupe.companies.schemas import ShownType
from troupe.reviews.records import Review, ReviewedKind
from troupe.web.schema import Id, Schema

Figures = dict[str, int | float | None]


def _names(text: str) -> str:
    return ",".join(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


NameList = Annotated[str, StringConstraints(max_length=1000), AfterValidator(_names)]


class PeriodQuery(Schema):
    since: datetime | None = Field(
        None,
        alias="from",
        description="The first day: a date in the time zone, or a time. Defaults to 29 days before "
        "the last day.",
    )
    until: datetime | None = Field(
        None, alias="to", description="The last day. Defaults to today. At most 400 days."
    )
    timezone: Timezone | None = Field(None, description="Defaults to the company's, or UTC.")

    def asked(self) -> Asked:
        return Asked(self.since, self.until, self.timezone)


class DashboardPath(Schema):
    view: View
    company_id: Id


class DashboardQuery(PeriodQuery):
    granularity: Granularity = Field(
        "day", description="Weeks begin on Monday. The first and the last step may be cut."
    )


class SeriesStep(Schema):
    date: date
    values: Figures

    @classmethod
    def of(cls, step: StepFigures) -> Self:
        return cls(date=step.day, values=step.values)


class MemberRow(Schema):
    user_id: str
    name: str = Field(description="Empty once somebody has left.")
    license_type: ShownType
    values: Figures

    @classmethod
    def of(cls, found: MemberFigures) -> Self:
        member = found.member
        return cls(
            user_id=found.uid,
            name=member.name if member else "",
            license_type=(member and member.license_type) or "",
            values=found.values,
        )


class LatestMember(Schema):
    user_id: str
    name: str
    role: CompanyRole
    status: MemberStatus
    license_type: LicenseType | None
    joined_at: datetime

    @classmethod
    def of(cls, member: Member) -> Self:
        given = member.model_dump(include=set(cls.model_fields))
        return cls.model_validate(given | {"user_id": member.id})


class LatestCall(Schema):
    id: str
    number: int
    title: str
    status: CallStatus
    host_id: str
    host_name: str
    guest_name: str
    seconds: int = Field(description="Of all participants together.")
    solved: bool | None
    rating: int | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, call: Call) -> Self:
        given = call.model_dump(include=set(cls.model_fields))
        more = {
            "host_id": call.host_uid,
            "solved": call.solved,
            "rating": call.review.rating if call.review else None,
        }
        return cls.model_validate(given | more)


class LatestReview(Schema):
    id: str
    subject_kind: ReviewedKind
    subject_id: str
    host_id: str | None
    name: str = Field(description="Of the author.")
    rating: int
    title: str
    text: str
    solved: bool | None
    answered: bool = Field(description="Whether the company has responded.")
    created_at: datetime

    @classmethod
    def of(cls, review: Review) -> Self:
        given = review.model_dump(include=set(cls.model_fields))
        more = {"host_id": review.host_uid, "answered": review.response is not None}
        return cls.model_validate(given | more)


class MoneyView(Schema):
    """In the currency's smallest unit. A refund counts on the day of its payment."""

    currency: str
    payments: int
    gross: int
    tax: int
    refunded: int
    disputed: int
    net: int


class PeriodView(Schema):
    """Both days are included."""

    first: date = Field(alias="from")
    last: date = Field(alias="to")

    @classmethod
    def of(cls, period: Period) -> Self:
        return cls(first=period.first, last=period.last)


class DashboardData(Schema):
    """Which figures `totals`, `now`, `parts` and the steps of `series` have depends on the view.
    A figure is null if there is nothing that it could be computed from."""

    view: View
    period: PeriodView
    timezone: str
    granularity: Granularity
    currency: str = Field(description="Of `saved`, and of the view `revenue`.")
    totals: Figures = Field(description="Of the period.")
    previous: Figures = Field(description="Of as many days just before.")
    growth: Figures = Field(description="From `previous` to `totals`, in percent.")
    series: list[SeriesStep] = Field(description="Oldest first, one for each step.")
    now: Figures = Field(description="What is there at present, whatever the period.")
    parts: dict[str, dict[str, int]] = Field(
        description="What something consists of, such as `byStatus` or `durations` (minutes)."
    )
    money: list[MoneyView] = Field(description="Of `overview` and `revenue`, by currency.")
    members: list[MemberRow] = Field(
        description="Of `calls`, `users` and `satisfaction`: at most 100 members, those with most "
        "calls or ratings first."
    )
    latest_members: list[LatestMember] = Field(description="Of `overview` and `users`.")
    calls: list[LatestCall] = Field(
        description="Of `overview`: the latest; of `realtime`: those that go on."
    )
    reviews: list[LatestReview] = Field(description="Of `satisfaction`: the latest.")
    expiring: list[LicenseView] = Field(
        description="Of `licenses`: active ones that expire within 30 days, the soonest first."
    )

    @classmethod
    def of(cls, made: Dashboard) -> Self:
        return cls(
            view=made.view,
            period=PeriodView.of(made.period),
            timezone=made.period.zone.key,
            granularity=made.granularity,
            currency=made.currency,
            totals=made.totals,
            previous=made.previous,
            growth=made.growth,
            series=[SeriesStep.of(each) for each in made.series],
            now=made.now,
            parts=made.parts,
            money=[MoneyView(currency=name, **each) for name, each in made.money.items()],
            members=[MemberRow.of(each) for each in made.members],
            latest_members=[LatestMember.of(each) for each in made.latest_members],
            calls=[LatestCall.of(each) for each in made.calls],
            reviews=[LatestReview.of(each) for each in made.reviews],
            expiring=[LicenseView.of(each) for each in made.licenses],
        )


class AnalyticsQuery(PeriodQuery):
    company_id: Id | None = None
    metrics: NameList = Field(
        "calls,solved,minutes",
        description=f"Separated by commas: {', '.join(f'`{name}`' for name in METRICS)}.",
    )
    group_by: Grouping = Field(
        "day",
        description="`hour`: of the day, 0 to 23; `weekday`: 1 is Monday; `member`: whose calls "
        "they were.",
    )

    @property
    def names(self) -> list[str]:
        return self.metrics.split(",") if self.metrics else []


class GroupView(Schema):
    key: str = Field(description="The first day, the hour, the weekday, or the id of the member.")
    values: Figures


class AnalyticsData(Schema):
    period: PeriodView
    timezone: str
    series: list[GroupView]

    @classmethod
    def of(cls, period: Period, found: list[Group]) -> Self:
        return cls(
            period=PeriodView.of(period),
            timezone=period.zone.key,
            series=[GroupView(key=each.key, values=each.values) for each in found],
        )
