"""Payments that no card makes: an invoice and a bank transfer, kept by administrators. What was
paid for is granted once, when the payment is marked as paid."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from troupe.adapters.firestore import (
    AlreadyExists,
    Create,
    Database,
    Document,
    Missing,
    Stale,
    Update,
    Write,
    contend,
    now,
)
from troupe.audit.records import Actor
from troupe.audit.service import entry_writes
from troupe.idempotency import KeyReused, keyed_id, request_hash
from troupe.payments.books import Books
from troupe.payments.errors import (
    NotManual,
    PaymentClosed,
    PaymentNotFound,
    RefundInstead,
)
from troupe.payments.records import (
    PAYMENTS,
    Payment,
    PaymentKind,
    PaymentStatus,
    billing_path,
    new_billing,
    payment_path,
)
from troupe.payments.states import PAYMENT_STATES
from troupe.payments.sync import BillingSync
from troupe.wallet.errors import OwnerNotFound
from troupe.wallet.records import Meter, Owner

_UNPAID = (PaymentStatus.OPEN, PaymentStatus.OVERDUE)


class ManualPayments:
    def __init__(self, db: Database, sync: BillingSync, *, currency: str) -> None:
        self._db = db
        self._sync = sync
        self._currency = currency

    def add(
        self, actor: Actor, owner_id: str, fields: Mapping[str, Any], key: str | None
    ) -> Payment:
        """An invoice that nobody has paid yet. Raises OwnerNotFound, KeyReused."""
        body = {"ownerId": owner_id, **{name: str(each) for name, each in fields.items()}}
        fingerprint = request_hash("createPayment", body)
        at = now()
        payment_id = f"man_{keyed_id(actor.uid, key)}"
        # Before the owner is read, who may have been deleted since.
        if key is not None and (earlier := self._earlier(payment_id, fingerprint)):
            return earlier
        owner = self._owner(owner_id)
        payment = Payment.model_validate(
            {
                "currency": self._currency,
                "number": f"M-{at:%Y%m%d}-{secrets.token_hex(3)}",
                "method": "invoice",
                **{name: each for name, each in fields.items() if each is not None},
                "id": payment_id,
                "owner_kind": owner.kind,
                "owner_id": owner.id,
                "kind": PaymentKind.MANUAL,
                "status": PaymentStatus.OPEN,
                "request_hash": fingerprint,
                "issued_at": at,
                "created_at": at,
                "updated_at": at,
            }
        )
        path = payment_path(payment_id)
        try:
            self._db.commit(
                Create(path, payment.stored()),
                *entry_writes(actor, "createPayment", path, {}, payment.stored()),
            )
        except AlreadyExists:
            return self._earlier(payment_id, fingerprint) or payment
        return payment

    def annotate(self, actor: Actor, payment_id: str, fields: Mapping[str, Any]) -> Payment:
        """Changes what does not count: the reference and the note. Raises PaymentNotFound."""

        def attempt() -> Payment:
            document = self._db.get(payment_path(payment_id))
            before = _payment(document)
            after = before.model_copy(update={**fields, "updated_at": now()})
            stored = {**{_camel(name): each for name, each in fields.items()}, "updatedAt": now()}
            self._db.commit(
                Update(document.path, stored, seen=document),
                *entry_writes(
                    actor, "updatePayment", document.path, before.stored(), after.stored()
                ),
            )
            return after

        return contend(attempt)

    def mark_paid(
        self,
        actor: Actor,
        payment_id: str,
        *,
        paid_at: datetime | None = None,
        reference: str | None = None,
    ) -> Payment:
        """Grants what was paid for, once. Raises PaymentNotFound, NotManual, PaymentClosed."""

        def change(books: Books, payment: Payment) -> Payment:
            if payment.status not in _UNPAID:
                if payment.status is PaymentStatus.PAID:
                    return payment
                raise PaymentClosed
            gives = {
                Meter.TOKENS: payment.tokens,
                Meter.VOICE_SECONDS: payment.voice_minutes * 60,
            }
            paid = payment.model_copy(
                update={
                    "status": PaymentStatus.PAID,
                    "paid": payment.amount,
                    "paid_at": paid_at or books.at,
                    "reference": reference or payment.reference,
                    "gave": {meter: amount for meter, amount in gives.items() if amount},
                }
            )
            books.grant(paid)
            books.count(paid, gross=paid.amount, tax=paid.tax, payments=1)
            return paid

        return self._change(actor, "markPaid", payment_id, change)

    def reverse(self, actor: Actor, payment_id: str) -> Payment:
        """Voids an open payment; takes back what a paid one gave. Nothing is deleted. Raises
        PaymentNotFound, RefundInstead, PaymentClosed."""

        def change(books: Books, payment: Payment) -> Payment:
            if payment.status in _UNPAID:
                return payment.model_copy(update={"status": PaymentStatus.VOID})
            if payment.status is not PaymentStatus.PAID:
                return payment
            books.count(payment, refunded=payment.amount)
            return payment.model_copy(
                update={
                    "status": PaymentStatus.REFUNDED,
                    "refunded": payment.amount,
                    "reversed": payment.amount,
                    # All of it, also of a payment of nothing, which has no share to reckon by.
                    "credited": payment.gave,
                }
            )

        return self._change(actor, "deletePayment", payment_id, change, other=RefundInstead)

    def mark_overdue(self, limit: int) -> int:
        """Called by the sweep: open payments whose time to pay has passed."""
        where = [("status", "==", PaymentStatus.OPEN)]
        marked = 0
        for document in self._db.due(PAYMENTS, limit, where=where):
            fields = {"status": PaymentStatus.OVERDUE, "updatedAt": now()}
            with suppress(Stale):  # somebody has just paid
                self._db.commit(Update(document.path, fields, seen=document))
                marked += 1
        return marked

    def _change(
        self,
        actor: Actor,
        operation: str,
        payment_id: str,
        change: Callable[[Books, Payment], Payment],
        other: type[Exception] = NotManual,
    ) -> Payment:
        """Changes a manual payment and the wallet in one commit, under the payer's fence."""

        def attempt() -> Payment:
            path = payment_path(payment_id)
            document = self._db.get(path)
            before = _payment(document)
            if before.kind is not PaymentKind.MANUAL:
                raise other
            if before.owner_id is None:
                raise OwnerNotFound
            billing = self._billing(Owner(before.owner_kind, before.owner_id))
            books = self._sync.read(billing, now(), [path])
            if not books.has_wallet:
                raise OwnerNotFound
            known = books.payment(payment_id)
            if known is None:
                raise PaymentNotFound
            after = change(books, known)
            if after == known:
                return after
            if after.status not in PAYMENT_STATES[known.status]:
                raise PaymentClosed
            books.put(after)
            books.settle()
            writes: list[Write] = books.writes()
            writes += entry_writes(actor, operation, path, known.stored(), after.stored())
            try:
                self._db.commit(*writes)
            except (AlreadyExists, Missing):
                raise Stale from None
            found = books.payment(payment_id)
            return found or after

        return contend(attempt)

    def _billing(self, owner: Owner) -> Document:
        path = billing_path(owner.id)
        document = self._db.get(path)
        if not document.exists:
            at = now()
            made = new_billing(owner, at)
            with suppress(AlreadyExists):
                self._db.commit(Create(path, made.stored()))
            document = self._db.get(path)
        return document

    def _earlier(self, payment_id: str, fingerprint: str) -> Payment | None:
        """Raises KeyReused."""
        document = self._db.get(payment_path(payment_id))
        if not document.exists:
            return None
        payment = Payment.of(document)
        if payment.request_hash != fingerprint:
            raise KeyReused
        return payment

    def _owner(self, owner_id: str) -> Owner:
        """Raises OwnerNotFound."""
        for owner in (Owner.user(owner_id), Owner.company(owner_id)):
            document = self._db.get(owner.path)
            if document.exists and not document.data.get("deletedAt"):
                return owner
        raise OwnerNotFound


def _payment(document: Document) -> Payment:
    if not document.exists:
        raise PaymentNotFound
    return Payment.of(document)


def _camel(name: str) -> str:
    return Payment.model_fields[name].alias or name
