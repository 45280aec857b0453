"""What a crash, a failure or an older version leaves undone is made up for by the next sync."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.emulator.test_billing_customers import hear
from tests.support.billing import GIFT, Till
from troupe.adapters.firestore import Update, now
from troupe.adapters.stripe_records import PaymentsUnavailable
from troupe.payments.records import PaymentStatus, billing_path
from troupe.plans.records import SubscriptionStatus


def forget_periods(till: Till, uid: str) -> None:
    """As an older version leaves the billing, which has made the second period."""
    till.db.commit(Update(billing_path(uid), {"periods": [1]}))


@pytest.fixture
def renewed(till: Till) -> str:
    uid, _ = till.subscriber()
    till.sync(uid)
    till.server.advance(days=40)
    till.sync(uid)
    assert till.billing(uid).periods == [1, 2]
    return uid


def test_a_refund_of_a_period_that_the_billing_does_not_name_is_taken_back(
    till: Till, renewed: str
) -> None:
    forget_periods(till, renewed)
    last = till.payments(renewed)[-1]
    till.server.refund(last.payment_intents[0])
    billing = till.sync(renewed)
    assert billing.periods == [1, 2]
    assert till.payments(renewed)[-1].status is PaymentStatus.REFUNDED
    assert till.tokens(renewed) == GIFT + 100
    till.clean(renewed)


def test_the_end_of_a_period_that_the_billing_does_not_name_is_seen(
    till: Till, renewed: str
) -> None:
    """Also when the picture does not show its payment any more."""
    forget_periods(till, renewed)
    for kind in ("invoice", "charge"):
        for each in till.server.world.all(kind):
            each["created"] -= 600 * 86_400
    till.api.subscriptions.cancel(str(till.billing(renewed).subscription_id))
    till.sync(renewed)
    assert till.subscription(renewed).status is SubscriptionStatus.CANCELLED
    assert till.minutes(renewed) == 0
    till.clean(renewed)


def test_a_dispute_of_an_old_payment_finds_its_period(till: Till, renewed: str) -> None:
    for kind in ("invoice", "charge"):
        for each in till.server.world.all(kind):
            each["created"] -= 600 * 86_400
    till.db.commit(Update(billing_path(renewed), {"periods": [2]}))
    first = till.payments(renewed)[0]
    till.server.dispute(first.payment_intents[0])
    hear(till, "charge.dispute.created")
    assert till.tokens(renewed) == GIFT + 100
    till.clean(renewed)


def test_a_repeated_trial_that_could_not_be_ended_is_ended_soon(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event counts as applied: its next delivery does nothing."""
    plan, _ = till.plan(trial_days=7)
    one, two = till.user(), till.user()
    till.buy(one, plan_id=plan.id)
    till.sync(one)
    till.buy(two, plan_id=plan.id)

    def end_trial(*_: Any) -> None:
        raise PaymentsUnavailable(retry_after=5)

    with monkeypatch.context() as broken:
        broken.setattr(type(till.services.stripe), "end_trial", end_trial)
        with pytest.raises(PaymentsUnavailable):
            hear(till, "customer.subscription.created")
    hear(till, "customer.subscription.created")
    assert till.bought(two)["status"] == "trialing"
    due = till.billing(two).due_at
    assert due is not None and due <= now() + timedelta(minutes=10)
    till.db.commit(Update(billing_path(two), {"dueAt": now()}))
    till.services.billing_sync.sync_due(500)
    assert till.bought(two)["status"] == "active"
    due = till.billing(two).due_at
    assert due is not None and due > now() + timedelta(minutes=10)
    till.clean(two)
