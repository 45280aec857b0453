"""Stripe and payments: setting up, comparing, and asking again."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from troupe.adapters.firestore import Create, Increment, Merge, Update, Write, now
from troupe.app.container import Container
from troupe.audit.records import Actor
from troupe.commands.payments_audit import audit_events
from troupe.commands.stripe_check import stripe_problems
from troupe.payments.events import TYPES
from troupe.payments.records import BILLING, Billing, billing_path

_EVENTS_KEPT = timedelta(days=30)
_OPERATOR = Actor(uid="operator", email=None)
_TIMES = {"syncedAt", "updatedAt", "dueAt"}


def stripe(options: argparse.Namespace, services: Container) -> int:
    """`setup` or `check`."""
    if services.settings.payments != "stripe":
        print("PAYMENTS is not stripe", file=sys.stderr)
        return 1
    if options.action == "check":
        problems = stripe_problems(services, options.webhook)
        for each in problems:
            print(each, file=sys.stderr)
        found = f"{len(problems)} problem{'s' * (len(problems) > 1)}" if problems else "no problems"
        print(f"stripe: {found} found")
        return 1 if problems else 0
    for price in services.price_table.create_missing():
        print(f"price {price.id}: {price.unit_amount} {price.currency}, {price.interval}")
    configuration = services.price_table.configure_portal(services.settings.app_url)
    print(f"portal: {configuration}")
    if options.webhook:
        secret = services.stripe.create_webhook(options.webhook, sorted(TYPES))
        if secret is None:
            print("webhook: an endpoint with this URL exists already")
        else:
            print(f"STRIPE_WEBHOOK_SECRET, which Stripe shows only now: {secret}")
    return 0


def payments(options: argparse.Namespace, services: Container) -> int:
    """`resync` or `events`."""
    if options.action == "events":
        waiting = list(audit_events(services.database))
        for each in waiting:
            print(each)
        print(f"events: {len(waiting)} not applied within an hour")
        return 1 if waiting else 0
    if services.settings.payments != "stripe":
        print("PAYMENTS is not stripe", file=sys.stderr)
        return 1
    if sum(map(bool, (options.owner, options.all, options.since))) != 1:
        print("resync needs one of --owner ID, --since DATE and --all", file=sys.stderr)
        return 2
    since = None
    if options.since:
        since = _moment(options.since)
        if since is None or not now() - _EVENTS_KEPT < since <= now():
            print(
                "--since needs a date of the last 30 days, such as 2026-11-24: Stripe keeps "
                "events no longer; for earlier ones use --all",
                file=sys.stderr,
            )
            return 2
    owners = _owners(options, services, since)
    failed = sum(not _resync(services, owner, options) for owner in owners)
    print(f"{'would ' if options.dry_run else ''}resync: {len(owners) - failed} of {len(owners)}")
    return 1 if failed else 0


def _owners(options: argparse.Namespace, services: Container, since: datetime | None) -> list[str]:
    if options.owner:
        return [options.owner]
    if since is None:
        return [each.id for each in services.database.walk(BILLING, select=[])]
    customers: dict[str, None] = {}
    for event in services.stripe.events_since(since, sorted(TYPES)):
        customer = event.customer_id or services.stripe.customer_of(
            payment_intent=event.payment_intent, charge=event.charge
        )
        if customer is not None:
            customers[customer] = None
    found = [services.customers.owner_of(each) for each in customers]
    return list(dict.fromkeys(owner.id for owner in found if owner is not None))


def _resync(services: Container, owner: str, options: argparse.Namespace) -> bool:
    """Whether Stripe could be asked about a payer, and has refunded what was to be refunded."""
    try:
        document = services.database.get(billing_path(owner))
        if not document.exists:
            print(f"{owner}: no billing record", file=sys.stderr)
            return False
        if not options.dry_run:
            services.billing_sync.sync(owner, everything=True)
            return _paid_back(services, owner, refund=options.refund_closed)
        for write in services.billing_sync.preview(owner):
            if told := _told(write):
                print(f"{owner}: would {told}")
        if options.refund_closed:
            for payment in Billing.of(document).late:
                print(f"{owner}: would refund {payment}")
    except Exception as error:  # the others are still asked about
        print(f"{owner}: {type(error).__name__}: {error}", file=sys.stderr)
        return False
    return True


def _paid_back(services: Container, owner: str, *, refund: bool) -> bool:
    """Refunds what was paid after the billing was closed, or says that there is something. Whether
    Stripe has refused nothing."""
    late = Billing.of(services.database.get(billing_path(owner))).late
    if late and not refund:
        print(f"{owner}: paid after it was closed, --refund-closed refunds it: {', '.join(late)}")
    if not refund:
        return True
    found = services.refunds.refund_late(_OPERATOR, owner)
    for each in found:
        print(f"{owner}: refunded {each.payment.id}")
        if each.refused:
            print(f"{owner}: Stripe refuses {each.refused} of it", file=sys.stderr)
    return not any(each.refused for each in found)


def _told(write: Write) -> str:
    """What a write would change, apart from when it was made; empty if nothing."""
    if isinstance(write, Create):
        return f"create {write.path}"
    if isinstance(write, Update | Merge):
        fields = {name: each for name, each in write.data.items() if name not in _TIMES}
        parts = [f"{name}: {_value(each)}" for name, each in fields.items()]
        return f"change {write.path}: {', '.join(parts)}" if parts else ""
    return f"delete {write.path}"


def _value(value: Any) -> str:
    return f"{value.value:+}" if isinstance(value, Increment) else str(value)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
