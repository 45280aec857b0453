"""Payers at Stripe: one customer each, made once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from troupe.adapters.firestore import AlreadyExists, Create, Database, Stale, Update, contend, now
from troupe.adapters.stripe_records import CustomerGone
from troupe.payments.errors import BillingClosed
from troupe.payments.records import CUSTOMERS, Billing, billing_path, new_billing
from troupe.wallet.errors import OwnerNotFound
from troupe.wallet.records import Owner, OwnerKind

if TYPE_CHECKING:
    from troupe.adapters.stripe import Stripe


class Customers:
    def __init__(self, db: Database, stripe: Callable[[], Stripe]) -> None:
        self._db = db
        self._stripe = stripe

    def find(self, owner_id: str) -> Billing | None:
        document = self._db.get(billing_path(owner_id))
        return Billing.of(document) if document.exists else None

    def owner_of(self, customer_id: str) -> Owner | None:
        """Whose customer it is: by our own table, never by what Stripe was told."""
        document = self._db.get(f"{CUSTOMERS}/{customer_id}")
        if not document.exists:
            return None
        return Owner(OwnerKind(document.data["ownerKind"]), document.data["ownerId"])

    def opened(self, owner: Owner) -> Billing:
        """The owner's billing, made if there is none. Raises BillingClosed, OwnerNotFound."""
        billing, theirs = self._db.get_all([billing_path(owner.id), owner.path])
        if not theirs.exists or theirs.data.get("deletedAt"):
            raise OwnerNotFound
        if not billing.exists:
            at = now()
            made = new_billing(owner, at)
            with suppress(AlreadyExists):
                self._db.commit(Create(billing.path, made.stored()))
            billing = self._db.get(billing.path)
        found = Billing.of(billing)
        if found.closed:
            raise BillingClosed
        return found

    def customer(self, owner: Owner) -> str:
        """The owner's customer, made if there is none. Two requests at once get the same one from
        Stripe, by its idempotency key, and the two documents that lead to each other are one
        commit. Raises BillingClosed, OwnerNotFound, PaymentsUnavailable, CustomerGone."""
        billing = self.opened(owner)
        if billing.stripe_customer_id:
            return billing.stripe_customer_id
        theirs = self._db.get(owner.path)
        name = str(theirs.data.get("name") or owner.id)
        email = theirs.data.get("email")
        number = len(billing.former_customers)
        made = self._stripe().create_customer(owner.kind, owner.id, email, name, number=number)

        def attempt() -> str:
            document = self._db.get(billing_path(owner.id))
            before = Billing.of(document)
            if before.stripe_customer_id:
                return before.stripe_customer_id
            if before.closed:
                raise BillingClosed
            if made in before.former_customers:  # deleted since it was created
                raise CustomerGone
            fields = {
                "stripeCustomerId": made,
                "livemode": self._stripe().live,
                "updatedAt": now(),
            }
            link = {"ownerKind": owner.kind, "ownerId": owner.id}
            try:
                self._db.commit(
                    Update(document.path, fields, seen=document),
                    Create(f"{CUSTOMERS}/{made}", link),
                )
            except AlreadyExists:
                raise Stale from None
            return made

        return contend(attempt, on=billing_path(owner.id))
