"""Closes the billing of a deleted user, and exports that of any user."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from troupe.adapters.firestore import Database, Document
from troupe.exported import Exported
from troupe.payments.closing import BillingClosing
from troupe.payments.records import PAYMENTS, billing_path

# Ids at Stripe, and our own bookkeeping, are of no use to anybody else.
_PRIVATE = {
    "stripeCustomerId",
    "formerCustomers",
    "testCustomers",
    "openCheckout",
    "checkouts",
    "dueAt",
    "closed",
    "late",
    "periods",
    "unsettled",
    "sells",
    "events",
}
_OF_ADMINISTRATORS = {"refunds", "requestHash"}  # in payments


def erase(uid: str, limit: int, *, billing_closing: BillingClosing) -> int:
    """Ends everything that could charge the user, then anonymises the payments. The billing itself
    stays, without anything personal, so that a payment that comes later finds it closed."""
    billing_closing.close(uid)
    return billing_closing.forget(uid, limit)


def export(uid: str, *, database: Database) -> Iterator[Exported]:
    """With the payments."""
    billing = database.get(billing_path(uid))
    if billing.exists:
        yield _without(billing, _PRIVATE)
    for payment in database.walk(PAYMENTS, where=[("ownerId", "==", uid)]):
        yield _without(payment, _OF_ADMINISTRATORS)


def _without(document: Document, names: Collection[str]) -> Document:
    shown = {name: value for name, value in document.data.items() if name not in names}
    return replace(document, data=shown)
