"""Customers that somebody deletes in Stripe's dashboard: their payers can buy again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.support.billing import GIFT, Till, open_live_till, open_till
from troupe.adapters.firestore import Update, now
from troupe.adapters.stripe_records import PaymentsUnavailable, StripeRefused
from troupe.audit.records import Actor
from troupe.payments.errors import NoCustomer, PriceNotConfigured
from troupe.payments.records import PaymentStatus, PriceKind, billing_path
from troupe.plans.records import SubscriptionStatus
from troupe.wallet.records import Owner


def hear(till: Till, kind: str) -> None:
    """Delivers the last event of a kind."""
    event = next(each for each in reversed(till.server.events) if each["type"] == kind)
    body, headers = till.server.signed(event)
    signature = {name.lower(): each for name, each in headers.items()}["stripe-signature"]
    till.services.webhook.receive(body, signature)


def customer_of(till: Till, uid: str) -> str:
    found = till.billing(uid).stripe_customer_id
    assert found is not None
    return found


@pytest.fixture(params=[False, True], ids=["lists", "refuses"])
def shop(till: Till, request: pytest.FixtureRequest) -> Till:
    """Whether Stripe still lists what a deleted customer had, or refuses the id."""
    till.server.settings.forgets_deleted = request.param
    return till


@pytest.mark.parametrize("refuses", [True, False], ids=["refuses", "lists nothing"])
def test_a_key_of_another_account_ends_nothing(till: Till, refuses: bool) -> None:
    """Whoever asks with it: that account knows none of our customers."""
    uid, plan = till.subscriber()
    before = till.db.get(billing_path(uid)).data
    with open_till(till.db) as other:
        other.server.settings.refuses_unknown = refuses
        sync, owner = other.services.billing_sync, Owner.user(uid)
        for ask in (
            lambda: sync.sync(uid),
            lambda: sync.sync(uid, everything=True),
            lambda: sync.sync(uid, ask_customer=True),
            lambda: sync.preview(uid),
            lambda: other.open(uid, plan_id=plan.id),
            lambda: other.services.paid_subscriptions.portal(owner, "home"),
            lambda: other.services.paid_subscriptions.portal(owner, "cancel"),
        ):
            with pytest.raises(PaymentsUnavailable):
                ask()
        assert till.db.get(billing_path(uid)).data == before
        till.db.commit(Update(billing_path(uid), {"dueAt": now() - timedelta(minutes=1)}))
        sync.sync_due(500)
    billing = till.billing(uid)
    assert billing.due_at is not None and billing.due_at > now()  # it is asked again
    assert (billing.live, billing.former_customers) == (True, [])
    assert till.subscription(uid).status is SubscriptionStatus.ACTIVE
    assert (till.tokens(uid), till.minutes(uid)) == (GIFT + 100, 30)
    till.sync(uid)
    till.clean(uid)


def test_a_key_of_the_other_mode_ends_nothing(till: Till) -> None:
    """Also if Stripe answered as if it knew the customer."""
    uid, _ = till.subscriber()
    till.db.commit(Update(billing_path(uid), {"livemode": True}))
    calls = len(till.server.calls)
    with pytest.raises(PaymentsUnavailable):
        till.sync(uid)
    assert len(till.server.calls) == calls
    assert till.subscription(uid).status is SubscriptionStatus.ACTIVE


def test_a_live_key_leaves_behind_what_was_bought_in_test_mode(till: Till) -> None:
    """Nobody has paid for it, and Stripe does not know it with this key."""
    uid, plan = till.subscriber(trialDays=7)
    customer = customer_of(till, uid)
    with open_live_till(till.db) as live:
        for _ in range(2):
            live.services.billing_sync.sync(uid)
        billing = live.billing(uid)
        assert (billing.customers, billing.test_customers) == ([], [customer])
        assert (billing.subscription_id, billing.due_at) == (None, None)
        assert live.subscription(uid).status is SubscriptionStatus.CANCELLED
        assert live.server.calls == []
        live.clean(uid)
        tokens = live.tokens(uid)
        with pytest.raises(PriceNotConfigured):
            live.open(uid, plan_id=plan.id)
        live.price(1000, "month", kind=PriceKind.PLAN, plan_id=plan.id, livemode=True)
        live.buy(uid, plan_id=plan.id)
        billing = live.sync(uid)
        assert (billing.livemode, billing.live, billing.test_customers) == (True, True, [customer])
        assert live.bought(uid)["status"] == "trialing"
        assert live.tokens(uid) == tokens + 10
        live.clean(uid)
        with pytest.raises(PaymentsUnavailable):  # and a test key ends nothing that is paid for
            till.sync(uid)
        assert live.subscription(uid).status is SubscriptionStatus.ACTIVE


def test_an_account_of_test_mode_is_erased_with_a_live_key(till: Till) -> None:
    uid, _ = till.subscriber()
    with open_live_till(till.db) as live:
        assert live.services.billing_closing.close(uid)
        live.services.billing_sync.sync(uid)
        assert live.server.calls == []
    billing = till.billing(uid)
    assert (billing.closed, billing.customers) == (True, [])


@pytest.mark.parametrize("refuses", [True, False], ids=["refuses", "lists nothing"])
def test_an_account_is_not_erased_while_its_subscription_cannot_be_ended(
    till: Till, refuses: bool
) -> None:
    uid, _ = till.subscriber()
    with open_till(till.db) as other, pytest.raises(StripeRefused):
        other.server.settings.refuses_unknown = refuses
        other.services.billing_closing.close(uid)
    assert till.bought(uid)["status"] == "active"
    till.services.billing_closing.close(uid)
    assert till.bought(uid)["status"] == "canceled"


def test_closing_ends_what_runs_at_a_former_customer(till: Till) -> None:
    """As it was left where another account's answer had been taken for a deletion."""
    uid, _ = till.subscriber()
    customer = customer_of(till, uid)
    fields = {"stripeCustomerId": None, "formerCustomers": [customer]}
    till.db.commit(Update(billing_path(uid), fields))
    till.services.billing_closing.close(uid)
    assert till.bought(uid)["status"] == "canceled"


def test_what_a_deleted_customer_paid_can_still_be_refunded(shop: Till) -> None:
    uid, _ = shop.subscriber()
    (payment,) = shop.payments(uid)
    shop.server.delete_customer(customer_of(shop, uid))
    hear(shop, "customer.deleted")
    found = shop.services.refunds.refund(Actor("boss", None), payment.id, None, None, "k").payment
    assert (found.status, found.refunded) == (PaymentStatus.REFUNDED, 1000)
    assert shop.tokens(uid) == GIFT
    shop.clean(uid)


@pytest.mark.parametrize("heard", [True, False], ids=["event", "event lost"])
def test_who_was_deleted_at_stripe_has_no_plan_any_more_and_buys_again(
    shop: Till, heard: bool
) -> None:
    uid, plan = shop.subscriber()
    first = customer_of(shop, uid)
    shop.open(uid, addon_id=shop.pack().id)
    shop.server.delete_customer(first)
    if heard:
        hear(shop, "customer.deleted")
    else:
        shop.sync(uid)
    billing = shop.billing(uid)
    assert (billing.stripe_customer_id, billing.former_customers) == (None, [first])
    assert (billing.live, billing.items, billing.open_checkout) == (False, [], None)
    assert shop.subscription(uid).status is SubscriptionStatus.CANCELLED
    assert (shop.tokens(uid), shop.minutes(uid)) == (GIFT + 100, 0)
    assert [each.status for each in shop.payments(uid)] == [PaymentStatus.PAID]
    assert shop.user_document(uid)["plan"] is None
    shop.clean(uid)

    shop.buy(uid, plan_id=plan.id)
    billing = shop.sync(uid)
    assert billing.stripe_customer_id not in (None, first)
    assert billing.stripe_status == "active"
    assert (shop.tokens(uid), shop.minutes(uid)) == (GIFT + 200, 30)
    assert len(shop.payments(uid)) == 2
    assert shop.services.customers.owner_of(first) == Owner.user(uid)
    shop.clean(uid)


def test_checkout_itself_notices_a_customer_that_never_subscribed(shop: Till) -> None:
    uid, pack = shop.user(), shop.pack()
    shop.buy(uid, addon_id=pack.id)
    shop.sync(uid)
    first = customer_of(shop, uid)
    shop.server.delete_customer(first)
    shop.buy(uid, addon_id=pack.id)
    shop.sync(uid)
    assert shop.billing(uid).former_customers == [first]
    assert shop.tokens(uid) == GIFT + 100
    shop.clean(uid)


def test_the_customer_that_follows_has_an_idempotency_key_of_its_own(shop: Till) -> None:
    uid, pack = shop.user(), shop.pack()
    customers = []
    for _ in range(3):
        shop.open(uid, addon_id=pack.id)
        customers.append(customer_of(shop, uid))
        shop.server.delete_customer(customers[-1])
    assert len(set(customers)) == 3
    create = ("POST", "/v1/customers")
    made = [each for each in shop.server.calls if (each.method, each.path) == create]
    assert len({each.headers["idempotency-key"] for each in made}) == 3


def test_what_a_deleted_customer_paid_can_still_be_disputed(till: Till) -> None:
    uid, plan = till.subscriber()
    (payment,) = till.payments(uid)
    till.server.delete_customer(customer_of(till, uid))
    hear(till, "customer.deleted")
    till.buy(uid, plan_id=plan.id)
    till.sync(uid)
    dispute = till.server.dispute(payment.payment_intents[0])
    hear(till, "charge.dispute.created")
    assert till.billing(uid).blocked == "dispute"
    assert till.tokens(uid) == GIFT + 100
    till.clean(uid)
    till.server.close_dispute(dispute["id"], won=True)
    hear(till, "charge.dispute.closed")
    assert till.billing(uid).blocked is None
    assert till.tokens(uid) == GIFT + 200
    till.clean(uid)


def test_the_portal_of_a_deleted_customer_is_that_of_nobody(shop: Till) -> None:
    uid, pack = shop.user(), shop.pack()
    shop.buy(uid, addon_id=pack.id)
    shop.server.delete_customer(customer_of(shop, uid))
    with pytest.raises(NoCustomer):
        shop.services.paid_subscriptions.portal(Owner.user(uid), "home")
    assert shop.billing(uid).stripe_customer_id is None


def test_an_older_picture_does_not_bring_a_deleted_customer_back(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sync asks Stripe; the customer is deleted, and another sync commits that; the first one
    must not write what it saw."""
    uid, _ = till.subscriber()
    stripe = till.services.stripe
    real = type(stripe).picture
    asked: list[str] = []

    def picture(self: Any, customer_id: str, *args: Any, **kwargs: Any) -> Any:
        seen = real(self, customer_id, *args, **kwargs)
        if not asked:
            asked.append(customer_id)
            till.server.delete_customer(customer_id)
            till.sync(uid)
        return seen

    monkeypatch.setattr(type(stripe), "picture", picture)
    till.sync(uid)
    billing = till.billing(uid)
    assert (billing.stripe_customer_id, billing.former_customers) == (None, asked)
    assert till.subscription(uid).status is SubscriptionStatus.CANCELLED
    till.clean(uid)


def test_books_that_name_no_documents_are_looked_up_once(till: Till) -> None:
    """As after an import, or if the names were wrong: `resync` looks them up too."""
    uid, _ = till.subscriber()
    till.server.advance(days=40)
    till.sync(uid)
    (first, *_) = till.payments(uid)
    till.spend(uid, till.tokens(uid))
    till.server.refund(first.payment_intents[0])
    owed = till.sync(uid).owed
    assert owed == {"tokens": 100}
    till.db.commit(Update(billing_path(uid), {"periods": None, "unsettled": [], "sells": {}}))
    billing = till.sync(uid)
    assert (billing.owed, billing.periods) == (owed, [1, 2])
    till.db.commit(Update(billing_path(uid), {"periods": [], "unsettled": []}))
    till.services.billing_sync.sync(uid, everything=True)
    assert till.billing(uid).periods == [1, 2]
    till.clean(uid)


def test_a_dispute_of_a_payment_older_than_the_picture_finds_it(till: Till) -> None:
    uid, _ = till.subscriber()
    pack = till.pack()
    till.buy(uid, addon_id=pack.id)
    till.sync(uid)
    plan, topup = sorted(till.payments(uid), key=lambda each: each.kind)
    long_ago = 600
    for kind in ("invoice", "charge", "checkout.session"):
        for each in till.server.world.all(kind):
            each["created"] -= long_ago * 86_400
    till.sync(uid)
    before = till.tokens(uid)
    for payment, gave in ((plan, 100), (topup, 50)):
        dispute = till.server.dispute(payment.payment_intents[0])
        hear(till, "charge.dispute.created")
        assert till.billing(uid).blocked == "dispute"
        assert till.tokens(uid) == before - gave
        till.clean(uid)
        till.sync(uid)  # which does not ask about it
        assert till.billing(uid).blocked == "dispute"
        till.server.close_dispute(dispute["id"], won=True)
        hear(till, "charge.dispute.closed")
        assert (till.billing(uid).blocked, till.tokens(uid)) == (None, before)
        till.clean(uid)
