"""The audit of payments: what was paid for is in the ledger, exactly; what was paid back is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from troupe.adapters.firestore import Database, now
from troupe.commands.lines_audit import LinesAudit, granted, shown
from troupe.commands.notes import Notes
from troupe.payments.records import (
    BILLING,
    CUSTOMERS,
    EVENTS,
    PAYMENTS,
    REVENUE,
    Billing,
    EventStatus,
    Group,
    Payment,
    PaymentStatus,
    Period,
    RefundState,
    billing_path,
    periods_path,
)
from troupe.payments.reversals import owed, spread, target
from troupe.payments.states import our_status
from troupe.plans.records import Source, Subscription
from troupe.wallet.ledger import wallet_path
from troupe.wallet.records import Entry, EntryKind, Meter, Owner, Wallet

_LATE = timedelta(hours=1)
# A change of the wallet carries the time of its beginning, and may be committed a bit later.
_SLACK = timedelta(minutes=10)
_MOST_PERIODS = 60  # of which a sync computes the reversals anew
_RUNNING = ("trialing", "active", "past_due")
_UNPAID = (PaymentStatus.OPEN, PaymentStatus.OVERDUE, PaymentStatus.VOID)
_SUMS = ("gross", "tax", "refunded", "disputed", "payments")
_BY_PLAN = "byPlan."


def audit_billing(
    db: Database,
    wallet: Wallet,
    ledger: Mapping[str, Entry],
    subscription: Subscription | None,
    notes: Notes,
    *,
    guest: bool,
) -> Iterator[str]:
    """The problems of one owner's payments."""
    owner = wallet.owner
    where = [("ownerId", "==", owner.id)]
    document = db.get(billing_path(owner.id))
    topups = {name.split("-")[1] for name in ledger if name.startswith("topup-")}
    if not document.exists:
        if topups:
            yield f"granted for payments {sorted(topups)}, but there is no billing"
        yield from LinesAudit(owner, ledger, {}, {}, subscription, notes, guest=guest).problems()
        return
    billing = Billing.of(document)
    yield from _customer(db, billing)
    if billing.closed:  # its payments are being made anonymous, and its wallet goes next
        return
    payments = {each.id: Payment.of(each) for each in db.walk(PAYMENTS, where=where)}
    periods = {each.n: each for each in map(Period.of, db.walk(periods_path(owner.id)))}
    for missing in sorted(topups - payments.keys()):
        yield f"granted for payment {missing}, which does not exist"
    lines = LinesAudit(owner, ledger, payments, periods, subscription, notes, guest=guest)
    yield from lines.problems()
    sums = granted(owner, ledger, payments)
    groups: dict[str, Group] = {f"{owner.id}-{n}": period for n, period in periods.items()} | {
        name: payment for name, payment in payments.items() if payment.period is None
    }
    yield from _grants(groups, sums)
    yield from _expired(owner, ledger, periods)
    yield from _money(payments, periods)
    yield from _reversals(billing, ledger, groups)
    if not guest:
        yield from _taken(billing, wallet, ledger, groups, sums)
    yield from _status(billing, periods, subscription, guest=guest)


def audit_customers(db: Database, wallets: set[str]) -> Iterator[str]:
    """Every customer at Stripe leads to the billing that names it, and every billing that is open
    to a wallet. `wallets`: whose wallets were there."""
    for document in db.walk(CUSTOMERS):
        owner_id = document.data["ownerId"]
        billing = db.get(billing_path(owner_id))
        payer = Billing.of(billing) if billing.exists else None
        if payer is None or document.id not in [*payer.customers, *payer.test_customers]:
            yield (
                f"the customer {document.id} is linked to {owner_id}, whose billing does not "
                "list it"
            )
    for document in db.walk(BILLING):
        payer = Billing.of(document)
        if payer.id in wallets:
            continue  # looked at with the wallet
        yield from (f"{payer.id}: {each}" for each in _customer(db, payer))
        paths = [document.path, wallet_path(payer.id)]
        again, wallet = db.get_all(paths)
        if not wallet.exists and not again.data.get("closed"):
            yield f"{payer.id}: its billing is open, and it has no wallet"


def paying_since(db: Database) -> datetime | None:
    """When the first of all customers was made. Plans with a price that began before then were not
    paid for."""
    found = [Billing.of(each) for each in db.walk(BILLING)]
    return min((each.created_at for each in found if each.customers), default=None)


def _customer(db: Database, billing: Billing) -> Iterator[str]:
    for link in db.get_all([f"{CUSTOMERS}/{each}" for each in billing.customers]):
        if (link.data.get("ownerKind"), link.data.get("ownerId")) != billing.owner:
            yield f"the customer {link.id} does not lead back to its owner"


def audit_events(db: Database) -> Iterator[str]:
    """Events that were not applied within an hour."""
    where = [("status", "==", EventStatus.FAILED), ("receivedAt", "<=", now() - _LATE)]
    for document in db.find(EVENTS, where=where, order=[("receivedAt", False)], limit=100):
        yield f"{document.id} ({document.data['type']}) is {document.data['status']}"


def audit_revenue(db: Database) -> Iterator[str]:
    """Compares the sums of each day with its payments. A day that differs is looked at again,
    because payments go on."""
    days: dict[str, Counter[str]] = {}
    for document in db.walk(PAYMENTS):
        _add(days, Payment.of(document))
    documented = {each.id: each.data for each in db.walk(REVENUE)}
    for day in sorted({*days, *documented}):
        if _differs(days.get(day, Counter()), _said(documented.get(day, {}))):
            sums, said = _day(db, day), _said(db.get(f"{REVENUE}/{day}").data)
            if wrong := _differs(sums, said):
                yield f"{day}: {wrong} is {said[wrong]}, the payments add up to {sums[wrong]}"


def _grants(groups: Mapping[str, Group], sums: Mapping[tuple[str, Meter], int]) -> Iterator[str]:
    """What was paid for is what was granted."""
    for cause, group in groups.items():
        name = f"period {group.n}" if isinstance(group, Period) else f"payment {cause}"
        for meter in Meter:
            said, has = group.gave.get(meter, 0), sums.get((cause, meter), 0)
            if has != said:
                yield f"{name} gave {said} {meter}, the ledger has {has}"


def _expired(
    owner: Owner, ledger: Mapping[str, Entry], periods: Mapping[int, Period]
) -> Iterator[str]:
    """The minutes that a period says have expired are those that the ledger has taken."""
    for n, period in periods.items():
        prefix = f"plan-{owner.id}-{n}-expiry-"
        has = -sum(entry.granted for name, entry in ledger.items() if name.startswith(prefix))
        said = period.expired.get(Meter.VOICE_SECONDS, 0)
        if has != said:
            yield f"{said} voiceSeconds of period {n} expired, the ledger has {has}"


def _money(payments: Mapping[str, Payment], periods: Mapping[int, Period]) -> Iterator[str]:
    """What was paid and reversed of each payment, and of the periods that they paid for."""
    for payment in payments.values():
        for refund in payment.refunds:
            if refund.state is RefundState.ASKED and now() - refund.asked_at > _LATE:
                yield (
                    f"a refund of {refund.amount} of payment {payment.id} was interrupted at "
                    f"{refund.asked_at:%Y-%m-%d %H:%M}: retry it"
                )
        reversed_ = min(payment.paid, payment.refunded + payment.disputed)
        if payment.reversed != reversed_:
            yield (
                f"payment {payment.id} says that {payment.reversed} were reversed, its refunds "
                f"and disputes {reversed_}"
            )
    for n, period in periods.items():
        if not period.payments:
            yield f"period {n} was not paid for"
        its = [payments[name] for name in period.payments if name in payments]
        if len(its) != len(period.payments):
            yield f"period {n} names a payment that does not exist"
            continue
        if (paid := sum(each.paid for each in its)) != period.paid:
            yield f"period {n} was paid with {period.paid}, its payments add up to {paid}"
        cash = sum(each.reversed for each in its)
        if cash != period.cash_reversed:
            yield f"of period {n}, {period.cash_reversed} were paid back, its payments say {cash}"
    if len(periods) <= _MOST_PERIODS:
        for due in spread(periods[n] for n in sorted(periods)):
            if due.reversed != periods[due.n].reversed:
                said = periods[due.n].reversed
                yield f"of period {due.n}, {said} were reversed, it should be {due.reversed}"


def _reversals(
    billing: Billing, ledger: Mapping[str, Entry], groups: Mapping[str, Group]
) -> Iterator[str]:
    """What was reversed is taken or owed, and nothing else."""
    known: set[str] = set()
    for cause, group in groups.items():
        for meter in Meter:
            names = [
                f"reverse-{cause}-{revision}-{meter}" for revision in range(1, group.revision + 1)
            ]
            known.update(names)
            taken = -sum(ledger[name].granted for name in names if name in ledger)
            said = group.reversed_of.get(meter, 0)
            if taken != said:
                yield f"{cause}: {said} {meter} were taken back, the ledger has {taken}"
            if said > target(group, meter):
                yield f"{cause}: {said} {meter} were taken back, {target(group, meter)} are due"
    for name, entry in ledger.items():
        if entry.kind is EntryKind.REVERSE and name not in known:
            yield f"{name} belongs to no payment"
    if owed(groups.values()) != billing.owed:
        yield f"{shown(billing.owed)} are owed, the payments say {shown(owed(groups.values()))}"


def _taken(
    billing: Billing,
    wallet: Wallet,
    ledger: Mapping[str, Entry],
    groups: Mapping[str, Group],
    sums: Mapping[tuple[str, Meter], int],
) -> Iterator[str]:
    """What is owed was not there to be taken, and who got everything paid back keeps nothing."""
    looked = billing.synced_at
    for meter, amount in billing.owed.items():
        # Whatever has become available since is taken by the next sync.
        changed = looked is None or any(
            entry.meter is meter and entry.at > looked - _SLACK and entry.at != looked
            for entry in ledger.values()
        )
        available = wallet.meter(meter).available
        if available > 0 and not changed:
            yield f"{amount} {meter} are owed, and {available} are available"
    paid = {cause: group for cause, group in groups.items() if group.worth > 0}
    if not paid or any(group.reversed < group.worth for group in paid.values()):
        return
    gave = sum(sums.get((cause, Meter.TOKENS), 0) for cause in paid)
    left = gave - sum(group.reversed_of.get(Meter.TOKENS, 0) for group in paid.values())
    spent = wallet.tokens.used + wallet.tokens.held
    if left > min(spent, billing.owed.get(Meter.TOKENS, 0)):
        yield (
            f"everything was paid back, and {left} tokens of it are left: {spent} were spent, "
            f"{billing.owed.get(Meter.TOKENS, 0)} are owed"
        )


def _status(
    billing: Billing,
    periods: Mapping[int, Period],
    subscription: Subscription | None,
    *,
    guest: bool,
) -> Iterator[str]:
    """A subscription that Stripe charges for has the status that Stripe's implies, and one that
    runs at Stripe runs here."""
    if subscription is None or subscription.source is not Source.STRIPE:
        if billing.stripe_status in _RUNNING and not guest:
            yield f"{billing.subscription_id} is {billing.stripe_status} at Stripe, and not here"
        return
    period = periods.get(subscription.period)
    if period is None:
        yield f"period {subscription.period} is paid at Stripe, but was not recorded"
        return
    if period.subscription_id != billing.subscription_id:
        if subscription.live:
            yield "the active subscription is not the one at Stripe"
        return
    implied = our_status(billing.stripe_status or "", failed=False)
    if subscription.live and implied is not subscription.status:
        yield f"the subscription is {subscription.status}, Stripe says {billing.stripe_status}"
    if not subscription.live and billing.stripe_status in _RUNNING:
        yield f"the subscription has ended, Stripe says {billing.stripe_status}"


def _add(days: dict[str, Counter[str]], payment: Payment) -> None:
    if payment.status in _UNPAID:
        return
    sums = {
        "gross": payment.amount,
        "tax": payment.tax,
        "refunded": payment.refunded,
        "disputed": payment.disputed,
        "payments": 1,
    }
    plan_id = next((line.plan_id for line in payment.lines if line.plan_id), None)
    if plan_id:
        sums[_BY_PLAN + plan_id] = payment.amount
    days.setdefault(payment.day, Counter()).update(sums)


def _day(db: Database, day: str) -> Counter[str]:
    date, _, currency = day.rpartition("-")
    start = datetime.fromisoformat(f"{date}T00:00:00+00:00")
    where = [
        ("currency", "==", currency),
        ("paidAt", ">=", start),
        ("paidAt", "<", start + timedelta(days=1)),
    ]
    days: dict[str, Counter[str]] = {}
    found = db.find(PAYMENTS, where=where, order=[("paidAt", False)], limit=100_000)
    for document in found:
        _add(days, Payment.of(document))
    return days.get(day, Counter())


def _said(day: Mapping[str, Any]) -> Counter[str]:
    """The sums of a day as they are stored."""
    by_plan = {f"{_BY_PLAN}{name}": amount for name, amount in day.get("byPlan", {}).items()}
    return Counter({name: day.get(name, 0) for name in _SUMS} | by_plan)


def _differs(sums: Counter[str], said: Counter[str]) -> str | None:
    """The first sum that differs."""
    return next((name for name in [*_SUMS, *sums, *said] if sums[name] != said[name]), None)
