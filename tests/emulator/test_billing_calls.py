"""What a webhook costs: calls of Stripe and of Firestore, counted at their clients."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.billing import GIFT, Till, open_till
from tests.support.factories import CountingDatabase
from tests.support.seats import Payer
from troupe.payments.records import EventStatus


@pytest.fixture
def counted(counting: CountingDatabase) -> Iterator[tuple[Till, CountingDatabase]]:
    with open_till(counting) as till:
        yield till, counting


class Calls:
    def __init__(self, counted: tuple[Till, CountingDatabase]) -> None:
        self.till, self.database = counted

    def of(self, kind: str) -> tuple[int, int, EventStatus]:
        """Delivers the last event of a kind; what it cost at Stripe and at Firestore."""
        event = next(each for each in reversed(self.till.server.events) if each["type"] == kind)
        body, headers = self.till.server.signed(event)
        signature = {name.lower(): each for name, each in headers.items()}["stripe-signature"]
        before = len(self.till.server.calls)
        self.database.calls.clear()
        status = self.till.services.webhook.receive(body, signature)
        return len(self.till.server.calls) - before, self.database.total, status


def test_a_renewal_asks_stripe_three_times_and_firestore_three_times(
    counted: tuple[Till, CountingDatabase],
) -> None:
    """The payer, by the customer; the books; the commit."""
    till, _ = counted
    uid, _ = till.subscriber()
    calls = Calls(counted)
    for months in (1, 2):
        till.server.advance(days=32)
        assert calls.of("invoice.paid") == (3, 3, EventStatus.DONE)
        assert till.tokens(uid) == GIFT + 100 + 100 * months
        assert till.subscription(uid).period == 1 + months
    till.clean(uid)


def test_a_repeat_is_recognised_by_the_payers_billing(
    counted: tuple[Till, CountingDatabase],
) -> None:
    till, _ = counted
    till.subscriber()
    till.server.advance(days=32)
    calls = Calls(counted)
    calls.of("invoice.paid")
    assert calls.of("invoice.paid") == (0, 1, EventStatus.DONE)


def test_a_first_purchase_looks_up_what_its_price_sells(
    counted: tuple[Till, CountingDatabase],
) -> None:
    """And lists the sessions of Checkout, because the event is one's."""
    till, _ = counted
    plan, _ = till.plan()
    uid = till.user()
    till.buy(uid, plan_id=plan.id)
    assert Calls(counted).of("checkout.session.completed") == (4, 4, EventStatus.DONE)
    assert till.tokens(uid) == GIFT + 100


def test_a_top_up_costs_a_call_of_each_more(counted: tuple[Till, CountingDatabase]) -> None:
    till, _ = counted
    uid, _ = till.subscriber()
    pack = till.pack()
    till.buy(uid, addon_id=pack.id)
    calls = Calls(counted)
    assert calls.of("checkout.session.completed") == (4, 4, EventStatus.DONE)
    assert till.tokens(uid) == GIFT + 150
    till.server.advance(days=32)
    assert calls.of("invoice.paid") == (3, 3, EventStatus.DONE)
    till.clean(uid)


def test_a_top_up_whose_event_is_lost_is_noticed_by_its_charge(
    counted: tuple[Till, CountingDatabase],
) -> None:
    till, _ = counted
    uid, _ = till.subscriber()
    pack = till.pack()
    till.buy(uid, addon_id=pack.id)
    till.server.advance(days=32)
    assert Calls(counted).of("invoice.paid") == (4, 5, EventStatus.DONE)
    assert till.tokens(uid) == GIFT + 250
    till.clean(uid)


def test_refunds_and_disputes_of_known_payments_cost_no_more(
    counted: tuple[Till, CountingDatabase],
) -> None:
    """But a dispute does not name its customer, and is listed by itself."""
    till, _ = counted
    uid, _ = till.subscriber()
    (payment,) = till.payments(uid)
    calls = Calls(counted)
    till.server.refund(payment.payment_intents[0], 100)
    assert calls.of("charge.refunded") == (3, 3, EventStatus.DONE)
    till.server.dispute(payment.payment_intents[0])
    assert calls.of("charge.dispute.created") == (5, 3, EventStatus.DONE)
    assert till.billing(uid).unsettled == [payment.id]
    till.clean(uid)


def test_a_dispute_of_an_old_invoice_costs_most(counted: tuple[Till, CountingDatabase]) -> None:
    till, _ = counted
    uid, _ = till.subscriber()
    (payment,) = till.payments(uid)
    for kind in ("invoice", "charge", "checkout.session"):
        for each in till.server.world.all(kind):
            each["created"] -= 600 * 86_400
    till.server.dispute(payment.payment_intents[0])
    assert Calls(counted).of("charge.dispute.created") == (7, 4, EventStatus.DONE)
    assert till.billing(uid).blocked == "dispute"
    till.clean(uid)


def test_a_company_compares_its_licenses_besides(counted: tuple[Till, CountingDatabase]) -> None:
    till, _ = counted
    payer = Payer(till)
    payer.buy(3)
    till.server.advance(days=32)
    assert Calls(counted).of("invoice.paid") == (3, 5, EventStatus.DONE)
    assert len(payer.licenses) == 3


def test_an_event_of_nobody_is_looked_up_twice_and_recorded(
    counted: tuple[Till, CountingDatabase],
) -> None:
    till, _ = counted
    other = till.api.customers.create({"name": "Another product"})
    till.server.delete_customer(other.id)
    assert Calls(counted).of("customer.deleted") == (0, 3, EventStatus.IGNORED)
