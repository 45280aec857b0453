"""Reads a payer's books: in one call, if nothing has changed but what Stripe's picture shows.

`billing/{owner}` names what no picture does: the periods, the payments that are not settled, and
what each price sells. What it does not name yet is found by a second call.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from troupe.adapters.firestore import Database, Document
from troupe.adapters.stripe_records import Picture
from troupe.payments.books import MOST_PERIODS, Books
from troupe.payments.invoices import Catalog
from troupe.payments.records import (
    ADDONS,
    PAYMENTS,
    Addon,
    Billing,
    Price,
    payment_path,
    periods_path,
)
from troupe.plans.draft import SubscriptionDraft
from troupe.plans.records import Plan, Source
from troupe.plans.writes import PLANS, PRICES, subscription_path
from troupe.wallet.ledger import wallet_path

_MOST_PAYMENTS = 400
_IN_A_QUERY = 30  # values that Firestore compares a field with


class Reading:
    """One attempt's documents, each read once. `lost`: look them up, because what the billing names
    may be wrong."""

    def __init__(self, db: Database, billing: Document, *, lost: bool = False) -> None:
        self._db = db
        self._document = billing
        self._billing = Billing.of(billing)
        self._lost = lost or self._billing.periods is None
        self._found: dict[str, Document] = {}
        # Payments of the picture that neither an invoice nor a document of ours explains.
        self.unexplained: list[str] = []

    def document(self, path: str) -> Document:
        """One that was asked for with the books."""
        return self._found[path]

    def books(
        self, picture: Picture, at: datetime, *, grace: timedelta, also: Iterable[str] = ()
    ) -> Books:
        """`also`: the paths of other documents to read with them."""
        billing = self._billing
        owner = billing.owner
        fixed = [subscription_path(owner.id), wallet_path(owner.id), owner.path]
        prices = [f"{PRICES}/{each}" for each in _price_ids(picture)]
        if self._lost:
            self._look_up()
        payments = [each.payment_id for each in picture.purchases]
        invoiced = {intent for each in picture.purchases for intent in each.payment_intents}
        charged = {each.payment_intent for each in picture.charges if each.payment_intent}
        payments += [*sorted(charged - invoiced), *billing.unsettled, *billing.late]
        periods = periods_path(owner.id)
        self._read(
            [
                *fixed,
                *(payment_path(each) for each in payments),
                *(f"{periods}/{n}" for n in billing.periods or ()),
                *prices,
                *(billing.sells[each] for each in _price_ids(picture) if each in billing.sells),
                *also,
            ]
        )
        known = [Price.of(each) for each in self._those(prices)]
        sold = [path for each in known if (path := each.sells)]
        self._read([*sold, *self._missing_of_periods(), *self._unnamed_periods(fixed[0])])
        self._read(self._missing_of_periods())
        explained = {
            intent
            for each in self._below(PAYMENTS)
            for intent in each.data.get("paymentIntents", [])
        }
        self.unexplained = sorted(charged - invoiced - explained)
        if picture.one_offs and self.unexplained:
            self._find(self.unexplained)
        subscription, wallet, theirs = (self._found[path] for path in fixed)
        gone = not wallet.exists or not theirs.exists or theirs.data.get("deletedAt")
        return Books(
            self._document,
            None if gone else SubscriptionDraft(subscription, wallet, theirs, at),
            theirs,
            {each.id: each for each in self._below(PAYMENTS)},
            self._below(periods),
            Catalog(
                {each.id: each for each in known},
                {each.id: Plan.of(each) for each in self._those(sold) if _in(each, PLANS)},
                {each.id: Addon.of(each) for each in self._those(sold) if _in(each, ADDONS)},
            ),
            at,
            grace=grace,
        )

    def _read(self, paths: Sequence[str]) -> None:
        """Those that were not read yet, in one call."""
        missing = [path for path in dict.fromkeys(paths) if path not in self._found]
        self._keep(self._db.get_all(missing))

    def _keep(self, documents: Iterable[Document]) -> None:
        self._found |= {each.path: each for each in documents}

    def _look_up(self) -> None:
        owner_id = self._billing.id
        self._lost = False
        self._keep(
            self._db.find(
                PAYMENTS,
                where=[("ownerId", "==", owner_id)],
                order=[("issuedAt", True), ("__name__", True)],
                limit=_MOST_PAYMENTS,
            )
        )
        path = periods_path(owner_id)
        self._keep(self._db.find(path, order=[("n", True)], limit=MOST_PERIODS))

    def _unnamed_periods(self, subscription: str) -> list[str]:
        """The periods of the payments that were read, and the one that runs. The billing names
        them, unless it was written by a version that did not yet."""
        periods = [each.data.get("period") for each in self._below(PAYMENTS)]
        has = self._found[subscription].data
        if has.get("source") == Source.STRIPE:
            periods.append(has["period"])
        path = periods_path(self._billing.id)
        return [f"{path}/{n}" for n in periods if n is not None]

    def _missing_of_periods(self) -> list[str]:
        """The other payments of periods that have one in the books: the sum of a period needs all
        of them, also those that are older than the picture."""
        known = {each.id for each in self._below(PAYMENTS)}
        theirs = [
            each.data.get("payments", []) for each in self._below(periods_path(self._billing.id))
        ]
        return [
            payment_path(name) for names in theirs if not known.isdisjoint(names) for name in names
        ]

    def _find(self, intents: Sequence[str]) -> None:
        """The payments with these intents: they are older than the picture."""
        for start in range(0, len(intents), _IN_A_QUERY):
            some = list(intents[start : start + _IN_A_QUERY])
            where = [("paymentIntents", "array_contains_any", some)]
            found = self._db.find(PAYMENTS, where=where, limit=len(some))
            self._keep(each for each in found if each.data.get("ownerId") == self._billing.id)
        self._read(self._unnamed_periods(subscription_path(self._billing.id)))
        self._read(self._missing_of_periods())

    def _below(self, collection: str) -> list[Document]:
        return [each for each in self._found.values() if each.exists and _in(each, collection)]

    def _those(self, paths: Iterable[str]) -> list[Document]:
        return [found for path in dict.fromkeys(paths) if (found := self._found[path]).exists]


def _in(document: Document, collection: str) -> bool:
    return document.path.rpartition("/")[0] == collection


def _price_ids(picture: Picture) -> list[str]:
    lines = [line.price_id for each in picture.purchases for line in each.lines]
    items = [item.price_id for each in picture.subscriptions for item in each.items]
    return sorted({each for each in [*lines, *items] if each})
