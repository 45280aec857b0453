"""From the SDK's objects to our records."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from troupe.adapters.stripe_records import (
    Bought,
    Item,
    Line,
    Session,
    StripeEvent,
    StripePrice,
)

if TYPE_CHECKING:
    import stripe

_EVENT_ID = re.compile(r"evt_[A-Za-z0-9_]{1,200}")  # becomes the name of a document
_MONTHS = {"month": 1, "year": 12}


def bought_of(found: stripe.Subscription) -> Bought:
    details = found.cancellation_details
    method = found.default_payment_method
    card = None if method is None or isinstance(method, str) else method.card
    return Bought(
        id=found.id,
        status=found.status,
        items=tuple(
            Item(
                id=item.id,
                price_id=item.price.id,
                quantity=item.quantity or 1,
                start=time_of(item.current_period_start),
                end=time_of(item.current_period_end),
            )
            for item in found["items"].data
        ),
        created_at=time_of(found.created),
        cancel_at_period_end=found.cancel_at_period_end,
        ends_at=time_of(found.cancel_at) if found.cancel_at else None,
        trial_start=time_of(found.trial_start) if found.trial_start else None,
        trial_end=time_of(found.trial_end) if found.trial_end else None,
        failed=details is not None and details.reason == "payment_failed",
        card=card.fingerprint if card else None,
    )


def line_of(line: stripe.InvoiceLineItem) -> Line:
    pricing = line.pricing.price_details if line.pricing else None
    parent = line.parent
    item = parent.subscription_item_details if parent else None
    extra = parent.invoice_item_details if parent else None
    return Line(
        id=line.id,
        price_id=id_of(pricing.price) if pricing else None,
        amount=line.amount,
        quantity=1 if line.quantity is None else line.quantity,
        start=time_of(line.period.start),
        end=time_of(line.period.end),
        proration=bool((item and item.proration) or (extra and extra.proration)),
        description=line.description or "",
    )


def session_of(found: stripe.checkout.Session) -> Session:
    return Session(
        id=found.id,
        url=found.url or "",
        expires_at=time_of(found.expires_at),
        customer_id=id_of(found.customer),
        status=found.status or "open",
        paid=found.payment_status in ("paid", "no_payment_required"),
        customer_gone=was_deleted(found.customer),
    )


def price_of(found: stripe.Price) -> StripePrice:
    recurring = found.recurring
    months = 0
    if recurring is not None:  # an interval that no plan has is none of ours
        months = _MONTHS.get(recurring.interval, -1) * recurring.interval_count
    return StripePrice(
        id=found.id,
        amount=found.unit_amount or 0,
        currency=found.currency,
        interval_months=months,
        active=found.active,
        livemode=found.livemode,
        product=id_of(found.product) or "",
        lookup_key=found.lookup_key,
    )


def event_of(found: Mapping[str, Any]) -> StripeEvent:
    """Raises LookupError, TypeError or ValueError for something else."""
    about = found["data"]["object"]
    if not isinstance(about, dict) or not _EVENT_ID.fullmatch(str(found["id"])):
        raise ValueError("not an event")
    is_customer = about.get("object") == "customer"
    return StripeEvent(
        id=str(found["id"]),
        type=text_of(found["type"]) or "",
        created_at=time_of(found["created"]),
        livemode=bool(found["livemode"]),
        object_id=text_of(about.get("id")),
        customer_id=text_of(about.get("id") if is_customer else about.get("customer")),
        payment_intent=text_of(about.get("payment_intent")),
        charge=text_of(about.get("id") if about.get("object") == "charge" else about.get("charge")),
    )


def text_of(value: Any) -> str | None:
    if isinstance(value, dict):  # an expanded object
        value = value.get("id")
    return value if isinstance(value, str) else None


def was_deleted(customer: Any) -> bool:
    """Of an expanded customer, of which only the id is left then."""
    return bool(getattr(customer, "deleted", False))


def id_of(value: Any) -> str | None:
    """The id of an object that may be expanded."""
    return value if value is None or isinstance(value, str) else str(value.id)


def time_of(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
