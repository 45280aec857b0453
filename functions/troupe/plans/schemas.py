"""Requests and responses of plans and subscriptions; minutes and prices are numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from troupe.plans.records import (
    BillingPeriod,
    Plan,
    PlanStatus,
    Source,
    SubscriptionStatus,
    Terms,
)
from troupe.plans.subscribers import SubscriptionFilter
from troupe.plans.subscriptions import Setting
from troupe.wallet.records import OwnerKind
from troupe.web.schema import Email, Id, Line, Page, PlainText, Schema, example

if TYPE_CHECKING:
    from troupe.plans.subscriptions import SubscriptionStatement


def _in_utc(moment: datetime) -> datetime:
    if not 2000 <= moment.year <= 2200:
        raise PydanticCustomError("date_out_of_range", "must be between the years 2000 and 2200")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


# A time, or a date (its midnight); UTC unless an offset is given.
Moment = Annotated[datetime, AfterValidator(_in_utc)]
PlanName = Annotated[Line, Field(max_length=100)]
Price = Annotated[
    Decimal,
    Field(
        ge=0,
        le=1_000_000,
        max_digits=9,
        decimal_places=2,
        description="Up to two decimal places.",
        examples=[9.99],
    ),
    # Strings are read too, but not documented.
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1_000_000}),
]
Billing = Annotated[BillingPeriod, BeforeValidator(_lower)]
Minutes = Annotated[int, Field(ge=0, le=1_000_000, description="Voice minutes per period.")]
Tokens = Annotated[int, Field(ge=0, le=1_000_000_000)]
TrialDays = Annotated[int, Field(ge=0, le=365, description="Before the first payment.")]
Features = Annotated[list[Annotated[Line, Field(max_length=200)]], Field(max_length=50)]
Description = Annotated[PlainText, Field(max_length=2000)]


_UNSHOWN = {"name_key", "price_cents", "trial_tokens", "trial_voice_minutes"}


class CreatePlan(Schema):
    model_config = example(
        {
            "name": "Studio",
            "price": 19.9,
            "billingPeriod": "monthly",
            "tokens": 200,
            "voiceMinutes": 60,
            "features": ["Video"],
        }
    )

    name: PlanName
    price: Price
    billing_period: Billing
    voice_minutes: Minutes = 0
    tokens: Tokens = 0
    features: Features = Field(default_factory=list)
    description: Description | None = None
    is_popular: bool = False
    status: PlanStatus = PlanStatus.ACTIVE
    trial_days: TrialDays = 0
    trial_tokens: Tokens | None = Field(None, description="Defaults to a tenth of `tokens`.")
    trial_voice_minutes: Minutes | None = Field(
        None, description="Defaults to a tenth of `voiceMinutes`."
    )
    per_seat: bool = Field(
        False, description="A company buys it once for each license that it wants."
    )

    def fields(self) -> dict[str, Any]:
        """The fields of `Plan` that were sent."""
        return _plan_fields(self)


class UpdatePlan(Schema):
    """Omitted and null fields stay unchanged."""

    model_config = example({"price": 24.9, "isPopular": True})

    name: PlanName | None = None
    price: Price | None = None
    billing_period: Billing | None = None
    voice_minutes: Minutes | None = None
    tokens: Tokens | None = None
    features: Features | None = None
    description: Description | None = None
    is_popular: bool | None = None
    status: PlanStatus | None = None
    trial_days: TrialDays | None = None
    trial_tokens: Tokens | None = None
    trial_voice_minutes: Minutes | None = None
    per_seat: bool | None = None

    def fields(self) -> dict[str, Any]:
        """The fields of `Plan` that were sent."""
        return _plan_fields(self)


class PlanView(Schema):
    id: str
    underscore_id: str = Field(alias="_id", description="The same as `id`.")
    name: str
    status: PlanStatus
    price: float
    billing_period: BillingPeriod
    voice_minutes: int
    tokens: int
    features: list[str]
    description: str
    is_popular: bool
    trial_days: int
    per_seat: bool = Field(description="One for each license of a company.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, plan: Plan) -> Self:
        shown = plan.model_dump(exclude=_UNSHOWN)
        return cls(**shown, underscore_id=plan.id, price=plan.price_cents / 100)


class PlanList(Schema):
    plans: list[PlanView]


class TermsView(Schema):
    """A plan as it was when the period started."""

    id: str
    underscore_id: str = Field(alias="_id", description="The same as `id`.")
    name: str
    price: float
    billing_period: BillingPeriod
    voice_minutes: int
    tokens: int

    @classmethod
    def of(cls, terms: Terms) -> Self:
        shown = terms.model_dump(include=set(Terms.model_fields) - {"price_cents"})
        return cls(**shown, underscore_id=terms.id, price=terms.price_cents / 100)


class SubscriptionView(Schema):
    """The plan and the minutes of a user or a company; `status` is null before the first plan."""

    id: str = Field(description="The owner's id: each user and each company has one subscription.")
    owner_kind: OwnerKind
    status: SubscriptionStatus | None
    source: Source | None = Field(
        description="Who started it. One from `stripe` is changed in the customer portal."
    )
    current_plan: TermsView | None
    next_plan: TermsView | None = Field(description="The plan that starts at `periodEnd`.")
    started_at: datetime | None
    period_start: datetime | None
    period_end: datetime | None
    expiry_date: datetime | None = Field(
        description="The end of the subscription if it is fixed, else of the period."
    )
    total_minutes: float = Field(description="Granted minus expired.")
    available_minutes: float = Field(description="Available to spend now.")
    tokens: int = Field(description="Granted minus used.")
    voice_id: str | None = Field(None, description="Always null: voices belong to characters.")
    model_id: str | None = Field(None, description="Always null.")

    @classmethod
    def of(cls, statement: SubscriptionStatement, at: datetime) -> Self:
        has, wallet = statement.subscription, statement.wallet
        return cls(
            id=wallet.id,
            owner_kind=wallet.kind,
            status=has.shown_status(at) if has else None,
            source=has.source if has else None,
            current_plan=TermsView.of(has.plan) if has else None,
            next_plan=TermsView.of(has.next_plan) if has and has.next_plan else None,
            started_at=has.started_at if has else None,
            period_start=has.period_start if has else None,
            period_end=has.period_end if has else None,
            expiry_date=has.ends_at if has else None,
            total_minutes=in_minutes(wallet.voice_seconds.granted),
            available_minutes=in_minutes(wallet.voice_seconds.available),
            tokens=wallet.tokens.granted - wallet.tokens.used,
        )


class SubscriptionData(Schema):
    subscription: SubscriptionView


class UserSubscription(Schema):
    subscription: SubscriptionView
    tokens_remaining: int = Field(description="Available to spend now.")
    expiry_date: datetime | None

    @classmethod
    def of(cls, statement: SubscriptionStatement, at: datetime) -> Self:
        view = SubscriptionView.of(statement, at)
        return cls(
            subscription=view,
            tokens_remaining=statement.wallet.tokens.available,
            expiry_date=view.expiry_date,
        )


class CreatedSubscription(Schema):
    subscription_id: str
    subscription: SubscriptionView


class SubscribeBody(Schema):
    model_config = example({"planId": "pro"})

    plan_id: Id


class AddMinutesBody(Schema):
    model_config = example({"minutes": 60})

    minutes: int = Field(ge=1, le=10_000)


class AddedMinutes(Schema):
    added_minutes: int
    total_minutes: float
    available_minutes: float


class CreateSubscriptionBody(Schema):
    model_config = example({"email": "ada@example.com", "planType": "pro"})

    email: Email
    plan_type: PlanName = Field(description="The id or the name of a plan.")
    tokens: Tokens | None = Field(None, description="Tokens per period, instead of the plan's.")
    start_date: Moment | None = Field(None, description="Defaults to now.")
    expiry_date: Moment | None = Field(
        None, description="Without it, the subscription renews indefinitely."
    )


class SubscriptionPath(Schema):
    subscription_id: Id


class SubscriptionsQuery(Page):
    company_id: Id | None = Field(None, description="A company that you manage.")
    status: SubscriptionStatus | None = None
    plan_id: Id | None = None
    source: Source | None = None
    owner_kind: OwnerKind | None = None

    def filter(self) -> SubscriptionFilter:
        return SubscriptionFilter(self.status, self.plan_id, self.source, self.owner_kind)


class SubscriptionList(Schema):
    subscriptions: list[SubscriptionView]


class AddSubscriptionBody(Schema):
    model_config = example({"ownerId": "ID_OF_A_USER_OR_COMPANY", "planId": "pro"})

    owner_id: Id = Field(description="The id of a user or a company.")
    plan_id: Id
    tokens: Tokens | None = Field(None, description="Tokens per period, instead of the plan's.")
    start_date: Moment | None = Field(None, description="Defaults to now.")
    expiry_date: Moment | None = Field(
        None, description="Without it, the subscription renews indefinitely."
    )


class UpdateSubscriptionBody(Schema):
    """Omitted and null fields stay unchanged."""

    model_config = example({"expiryDate": "2199-01-01"})

    plan_id: Id | None = Field(None, description="Another plan begins at once.")
    status: Literal["active", "expired", "cancelled"] | None = Field(
        None,
        description="`active` starts a new period of a plan that has ended; the others end it.",
    )
    start_date: Moment | None = Field(None, description="From which periods are counted.")
    expiry_date: Moment | Literal[""] | None = Field(
        None, description="An empty string removes it: the subscription then renews indefinitely."
    )

    def setting(self) -> Setting:
        return Setting(
            plan_id=self.plan_id,
            status=SubscriptionStatus(self.status) if self.status else None,
            started_at=self.start_date,
            expires_at=self.expiry_date or None,
            never_expires=self.expiry_date == "",
        )


class OfUserPath(Schema):
    user_id: Id


def in_minutes(seconds: int) -> float:
    return round(seconds / 60, 2)


def _plan_fields(body: CreatePlan | UpdatePlan) -> dict[str, Any]:
    given = body.model_dump(exclude_none=True)
    if "price" in given:
        given["price_cents"] = int(given.pop("price") * 100)
    return given
