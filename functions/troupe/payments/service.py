"""Payments as their payers and administrators see them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from troupe import access
from troupe.adapters.firestore import Database
from troupe.adapters.stripe_records import StripeRefused
from troupe.paging import PageOf, PageRequest, newest_first
from troupe.payments.errors import PaymentNotFound, PaymentsOff
from troupe.payments.payers import pays_for
from troupe.payments.records import PAYMENTS, Payment, PaymentKind, PaymentStatus, payment_path

if TYPE_CHECKING:
    from troupe.adapters.stripe import Stripe
    from troupe.caller import Caller


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    status: PaymentStatus | None = None
    kind: PaymentKind | None = None
    since: datetime | None = None
    until: datetime | None = None


class Payments:
    def __init__(self, db: Database, stripe: Callable[[], Stripe], *, paid: bool) -> None:
        self._db = db
        self._stripe = stripe
        self._paid = paid

    def page(
        self, owner_id: str, request: PageRequest, chosen: PaymentFilter
    ) -> tuple[list[Payment], PageOf]:
        """A payer's payments, newest first. Raises BadCursor, PageTooDeep."""
        where: list[tuple[str, str, Any]] = [("ownerId", "==", owner_id)]
        if chosen.status is not None:
            where.append(("status", "==", chosen.status))
        if chosen.kind is not None:
            where.append(("kind", "==", chosen.kind))
        if chosen.since is not None:
            where.append(("issuedAt", ">=", chosen.since))
        if chosen.until is not None:
            where.append(("issuedAt", "<", chosen.until))
        found = newest_first(self._db, PAYMENTS, request, field="issuedAt", where=where)
        return [Payment.of(document) for document in found.documents], found

    def get(self, caller: Caller, payment_id: str) -> Payment:
        """Raises PaymentNotFound, also for another payer's."""
        return self._own(caller, payment_id)

    def document_url(self, caller: Caller, payment_id: str, *, pdf: bool) -> str:
        """Where its invoice or receipt can be read now: asked each time, because the addresses
        expire. Raises PaymentNotFound, PaymentsOff, PaymentsUnavailable."""
        payment = self._own(caller, payment_id)
        if not self._paid:
            raise PaymentsOff
        try:
            return self._stripe().document_url(
                invoice_id=payment.invoice_id,
                charge_id=payment.charge_ids[0] if payment.charge_ids else None,
                pdf=pdf,
            )
        except StripeRefused:
            raise PaymentNotFound("There is no invoice of this payment.") from None

    def _own(self, caller: Caller, payment_id: str) -> Payment:
        document = self._db.get(payment_path(payment_id))
        payment = Payment.of(document) if document.exists else None
        mine = payment is not None and (owner := payment.owner) and pays_for(caller, owner)
        # Of a company, the managers own its payments.
        uid = caller.uid if mine else None
        access.owned(
            replace(document, data={**document.data, "uid": uid}), caller.uid, PaymentNotFound
        )
        return Payment.of(document)
