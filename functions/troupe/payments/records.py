"""Billing as it is stored. Money is an integer in the smallest unit of its currency."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from troupe.plans.records import Plan, Terms
from troupe.plans.writes import plan_path
from troupe.records import Record
from troupe.wallet.records import Meter, Owner, OwnerKind

BILLING = "billing"
CUSTOMERS = "stripeCustomers"
ADDONS = "addons"
PAYMENTS = "payments"
EVENTS = "stripeEvents"
TRIALS = "trials"
REVENUE = "revenueDays"
PORTAL = "stripeSettings/portal"  # the document with the configuration of the portal

MOST_SEATS = 1000  # licenses that a company can pay for

Meters = dict[Meter, int]


def billing_path(owner_id: str) -> str:
    return f"{BILLING}/{owner_id}"


def periods_path(owner_id: str) -> str:
    return f"{BILLING}/{owner_id}/periods"


def payment_path(payment_id: str) -> str:
    return f"{PAYMENTS}/{payment_id}"


class BilledItem(Record):
    item_id: str
    price_id: str
    quantity: int
    start: datetime
    end: datetime


class OpenCheckout(Record):
    """The session that a payer may still complete. `what`: identifies what it sells."""

    session_id: str
    url: str
    what: str
    expires_at: datetime


class Billing(Record):
    """`billing/{ownerId}`: what Stripe said when it was last asked. Its version is the fence of
    every sync: a commit needs it unchanged since before Stripe was asked.

    The last four fields tell a sync which documents to read, so that it reads them in one call.
    """

    id: str
    owner_kind: OwnerKind = OwnerKind.USER
    stripe_customer_id: str | None = None
    former_customers: list[str] = Field(default_factory=list)  # deleted at Stripe, oldest first
    # Of test mode, before a live key was set.
    test_customers: list[str] = Field(default_factory=list)
    subscription_id: str | None = None
    stripe_status: str | None = None
    items: list[BilledItem] = Field(default_factory=list)
    cancel_at_period_end: bool = False
    trial_ends_at: datetime | None = None
    trial_used_at: datetime | None = None
    past_due_since: datetime | None = None
    grace_until: datetime | None = None
    open_checkout: OpenCheckout | None = None
    checkouts: int = 0  # how many sessions were opened; part of their idempotency keys
    owed: Meters = Field(default_factory=dict)  # taken from what comes next
    seats: int = 0  # licenses that a company pays for
    seats_applied: int = 0  # `seats` when its licenses were last made to agree
    seat_price_id: str | None = None
    addons: list[str] = Field(default_factory=list)  # features that a company pays for
    blocked: str | None = None  # `dispute` while one is open
    closed: bool = False  # its owner was deleted: nothing is sold, granted or taken back any more
    late: list[str] = Field(default_factory=list)  # payments that came after that, not paid back
    synced_at: datetime | None = None
    due_at: datetime | None = None  # when the sweep asks Stripe again
    livemode: bool = False
    created_at: datetime
    updated_at: datetime
    periods: list[int] | None = None  # the periods that count; None: not known, to be looked up
    unsettled: list[str] = Field(default_factory=list)  # payments that owe, or are disputed
    sells: dict[str, str] = Field(default_factory=dict)  # price: the path of its plan or add-on
    events: list[str] = Field(default_factory=list)  # the last that were applied

    @property
    def owner(self) -> Owner:
        return Owner(self.owner_kind, self.id)

    @property
    def customers(self) -> list[str]:
        """All customers that this payer has been at Stripe."""
        has = self.stripe_customer_id
        return [*self.former_customers, has] if has else list(self.former_customers)

    def is_test(self, live: bool) -> bool:
        """Whether all that the payer has at Stripe is of test mode, in which nobody pays, and the
        key is a live one."""
        return live and bool(self.customers) and not self.livemode

    @property
    def live(self) -> bool:
        """Whether a subscription runs at Stripe, as far as we know."""
        return self.stripe_status in RUNNING

    @property
    def seats_due(self) -> bool:
        """Whether there are, or should be, licenses that are paid for."""
        return not self.closed and bool(self.seats or self.seats_applied)


def new_billing(owner: Owner, at: datetime) -> Billing:
    """Of somebody who has paid nothing yet."""
    return Billing(id=owner.id, owner_kind=owner.kind, periods=[], created_at=at, updated_at=at)


# Stripe goes on charging for a subscription with one of these.
RUNNING = frozenset({"trialing", "active", "past_due", "unpaid", "paused"})
# It never does again. One that is `incomplete` may still begin.
ENDED = frozenset({"canceled", "incomplete_expired"})


class Group(Record):
    """The unit for which reversals are computed: a period of a subscription, or a top-up.

    `paid`: money; `covered`: paid by the balance that credits of earlier periods left; `reversed`:
    how much of both was refunded or disputed. `gave`: before credits; `credited`: how much of it
    was credited. `reversed_of`: what has been taken back so far, in `revision` steps. `expired`:
    unused minutes that expired with the period; `kept_back`: those of its own minutes that had been
    taken back when they would have expired.
    """

    paid: int = 0
    covered: int = 0
    reversed: int = 0
    gave: Meters = Field(default_factory=dict)
    credited: Meters = Field(default_factory=dict)
    expired: Meters = Field(default_factory=dict)
    kept_back: Meters = Field(default_factory=dict)
    reversed_of: Meters = Field(default_factory=dict)
    revision: int = 0

    @property
    def worth(self) -> int:
        return self.paid + self.covered


class Period(Group):
    """`billing/{ownerId}/periods/{n}`: n is the period of `subscriptions/{ownerId}`, which names
    the entries of the ledger."""

    id: str
    n: int
    subscription_id: str | None  # at Stripe; None for a period that was bought once
    plan: Terms
    quantity: int = 1
    start: datetime
    end: datetime
    trial: bool = False
    cash_reversed: int = 0  # of what was paid
    # How many of the minutes that have been taken back were taken from others, because its own were
    # used or had expired.
    taken_elsewhere: int = 0
    payments: list[str] = Field(default_factory=list)

    def after_expiry(self, seconds: int) -> Period:
        """The period after the rest of its minutes, so many seconds, has expired. What was taken
        back of its own minutes would have expired too, so it is not given back any more."""
        meter = Meter.VOICE_SECONDS
        own = self.reversed_of.get(meter, 0) - self.taken_elsewhere
        return self.model_copy(
            update={
                "expired": added(self.expired, {meter: seconds}),
                "kept_back": added({meter: own}, {}),
            }
        )


class PriceKind(StrEnum):
    PLAN = "plan"
    SEAT = "seat"
    ADDON = "addon"
    OVERAGE = "overage"


class Price(Record):
    """`prices/{price id at Stripe}`: what it sells."""

    id: str
    kind: PriceKind
    plan_id: str | None = None
    addon_id: str | None = None
    currency: str
    unit_amount: int
    interval: str  # `month`, `year` or `once`
    active: bool = True
    livemode: bool = False
    updated_at: datetime

    @property
    def sells(self) -> str | None:
        """The path of the plan or add-on."""
        if self.plan_id:
            return plan_path(self.plan_id)
        return f"{ADDONS}/{self.addon_id}" if self.addon_id else None


class AddonKind(StrEnum):
    TOPUP = "topup"
    FEATURE = "feature"


class AddonBilling(StrEnum):
    MONTHLY = "monthly"
    YEARLY = "yearly"
    ONE_TIME = "one_time"
    USAGE = "usage"


class AddonCategory(StrEnum):
    CUSTOMIZATION = "customization"
    FUNCTIONALITY = "functionality"
    ANALYTICS = "analytics"
    INTEGRATION = "integration"
    SUPPORT = "support"


class Addon(Record):
    """`addons/{id}`: tokens and minutes that are bought once (`topup`), or a feature of a
    company."""

    id: str
    name: str
    kind: AddonKind
    description: str = ""
    price_cents: int = 0
    currency: str
    billing: AddonBilling = AddonBilling.ONE_TIME
    tokens: int = 0
    voice_minutes: int = 0
    key: str | None = None  # of a feature: what operations check
    category: AddonCategory | None = None
    icon: str | None = None
    featured: bool = False
    sort_order: int = 0
    available: bool = True
    included_in_plans: list[str] = Field(default_factory=list)
    depends_on: list[str] = Field(default_factory=list)
    created_at: datetime
    updated_at: datetime

    @property
    def gives(self) -> Meters:
        return {Meter.TOKENS: self.tokens, Meter.VOICE_SECONDS: self.voice_minutes * 60}


class PaymentKind(StrEnum):
    SUBSCRIPTION = "subscription"
    TOPUP = "topup"
    MANUAL = "manual"


class PaymentStatus(StrEnum):
    OPEN = "open"  # a manual one: an invoice that nobody has paid yet
    OVERDUE = "overdue"
    VOID = "void"
    PAID = "paid"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    LOST = "lost"  # a dispute


class LineRule(StrEnum):
    """How a line gives what it gives."""

    WHOLE = "whole"  # a whole period
    TRIAL = "trial"  # the same for every quantity
    SHARE = "share"  # of a period, rounded down
    CREDIT = "credit"  # takes back a share, rounded up
    TOPUP = "topup"
    NOTHING = "nothing"  # it is free, sells no tokens, or its price is unknown


class PaymentLine(Record):
    """A line and what it gave. `seconds` of the `of_seconds` of a whole period, for a part of one.

    `rule`, `each`, `start`, `end` and `period` are for the audit, which computes again what was to
    be given: `each` is what one whole unit gave by the terms of that day, and `period` the number
    of the period that the line counts for. Lines of older payments do not have them.
    """

    line_id: str
    price_id: str | None
    plan_id: str | None = None
    addon_id: str | None = None
    description: str = ""
    quantity: int = 1
    amount: int = 0
    seconds: int | None = None
    of_seconds: int | None = None
    gave: Meters = Field(default_factory=dict)
    rule: LineRule | None = None
    each: Meters = Field(default_factory=dict)
    start: datetime | None = None
    end: datetime | None = None
    period: int | None = None


class RefundState(StrEnum):
    ASKED = "asked"  # Stripe may have made it, or may not
    DONE = "done"


class RefundRequest(Record):
    """A refund that an administrator asked for, recorded before Stripe is told. `parts`: what of it
    each payment intent pays back; `request_hash`: identifies the request."""

    id: str
    amount: int
    reason: str | None = None
    parts: dict[str, int]
    keyed: bool = False  # whether the request had an Idempotency-Key, which `id` is made from
    request_hash: str
    state: RefundState = RefundState.ASKED
    asked_at: datetime


class Payment(Group):
    """`payments/{invoice or payment intent}`; never deleted. Its own `gave`, `reversed_of` and
    `revision` count for what belongs to no period."""

    id: str
    owner_kind: OwnerKind = OwnerKind.USER
    owner_id: str | None  # None once the owner has left
    kind: PaymentKind
    number: str | None = None
    description: str = ""
    amount: int  # with taxes
    tax: int = 0
    discount: int = 0
    currency: str
    status: PaymentStatus = PaymentStatus.PAID
    refunded: int = 0
    disputed: int = 0
    dispute_status: str | None = None
    charge_ids: list[str] = Field(default_factory=list)
    payment_intents: list[str] = Field(default_factory=list)
    invoice_id: str | None = None
    session_id: str | None = None
    period: int | None = None
    lines: list[PaymentLine] = Field(default_factory=list)
    method: str = "card"
    reference: str = ""
    note: str = ""
    refunds: list[RefundRequest] = Field(default_factory=list)  # that administrators asked for
    request_hash: str | None = None  # of the request that made a manual one
    tokens: int = 0  # that a manual one gives when it is paid
    voice_minutes: int = 0
    issued_at: datetime
    due_at: datetime | None = None
    paid_at: datetime | None = None
    period_start: datetime | None = None
    period_end: datetime | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def owner(self) -> Owner | None:
        """None once the owner has left."""
        return Owner(self.owner_kind, self.owner_id) if self.owner_id else None

    @property
    def day(self) -> str:
        """The document of `revenueDays` that counts it."""
        return f"{self.paid_at or self.issued_at:%Y-%m-%d}-{self.currency}"


class EventStatus(StrEnum):
    DONE = "done"
    IGNORED = "ignored"
    FAILED = "failed"


class EventRecord(Record):
    """`stripeEvents/{id}`, without the payload. It is stored with what became of the event."""

    id: str
    type: str
    object_id: str | None
    customer_id: str | None
    created: datetime
    received_at: datetime
    status: EventStatus = EventStatus.FAILED
    tries: int = 1
    error: str | None = None
    expires_at: datetime


def whole_gift(terms: Terms, quantity: int = 1) -> Meters:
    """What a whole period of a plan gives."""
    return {
        Meter.TOKENS: terms.tokens * quantity,
        Meter.VOICE_SECONDS: terms.voice_minutes * 60 * quantity,
    }


def added(one: Meters, other: Meters) -> Meters:
    """The sum, without zeros."""
    sums = {meter: one.get(meter, 0) + other.get(meter, 0) for meter in Meter}
    return {meter: amount for meter, amount in sums.items() if amount}


def trial_gift(plan: Plan) -> Meters:
    """What a trial of a plan gives: a tenth, unless the plan says how much. The same for every
    quantity: nothing has been paid, so a larger order must not be given more."""
    tokens = plan.tokens // 10 if plan.trial_tokens is None else plan.trial_tokens
    minutes = plan.trial_voice_minutes
    seconds = plan.voice_minutes * 6 if minutes is None else minutes * 60
    return {Meter.TOKENS: tokens, Meter.VOICE_SECONDS: seconds}


def changed(before: Record | None, after: Record) -> dict[str, Any]:
    """The stored fields that differ."""
    now, old = after.stored(), before.stored() if before else {}
    missing = object()
    return {name: value for name, value in now.items() if old.get(name, missing) != value}
