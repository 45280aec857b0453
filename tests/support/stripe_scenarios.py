"""What customers do at Stripe, and what our books say then.

The tests run these with the fake. `make stripe-live` runs the same functions at Stripe, in test
mode, and so checks the fake too. They use only what Stripe's API has: months pass on a test clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.support.billing import GIFT, Till
from troupe.adapters.firestore import Create, Update
from troupe.payments.checkout import Order
from troupe.payments.records import CUSTOMERS, Price, billing_path
from troupe.payments.subscriptions import When
from troupe.plans.records import SubscriptionStatus
from troupe.wallet.records import Owner

_POLL_SECONDS = 1.0
Scenario = Callable[[Till], None]


class Buyer:
    """A payer with a card, whose customer lives on a test clock."""

    def __init__(self, till: Till) -> None:
        self.till = till
        self.api = till.api
        self.uid = till.user()
        self.owner = Owner.user(self.uid)
        clocks = self.api.test_helpers.test_clocks
        self.clock = clocks.create({"frozen_time": int(time.time()) + 1, "name": "Troupe"})
        self.customer = self.api.customers.create(
            {"name": "Troupe's test", "test_clock": self.clock.id}
        ).id
        till.services.customers.opened(self.owner)
        till.db.commit(
            Update(billing_path(self.uid), {"stripeCustomerId": self.customer}),
            Create(f"{CUSTOMERS}/{self.customer}", {"ownerKind": "user", "ownerId": self.uid}),
        )
        self.use("pm_card_visa")

    def use(self, card: str) -> None:
        """The card that is charged from now on."""
        method = self.api.payment_methods.attach(card, {"customer": self.customer})
        settings: Any = {"default_payment_method": method.id}
        self.api.customers.update(self.customer, {"invoice_settings": settings})

    def subscribe(self, price: Price) -> None:
        """As Checkout does, once it is paid."""
        self.api.subscriptions.create(
            {
                "customer": self.customer,
                "items": [{"price": price.id}],
                "billing_mode": {"type": "flexible"},
            }
        )
        self.till.sync(self.uid)

    @property
    def bought(self) -> Any:
        """The subscription at Stripe."""
        found = self.till.billing(self.uid).subscription_id
        assert found is not None
        return self.api.subscriptions.retrieve(found)

    def wait(self, days: int = 0, *, until: int = 0) -> None:
        """Days pass; of what happens, our books know nothing yet."""
        clocks = self.api.test_helpers.test_clocks
        to = until or self.clock.frozen_time + days * 86_400
        clocks.advance(self.clock.id, {"frozen_time": to})
        while (clock := clocks.retrieve(self.clock.id)).status == "advancing":
            time.sleep(_POLL_SECONDS)
        assert clock.status == "ready"
        self.clock = clock

    def has(self, tokens: int, minutes: float) -> None:
        """Syncs, and asserts what the wallet has besides the gift."""
        self.till.sync(self.uid)
        found = (self.till.tokens(self.uid) - GIFT, self.till.minutes(self.uid))
        assert found == (tokens, minutes), found


def renewed(till: Till) -> None:
    buyer = Buyer(till)
    plan, price = till.plan()
    buyer.subscribe(price)
    buyer.has(100, 30)
    buyer.has(100, 30)  # however often Stripe is asked
    buyer.wait(days=32)
    buyer.has(200, 30)
    has = till.subscription(buyer.uid)
    assert (has.plan.id, has.period, has.status) == (plan.id, 2, SubscriptionStatus.ACTIVE)
    assert [each.amount for each in till.payments(buyer.uid)] == [1000, 1000]
    till.clean(buyer.uid)


def cancelled(till: Till) -> None:
    """Here, taken back, in the portal, taken back, and here again."""
    buyer = Buyer(till)
    buyer.subscribe(till.plan()[1])
    paid = till.services.paid_subscriptions
    ends = buyer.bought["items"].data[0].current_period_end
    assert paid.cancel(buyer.owner, When.PERIOD_END).cancel_at_period_end
    assert not paid.resume(buyer.owner).cancel_at_period_end
    assert buyer.bought.cancel_at is None
    buyer.api.subscriptions.update(buyer.bought.id, {"cancel_at": ends})
    assert till.sync(buyer.uid).cancel_at_period_end
    assert int(till.subscription(buyer.uid).ends_at.timestamp()) == ends
    assert not paid.resume(buyer.owner).cancel_at_period_end
    assert buyer.bought.cancel_at is None
    paid.cancel(buyer.owner, When.PERIOD_END)
    buyer.has(100, 30)
    buyer.wait(days=32)
    buyer.has(100, 0)
    assert till.subscription(buyer.uid).status is SubscriptionStatus.CANCELLED
    till.clean(buyer.uid)


def unpaid_and_paid_later(till: Till) -> None:
    buyer = Buyer(till)
    buyer.subscribe(till.plan()[1])
    buyer.use("pm_card_chargeCustomerFail")
    buyer.wait(days=32)
    buyer.has(100, 0)
    has = till.subscription(buyer.uid)
    assert (has.status, has.entitled) == (SubscriptionStatus.PAST_DUE, True)
    buyer.use("pm_card_visa")
    buyer.api.invoices.pay(buyer.bought.latest_invoice)
    buyer.has(200, 30)
    assert till.subscription(buyer.uid).status is SubscriptionStatus.ACTIVE
    till.clean(buyer.uid)


def refunded(till: Till) -> None:
    buyer = Buyer(till)
    buyer.subscribe(till.plan()[1])
    (payment,) = till.payments(buyer.uid)
    for key in ("once", "once", "twice"):  # the same key is the same refund
        till.services.stripe.refund(payment.payment_intents[0], 300, None, f"{payment.id}-{key}")
    buyer.has(40, 12)
    (payment,) = till.payments(buyer.uid)
    assert (payment.refunded, payment.status) == (600, "partly_refunded")
    till.clean(buyer.uid)


def upgraded(till: Till) -> None:
    """Half of the period is over: the quote says what the change then does."""
    buyer = Buyer(till)
    buyer.subscribe(till.plan()[1])
    dear, price = till.plan(3000, tokens=300, voice_minutes=90)
    item = buyer.bought["items"].data[0]
    buyer.wait(until=(item.current_period_start + item.current_period_end) // 2)
    buyer.api.subscriptions.update(
        buyer.bought.id,
        {
            "items": [{"id": item.id, "price": price.id}],
            "proration_behavior": "always_invoice",
        },
    )
    buyer.has(100 + 150 - 50, 30 + 45 - 15)
    assert till.subscription(buyer.uid).plan.id == dear.id
    assert [each.amount for each in till.payments(buyer.uid)] == [1000, 1000]
    till.clean(buyer.uid)


def pages_open(till: Till) -> None:
    """Stripe takes what we ask it for: Checkout, the portal, and a preview of a change."""
    buyer = Buyer(till)
    cheap, price = till.plan()
    dear, _ = till.plan(3000, tokens=300, voice_minutes=90)
    prices, owner = till.services.price_table, Owner.user(till.user())
    prices.configure_portal(till.settings.app_url)
    checkouts, paid = till.services.checkouts, till.services.paid_subscriptions
    opened = checkouts.open(owner, Order(plan_id=cheap.id))
    assert checkouts.open(owner, Order(plan_id=cheap.id)) == opened
    other = checkouts.open(owner, Order(plan_id=dear.id))
    assert other.url.startswith("http")
    status = lambda key: till.api.checkout.sessions.retrieve(key).status  # noqa: E731
    assert (status(opened.session_id), status(other.session_id)) == ("expired", "open")
    buyer.subscribe(price)
    assert paid.portal(buyer.owner, "home").startswith("http")
    assert paid.portal(buyer.owner, "plan", plan_id=dear.id).startswith("http")
    assert paid.portal(buyer.owner, "cancel").startswith("http")
    quoted = paid.quote(buyer.owner, dear.id, 1).preview
    assert 0 < quoted.due_now <= 2000
    assert quoted.next_amount == 3000
    assert till.server.problems == []


SCENARIOS: tuple[Scenario, ...] = (
    renewed,
    cancelled,
    unpaid_and_paid_later,
    refunded,
    upgraded,
    pages_open,
)
