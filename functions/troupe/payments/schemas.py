"""Requests and responses of payments. Amounts are integers in the smallest unit of the currency."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from troupe.payments.checkout import CANCEL_PATH, SUCCESS_PATH, Order
from troupe.payments.records import (
    Addon,
    AddonBilling,
    AddonCategory,
    AddonKind,
    Billing,
    Meters,
    Payment,
    PaymentKind,
    PaymentStatus,
    Price,
)
from troupe.payments.service import PaymentFilter
from troupe.payments.subscriptions import When
from troupe.plans.schemas import Moment, SubscriptionView, in_minutes
from troupe.wallet.records import Meter
from troupe.web.schema import Headers, Id, Line, Page, PlainText, Schema, example

if TYPE_CHECKING:
    from troupe.payments.revenue import Revenue
    from troupe.payments.subscriptions import Quoted

Currency = Annotated[str, StringConstraints(to_lower=True, max_length=3, pattern=r"^[A-Za-z]{3}$")]
# A path of the web app: one slash at its start, so that it leads nowhere else. Browsers read a
# backslash as a slash.
AppPath = Annotated[
    str, StringConstraints(max_length=500, pattern=r"^/(?:[!-.0-\[\]-~][!-\[\]-~]*)?$")
]
Quantity = Annotated[int, Field(ge=1, le=1000)]
SessionId = Annotated[str, StringConstraints(max_length=200, pattern=r"^cs_[A-Za-z0-9_]{1,190}$")]


class OwnerBody(Schema):
    model_config = example({})

    company_id: Id | None = Field(
        None, description="A company that you manage. Defaults to yourself."
    )


class CheckoutBody(OwnerBody):
    model_config = example({"planId": "pro"})

    plan_id: Id | None = Field(None, description="Either `planId` or `addonId` is required.")
    addon_id: Id | None = None
    quantity: Quantity = 1
    currency: Currency | None = Field(None, description="Defaults to the server's `CURRENCY`.")
    once: bool = Field(False, description="Buys one period of the plan, without renewal.")
    success_path: AppPath = Field(
        SUCCESS_PATH,
        description="The path of the web app that follows a payment. `{CHECKOUT_SESSION_ID}` is "
        "replaced by the session's id.",
    )
    cancel_path: AppPath = CANCEL_PATH

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if (self.plan_id is None) == (self.addon_id is None):
            raise PydanticCustomError("one_of", "must name either a plan or an add-on")
        return self

    def order(self) -> Order:
        return Order(**self.model_dump(exclude={"company_id"}))


class CheckoutData(Schema):
    session_id: str
    url: str = Field(description="Stripe's checkout page.")
    expires_at: datetime


class VerifyBody(Schema):
    model_config = example({"sessionId": "cs_test_a1b2c3"})

    session_id: SessionId


class MetersView(Schema):
    tokens: int
    voice_minutes: float

    @classmethod
    def of(cls, meters: Meters) -> Self:
        seconds = meters.get(Meter.VOICE_SECONDS, 0)
        return cls(tokens=meters.get(Meter.TOKENS, 0), voice_minutes=in_minutes(seconds))


class BillingView(Schema):
    """What Stripe last reported. `status` is Stripe's own; null without a subscription."""

    status: str | None
    cancel_at_period_end: bool
    period_end: datetime | None
    trial_ends_at: datetime | None
    past_due_since: datetime | None
    grace_until: datetime | None = Field(
        description="After a failed payment, the plan's features stay until then."
    )
    blocked: bool = Field(description="A payment is disputed: nothing can be spent or bought.")
    owed: MetersView = Field(
        description="Was refunded or disputed after it had been used. Deducted from the next "
        "grants."
    )
    synced_at: datetime | None

    @classmethod
    def of(cls, billing: Billing) -> Self:
        ends = [item.end for item in billing.items]
        return cls(
            status=billing.stripe_status,
            cancel_at_period_end=billing.cancel_at_period_end,
            period_end=min(ends) if ends and billing.live else None,
            trial_ends_at=billing.trial_ends_at,
            past_due_since=billing.past_due_since,
            grace_until=billing.grace_until,
            blocked=billing.blocked is not None,
            owed=MetersView.of(billing.owed),
            synced_at=billing.synced_at,
        )


class Verified(Schema):
    paid: bool
    status: str = Field(description="The session's status: open, complete or expired.")
    subscription: SubscriptionView


class StatusData(Schema):
    subscription: SubscriptionView
    billing: BillingView | None = Field(description="Null if nothing was ever bought.")


class CancelBody(OwnerBody):
    model_config = example({"when": "periodEnd"})

    when: When = Field(When.PERIOD_END, description="`now` is for trials only.")
    reason: Line | None = Field(None, max_length=200)


class ChangedSubscription(Schema):
    subscription: SubscriptionView


class PortalBody(OwnerBody):
    model_config = example({"flow": "home"})

    flow: Literal["home", "plan", "seats", "cancel", "card"] = "home"
    plan_id: Id | None = Field(None, description="The plan to change to, for the flow `plan`.")
    quantity: Quantity | None = None
    return_path: AppPath = "/"

    @model_validator(mode="after")
    def _names_the_plan(self) -> Self:
        if self.flow == "plan" and self.plan_id is None:
            raise PydanticCustomError("plan_missing", "the flow `plan` needs `planId`")
        if self.flow == "seats" and self.quantity is None:
            raise PydanticCustomError("quantity_missing", "the flow `seats` needs `quantity`")
        return self


class PortalData(Schema):
    url: str


class QuoteBody(OwnerBody):
    model_config = example({"planId": "pro"})

    plan_id: Id
    quantity: Quantity = 1


class QuoteData(Schema):
    due_now: int
    credit: int = Field(description="For the unused time of what has been paid.")
    next_amount: int
    currency: str
    proration_date: int = Field(description="Unix seconds.")
    gives: MetersView

    @classmethod
    def of(cls, quoted: Quoted) -> Self:
        preview = quoted.preview
        return cls(
            due_now=preview.due_now,
            credit=preview.credit,
            next_amount=preview.next_amount,
            currency=preview.currency,
            proration_date=quoted.at,
            gives=MetersView.of(quoted.gives),
        )


class Signature(Headers):
    stripe_signature: str | None = Field(None, max_length=4096)


class Received(Schema):
    received: bool
    status: str


class ConfigData(Schema):
    payments: bool
    currency: str
    trial_days: int = Field(description="The longest trial of any plan on offer.")
    tax: bool


class PaymentsQuery(Page):
    company_id: Id | None = None
    owner_id: Id | None = Field(None, description="For administrators.")
    status: PaymentStatus | None = None
    kind: PaymentKind | None = None
    since: Moment | None = Field(None, alias="from")
    until: Moment | None = Field(None, alias="to")

    def filter(self) -> PaymentFilter:
        return PaymentFilter(self.status, self.kind, self.since, self.until)


class PaymentPath(Schema):
    payment_id: Id


class InvoiceQuery(Schema):
    format: Literal["pdf", "page"] = "pdf"


class PaymentLineView(Schema):
    plan_id: str | None
    addon_id: str | None
    description: str
    quantity: int
    amount: int
    gave: MetersView


class PaymentView(Schema):
    """Amounts are integers in the smallest unit of the currency: cents, or yen."""

    id: str
    number: str = Field(description="Empty if there is no invoice.")
    description: str
    type: PaymentKind
    owner_kind: str
    owner_id: str | None
    amount: int = Field(description="With taxes.")
    tax: int
    discount: int
    currency: str
    status: PaymentStatus
    refunded: int
    method: str
    reference: str
    issued_at: datetime
    due_at: datetime | None
    paid_at: datetime | None
    period_start: datetime | None
    period_end: datetime | None
    lines: list[PaymentLineView]
    gave: MetersView
    has_invoice: bool

    @classmethod
    def of(cls, payment: Payment) -> Self:
        fields = {
            name: getattr(payment, name)
            for name in cls.model_fields
            if name not in ("number", "type", "lines", "gave", "has_invoice")
        }
        totals = {meter: sum(line.gave.get(meter, 0) for line in payment.lines) for meter in Meter}
        return cls(
            **fields,
            number=payment.number or "",
            type=payment.kind,
            lines=[
                PaymentLineView(
                    plan_id=line.plan_id,
                    addon_id=line.addon_id,
                    description=line.description,
                    quantity=line.quantity,
                    amount=line.amount,
                    gave=MetersView.of(line.gave),
                )
                for line in payment.lines
            ],
            gave=MetersView.of(payment.gave if payment.kind is PaymentKind.MANUAL else totals),
            has_invoice=payment.invoice_id is not None,
        )


class PaymentList(Schema):
    payments: list[PaymentView]


class PaymentData(Schema):
    payment: PaymentView


class CreatePayment(Schema):
    model_config = example(
        {"ownerId": "ID_OF_A_USER", "amount": 49000, "reference": "2026-117", "tokens": 1000}
    )

    owner_id: Id = Field(description="A user or a company.")
    amount: Annotated[int, Field(ge=0, le=1_000_000_000, description="With taxes.")]
    currency: Currency | None = None
    description: Line | None = None
    due_at: Moment | None = None
    method: Literal["invoice", "card", "bank_transfer"] = "invoice"
    reference: Line | None = None
    tokens: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    voice_minutes: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    discount: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    tax: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0


class UpdatePayment(Schema):
    """Omitted and null fields stay unchanged."""

    model_config = example({"reference": "2026-117"})

    reference: Line | None = None
    note: Line | None = None


class MarkPaid(Schema):
    model_config = example({"reference": "2026-117"})

    paid_at: Moment | None = Field(None, description="Defaults to now.")
    reference: Line | None = None


class RefundBody(Schema):
    model_config = example({"amount": 500, "reason": "requested_by_customer"})

    amount: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = Field(
        None, description="Defaults to all that is left."
    )
    reason: Line | None = Field(None, max_length=200)


class PlanPricesPath(Schema):
    plan_id: Id


_PriceId = Annotated[str, StringConstraints(max_length=200, pattern=r"^price_[A-Za-z0-9_]{1,190}$")]
_FeatureKey = Annotated[str, StringConstraints(max_length=64, pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class PlanPricesBody(Schema):
    model_config = example({"priceIds": ["price_1Abc"]})

    price_ids: Annotated[
        list[
            Annotated[
                str, StringConstraints(max_length=200, pattern=r"^price_[A-Za-z0-9_]{1,190}$")
            ]
        ],
        Field(max_length=50),
    ]


class PriceView(Schema):
    id: str
    plan_id: str | None
    addon_id: str | None
    currency: str
    unit_amount: int
    interval: str
    active: bool

    @classmethod
    def of(cls, price: Price) -> Self:
        return cls(**price.model_dump(include=set(cls.model_fields)))


class PriceList(Schema):
    prices: list[PriceView]


class RevenueQuery(Schema):
    since: Moment | None = Field(None, alias="from", description="Defaults to 30 days ago.")
    until: Moment | None = Field(None, alias="to", description="Defaults to today.")
    currency: Currency | None = None


class RevenueDayView(Schema):
    date: str
    gross: int
    tax: int
    refunded: int
    disputed: int
    payments: int
    new_subscriptions: int
    cancelled: int


class RevenueTotals(Schema):
    gross: int
    tax: int
    refunded: int
    disputed: int
    net: int
    payments: int
    new_subscriptions: int
    cancelled: int


class PlanRevenue(Schema):
    plan_id: str
    amount: int
    subscribers: int


class RevenueData(Schema):
    series: list[RevenueDayView]
    totals: RevenueTotals
    by_plan: list[PlanRevenue]
    mrr: int

    @classmethod
    def of(cls, revenue: Revenue) -> Self:
        plans = sorted({*revenue.by_plan, *revenue.subscribers})
        return cls(
            series=[
                RevenueDayView.model_validate({"date": day.date, **day.sums})
                for day in revenue.days
            ],
            totals=RevenueTotals.model_validate(revenue.totals),
            by_plan=[
                PlanRevenue(
                    plan_id=plan,
                    amount=revenue.by_plan.get(plan, 0),
                    subscribers=revenue.subscribers.get(plan, 0),
                )
                for plan in plans
            ],
            mrr=revenue.mrr,
        )


class AddonPath(Schema):
    addon_id: Id


class AddonsQuery(Schema):
    category: AddonCategory | None = None
    available: bool | None = None
    featured: bool | None = None


_Names = Annotated[list[Id], Field(max_length=50)]
_Cents = Annotated[int, Field(ge=0, le=100_000_000)]


class AddonBody(Schema):
    model_config = example(
        {"name": "Token pack", "kind": "topup", "priceCents": 900, "tokens": 500}
    )

    name: Annotated[Line, Field(max_length=100)]
    kind: AddonKind
    description: Annotated[PlainText, Field(max_length=2000)] | None = None
    price_cents: _Cents | None = None
    currency: Currency | None = None
    billing: AddonBilling | None = None
    tokens: Annotated[int, Field(ge=0, le=1_000_000_000)] | None = None
    voice_minutes: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    key: (
        Annotated[str, StringConstraints(max_length=64, pattern=r"^[a-z][a-z0-9_]{0,63}$")] | None
    ) = Field(None, description="Of a feature: what operations check, such as `recording`.")
    category: AddonCategory | None = None
    icon: Annotated[Line, Field(max_length=100)] | None = None
    featured: bool | None = None
    sort_order: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] | None = None
    available: bool | None = None
    included_in_plans: _Names | None = None
    depends_on: _Names | None = None

    def fields(self) -> dict[str, Any]:
        """The fields of `Addon` that were sent."""
        return self.model_dump(exclude_none=True)


class UpdateAddon(AddonBody):
    """Omitted and null fields stay unchanged."""

    model_config = example({"priceCents": 700})

    name: Annotated[Line, Field(max_length=100)] | None = None  # type: ignore[assignment]
    kind: AddonKind | None = None  # type: ignore[assignment]


class AddonView(Schema):
    id: str
    name: str
    kind: AddonKind
    description: str
    price_cents: int
    currency: str
    billing: AddonBilling
    tokens: int
    voice_minutes: int
    key: str = Field(description="Of a feature; else empty.")
    category: AddonCategory | None
    icon: str
    featured: bool
    sort_order: int
    available: bool
    included_in_plans: list[str]
    depends_on: list[str]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, addon: Addon) -> Self:
        shown = addon.model_dump()
        return cls(**shown | {name: shown[name] or "" for name in ("key", "icon")})


class AddonList(Schema):
    addons: list[AddonView]


class AddonData(Schema):
    addon: AddonView
