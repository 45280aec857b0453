"""What a payer may do with a subscription that is paid at Stripe. Everything that changes money is
confirmed on Stripe's pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from troupe.adapters.firestore import Database, now
from troupe.adapters.stripe_records import (
    Bought,
    CustomerGone,
    Preview,
    Purchase,
    StripeRefused,
)
from troupe.logs import log
from troupe.payments.checkout import Checkout, Order
from troupe.payments.customers import Customers
from troupe.payments.errors import (
    CancelAtOnce,
    NoCustomer,
    NoSeats,
    NothingToCancel,
    PaymentsOff,
    PortalNotConfigured,
    PriceNotConfigured,
    SeatsInUse,
    SubscriptionEnded,
)
from troupe.payments.invoices import Catalog, Share, effects
from troupe.payments.records import PORTAL, RUNNING, Billing, Meters, added
from troupe.payments.sync import BillingSync
from troupe.wallet.records import Owner

if TYPE_CHECKING:
    from troupe.adapters.stripe import Flow, Stripe

_FRESH = timedelta(seconds=30)  # a more recent answer of Stripe is reused


class When(StrEnum):
    PERIOD_END = "periodEnd"
    NOW = "now"


@dataclass(frozen=True, slots=True)
class Quoted:
    """What a change would cost, and what it would give at once."""

    preview: Preview
    gives: Meters
    at: int  # the moment for which it was computed, in Unix seconds


class PaidSubscriptions:
    def __init__(
        self,
        db: Database,
        stripe: Callable[[], Stripe],
        customers: Customers,
        sync: BillingSync,
        checkout: Checkout,
        seats_in_use: Callable[[str], int],
        *,
        app_url: str,
        paid: bool,
    ) -> None:
        """`seats_in_use`: how many of a company's paid licenses are in use."""
        self._db = db
        self._stripe = stripe
        self._customers = customers
        self._sync = sync
        self._checkout = checkout
        self._seats_in_use = seats_in_use
        self._app_url = app_url
        self._paid = paid

    def status(self, owner: Owner) -> Billing | None:
        """The billing, not older than half a minute; None if nothing was ever bought. Raises
        PaymentsOff, PaymentsUnavailable."""
        self._require_payments()
        billing = self._customers.find(owner.id)
        fresh = billing and billing.synced_at and billing.synced_at > now() - _FRESH
        if billing is None or fresh:
            return billing
        synced = self._sync.sync(owner.id)
        return synced.billing if synced else billing

    def cancel(self, owner: Owner, when: When, *, admin: bool = False) -> Billing:
        """Lets the subscription end with its period. `now` ends a trial at once, and for an
        administrator anything. Raises PaymentsOff, NothingToCancel, CancelAtOnce,
        PaymentsUnavailable."""
        bought = self._running(owner, NothingToCancel)
        if when is When.NOW:
            if bought.status != "trialing" and not admin:
                raise CancelAtOnce
            self._stripe().cancel_now(bought.id)
        elif not bought.ends_with_period:
            self._schedule(bought, True, NothingToCancel)
        return self._after(owner)

    def resume(self, owner: Owner) -> Billing:
        """Takes a cancellation back. Raises PaymentsOff, SubscriptionEnded, PaymentsUnavailable."""
        bought = self._running(owner, SubscriptionEnded)
        if bought.ends_with_period:
            self._schedule(bought, False, SubscriptionEnded)
        return self._after(owner)

    def portal(
        self,
        owner: Owner,
        flow: Flow,
        *,
        plan_id: str | None = None,
        quantity: int | None = None,
        return_path: str = "/",
    ) -> str:
        """The address of Stripe's page for this customer. Raises PaymentsOff, NoCustomer,
        NothingToCancel, NoSeats, SeatsInUse, PlanNotFound, PriceNotConfigured,
        PortalNotConfigured, PaymentsUnavailable."""
        self._require_payments()
        billing = self._customers.find(owner.id)
        if billing is None or billing.stripe_customer_id is None:
            raise NoCustomer
        bought = price_id = None
        if flow == "seats":
            bought = self._seats(owner, quantity)
        elif flow in ("plan", "cancel"):
            bought = self._running(owner, NothingToCancel)
        if flow == "plan":
            if plan_id is None:
                raise PriceNotConfigured
            price_id = self._checkout.price_of(Order(plan_id=plan_id))[0].id
        configured = self._db.get(PORTAL)
        try:
            return self._stripe().portal(
                billing.stripe_customer_id,
                self._app_url + return_path,
                flow,
                bought=bought,
                price_id=price_id,
                quantity=quantity,
                configuration=configured.data.get("configurationId"),
            )
        except CustomerGone:
            self._sync.sync(owner.id, ask_customer=True)
            raise NoCustomer from None
        except StripeRefused as error:
            log.error("portal_refused", code=error.code, reason=str(error))
            raise PortalNotConfigured from None

    def quote(self, owner: Owner, plan_id: str, quantity: int) -> Quoted:
        """What a change to another plan would cost and give now. Raises PaymentsOff, NoCustomer,
        NothingToCancel, PlanNotFound, PriceNotConfigured, PaymentsUnavailable."""
        self._require_payments()
        price, plan, _ = self._checkout.price_of(Order(plan_id=plan_id))
        bought = self._running(owner, NothingToCancel)
        billing = self._customers.find(owner.id)
        if billing is None or billing.stripe_customer_id is None or plan is None:
            raise NoCustomer
        at = now()
        customer = billing.stripe_customer_id
        try:
            preview = self._stripe().preview(customer, bought, price.id, quantity, at)
        except StripeRefused as error:  # archived, or not in the currency of what runs
            log.error("quote_refused", code=error.code, price=price.id)
            raise PriceNotConfigured from None
        purchase = Purchase(
            id="preview",
            paid=preview.due_now,
            currency=preview.currency,
            lines=tuple(line for line in preview.lines if line.price_id == price.id),
            created_at=at,
            paid_at=at,
            subscription_id=bought.id,
        )
        catalog = Catalog({price.id: price}, {plan.id: plan})
        gives: Meters = {}
        for effect in effects(purchase, catalog, (), {bought.id: bought}):
            if isinstance(effect, Share):
                gives = added(gives, effect.gives)
        return Quoted(preview, gives, int(at.timestamp()))

    def _seats(self, owner: Owner, wanted: int | None) -> Bought:
        """The subscription that sells licenses. Raises NoSeats, SeatsInUse."""
        synced = self._sync.sync(owner.id)
        if synced is None or synced.seats is None:
            raise NoSeats
        in_use = self._seats_in_use(owner.id)
        if wanted is not None and wanted < in_use:
            raise SeatsInUse.of(in_use, wanted)
        return synced.seats

    def _running(self, owner: Owner, missing: type[Exception]) -> Bought:
        """The subscription that runs at Stripe: asked, not remembered."""
        self._require_payments()
        synced = self._sync.sync(owner.id)
        if synced is None:
            raise missing
        running = [
            each
            for each in synced.picture.subscriptions
            if each.status in RUNNING and each.id not in synced.extras
        ]
        if not running:
            raise missing
        return max(running, key=lambda each: (each.created_at, each.id))

    def _schedule(self, bought: Bought, cancel: bool, missing: type[Exception]) -> None:
        try:
            self._stripe().cancel_at_period_end(bought, cancel)
        except StripeRefused:  # it has ended since it was asked about
            raise missing from None

    def _after(self, owner: Owner) -> Billing:
        synced = self._sync.sync(owner.id)
        if synced is None:
            raise NothingToCancel
        return synced.billing

    def _require_payments(self) -> None:
        if not self._paid:
            raise PaymentsOff
