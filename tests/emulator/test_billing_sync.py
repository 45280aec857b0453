"""Payers and a fake Stripe: what is bought, renewed, changed, refunded, and found out later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.support.billing import GIFT, Till
from troupe.adapters.firestore import Update, now
from troupe.adapters.stripe import Stripe
from troupe.app.container import Container
from troupe.payments.errors import AlreadyBought
from troupe.payments.records import PaymentStatus, billing_path
from troupe.plans.records import Source, SubscriptionStatus


def test_a_bought_plan_gives_its_tokens_once_however_often_stripe_is_asked(till: Till) -> None:
    uid, plan = till.subscriber()
    for _ in range(3):
        billing = till.sync(uid)
    assert billing.stripe_status == "active"
    assert till.tokens(uid) == GIFT + 100
    assert till.minutes(uid) == 30
    has = till.subscription(uid)
    assert (has.plan.id, has.source, has.period, has.due_at) == (plan.id, Source.STRIPE, 1, None)
    (payment,) = till.payments(uid)
    assert (payment.amount, payment.status, payment.period) == (1000, PaymentStatus.PAID, 1)
    assert till.user_document(uid)["plan"] == plan.id
    till.clean(uid)


def test_a_renewal_begins_a_period_and_expires_the_minutes_of_the_last(till: Till) -> None:
    uid, _ = till.subscriber()
    till.server.advance(days=32)
    till.sync(uid)
    assert till.tokens(uid) == GIFT + 200
    assert till.minutes(uid) == 30
    assert till.subscription(uid).period == 2
    till.clean(uid)


def test_renewals_that_nobody_told_us_of_are_all_made_up(till: Till) -> None:
    uid, _ = till.subscriber()
    till.server.advance(days=100)
    till.sync(uid)
    assert till.tokens(uid) == GIFT + 400
    assert till.minutes(uid) == 30
    till.clean(uid)


def test_a_full_refund_takes_everything_that_is_there_and_the_rest_is_owed(till: Till) -> None:
    uid, _ = till.subscriber()
    till.spend(uid, 110)
    (payment,) = till.payments(uid)
    till.server.refund(payment.payment_intents[0])
    billing = till.sync(uid)
    assert till.tokens(uid) == 0
    assert till.minutes(uid) == 0
    assert billing.owed == {"tokens": 90}
    till.server.advance(days=32)
    billing = till.sync(uid)
    assert (till.tokens(uid), billing.owed) == (10, {})
    till.clean(uid)


def test_a_dispute_blocks_and_takes_and_a_won_one_gives_back(till: Till) -> None:
    uid, _ = till.subscriber()
    (payment,) = till.payments(uid)
    dispute = till.server.dispute(payment.payment_intents[0])
    assert till.sync(uid).blocked == "dispute"
    assert (till.tokens(uid), till.wallet(uid).blocked) == (GIFT, "dispute")
    till.server.close_dispute(dispute["id"], won=True)
    assert till.sync(uid).blocked is None
    assert (till.tokens(uid), till.wallet(uid).blocked) == (GIFT + 100, None)
    assert till.minutes(uid) == 30
    till.clean(uid)


def test_an_upgrade_gives_the_share_that_was_paid(till: Till) -> None:
    uid, _ = till.subscriber()
    _, dear = till.plan(3000, tokens=300, voice_minutes=90)
    bought = till.bought(uid)
    item = bought["items"]["data"][0]
    middle = (item["current_period_start"] + item["current_period_end"]) // 2
    till.server.advance(middle)
    till.api.subscriptions.update(
        bought["id"],
        {
            "items": [{"id": item["id"], "price": dear.id}],
            "proration_behavior": "always_invoice",
        },
    )
    till.sync(uid)
    assert till.tokens(uid) == GIFT + 100 + 150 - 50
    assert till.minutes(uid) == 30 + 45 - 15
    assert till.subscription(uid).plan.id == dear.plan_id
    till.clean(uid)


def test_a_failed_renewal_keeps_the_features_for_the_grace_period(till: Till) -> None:
    uid, _ = till.subscriber()
    customer = till.billing(uid).stripe_customer_id
    assert customer
    till.server.change_card(customer, "4000000000000341")
    till.server.advance(days=32)
    billing = till.sync(uid)
    assert billing.stripe_status == "past_due"
    assert billing.grace_until
    has = till.subscription(uid)
    assert (has.status, has.entitled) == (SubscriptionStatus.PAST_DUE, True)
    assert (till.tokens(uid), till.minutes(uid)) == (GIFT + 100, 0)
    assert till.user_document(uid)["planStatus"] == "past_due"
    till.sync(uid)
    notices = till.db.find(f"users/{uid}/notifications", limit=9)
    assert [each.data["type"] for each in notices] == ["payment_failed"]
    till.server.change_card(customer, "4242424242424242")
    till.server.advance(days=4)
    till.sync(uid)
    assert (till.tokens(uid), till.minutes(uid)) == (GIFT + 200, 30)
    assert till.subscription(uid).status is SubscriptionStatus.ACTIVE
    till.clean(uid)


def test_a_second_subscription_is_refused_although_we_know_of_none(till: Till) -> None:
    plan, _ = till.plan()
    uid = till.user()
    till.buy(uid, plan_id=plan.id)
    with pytest.raises(AlreadyBought):
        till.open(uid, plan_id=plan.id)


def test_a_top_up_stays_until_it_is_used_and_is_reversed_by_itself(till: Till) -> None:
    uid, _ = till.subscriber()
    pack = till.pack()
    till.buy(uid, addon_id=pack.id, quantity=2)
    till.sync(uid)
    assert (till.tokens(uid), till.minutes(uid)) == (GIFT + 200, 50)
    till.server.advance(days=32)
    till.sync(uid)
    assert (till.tokens(uid), till.minutes(uid)) == (GIFT + 300, 50)
    topup = next(each for each in till.payments(uid) if each.kind == "topup")
    till.server.refund(topup.id, 500)
    till.sync(uid)
    assert (till.tokens(uid), till.minutes(uid)) == (GIFT + 250, 40)
    till.clean(uid)


def test_a_card_has_one_trial_whoever_uses_it(till: Till) -> None:
    plan, _ = till.plan(trial_days=14)
    first, second = till.user(), till.user()
    till.buy(first, plan_id=plan.id)
    assert till.sync(first).stripe_status == "trialing"
    till.buy(second, plan_id=plan.id)
    assert till.sync(second).stripe_status == "active"
    assert (till.tokens(first), till.tokens(second)) == (GIFT + 10, GIFT + 100)
    assert till.minutes(second) == 30
    till.sync(first)
    assert till.billing(first).stripe_status == "trialing"
    for uid in (first, second):
        till.clean(uid)


class Meanwhile(Stripe):
    """Something happens right before or after the subscriptions are listed."""

    def __init__(self, till: Till, happens: Callable[[], object], *, before: bool) -> None:
        super().__init__(till.server.key, [till.server.secret], till.server.url)
        self._happens, self._before = happens, before

    def _subscriptions(self, customer_id: str) -> Any:
        if self._before:
            self._happens()
        found = super()._subscriptions(customer_id)
        if not self._before:
            self._happens()
        return found


@pytest.mark.parametrize("before", [True, False])
def test_a_trial_that_begins_while_stripe_is_asked_gives_what_it_should(
    till: Till, before: bool
) -> None:
    plan, _ = till.plan(trial_days=14)
    uid = till.user()
    session = till.open(uid, plan_id=plan.id)
    stripe = Meanwhile(till, lambda: till.server.pay(session), before=before)
    Container(till.settings, database=till.db, stripe=stripe).billing_sync.sync(uid)
    assert till.sync(uid).stripe_status == "trialing"
    assert (till.tokens(uid), till.minutes(uid)) == (GIFT + 10, 3)
    till.clean(uid)


def test_the_grace_period_ends_without_an_event(till: Till) -> None:
    uid, plan = till.subscriber()
    customer = till.billing(uid).stripe_customer_id
    assert customer
    till.server.change_card(customer, "4000000000000341")
    till.server.advance(days=32)
    till.sync(uid)
    assert till.user_document(uid)["plan"] == plan.id
    over = now() - timedelta(days=8)
    till.db.commit(Update(billing_path(uid), {"pastDueSince": over, "graceUntil": over}))
    till.sync(uid)
    assert till.user_document(uid)["plan"] is None
    assert till.subscription(uid).status is SubscriptionStatus.PAST_DUE
    till.clean(uid)


def test_a_change_to_a_cheaper_plan_and_back_is_no_gift(till: Till) -> None:
    """Everything is used, then the plan is changed twice on the same day: what was credited is owed
    before anything is given again."""
    uid, _ = till.subscriber(amount=9900, interval="year", tokens=1200)
    _, month = till.plan(1000)
    year = till.bought(uid)["items"]["data"][0]["price"]["id"]
    till.spend(uid, GIFT + 1200)
    for price in (month.id, year, month.id, year):
        item = till.bought(uid)["items"]["data"][0]["id"]
        till.api.subscriptions.update(
            till.bought(uid)["id"],
            {"items": [{"id": item, "price": price}], "proration_behavior": "always_invoice"},
        )
        till.sync(uid)
        assert till.tokens(uid) == 0
    assert sum(payment.paid for payment in till.payments(uid)) == 9900
    for payment in till.payments(uid):
        for intent in payment.payment_intents:
            till.server.refund(intent)
    billing = till.sync(uid)
    assert (till.tokens(uid), billing.owed["tokens"]) == (0, 1200)
    till.clean(uid)
