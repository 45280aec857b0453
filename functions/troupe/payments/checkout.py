"""Buying: a session of Stripe's Checkout. Prices come from our table, never from the request."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from troupe.adapters.firestore import Database, Document, Update, contend, now
from troupe.adapters.stripe_records import (
    CustomerGone,
    PaymentsUnavailable,
    Session,
    StripeRefused,
)
from troupe.errors import GuestNotAllowed
from troupe.logs import log
from troupe.payments.customers import Customers
from troupe.payments.errors import (
    AddonNeeds,
    AddonNotFound,
    AlreadyBought,
    BillingClosed,
    FeatureForCompanies,
    PaymentsOff,
    PriceNotConfigured,
    QuantityNotOffered,
    SessionNotFound,
)
from troupe.payments.payers import pays_for
from troupe.payments.records import (
    ADDONS,
    RUNNING,
    Addon,
    AddonKind,
    Billing,
    OpenCheckout,
    Price,
    PriceKind,
    billing_path,
)
from troupe.payments.sync import BillingSync, Synced
from troupe.plans.errors import PlanNotFound
from troupe.plans.records import Plan, PlanStatus
from troupe.plans.writes import PRICES, plan_path
from troupe.wallet.errors import BillingBlocked, OwnerNotFound
from troupe.wallet.records import Owner, OwnerKind

if TYPE_CHECKING:
    from troupe.adapters.stripe import Stripe
    from troupe.caller import Caller

# Stripe takes 30 minutes to 24 hours. Ends are rounded up to five minutes, so that two requests at
# once ask for the same session.
_OPEN_FOR = timedelta(minutes=31)
_ROUND = 300
_OF_PLANS = (PriceKind.PLAN, PriceKind.SEAT)
_RETRY_AFTER = 5  # seconds
_STILL_OPEN = timedelta(minutes=2)  # a session that ends sooner is not worth returning
SUCCESS_PATH = "/billing/success?session={CHECKOUT_SESSION_ID}"
CANCEL_PATH = "/billing/cancelled"


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody wants to buy: a plan or an add-on. `once`: one period of the plan, which does
    not renew."""

    plan_id: str | None = None
    addon_id: str | None = None
    quantity: int = 1
    currency: str | None = None
    once: bool = False
    success_path: str = SUCCESS_PATH
    cancel_path: str = CANCEL_PATH


class Sold(NamedTuple):
    """A price, and the plan or add-on that it sells."""

    price: Price
    plan: Plan | None
    addon: Addon | None


class Checkout:
    def __init__(
        self,
        db: Database,
        stripe: Callable[[], Stripe],
        customers: Customers,
        sync: BillingSync,
        *,
        app_url: str,
        currency: str,
        tax: bool,
        paid: bool,
    ) -> None:
        self._db = db
        self._stripe = stripe
        self._customers = customers
        self._sync = sync
        self._app_url = app_url
        self._currency = currency
        self._tax = tax
        self._paid = paid

    def open(self, owner: Owner, order: Order, *, guest: bool = False) -> OpenCheckout:
        """The owner's one open session for this order; one for something else is expired first.

        Raises PaymentsOff, GuestNotAllowed, PlanNotFound, AddonNotFound, PriceNotConfigured,
        QuantityNotOffered, FeatureForCompanies, AlreadyBought, AddonNeeds, BillingBlocked,
        BillingClosed, OwnerNotFound, PaymentsUnavailable.
        """
        if not self._paid:
            raise PaymentsOff
        if guest:
            raise GuestNotAllowed
        price, plan, addon = self.price_of(order)
        feature = addon if addon is not None and addon.kind is AddonKind.FEATURE else None
        if feature is not None and owner.kind is OwnerKind.USER:
            raise FeatureForCompanies
        one = feature is not None or (plan is not None and owner.kind is OwnerKind.USER)
        if one and order.quantity > 1:
            raise QuantityNotOffered
        if self._customers.opened(owner).blocked:
            raise BillingBlocked
        try:
            return self._open(owner, order, Sold(price, plan, addon))
        except CustomerGone:
            self._sync.sync(owner.id, ask_customer=True)
        try:
            return self._open(owner, order, Sold(price, plan, addon))
        except CustomerGone:  # the new one, too
            raise PaymentsUnavailable(retry_after=_RETRY_AFTER) from None

    def _open(self, owner: Owner, order: Order, sold: Sold) -> OpenCheckout:
        """Raises CustomerGone besides what `open` raises."""
        price, plan, addon = sold
        recurring = price.interval != "once"
        # Ask Stripe, not our documents, so that nobody pays twice because an event was late.
        synced = self._sync.sync(owner.id)
        self._customers.customer(owner)
        feature = addon if addon is not None and addon.kind is AddonKind.FEATURE else None
        self._check_new(owner, plan, feature, synced)
        ends = _rounded(now() + _OPEN_FOR)
        made: dict[str, int] = {}  # sessions, with the number of those that were opened before

        def attempt() -> OpenCheckout:
            document, billing = self._open_billing(owner)
            customer = billing.stripe_customer_id
            if customer is None:
                raise CustomerGone
            trial = plan.trial_days if plan and recurring and not billing.trial_used_at else 0
            what = _digest(price, order, trial)
            cause = f"{customer}-{what}-{billing.checkouts}"
            has = billing.open_checkout
            if has is not None:
                if has.what == what and has.expires_at > now() + _STILL_OPEN:
                    session = self._stripe().session(has.session_id)
                    if session is not None and session.customer_gone:
                        raise CustomerGone
                    if session is not None and session.status == "open":
                        return has
                else:
                    self._stripe().expire_session(has.session_id)
            try:
                session = self._stripe().checkout(
                    customer_id=customer,
                    owner_id=owner.id,
                    price_id=price.id,
                    quantity=order.quantity,
                    subscription=recurring,
                    trial_days=trial,
                    success_url=self._app_url + order.success_path,
                    cancel_url=self._app_url + order.cancel_path,
                    expires_at=ends,
                    tax=self._tax,
                    key=f"checkout-{cause}-{int(ends.timestamp())}",
                )
            except StripeRefused as error:  # archived, or not in the currency of what runs
                log.error("checkout_refused", code=error.code, price=price.id)
                raise PriceNotConfigured from None
            made[session.id] = billing.checkouts
            opened = OpenCheckout(
                session_id=session.id, url=session.url, what=what, expires_at=session.expires_at
            )
            due = min(filter(None, [billing.due_at, session.expires_at]))
            fields = {
                "openCheckout": opened.stored(),
                "checkouts": billing.checkouts + 1,
                "dueAt": due,
                "updatedAt": now(),
            }
            self._db.commit(Update(document.path, fields, seen=document))
            return opened

        try:
            return contend(attempt, on=billing_path(owner.id))
        finally:
            self._forget(owner, made)

    def _open_billing(self, owner: Owner) -> tuple[Document, Billing]:
        """Raises BillingClosed, OwnerNotFound, BillingBlocked."""
        # Closing may have found no billing to close. Who is still there when both are read
        # leaves later, and is then closed under the fence.
        document, theirs = self._db.get_all([billing_path(owner.id), owner.path])
        billing = Billing.of(document)
        if billing.closed:
            raise BillingClosed
        if not theirs.exists or theirs.data.get("deletedAt"):
            raise OwnerNotFound
        if billing.blocked:
            raise BillingBlocked
        return document, billing

    def _check_new(
        self, owner: Owner, plan: Plan | None, feature: Addon | None, synced: Synced | None
    ) -> None:
        """Raises AlreadyBought, AddonNeeds."""
        if plan is not None and synced is not None and _runs(synced):
            raise AlreadyBought
        if feature is not None:
            self._check_feature(owner, feature, synced)

    def _check_feature(self, owner: Owner, feature: Addon, synced: Synced | None) -> None:
        """Raises AlreadyBought, AddonNeeds."""
        has = set(synced.billing.addons) if synced is not None else set()
        plan_id = self._db.get(owner.path).data.get("plan")
        if feature.id in has or plan_id in feature.included_in_plans:
            raise AlreadyBought
        needed = [each for each in feature.depends_on if each not in has]
        found = self._db.get_all([f"{ADDONS}/{each}" for each in needed])
        included = [each.id for each in found if plan_id in each.data.get("includedInPlans", [])]
        missing = [each for each in needed if each not in included]
        if missing:
            raise AddonNeeds.of(missing)

    def _forget(self, owner: Owner, made: Mapping[str, int]) -> None:
        """Expires the sessions of a request that others, opened at the same time, have made
        superfluous. One that was made after the last was opened can still be: another request for
        the same thing gets it too, by its key."""
        if not made:
            return
        billing = Billing.of(self._db.get(billing_path(owner.id)))
        has = billing.open_checkout
        for session_id, number in made.items():
            if billing.checkouts != number and (has is None or has.session_id != session_id):
                self._stripe().expire_session(session_id)

    def verify(self, caller: Caller, session_id: str) -> tuple[Session, Owner]:
        """A session of the caller's own, or of a company that they manage, once it has been
        applied. Raises SessionNotFound for anybody else's, PaymentsOff, PaymentsUnavailable."""
        if not self._paid:
            raise PaymentsOff
        session = self._stripe().session(session_id)
        customer = session.customer_id if session else None
        owner = self._customers.owner_of(customer) if customer else None
        if session is None or owner is None or not pays_for(caller, owner):
            raise SessionNotFound
        if self._sync.sync(owner.id, one_offs=True) is None:
            raise SessionNotFound
        return session, owner

    def price_of(self, order: Order) -> Sold:
        """The price of an order in our table. Raises PlanNotFound, AddonNotFound,
        PriceNotConfigured."""
        plan: Plan | None = None
        addon: Addon | None = None
        if order.plan_id is not None:
            document = self._db.get(plan_path(order.plan_id))
            if not document.exists:
                raise PlanNotFound
            plan = Plan.of(document)
            if plan.status is not PlanStatus.ACTIVE:
                raise PlanNotFound
            field, wanted = "planId", order.plan_id
        else:
            document = self._db.get(f"{ADDONS}/{order.addon_id}")
            addon = Addon.of(document) if document.exists else None
            if addon is None or not addon.available:
                raise AddonNotFound
            field, wanted = "addonId", order.addon_id or ""
        currency = order.currency or self._currency
        for found in self._db.find(PRICES, where=[(field, "==", wanted)], limit=50):
            price = Price.of(found)
            once = price.interval == "once"
            fits = plan is None or (once == order.once and price.kind in _OF_PLANS)
            fits = fits and price.active and price.currency == currency
            if fits and price.livemode is self._stripe().live:
                return Sold(price, plan, addon)
        raise PriceNotConfigured


def _runs(synced: Synced) -> bool:
    """Whether a subscription to a plan runs."""
    running = {each.id for each in synced.picture.subscriptions if each.status in RUNNING}
    return bool(running - synced.extras)


def _digest(price: Price, order: Order, trial_days: int) -> str:
    what = [price.id, order.quantity, order.success_path, order.cancel_path, trial_days]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:24]


def _rounded(moment: datetime) -> datetime:
    return datetime.fromtimestamp(-(-int(moment.timestamp()) // _ROUND) * _ROUND, UTC)
