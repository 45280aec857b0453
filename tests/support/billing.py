"""For tests of payments: a fake Stripe, and users who buy from it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask.testing import FlaskClient
from stripe import StripeClient

from tests.fakes.stripe_server import StripeServer
from tests.support.factories import new_user, test_settings
from troupe.adapters.firestore import Create, Database, now
from troupe.adapters.stripe import Stripe
from troupe.app.container import Container
from troupe.commands.ledger_audit import audit_owner
from troupe.payments.checkout import Order
from troupe.payments.records import (
    ADDONS,
    Addon,
    AddonKind,
    Billing,
    Payment,
    Price,
    PriceKind,
    billing_path,
)
from troupe.plans.records import Plan, Subscription
from troupe.plans.schemas import CreatePlan
from troupe.wallet.ledger import hold_writes, settle_writes, wallet_path
from troupe.wallet.records import Meter, Owner, Wallet

GIFT = 20  # tokens at sign-up


class Till:
    """The payment services on one database, with a Stripe of their own."""

    def __init__(self, db: Database, server: StripeServer, **changes: Any) -> None:
        self.db, self.server = db, server
        self.settings = test_settings(
            PAYMENTS="stripe",
            STRIPE_SECRET_KEY=server.key,
            STRIPE_WEBHOOK_SECRET=server.secret,
            STRIPE_API_BASE=server.url,
            APP_URL="http://127.0.0.1:5000",
            **changes,
        )
        self.services = Container(self.settings, database=db)
        self.api = StripeClient(server.key, base_addresses={"api": server.url}).v1
        self.clients: dict[str, FlaskClient] = {}

    def plan(
        self, amount: int = 1000, interval: str = "month", **fields: Any
    ) -> tuple[Plan, Price]:
        """A plan with its price, at Stripe and in our table."""
        body = {
            "name": f"Plan {secrets.token_hex(4)}",
            "price": amount / 100,
            "billing_period": "yearly" if interval == "year" else "monthly",
            "voice_minutes": 30,
            "tokens": 100,
        }
        plan = self.services.plans.create(CreatePlan.model_validate(body | fields).fields())
        return plan, self.price(amount, interval, kind=PriceKind.PLAN, plan_id=plan.id)

    def price(self, amount: int, interval: str, **fields: Any) -> Price:
        product = self.api.products.create({"name": "Thing"})
        params: Any = {"product": product.id, "currency": "usd", "unit_amount": amount}
        if interval != "once":
            params["recurring"] = {"interval": interval}
        made = self.api.prices.create(params)
        price = Price(
            id=made.id,
            currency="usd",
            unit_amount=amount,
            interval=interval,
            updated_at=now(),
            **fields,
        )
        self.db.commit(Create(f"prices/{price.id}", price.stored()))
        return price

    def pack(self, amount: int = 500, tokens: int = 50, minutes: int = 10) -> Addon:
        addon = Addon(
            id=secrets.token_hex(8),
            name="Pack",
            kind=AddonKind.TOPUP,
            currency="usd",
            tokens=tokens,
            voice_minutes=minutes,
            created_at=now(),
            updated_at=now(),
        )
        self.db.commit(Create(f"{ADDONS}/{addon.id}", addon.stored()))
        self.price(amount, "once", kind=PriceKind.ADDON, addon_id=addon.id)
        return addon

    def user(self) -> str:
        return new_user(self.db, GIFT)

    def open(self, uid: str, **order: Any) -> str:
        """A checkout session."""
        return self.services.checkouts.open(Owner.user(uid), Order(**order)).session_id

    def buy(self, uid: str, card: str = "4242424242424242", **order: Any) -> str:
        """Buys, without telling us; returns the session."""
        session = self.open(uid, **order)
        self.server.pay(session, card)
        return session

    def subscriber(self, **fields: Any) -> tuple[str, Plan]:
        """A user who has bought a plan."""
        plan, _ = self.plan(**fields)
        uid = self.user()
        self.buy(uid, plan_id=plan.id)
        self.sync(uid)
        return uid, plan

    def sync(self, uid: str) -> Billing:
        synced = self.services.billing_sync.sync(uid)
        assert synced is not None
        return synced.billing

    def billing(self, uid: str) -> Billing:
        return Billing.of(self.db.get(billing_path(uid)))

    def bought(self, uid: str) -> dict[str, Any]:
        """The subscription at Stripe."""
        found = self.billing(uid).subscription_id
        assert found is not None
        return self.server.get(found)

    def wallet(self, uid: str) -> Wallet:
        return Wallet.of(self.db.get(wallet_path(uid)))

    def tokens(self, uid: str) -> int:
        return self.wallet(uid).tokens.available

    def minutes(self, uid: str) -> float:
        return self.wallet(uid).voice_seconds.available / 60

    def subscription(self, uid: str) -> Subscription:
        return Subscription.of(self.db.get(f"subscriptions/{uid}"))

    def user_document(self, uid: str) -> dict[str, Any]:
        return self.db.get(f"users/{uid}").data

    def payments(self, uid: str) -> list[Payment]:
        """Oldest first."""
        found = self.db.find("payments", where=[("ownerId", "==", uid)], limit=100)
        return sorted(map(Payment.of, found), key=lambda each: (each.issued_at, each.id))

    def spend(self, uid: str, amount: int, meter: Meter = Meter.TOKENS) -> None:
        job_id, at = self.hold(uid, amount, meter), now()
        owner = Owner.user(uid)
        self.db.commit(*settle_writes(owner, job_id, meter, amount, amount, "test", at))

    def hold(self, uid: str, amount: int, meter: Meter = Meter.TOKENS) -> str:
        job_id = secrets.token_hex(8)
        wallet = self.db.get(wallet_path(uid))
        self.db.commit(*hold_writes(wallet, job_id, meter, amount, "test", now()))
        return job_id

    def clean(self, uid: str) -> None:
        """Asserts that the audit finds nothing."""
        assert audit_owner(self.db, Owner.user(uid)) == []
        assert self.server.problems == []


@contextmanager
def open_till(db: Database, **changes: Any) -> Iterator[Till]:
    with StripeServer() as server:
        yield Till(db, server, **changes)


@contextmanager
def open_live_till(db: Database) -> Iterator[Till]:
    """In live mode, which the settings of the emulators refuse."""
    with open_till(db) as made:
        server, key = made.server, "sk_live_of_the_fake_server"
        server.settings.live = True
        stripe = Stripe(key, [server.secret], server.url)
        made.services = Container(made.settings, database=db, stripe=stripe)
        made.api = StripeClient(key, base_addresses={"api": server.url}).v1
        yield made


@pytest.fixture
def till(db: Database) -> Iterator[Till]:
    with open_till(db) as made:
        yield made


__all__ = ["GIFT", "Till", "open_live_till", "open_till", "till"]
