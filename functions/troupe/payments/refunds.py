"""Refunds by administrators. Stripe pays back; the sync takes back what was given.

A refund is recorded in the payment before Stripe is told, with an id that Stripe stores as well.
Whoever repeats it looks first at what Stripe has refunded for this id. So it is made once, whatever
crashes in between, and also after a day, when Stripe has forgotten the idempotency key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from troupe.adapters.firestore import Database, Document, Stale, Update, Write, contend, now
from troupe.adapters.stripe_records import Charge, StripeRefused
from troupe.audit.records import Actor
from troupe.audit.service import entry_writes
from troupe.idempotency import KeyReused, keyed_id, request_hash
from troupe.logs import log
from troupe.payments.errors import (
    NothingToRefund,
    PaymentNotFound,
    PaymentsOff,
    RefundRefused,
    RefundTooLarge,
)
from troupe.payments.records import (
    Billing,
    Payment,
    RefundRequest,
    RefundState,
    billing_path,
    payment_path,
)
from troupe.payments.reversals import reversal
from troupe.payments.sync import BillingSync

if TYPE_CHECKING:
    from troupe.adapters.stripe import Stripe

# Nobody works on a request for longer than this: what Stripe has not refunded by then is not.
_WORKED_ON = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Refunded:
    """What has become of a request. `refused`: how much of it Stripe did not pay back; `applied`:
    whether the payment shows it yet."""

    payment: Payment
    refused: int
    applied: bool


class Refunds:
    def __init__(
        self, db: Database, stripe: Callable[[], Stripe], sync: BillingSync, *, paid: bool
    ) -> None:
        self._db = db
        self._stripe = stripe
        self._sync = sync
        self._paid = paid

    def refund(
        self,
        actor: Actor,
        payment_id: str,
        amount: int | None,
        reason: str | None,
        key: str | None,
    ) -> Refunded:
        """Refunds an amount, or all that is left. A repeat with the same key refunds once; without
        a key, so does a repeat of one that was interrupted.

        Raises PaymentsOff, PaymentNotFound, NothingToRefund, RefundTooLarge, RefundRefused,
        KeyReused, PaymentsUnavailable, and Stale while another refund of the payment is being made.
        """
        if not self._paid:
            raise PaymentsOff
        body = {"paymentId": payment_id, "amount": amount, "reason": reason}
        fingerprint = request_hash("refundPayment", body)
        refund_id = keyed_id(actor.uid, key)

        def attempt() -> tuple[Payment, RefundRequest, bool]:
            document = self._read(payment_id)
            payment = Payment.of(document)
            if not payment.payment_intents:
                raise NothingToRefund
            known = _find(payment.refunds, refund_id, fingerprint, keyed=key is not None)
            if known is not None:
                return payment, known, True
            others = self._settled(payment)
            if others is None:
                raise Stale
            charges = {each: self._stripe().charges_of(each) for each in payment.payment_intents}
            left = {intent: _left_of(theirs) for intent, theirs in charges.items()}
            total = min(payment.paid, sum(left.values()))
            if total <= 0:
                raise NothingToRefund
            wanted = total if amount is None else amount
            if wanted > total:
                raise RefundTooLarge
            asked = RefundRequest(
                id=refund_id,
                amount=wanted,
                reason=reason,
                parts=_parts(left, wanted),
                keyed=key is not None,
                request_hash=fingerprint,
                asked_at=now(),
            )
            refunded = sum(each.refunded for theirs in charges.values() for each in theirs)
            self._keep(document, [*others, asked], actor, asked, refunded)
            return payment, asked, False

        payment, asked, repeated = contend(attempt)
        if asked.state is RefundState.ASKED:
            payment, asked = self._make(payment_id, asked, actor, repeated=repeated)
        found = self._applied(payment)
        refused = sum(asked.parts.values()) - asked.amount
        return Refunded(found or payment, refused, applied=found is not None)

    def refund_late(self, actor: Actor, owner_id: str) -> list[Refunded]:
        """Refunds what arrived after the owner's billing was closed, as the last sync found it.
        Repeatable. Raises what `refund` does, once it has tried all of them."""
        found: list[Refunded] = []
        intents: list[str] = []
        refused: RefundRefused | None = None
        for payment_id in Billing.of(self._db.get(billing_path(owner_id))).late:
            try:
                found.append(self.refund(actor, payment_id, None, None, f"late-{payment_id}"))
            except NothingToRefund:  # it was refunded at Stripe
                pass
            except RefundRefused as error:
                refused = error
            intents += Payment.of(self._read(payment_id)).payment_intents
        if intents:
            self._sync.sync(owner_id, intents=intents)
        if refused is not None:
            raise refused
        return found

    def _settled(self, payment: Payment) -> list[RefundRequest] | None:
        """The earlier requests, without those that Stripe never got; None while one is being
        worked on."""
        kept = []
        for each in payment.refunds:
            if each.state is RefundState.DONE:
                kept.append(each)
            elif each.asked_at > now() - _WORKED_ON:
                return None
            elif made := sum(self._made(each).values()):
                kept.append(each.model_copy(update={"state": RefundState.DONE, "amount": made}))
        return kept

    def _made(self, asked: RefundRequest) -> dict[str, int]:
        """What Stripe has refunded for a request."""
        return {
            intent: sum(
                each.amount for each in self._stripe().refunds_of(intent) if each.cause == asked.id
            )
            for intent in asked.parts
        }

    def _keep(
        self,
        document: Document,
        refunds: Sequence[RefundRequest],
        actor: Actor,
        asked: RefundRequest,
        refunded: int,
    ) -> None:
        """Recorded first: what cannot be recorded is not done."""
        before = {"refunded": refunded}
        after = {"refunded": refunded + asked.amount, "reason": asked.reason}
        fields = {"refunds": [each.model_dump(by_alias=True) for each in refunds]}
        self._db.commit(
            Update(document.path, fields, seen=document),
            *entry_writes(actor, "refundPayment", document.path, before, after),
        )

    def _make(
        self, payment_id: str, asked: RefundRequest, actor: Actor, *, repeated: bool
    ) -> tuple[Payment, RefundRequest]:
        """Makes what Stripe has not refunded yet. Two at once send the same idempotency keys.
        Raises NothingToRefund, RefundTooLarge and RefundRefused if Stripe has refused all of it."""
        made = self._made(asked) if repeated else {}
        refused: StripeRefused | None = None
        for intent, part in asked.parts.items():
            if made.get(intent):
                continue
            try:
                self._stripe().refund(intent, part, asked.reason, asked.id)
            except StripeRefused as error:
                log.warning("refund_refused", payment=payment_id, code=error.code)
                refused = error
            else:
                made[intent] = part
        finished = self._finish(payment_id, asked, sum(made.values()), actor, refused)
        if refused is None or any(made.values()):
            return finished
        if refused.code in ("charge_already_refunded", "charge_disputed"):
            raise NothingToRefund from None
        if refused.param == "amount":
            raise RefundTooLarge from None
        raise RefundRefused.of(refused.code) from None

    def _finish(
        self,
        payment_id: str,
        asked: RefundRequest,
        made: int,
        actor: Actor,
        refused: StripeRefused | None,
    ) -> tuple[Payment, RefundRequest]:
        """Notes that a request is done, or drops it if Stripe has refused it. The audit log, which
        says what was asked for, gets an entry of what was made instead."""
        done = asked.model_copy(update={"state": RefundState.DONE, "amount": made})

        def attempt() -> tuple[Payment, RefundRequest]:
            document = self._read(payment_id)
            payment = Payment.of(document)
            kept = []
            for each in payment.refunds:
                if each.id != asked.id:
                    kept.append(each)
                elif made:
                    kept.append(done)
            fields = {"refunds": [each.model_dump(by_alias=True) for each in kept]}
            writes: list[Write] = [Update(document.path, fields, seen=document)]
            if refused is not None and made != asked.amount:
                before = {"amount": asked.amount, "stripeCode": None}
                after = {"amount": made, "stripeCode": refused.code}
                writes += entry_writes(actor, "refundPayment", document.path, before, after)
            self._db.commit(*writes)
            return payment.model_copy(update={"refunds": kept}), done

        return contend(attempt)

    def _applied(self, payment: Payment) -> Payment | None:
        """The payment after a sync; None if that fails. The money has been paid back then, so an
        error would invite a second refund: the webhook or the sweep applies it."""
        if payment.owner_id is None:  # has left: there are no books any more
            return payment
        try:
            self._sync.sync(payment.owner_id, intents=payment.payment_intents)
            return Payment.of(self._read(payment.id))
        except Exception as error:
            log.error("refund_not_applied", error, payment=payment.id, owner=payment.owner_id)
            with suppress(Exception):
                self._db.commit(Update(billing_path(payment.owner_id), {"dueAt": now()}))
            return None

    def _read(self, payment_id: str) -> Document:
        document = self._db.get(payment_path(payment_id))
        if not document.exists:
            raise PaymentNotFound
        return document


def _find(
    refunds: Sequence[RefundRequest], refund_id: str, fingerprint: str, *, keyed: bool
) -> RefundRequest | None:
    """The request that this one repeats. Raises KeyReused."""
    for each in refunds:
        if keyed and each.id == refund_id:
            if each.request_hash != fingerprint:
                raise KeyReused
            return each
        # Without a key: one that was interrupted is repeated, one that is done is not.
        interrupted = not each.keyed and each.state is RefundState.ASKED
        if not keyed and interrupted and each.request_hash == fingerprint:
            return each
    return None


def _left_of(charges: Sequence[Charge]) -> int:
    """What of a payment intent was neither refunded nor disputed."""
    amount = sum(each.amount for each in charges)
    return amount - reversal(amount, charges).reversed


def _parts(left: Mapping[str, int], wanted: int) -> dict[str, int]:
    """How much of an amount each payment intent pays back."""
    parts: dict[str, int] = {}
    for intent, most in left.items():
        part = min(most, wanted - sum(parts.values()))
        if part > 0:
            parts[intent] = part
    return parts
