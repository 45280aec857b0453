"""What the billing code reads of Stripe, as frozen records: nothing else sees the SDK's objects.

Money is an integer in the smallest unit of its currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from troupe.errors import BadRequest, PaymentRequired, Unavailable


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a subscription. Since API version 2025-03-31 the period is the item's."""

    id: str
    price_id: str
    quantity: int
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Bought:
    """A subscription. `ends_at`: when it was told to end; `failed`: it ended because nobody paid;
    `card`: the fingerprint of its default card."""

    id: str
    status: str
    items: tuple[Item, ...]
    created_at: datetime
    cancel_at_period_end: bool = False
    ends_at: datetime | None = None
    trial_start: datetime | None = None
    trial_end: datetime | None = None
    failed: bool = False
    card: str | None = None

    @property
    def ends_with_period(self) -> bool:
        """However it was cancelled: what customers cancel in the portal has only `ends_at`."""
        ends = max((item.end for item in self.items), default=None)
        told = self.ends_at is not None and ends is not None and self.ends_at <= ends
        return self.cancel_at_period_end or told


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an invoice, or of a one-off purchase, which has no period of its own.

    `amount`: before discounts and taxes; negative for a credit. `start` and `end`: the time that
    the line is about.
    """

    id: str
    price_id: str | None
    amount: int
    quantity: int
    start: datetime
    end: datetime
    proration: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class Purchase:
    """A paid invoice, or a completed Checkout Session with a one-off payment.

    `paid`: the money that arrived, taxes included; `payment_intents`: empty if nothing was due.
    """

    id: str  # in_… or cs_…
    paid: int
    currency: str
    lines: tuple[Line, ...]
    created_at: datetime
    paid_at: datetime
    covered: int = 0  # by the customer's balance: what credits of earlier invoices left
    tax: int = 0
    discount: int = 0
    number: str | None = None
    subscription_id: str | None = None
    payment_intents: tuple[str, ...] = ()
    one_off: bool = False

    @property
    def payment_id(self) -> str:
        """The id of its document: the invoice's, or the payment intent's of a one-off purchase."""
        return self.payment_intents[0] if self.one_off and self.payment_intents else self.id


@dataclass(frozen=True, slots=True)
class Dispute:
    id: str
    amount: int
    status: str


@dataclass(frozen=True, slots=True)
class Refund:
    """`cause`: our id of the refund; None if somebody else has made it."""

    amount: int
    cause: str | None


@dataclass(frozen=True, slots=True)
class Charge:
    """A successful charge. `method`: such as `card`."""

    id: str
    payment_intent: str | None
    amount: int
    refunded: int = 0
    disputes: tuple[Dispute, ...] = ()
    method: str | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """All that Stripe has about one payer, as far back as it was asked. `one_offs`: whether
    purchases without an invoice are among it; `gone`: whether the customer was deleted there."""

    subscriptions: tuple[Bought, ...] = ()
    purchases: tuple[Purchase, ...] = ()
    charges: tuple[Charge, ...] = ()
    one_offs: bool = True
    gone: bool = False


@dataclass(frozen=True, slots=True)
class StripePrice:
    """`interval_months`: 0 for a one-off price."""

    id: str
    amount: int
    currency: str
    interval_months: int
    active: bool
    livemode: bool
    product: str
    lookup_key: str | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where events are sent. `api_version`: None for the account's own."""

    id: str
    url: str
    enabled: bool
    types: frozenset[str]
    api_version: str | None
    livemode: bool


@dataclass(frozen=True, slots=True)
class StripeEvent:
    """A verified event. Of its object only the ids are read: the rest may be old by the time it
    arrives, and has the shape of the endpoint's API version."""

    id: str
    type: str
    created_at: datetime
    livemode: bool
    object_id: str | None
    customer_id: str | None
    payment_intent: str | None
    charge: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    id: str
    url: str
    expires_at: datetime
    customer_id: str | None
    status: str
    paid: bool
    customer_gone: bool = False  # deleted at Stripe: nobody can pay any more


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change of a subscription would cost: `due_now` less `credit` is charged at once."""

    due_now: int
    credit: int
    next_amount: int
    currency: str
    lines: tuple[Line, ...]


class PaymentsUnavailable(Unavailable):
    """Stripe does not answer, or answers that it cannot."""

    code = "payments_unavailable"
    message = "The payment service is not responding. Please try again."


class PaymentDeclined(PaymentRequired):
    """The card, or whatever else pays, was refused."""

    code = "payment_declined"
    details_type = None
    message = "The payment was declined. Try another way to pay."


class StripeRefused(Exception):
    """Stripe refuses a request for its content. `code`: Stripe's, such as `resource_missing`."""

    def __init__(self, code: str, param: str | None, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.param = param


class CustomerGone(Exception):
    """Stripe does not know the customer: it was deleted, or the key is of another account."""


class BadSignature(BadRequest):
    """The body was not signed by Stripe with one of our secrets, or too long ago."""

    code = "bad_signature"
    details_type = None
    message = "The signature of this event is wrong or too old."
