"""Random lives of payers: whatever happens at Stripe, and however much of it we hear, the books end
where those of somebody end who asks once, when all is over.

Of the events 60 % are lost; the others come late, twice and in any order. Syncs run two at once,
and are killed before and after any commit. `BILLING_LIVES=500` looks further than the normal run.
"""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from stripe import StripeError

from tests.fakes.stripe.errors import StripeFailure
from tests.fakes.stripe_server import StripeServer
from tests.support.billing import GIFT, Till
from tests.support.deliveries import Killed
from tests.support.factories import PROJECT
from troupe.adapters.firestore import Create, Database, Document, connect, now
from troupe.app.container import Container
from troupe.errors import Unavailable
from troupe.payments.records import (
    PAYMENTS,
    Billing,
    Payment,
    Period,
    added,
    billing_path,
    periods_path,
)
from troupe.payments.reversals import target
from troupe.plans.records import Subscription
from troupe.wallet.ledger import opening_writes
from troupe.wallet.records import Meter, Owner

LIVES = int(os.environ.get("BILLING_LIVES", "12"))
FIRST = int(os.environ.get("BILLING_SEED", "0"))
GOOD, FAILS_LATER = "4242424242424242", "4000000000000341"


class Mortal(Database):
    """Kills whoever commits, before or after, with some chance."""

    chance: random.Random | None = None

    def commit(self, *writes: Any) -> Any:
        fate = self.chance.random() if self.chance else 1.0
        if fate < 0.12:
            raise Killed
        answer = super().commit(*writes)
        if fate < 0.24:
            raise Killed
        return answer


class Life:
    """`spends`: the payer uses tokens in between, so that reversals find too few."""

    def __init__(self, till: Till, plans: list[Any], pack: str, seed: int, *, spends: bool) -> None:
        self.till, self.plans, self.pack = till, plans, pack
        self.chance = random.Random(seed)
        self.spends = spends
        self.spent = {Meter.TOKENS: 0, Meter.VOICE_SECONDS: 0}
        self.uid = till.user()
        self.log: list[str] = []
        self.tried = False
        self.seen = len(till.server.events)
        self.customer = till.services.customers.customer(Owner.user(self.uid))

    # What happens at Stripe

    def live(self, steps: int) -> None:
        for _ in range(steps):
            actions: list[Callable[[], object]] = [
                *[self.buy, self.wait, self.wait, self.refund, self.refund, self.dispute],
                *[self.close, self.card, self.change, self.change, self.top_up, self.end],
                *[self.end_later, self.spend],
            ]
            action = self.chance.choice(actions)
            self.log.append(action.__name__)
            with suppress(StripeError, StripeFailure):
                action()
            self.hear()

    def mine(self, name: str) -> list[Any]:
        found = self.till.server.world.all(name)
        return [each for each in found if each["customer"] == self.customer]

    def running(self) -> list[Any]:
        ends = ("canceled", "incomplete_expired", "incomplete")
        return [each for each in self.mine("subscription") if each["status"] not in ends]

    def buy(self) -> None:
        if self.running():
            return
        _, price = self.chance.choice(self.plans)
        params: Any = {
            "mode": "subscription",
            "customer": self.customer,
            "line_items": [{"price": price.id, "quantity": 1}],
            "success_url": "http://127.0.0.1/",
        }
        # One trial at most: whether a second is the same card's depends on which cards we saw.
        if not self.tried and self.chance.random() < 0.5:
            self.tried = True
            params["subscription_data"] = {"trial_period_days": self.chance.randint(1, 20)}
        session = self.till.api.checkout.sessions.create(params)
        self.till.server.pay(session.id, GOOD)

    def top_up(self) -> None:
        params: Any = {
            "mode": "payment",
            "customer": self.customer,
            "line_items": [{"price": self.pack, "quantity": self.chance.randint(1, 3)}],
            "success_url": "http://127.0.0.1/",
        }
        session = self.till.api.checkout.sessions.create(params)
        self.till.server.pay(session.id, GOOD)

    def wait(self) -> None:
        self.till.server.advance(days=self.chance.choice([1, 3, 10, 20, 33]))

    def card(self) -> None:
        self.till.server.change_card(self.customer, self.chance.choice([GOOD, FAILS_LATER]))

    def charges(self) -> list[Any]:
        return [each for each in self.mine("charge") if each["paid"]]

    def refund(self) -> None:
        charge = self.chance.choice(self.charges() or [None])
        if charge is not None:
            left = charge["amount"] - charge["amount_refunded"]
            part = self.chance.choice([left, max(1, left // 3), 1])
            self.till.server.refund(charge["id"], part)

    def dispute(self) -> None:
        charge = self.chance.choice(self.charges() or [None])
        if charge is not None and not charge["disputed"]:
            self.till.server.dispute(charge["id"])

    def close(self) -> None:
        mine = {each["id"] for each in self.charges()}
        disputes = [d for d in self.till.server.world.all("dispute") if d["charge"] in mine]
        if disputes:
            chosen = self.chance.choice(disputes)
            self.till.server.close_dispute(chosen["id"], won=self.chance.random() < 0.6)

    def change(self) -> None:
        for bought in self.running()[:1]:
            item = bought["items"]["data"][0]["id"]
            _, price = self.chance.choice(self.plans)
            params: Any = {
                "items": [{"id": item, "price": price.id}],
                "proration_behavior": "always_invoice",
            }
            self.till.api.subscriptions.update(bought["id"], params)

    def end(self) -> None:
        for bought in self.running()[:1]:
            self.till.api.subscriptions.cancel(bought["id"])

    def end_later(self) -> None:
        for bought in self.running()[:1]:
            wanted = not bought["cancel_at_period_end"]
            self.till.api.subscriptions.update(bought["id"], {"cancel_at_period_end": wanted})

    def spend(self) -> None:
        if not self.spends:
            return
        wallet = self.till.wallet(self.uid)
        for meter in Meter:
            amount = self.chance.randint(0, max(0, wallet.meter(meter).available))
            if amount and not wallet.blocked:
                self.till.spend(self.uid, amount, meter)
                self.spent[meter] += amount

    # What we hear of it

    def hear(self) -> None:
        events = self.till.server.events
        fresh = [each for each in events[self.seen :] if self.chance.random() < 0.4]
        self.seen = len(events)
        old = [self.chance.choice(events)] if events and self.chance.random() < 0.2 else []
        heard = [*fresh[-3:], *old]
        self.chance.shuffle(heard)
        self.till.db.chance = self.chance  # type: ignore[attr-defined]
        for event in heard:
            body, headers = self.till.server.signed(event)
            signature = {name.lower(): each for name, each in headers.items()}["stripe-signature"]
            with suppress(Killed, Unavailable):
                self.till.services.webhook.receive(body, signature)
        if self.chance.random() < 0.15:
            with ThreadPoolExecutor(2) as pool:
                for done in [pool.submit(self.till.services.billing_sync.sync, self.uid)] * 2:
                    with suppress(Killed, Unavailable):
                        done.result()
        self.till.db.chance = None  # type: ignore[attr-defined]


def audited(services: Container, uid: str, told: str) -> None:
    from troupe.commands.ledger_audit import audit_owner

    assert audit_owner(services.database, Owner.user(uid)) == [], told


def end_of(db: Database, uid: str) -> dict[str, Any]:
    """What can be compared: not the entries that led there."""
    billing = Billing.of(db.get(billing_path(uid)))
    wallet = db.get(f"wallets/{uid}").data
    has = db.get(f"subscriptions/{uid}")
    plan = Subscription.of(has) if has.exists else None
    payments = [
        Payment.of(each) for each in db.find(PAYMENTS, where=[("ownerId", "==", uid)], limit=500)
    ]
    return {
        "tokens": wallet["tokens"]["granted"] - wallet["tokens"]["used"],
        "seconds": wallet["voiceSeconds"]["granted"] - wallet["voiceSeconds"]["used"],
        "owed": billing.owed,
        "blocked": (billing.blocked, wallet.get("blocked")),
        "stripe": (billing.subscription_id, billing.stripe_status, billing.cancel_at_period_end),
        "plan": plan and (plan.plan.id, plan.status, plan.period, plan.period_end),
        "payments": sorted((p.id, p.status, p.amount, p.refunded, p.reversed) for p in payments),
    }


def asked_once(till: Till, life: Life, copied: list[Document]) -> dict[str, Any]:
    """The end of somebody who is the same customer, and whose books nobody touched until now."""
    client = connect(f"demo-{secrets.token_hex(6)}")
    db = Database(client)
    at = now()
    user = {"name": "Ada", "tokens": GIFT, "createdAt": at, "updatedAt": at}
    billing = Billing(id=life.uid, stripe_customer_id=life.customer, created_at=at, updated_at=at)
    db.commit(
        *(Create(each.path, each.data) for each in copied),
        Create(f"users/{life.uid}", user),
        Create(billing_path(life.uid), billing.stored()),
        Create(f"stripeCustomers/{life.customer}", {"ownerKind": "user", "ownerId": life.uid}),
        *opening_writes(Owner.user(life.uid), GIFT, at),
    )
    services = Container(till.settings, database=db)
    services.billing_sync.sync(life.uid)
    found = end_of(db, life.uid)
    audited(services, life.uid, str(life.log))
    client.close()
    return found


def reverse_everything(life: Life) -> None:
    for charge in life.charges():
        left = charge["amount"] - charge["amount_refunded"]
        with suppress(StripeError, StripeFailure):
            if left:
                life.till.server.refund(charge["id"], left)


def groups_agree(db: Database, uid: str) -> None:
    """What was taken and what is owed is what the money says."""
    billing = Billing.of(db.get(billing_path(uid)))
    where = [("ownerId", "==", uid)]
    payments = [Payment.of(each) for each in db.find(PAYMENTS, where=where, limit=500)]
    periods = [Period.of(each) for each in db.find(periods_path(uid), limit=500)]
    groups = [*periods, *(each for each in payments if each.period is None)]
    for period in periods:
        gone = added(period.expired, period.reversed_of)
        assert gone.get(Meter.VOICE_SECONDS, 0) <= period.gave.get(Meter.VOICE_SECONDS, 0)
    for meter in Meter:
        wanted = sum(target(group, meter) for group in groups)
        taken = sum(group.reversed_of.get(meter, 0) for group in groups)
        assert wanted - taken == billing.owed.get(meter, 0)


@pytest.mark.parametrize("spends", [False, True], ids=["keeps", "spends"])
def test_the_books_end_where_stripe_does(emulators: object, spends: bool) -> None:
    client = connect(PROJECT)
    db = Mortal(client)
    for seed in range(FIRST, FIRST + LIVES):
        with StripeServer() as server:
            till = Till(db, server)
            plans = [
                till.plan(1000, tokens=100, voice_minutes=30),
                till.plan(2900, tokens=333, voice_minutes=91),
                till.plan(9900, "year", tokens=1201, voice_minutes=365),
            ]
            addon = till.pack()
            (pack,) = till.db.find("prices", where=[("addonId", "==", addon.id)], limit=2)
            paths = [f"plans/{plan.id}" for plan, _ in plans]
            paths += [f"prices/{price.id}" for _, price in plans] + [pack.path]
            copied = till.db.get_all([*paths, f"addons/{addon.id}"])
            life = Life(till, plans, pack.id, seed, spends=spends)
            life.live(14)
            till.sync(life.uid)
            told = f"seed {seed}: {life.log}"
            audited(till.services, life.uid, told)
            groups_agree(db, life.uid)
            if not spends:
                assert end_of(db, life.uid) == asked_once(till, life, copied), told
            reverse_everything(life)
            billing = till.sync(life.uid)
            audited(till.services, life.uid, told)
            wallet = till.wallet(life.uid)
            kept = GIFT - life.spent[Meter.TOKENS] + billing.owed.get(Meter.TOKENS, 0)
            unpaid = free_gifts(db, life.uid)
            assert wallet.tokens.available == kept + unpaid, told
            assert server.problems == []
    client.close()


def free_gifts(db: Database, uid: str) -> int:
    """Tokens for which no money came, and which nothing can reverse: trials."""
    periods = [Period.of(each) for each in db.find(periods_path(uid), limit=500)]
    gifts = [each for each in periods if not each.worth]
    return sum(each.gave.get(Meter.TOKENS, 0) - target(each, Meter.TOKENS) for each in gifts)
