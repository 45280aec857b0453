"""Minutes that expired with a plan are not taken again when it is refunded: those of a pack that
was paid for separately stay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.support.billing import GIFT, Till
from troupe.adapters.firestore import Update, now
from troupe.payments.records import Payment, PaymentKind, PriceKind
from troupe.plans.records import SubscriptionStatus
from troupe.wallet.ledger import release_writes
from troupe.wallet.records import Meter, Owner


def cancel(till: Till, uid: str) -> None:
    till.services.subscriptions.end(uid)


def run_out(till: Till, uid: str) -> None:
    """The plan ends by itself, when the sweep gets to it."""
    past = now() - timedelta(hours=1)
    fields = {"dueAt": past, "periodEnd": past, "expiresAt": past}
    till.db.commit(Update(f"subscriptions/{uid}", fields))
    till.services.renewals.advance(uid)


Ending = Callable[[Till, str], None]
ENDINGS = pytest.mark.parametrize("end", [cancel, run_out])


@pytest.fixture
def uid(till: Till) -> str:
    """Somebody with 30 minutes of a plan that was bought once, and 100 of a pack."""
    plan, _ = till.plan()
    till.price(1000, "once", kind=PriceKind.PLAN, plan_id=plan.id)
    uid = till.user()
    till.buy(uid, plan_id=plan.id, once=True)
    till.sync(uid)
    till.buy(uid, addon_id=till.pack(minutes=100, tokens=0).id)
    till.sync(uid)
    assert till.minutes(uid) == 130
    return uid


def plan_payment(till: Till, uid: str) -> Payment:
    found = [each for each in till.payments(uid) if each.kind is PaymentKind.SUBSCRIPTION]
    return found[0]


@ENDINGS
def test_a_refund_after_the_end_leaves_the_minutes_of_the_pack(
    till: Till, uid: str, end: Ending
) -> None:
    end(till, uid)
    assert not till.subscription(uid).live
    assert till.minutes(uid) == 100
    till.clean(uid)
    till.server.refund(plan_payment(till, uid).payment_intents[0])
    billing = till.sync(uid)
    assert (till.minutes(uid), till.tokens(uid), billing.owed) == (100, GIFT, {})
    till.clean(uid)


@ENDINGS
def test_what_was_used_of_the_plan_is_still_taken_back(till: Till, uid: str, end: Ending) -> None:
    till.spend(uid, 600, Meter.VOICE_SECONDS)
    end(till, uid)
    assert till.minutes(uid) == 100
    till.server.refund(plan_payment(till, uid).payment_intents[0])
    till.sync(uid)
    assert till.minutes(uid) == 90
    till.clean(uid)


@ENDINGS
def test_minutes_that_a_job_held_at_the_end_expire_once(till: Till, uid: str, end: Ending) -> None:
    job = till.hold(uid, 600, Meter.VOICE_SECONDS)
    end(till, uid)
    owner = Owner.user(uid)
    till.db.commit(*release_writes(owner, job, Meter.VOICE_SECONDS, 600, "test", now()))
    till.db.commit(Update(f"subscriptions/{uid}", {"dueAt": now()}))
    till.services.renewals.advance(uid)
    assert till.minutes(uid) == 100
    till.clean(uid)
    till.server.refund(plan_payment(till, uid).payment_intents[0])
    till.sync(uid)
    assert till.minutes(uid) == 100
    till.clean(uid)


def test_minutes_that_a_job_held_when_stripe_ended_the_plan_expire_once(till: Till) -> None:
    uid, _ = till.subscriber()
    till.buy(uid, addon_id=till.pack(minutes=100, tokens=0).id)
    till.sync(uid)
    job = till.hold(uid, 600, Meter.VOICE_SECONDS)
    till.api.subscriptions.cancel(str(till.billing(uid).subscription_id))
    till.sync(uid)
    assert till.subscription(uid).status is SubscriptionStatus.CANCELLED
    owner = Owner.user(uid)
    till.db.commit(*release_writes(owner, job, Meter.VOICE_SECONDS, 600, "test", now()))
    till.db.commit(Update(f"subscriptions/{uid}", {"dueAt": now()}))
    till.services.renewals.advance(uid)
    assert till.minutes(uid) == 100
    till.server.refund(plan_payment(till, uid).payment_intents[0])
    till.sync(uid)
    assert till.minutes(uid) == 100
    till.clean(uid)


@ENDINGS
def test_what_was_taken_before_the_end_is_not_given_back_after_it(
    till: Till, uid: str, end: Ending
) -> None:
    """It would have expired."""
    dispute = till.server.dispute(plan_payment(till, uid).payment_intents[0])
    till.sync(uid)
    assert till.minutes(uid) == 100
    end(till, uid)
    till.server.close_dispute(dispute["id"], won=True)
    till.sync(uid)
    assert (till.minutes(uid), till.tokens(uid)) == (100, GIFT + 100)
    till.clean(uid)
