"""Closes billing when its owner is deleted.

One write with the version of `billing/{owner}` closes it; nothing is sold, granted or taken back
after that. Then Stripe is told to stop charging; after a crash in between, the eraser does it
again. A payment that still arrives is recorded and logged (`payment_after_close`), for an operator
to refund (`payments resync --refund-closed`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from troupe.adapters.firestore import Database, Update, contend, now
from troupe.logs import log
from troupe.payments.records import (
    ENDED,
    PAYMENTS,
    Billing,
    billing_path,
    payment_path,
    periods_path,
)

if TYPE_CHECKING:
    from troupe.adapters.stripe import Stripe


class BillingClosing:
    def __init__(self, db: Database, stripe: Callable[[], Stripe], *, paid: bool) -> None:
        self._db = db
        self._stripe = stripe
        self._paid = paid

    def close(self, owner_id: str) -> bool:
        """Ends everything that could charge the owner; whether there was anything to close.
        Repeatable. Raises PaymentsUnavailable, and StripeRefused if the key is of another account
        or mode."""

        def attempt() -> Billing | None:
            document = self._db.get(billing_path(owner_id))
            if not document.exists:
                return None
            billing = Billing.of(document)
            if not billing.closed:
                fields = {"closed": True, "dueAt": None, "updatedAt": now()}
                self._db.commit(Update(document.path, fields, seen=document))
            return billing

        billing = contend(attempt)
        if billing is None or not billing.customers:
            return billing is not None
        if billing.is_test(self._paid and self._stripe().live):  # nobody is charged there
            return True
        if not self._paid:
            log.error("customer_left_behind", customer=billing.customers[-1])
            return True
        if billing.open_checkout is not None:
            self._stripe().expire_session(billing.open_checkout.session_id)
        # Asked, not remembered: a checkout may have been completed a moment ago.
        shown = set()
        for customer in billing.customers:
            for bought in self._stripe().subscriptions(customer):
                shown.add(bought.id)
                if bought.status not in ENDED:
                    self._stripe().cancel_now(bought.id)
        if billing.subscription_id and billing.subscription_id not in shown:
            # Refused if it is another account that was asked: the subscription still runs.
            self._stripe().customer_gone(billing.customers[-1])
        return True

    def forget(self, owner_id: str, limit: int) -> int:
        """Takes the owner's id from up to `limit` payments, which are kept as accounts need them,
        and deletes the periods; returns how many documents it changed."""
        where = [("ownerId", "==", owner_id)]
        found = self._db.find(PAYMENTS, where=where, limit=limit, select=[])
        if found:
            fields = {"ownerId": None, "updatedAt": now()}
            self._db.commit(*(Update(payment_path(each.id), fields) for each in found))
        periods = self._db.find(periods_path(owner_id), limit=limit, select=[])
        self._db.delete_all([each.path for each in periods])
        return len(found) + len(periods)
