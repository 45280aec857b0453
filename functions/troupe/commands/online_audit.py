"""The audit against Stripe: our billing is its subscription, its paid invoices are our payments,
and its prices are those of our table."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from troupe.adapters.firestore import Database
from troupe.adapters.stripe_records import (
    Bought,
    PaymentsUnavailable,
    Picture,
    Purchase,
    StripeRefused,
)
from troupe.app.container import Container
from troupe.commands.ledger_audit import Finding
from troupe.payments.records import (
    BILLING,
    MOST_SEATS,
    PAYMENTS,
    RUNNING,
    Billing,
    Payment,
    PaymentKind,
    Price,
    PriceKind,
    billing_path,
    payment_path,
)
from troupe.payments.reversals import reversal
from troupe.payments.states import our_status
from troupe.plans.records import LIVE
from troupe.wallet.records import OwnerKind

T = TypeVar("T")
_TRIES = 6
_PAUSE = 10.0  # seconds before the second look, for webhooks to arrive


@dataclass(frozen=True, slots=True)
class OnlineAudit:
    customers: int
    findings: list[Finding]


def audit_online(services: Container, *, wait: Callable[[float], None] = time.sleep) -> OnlineAudit:
    """Asks about one customer after the other, a few requests each, which stays well below Stripe's
    limits; if it refuses for a while, waits. A webhook may be on its way, so a finding counts only
    if a second look, after a pause, confirms it."""
    prices = {each.id: each for each in services.price_table.all()}
    findings: list[Finding] = []

    def look(owners: Iterable[str]) -> list[Finding]:
        """What a look finds; if Stripe could not be asked, that is a finding at once."""
        found: list[Finding] = []
        for owner_id in owners:
            try:
                problems = _look(services, owner_id, prices, wait)
            except (PaymentsUnavailable, StripeRefused) as error:
                problem = f"Stripe could not be asked: {type(error).__name__}: {error}"
                findings.append(Finding(owner_id, problem))
            else:
                found += [Finding(owner_id, problem) for problem in problems]
        return found

    named = ["stripeCustomerId", "formerCustomers"]
    owners = [
        document.id
        for document in services.database.walk(BILLING, select=named)
        if any(document.data.get(name) for name in named)
    ]
    if suspects := look(owners):
        wait(_PAUSE)
        findings += look(dict.fromkeys(each.owner_id for each in suspects))
    try:
        found = _patiently(services.stripe.prices, wait)
        products = _patiently(services.stripe.products, wait)
        differences = services.price_table.differences(found, products)
    except (PaymentsUnavailable, StripeRefused) as error:
        differences = [f"Stripe could not be asked: {type(error).__name__}: {error}"]
    findings += [Finding("prices", problem) for problem in differences]
    return OnlineAudit(len(owners), findings)


def _look(
    services: Container, owner_id: str, prices: Mapping[str, Price], wait: Callable[[float], None]
) -> list[str]:
    db = services.database
    billing = Billing.of(db.get(billing_path(owner_id)))
    pictures = [
        _patiently(partial(services.stripe.picture, each, None, one_offs=True), wait)
        for each in billing.customers
    ]
    picture = Picture(
        tuple(each for one in pictures for each in one.subscriptions),
        tuple(each for one in pictures for each in one.purchases),
        tuple(each for one in pictures for each in one.charges),
    )
    if billing.closed:
        return [
            f"its billing is closed, and {each.id} still runs at Stripe: cancel it there"
            for each in picture.subscriptions
            if each.status in RUNNING
        ]
    return [
        *_subscription(billing, picture.subscriptions, prices),
        *_besides(billing, picture.subscriptions, prices),
        *_payments(db, owner_id, picture),
    ]


def _patiently(ask: Callable[[], T], wait: Callable[[float], None]) -> T:
    """Asks again after a while, if Stripe does not answer or has been asked too often."""
    for tried in range(1, _TRIES):
        try:
            return ask()
        except PaymentsUnavailable as error:
            wait((error.retry_after or 1) * tried)
    return ask()


def _subscription(
    billing: Billing, found: Sequence[Bought], prices: Mapping[str, Price]
) -> Iterator[str]:
    plans = [each for each in found if _sells(each, prices, PriceKind.PLAN, PriceKind.SEAT)]
    live = [each for each in plans if our_status(each.status, failed=False) in LIVE]
    if len(live) > 1:
        yield f"{len(live)} subscriptions run at Stripe: {', '.join(each.id for each in live)}"
    for each in live:
        if each.id != billing.subscription_id:
            yield f"{each.id} runs at Stripe, but billing has {billing.subscription_id or 'none'}"
    if billing.subscription_id is None:
        return
    theirs = next((each for each in found if each.id == billing.subscription_id), None)
    if theirs is None:
        yield f"{billing.subscription_id} does not exist at Stripe"
        return
    if theirs.status != billing.stripe_status:
        yield f"{theirs.id} is {theirs.status} at Stripe, and {billing.stripe_status} here"
    if theirs.ends_with_period is not billing.cancel_at_period_end:
        where = "at Stripe" if theirs.ends_with_period else "here"
        yield f"{theirs.id} ends with its period {where} only"
    items = sorted((item.price_id, item.quantity) for item in theirs.items)
    ours = sorted((item.price_id, item.quantity) for item in billing.items)
    if items != ours:
        yield f"{theirs.id} has {_shown(items)} at Stripe, and {_shown(ours)} here"


def _shown(items: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{quantity} of {price}" for price, quantity in items) or "nothing"


def _besides(
    billing: Billing, found: Sequence[Bought], prices: Mapping[str, Price]
) -> Iterator[str]:
    """The licenses and features of a company. While a payment is late, they depend on the days of
    grace, which Stripe does not know."""
    if billing.owner_kind is not OwnerKind.COMPANY:
        return
    paid = [each for each in found if each.status == "active"]
    late = [each for each in found if each.status in ("past_due", "trialing")]
    sold = {
        prices[item.price_id].addon_id: each
        for each in [*late, *paid]
        for item in each.items
        if item.price_id in prices and prices[item.price_id].kind is PriceKind.ADDON
    }
    for addon_id, each in sold.items():
        if each.status == "active" and addon_id not in billing.addons:
            yield f"{each.id} pays for the feature {addon_id}, which is not there"
    for addon_id in billing.addons:
        if addon_id not in sold:
            yield f"has the feature {addon_id}, for which nothing is paid at Stripe"
    if any(_sells(each, prices, PriceKind.SEAT) for each in late):
        return
    seats = sum(
        item.quantity
        for each in paid
        for item in each.items
        if item.price_id in prices and prices[item.price_id].kind is PriceKind.SEAT
    )
    if min(seats, MOST_SEATS) != billing.seats:
        yield f"{seats} licenses are paid for at Stripe, and {billing.seats} here"


def _payments(db: Database, owner_id: str, picture: Picture) -> Iterator[str]:
    where = [("ownerId", "==", owner_id)]
    ours = {each.id: Payment.of(each) for each in db.walk(PAYMENTS, where=where)}
    theirs = {each.payment_id: each for each in picture.purchases}
    for payment_id, purchase in theirs.items():
        payment = ours.get(payment_id)
        if payment is None:
            other = db.get(payment_path(payment_id)).exists
            here = "belongs to another owner" if other else "is missing"
            yield f"{payment_id} was paid at Stripe, and {here} here"
        else:
            yield from _payment(payment, purchase, picture)
    for payment in ours.values():
        if payment.kind is not PaymentKind.MANUAL and payment.id not in theirs:
            yield f"payment {payment.id} is not paid at Stripe"


def _payment(payment: Payment, purchase: Purchase, picture: Picture) -> Iterator[str]:
    charges = [each for each in picture.charges if each.payment_intent in purchase.payment_intents]
    state = reversal(purchase.paid, charges)
    for name, has, should in (
        ("paid", payment.paid, purchase.paid),
        ("currency", payment.currency, purchase.currency),
        ("tax", payment.tax, purchase.tax),
        ("refunded", payment.refunded, state.refunded),
        ("disputed", payment.disputed, state.disputed),
        ("status", payment.status, state.status),
    ):
        if has != should:
            yield f"payment {payment.id}: {name} is {should} at Stripe, and {has} here"


def _sells(bought: Bought, prices: Mapping[str, Price], *kinds: PriceKind) -> bool:
    found = [prices[item.price_id] for item in bought.items if item.price_id in prices]
    return any(each.kind in kinds and each.plan_id for each in found)
