"""The webhook: finds the payer of an event, and applies it at least once.

An event is recorded as `done` only in the commit that applies it. If that fails, it is recorded as
`failed` if possible, and the response makes Stripe send it again, for three days. So no queue of
our own is needed. The last events of a payer are recognised without asking Stripe; an older one is
applied again, which changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from troupe.adapters.firestore import Create, Database, Document, Update, now
from troupe.adapters.stripe_records import StripeEvent
from troupe.logs import log
from troupe.payments.errors import PaymentsOff
from troupe.payments.records import (
    BILLING,
    CUSTOMERS,
    EVENTS,
    Billing,
    EventRecord,
    EventStatus,
    billing_path,
)
from troupe.payments.sync import BillingSync, event_write

if TYPE_CHECKING:
    from troupe.adapters.stripe import Stripe

KEPT = timedelta(days=90)
TYPES = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
        "customer.deleted",
        "customer.subscription.created",
        "customer.subscription.updated",
        "customer.subscription.deleted",
        "customer.subscription.paused",
        "customer.subscription.resumed",
        "customer.subscription.trial_will_end",
        "invoice.paid",
        "invoice.payment_failed",
        "charge.refunded",
        "charge.dispute.created",
        "charge.dispute.closed",
        "charge.dispute.funds_reinstated",
        "refund.failed",
    }
)


class Webhook:
    def __init__(
        self, db: Database, stripe: Callable[[], Stripe], sync: BillingSync, *, paid: bool
    ) -> None:
        self._db = db
        self._stripe = stripe
        self._sync = sync
        self._paid = paid

    def receive(self, body: bytes, signature: str | None) -> EventStatus:
        """Applies a signed event, or finds that it is none of ours. Raises BadSignature,
        PaymentsOff; anything else means that Stripe has to send it again."""
        if not self._paid:
            raise PaymentsOff
        stripe = self._stripe()
        event = stripe.event(body, signature)
        if event.livemode != stripe.live or event.type not in TYPES:
            return EventStatus.IGNORED
        try:
            return self._apply(event)
        except Exception as error:
            with suppress(Exception):  # best effort: the answer tells Stripe to try again
                self._failed(_record(event), type(error).__name__)
            raise

    def _apply(self, event: StripeEvent) -> EventStatus:
        record = _record(event)
        customer = event.customer_id or self._stripe().customer_of(
            payment_intent=event.payment_intent, charge=event.charge
        )
        payer = self._payer(customer) if customer else None
        if payer is None:  # another product on the same account
            return self._ignore(record)
        if event.id in Billing.of(payer).events:
            return EventStatus.DONE
        synced = self._sync.sync(
            payer.id,
            event=record,
            intents=[event.payment_intent] if event.payment_intent else [],
            one_offs=event.type.startswith("checkout.session."),
            ask_customer=event.type == "customer.deleted",
            seen=payer,
        )
        if synced is None:
            return self._ignore(record)
        log.info("stripe_event_applied", eventId=event.id, kind=event.type)
        return EventStatus.DONE

    def _payer(self, customer_id: str) -> Document | None:
        """The billing of a customer: the fence of the sync that follows."""
        where = [("stripeCustomerId", "==", customer_id)]
        found = self._db.find(BILLING, where=where, limit=1)
        if found:
            return found[0]
        link = self._db.get(f"{CUSTOMERS}/{customer_id}")
        if not link.exists:
            return None
        former = self._db.get(billing_path(link.data["ownerId"]))
        return former if former.exists else None

    def _ignore(self, record: EventRecord) -> EventStatus:
        self._db.commit(event_write(record, EventStatus.IGNORED))
        return EventStatus.IGNORED

    def _failed(self, record: EventRecord, error: str) -> None:
        """Records a failure, unless another delivery of the event has been applied."""
        document = self._db.get(f"{EVENTS}/{record.id}")
        fields: dict[str, Any] = {"status": EventStatus.FAILED, "error": error}
        if not document.exists:
            self._db.commit(Create(document.path, record.stored() | fields))
            return
        before = EventRecord.of(document)
        if before.status is EventStatus.FAILED:
            fields |= {"tries": before.tries + 1}
            self._db.commit(Update(document.path, fields, seen=document))


def _record(event: StripeEvent) -> EventRecord:
    at = now()
    return EventRecord(
        id=event.id,
        type=event.type,
        object_id=event.object_id,
        customer_id=event.customer_id,
        created=event.created_at,
        received_at=at,
        expires_at=at + KEPT,
    )
