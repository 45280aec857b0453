"""For tests of plans: plans, their services, and the passing of time."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.factories import test_settings
from troupe.adapters.firestore import Database, Update, now
from troupe.app.container import Container
from troupe.plans.records import Plan, Subscription
from troupe.plans.schemas import CreatePlan
from troupe.wallet.ledger import (
    grant_writes,
    hold_writes,
    release_writes,
    settle_writes,
    wallet_path,
)
from troupe.wallet.records import Balance, Meter, Owner, Wallet


class Shop:
    """The plan services on one database."""

    def __init__(self, db: Database, *, paid: bool = False) -> None:
        services = Container(test_settings(PAYMENTS="stripe" if paid else "off"), database=db)
        self.db = db
        self.plans = services.plans
        self.renewals = services.renewals
        self.subscriptions = services.subscriptions

    def plan(self, **fields: Any) -> Plan:
        """A cheap plan with a unique name, tokens and minutes."""
        body = {
            "name": f"Plan {secrets.token_hex(4)}",
            "price": 9.99,
            "billing_period": "monthly",
            "voice_minutes": 30,
            "tokens": 200,
        }
        return self.plans.create(CreatePlan.model_validate(body | fields).fields())

    def subscription(self, uid: str) -> Subscription:
        return Subscription.of(self.db.get(f"subscriptions/{uid}"))

    def seconds(self, uid: str) -> Balance:
        return Wallet.of(self.db.get(wallet_path(uid))).voice_seconds

    def tokens(self, uid: str) -> Balance:
        return Wallet.of(self.db.get(wallet_path(uid))).tokens

    def spend(self, uid: str, seconds: int) -> None:
        """Uses voice seconds, like a settled job."""
        with self.holding(uid, seconds) as job_id:
            at = now()
            self.db.commit(
                *settle_writes(
                    Owner.user(uid), job_id, Meter.VOICE_SECONDS, seconds, seconds, "voice", at
                )
            )

    @contextmanager
    def holding(self, uid: str, seconds: int) -> Iterator[str]:
        """A hold of voice seconds by a job; the body must settle or release it."""
        job_id = secrets.token_hex(8)
        wallet = self.db.get(wallet_path(uid))
        at = now()
        self.db.commit(*hold_writes(wallet, job_id, Meter.VOICE_SECONDS, seconds, "voice", at))
        yield job_id

    def release(self, uid: str, job_id: str, seconds: int) -> None:
        at = now()
        self.db.commit(
            *release_writes(Owner.user(uid), job_id, Meter.VOICE_SECONDS, seconds, "voice", at)
        )

    def pass_days(self, uid: str, days: int) -> None:
        """Moves all times of a subscription into the past by `days`."""
        has = self.db.get(f"subscriptions/{uid}")
        older = {
            name: datetime.combine(value.date(), value.timetz()) - timedelta(days=days)
            for name, value in has.data.items()
            if isinstance(value, datetime)
        }
        self.db.commit(Update(has.path, older))


def give_seconds(db: Database, uid: str, seconds: int) -> None:
    """Voice seconds, as from a plan."""
    db.commit(
        *grant_writes(Owner.user(uid), "seconds", Meter.VOICE_SECONDS, seconds, "test", now())
    )


@pytest.fixture
def shop(db: Database) -> Shop:
    return Shop(db)
