"""Minutes by their origin: those of a plan that was paid for go on in the plan that replaces it,
and are taken back once; those that were bought separately never expire with a plan."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.emulator.test_billing_customers import hear
from tests.support.billing import Till
from troupe.adapters.firestore import Update, now
from troupe.adapters.stripe import Stripe
from troupe.app.container import Container
from troupe.audit.records import Actor
from troupe.payments.records import PaymentKind, PriceKind
from troupe.plans.records import Source
from troupe.wallet.ledger import release_writes
from troupe.wallet.records import Meter, Owner

SECONDS = Meter.VOICE_SECONDS


def buy_plan(till: Till, uid: str, minutes: int = 30) -> str:
    """A period that is bought once; returns the payment intent."""
    plan, _ = till.plan(voice_minutes=minutes)
    till.price(1000, "once", kind=PriceKind.PLAN, plan_id=plan.id)
    till.buy(uid, plan_id=plan.id, once=True)
    till.sync(uid)
    return intent(till, uid, PaymentKind.SUBSCRIPTION)


def buy_pack(till: Till, uid: str, minutes: int = 100) -> str:
    till.buy(uid, addon_id=till.pack(minutes=minutes, tokens=0).id)
    till.sync(uid)
    return intent(till, uid, PaymentKind.TOPUP)


def intent(till: Till, uid: str, kind: PaymentKind) -> str:
    """Of the last payment of that kind."""
    return [each for each in till.payments(uid) if each.kind is kind][-1].payment_intents[0]


def assign(till: Till, uid: str, minutes: int) -> str:
    """By an administrator; returns the plan."""
    plan, _ = till.plan(0, voice_minutes=minutes)
    till.services.subscriptions.create(uid, plan.id)
    return plan.id


def end_plan(till: Till, uid: str) -> None:
    till.services.subscriptions.end(uid)
    till.clean(uid)


def renew(till: Till, uid: str) -> None:
    """The period ends by itself, and a plan that an administrator assigned begins another."""
    past = now() - timedelta(hours=1)
    till.db.commit(Update(f"subscriptions/{uid}", {"dueAt": past}))
    till.services.renewals.advance(uid)
    till.clean(uid)


def run_out(till: Till, uid: str) -> None:
    """The plan ends by itself, when the sweep gets to it."""
    past = now() - timedelta(hours=1)
    till.db.commit(Update(f"subscriptions/{uid}", {"dueAt": past, "expiresAt": past}))
    till.services.renewals.advance(uid)
    till.clean(uid)


def refund(till: Till, uid: str, of: str, amount: int | None = None) -> None:
    till.server.refund(of, amount)
    hear(till, "charge.refunded")
    till.clean(uid)


class TestAnAdministratorsPlanReplacesABoughtOne:
    """30 bought minutes, and 100 of a pack; then a plan of 20 that costs nothing is assigned."""

    @pytest.fixture
    def uid(self, till: Till) -> str:
        uid = till.user()
        self.plan = buy_plan(till, uid)
        buy_pack(till, uid)
        assign(till, uid, 20)
        assert till.minutes(uid) == 150
        till.clean(uid)
        return uid

    def test_a_refund_before_the_end_takes_its_minutes_and_no_others(
        self, till: Till, uid: str
    ) -> None:
        refund(till, uid, self.plan)
        assert till.minutes(uid) == 120
        end_plan(till, uid)
        assert till.minutes(uid) == 100

    @pytest.mark.parametrize("over", [end_plan, renew, run_out])
    def test_a_refund_after_the_end_takes_nothing_again(
        self, till: Till, uid: str, over: Callable[[Till, str], None]
    ) -> None:
        over(till, uid)
        left = 120 if over is renew else 100
        assert till.minutes(uid) == left
        refund(till, uid, self.plan)
        assert (till.minutes(uid), till.billing(uid).owed) == (left, {})

    def test_minutes_of_the_earlier_plan_are_used_first(self, till: Till, uid: str) -> None:
        till.spend(uid, 40 * 60, SECONDS)
        end_plan(till, uid)
        assert till.minutes(uid) == 100
        refund(till, uid, self.plan)
        assert till.minutes(uid) == 70

    def test_a_dispute_that_is_won_gives_the_minutes_back_until_they_expire(
        self, till: Till, uid: str
    ) -> None:
        dispute = till.server.dispute(self.plan)
        till.sync(uid)
        assert till.minutes(uid) == 120
        till.server.close_dispute(dispute["id"], won=True)
        till.sync(uid)
        assert till.minutes(uid) == 150
        end_plan(till, uid)
        assert till.minutes(uid) == 100

    def test_a_dispute_that_is_won_after_the_end_gives_nothing_back(
        self, till: Till, uid: str
    ) -> None:
        dispute = till.server.dispute(self.plan)
        till.sync(uid)
        end_plan(till, uid)
        till.server.close_dispute(dispute["id"], won=True)
        till.sync(uid)
        assert till.minutes(uid) == 100
        till.clean(uid)


def test_minutes_that_a_job_held_at_the_end_are_taken_back_once(till: Till) -> None:
    """They go on in the next period, and expire with it."""
    uid, _ = till.subscriber()
    first = intent(till, uid, PaymentKind.SUBSCRIPTION)
    buy_pack(till, uid)
    job = till.hold(uid, 600, SECONDS)
    till.server.advance(days=40)
    till.sync(uid)
    till.db.commit(*release_writes(Owner.user(uid), job, SECONDS, 600, "test", now()))
    assert till.minutes(uid) == 140
    till.api.subscriptions.cancel(str(till.billing(uid).subscription_id))
    till.sync(uid)
    assert till.minutes(uid) == 100
    refund(till, uid, first)
    assert till.minutes(uid) == 100


def test_minutes_that_a_job_held_when_the_plan_ended_do_not_come_back_after_it(till: Till) -> None:
    """A dispute takes them while the job holds them, and is won when they would have expired."""
    uid = till.user()
    plan = buy_plan(till, uid)
    buy_pack(till, uid)
    job = till.hold(uid, 600, SECONDS)
    till.services.subscriptions.end(uid)
    dispute = till.server.dispute(plan)
    till.sync(uid)
    till.db.commit(*release_writes(Owner.user(uid), job, SECONDS, 600, "test", now()))
    assert till.minutes(uid) == 100
    run_out(till, uid)
    till.server.close_dispute(dispute["id"], won=True)
    till.sync(uid)
    assert till.minutes(uid) == 100
    till.clean(uid)


class TestMinutesThatWereBoughtSeparatelyStay:
    def test_when_an_earlier_debt_had_used_up_those_of_the_plan(self, till: Till) -> None:
        """A pack that had been used is refunded: that takes the minutes of the plan. The next pack
        does not become the plan's."""
        uid = till.user()
        pack = buy_pack(till, uid)
        till.spend(uid, 100 * 60, SECONDS)
        buy_plan(till, uid)
        refund(till, uid, pack)
        assert till.minutes(uid) == 0
        buy_pack(till, uid, 200)
        assert till.minutes(uid) == 130
        end_plan(till, uid)
        assert till.minutes(uid) == 130

    @pytest.mark.parametrize("over", [False, True], ids=["during the period", "after it"])
    def test_when_a_dispute_is_won(self, till: Till, over: bool) -> None:
        """10 minutes of the plan had been used: the dispute takes them from the pack."""
        uid = till.user()
        plan = buy_plan(till, uid)
        till.spend(uid, 600, SECONDS)
        buy_pack(till, uid)
        dispute = till.server.dispute(plan)
        till.sync(uid)
        assert till.minutes(uid) == 90
        if over:
            end_plan(till, uid)
        till.server.close_dispute(dispute["id"], won=True)
        till.sync(uid)
        assert till.minutes(uid) == (100 if over else 120)
        till.clean(uid)
        if not over:
            end_plan(till, uid)
        assert till.minutes(uid) == 100

    def test_when_a_dispute_is_won_while_a_renewal_is_not_paid(self, till: Till) -> None:
        uid, _ = till.subscriber()
        first = intent(till, uid, PaymentKind.SUBSCRIPTION)
        till.spend(uid, 600, SECONDS)
        buy_pack(till, uid)
        till.server.change_card(str(till.billing(uid).stripe_customer_id), "4000000000000341")
        till.server.advance(days=32)
        till.sync(uid)
        assert till.minutes(uid) == 100
        dispute = till.server.dispute(first)
        till.sync(uid)
        till.sync(uid)
        assert till.minutes(uid) == 90
        till.server.close_dispute(dispute["id"], won=True)
        till.sync(uid)
        assert till.minutes(uid) == 100
        till.clean(uid)

    def test_when_a_gift_is_taken_back(self, till: Till) -> None:
        """An administrator takes back a gift of 10, all of which were used."""
        uid = till.user()
        admin, manual = Actor("admin", "admin"), till.services.manual_payments
        gift = manual.add(admin, uid, {"amount": 0, "voice_minutes": 10}, None)
        manual.mark_paid(admin, gift.id)
        till.spend(uid, 600, SECONDS)
        assign(till, uid, 20)
        manual.reverse(admin, gift.id)
        assert till.minutes(uid) == 10
        buy_pack(till, uid)
        end_plan(till, uid)
        assert till.minutes(uid) == 100


def test_a_payment_for_a_subscription_that_has_ended_does_not_end_the_plan_after_it(
    till: Till,
) -> None:
    """A renewal failed, and Stripe ended the subscription; an administrator assigned a plan. The
    old invoice is paid all the same: its tokens stay, and its minutes are over."""
    uid, _ = till.subscriber()
    customer = str(till.billing(uid).stripe_customer_id)
    till.server.change_card(customer, "4000000000000341")
    till.server.advance(days=32)
    till.sync(uid)
    till.api.subscriptions.cancel(str(till.billing(uid).subscription_id))
    till.sync(uid)
    plan_id = assign(till, uid, 20)
    (invoice,) = [e for e in till.server.world.all("invoice") if e["status"] == "open"]
    tokens = till.tokens(uid)
    assert till.server.pay_invoice(invoice["id"], "4242424242424242")
    hear(till, "invoice.paid")
    has = till.subscription(uid)
    assert (has.plan.id, has.source, has.live) == (plan_id, Source.ADMIN, True)
    assert (till.minutes(uid), till.tokens(uid)) == (20, tokens + 100)
    till.clean(uid)
    renew(till, uid)
    assert till.minutes(uid) == 20
    refund(till, uid, intent(till, uid, PaymentKind.SUBSCRIPTION))
    assert (till.minutes(uid), till.tokens(uid)) == (20, tokens + 100)


class LateStatus(Stripe):
    """Lists the subscriptions as they were when this was made."""

    def __init__(self, till: Till, customer: str) -> None:
        super().__init__(till.server.key, [till.server.secret], till.server.url)
        self._shown = super()._subscriptions(customer)

    def _subscriptions(self, customer_id: str) -> Any:
        return self._shown


@pytest.mark.parametrize("returns", [False, True], ids=["a new customer", "one who comes back"])
def test_a_subscription_that_still_looks_incomplete_beside_its_paid_invoice_begins(
    till: Till, returns: bool
) -> None:
    """Stripe changes its status after the payment. It replaces the plan that an administrator had
    assigned, as always."""
    plan, price = till.plan()
    if returns:
        uid, _ = till.subscriber()
        till.api.subscriptions.cancel(str(till.billing(uid).subscription_id))
        till.sync(uid)
    else:
        uid = till.user()
        till.open(uid, plan_id=plan.id)
    assign(till, uid, 20)
    customer = str(till.billing(uid).stripe_customer_id)
    till.api.subscriptions.create(
        {
            "customer": customer,
            "items": [{"price": price.id}],
            "payment_behavior": "default_incomplete",
        }
    )
    stripe = LateStatus(till, customer)
    (invoice,) = [e for e in till.server.world.all("invoice") if e["status"] == "open"]
    assert till.server.pay_invoice(invoice["id"], "4242424242424242")
    Container(till.settings, database=till.db, stripe=stripe).billing_sync.sync(uid)
    for _ in range(2):
        has = till.subscription(uid)
        assert (has.plan.id, has.source, has.live) == (plan.id, Source.STRIPE, True)
        assert till.minutes(uid) == 30
        till.sync(uid)
    till.clean(uid)
