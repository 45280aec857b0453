"""Random lives of subscriptions: whatever happens, the fake's books balance."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from stripe import StripeError

from tests.fakes.stripe.cards import CARDS
from tests.fakes.stripe.errors import StripeFailure
from tests.fakes.stripe.world import DAY
from tests.fakes.stripe_server import StripeServer
from tests.unit.fakes.shop import Shop


class Life:
    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop, self.api, self.chance = shop, shop.api, random.Random(seed)
        yearly, weekly = {"interval": "year"}, {"interval": "week"}
        self.prices = [shop.basic, shop.pro, shop.price("Free", 0, recurring=yearly)]
        self.prices += [shop.price("Y", 9999, recurring=yearly)]
        self.prices += [shop.price("W", 333, recurring=weekly)]

    def step(self) -> None:
        live = self.api.subscriptions.list({"customer": self.shop.customer}).data
        alone = [self.buy, self.wait, self.wait, self.refund, self.dispute, self.card, self.owed]
        of_one = [self.change, self.change, self.end, self.end_later, self.end_trial]
        actions: list[Callable[[], None]] = [*alone]
        if live:
            chosen = self.chance.choice(live)
            actions += [partial(action, chosen) for action in of_one]
        with suppress(StripeError, StripeFailure):
            self.chance.choice(actions)()

    def number(self) -> str:
        return self.chance.choice(list(CARDS))

    def buy(self) -> None:
        more: Any = {}
        if self.chance.random() < 0.4:
            more = {"subscription_data": {"trial_period_days": self.chance.randint(1, 30)}}
        session = self.shop.session(
            self.chance.choice(self.prices), self.chance.randint(1, 4), **more
        )
        self.shop.server.pay(session.id, self.number())

    def wait(self) -> None:
        self.shop.server.advance(
            seconds=self.chance.choice([60, 3600, 3 * DAY, 20 * DAY, 40 * DAY])
        )

    def change(self, found: Any) -> None:
        """Costs what the preview said."""
        item = {"id": found["items"].data[0].id, "price": self.chance.choice(self.prices)}
        items: Any = [item | {"quantity": self.chance.randint(0, 5)}]
        behavior: Any = self.chance.choice(["always_invoice", "create_prorations", "none"])
        preview = self.api.invoices.create_preview(
            {
                "subscription": found.id,
                "subscription_details": {"items": items, "proration_behavior": behavior},
            }
        )
        before = found.latest_invoice
        after = self.api.subscriptions.update(
            found.id, {"items": items, "proration_behavior": behavior}
        ).latest_invoice
        if before != after:
            assert self.api.invoices.retrieve(str(after)).total == preview.total

    def end(self, found: Any) -> None:
        self.api.subscriptions.cancel(found.id, {"prorate": True, "invoice_now": True})

    def end_later(self, found: Any) -> None:
        later = not found.cancel_at_period_end
        self.api.subscriptions.update(found.id, {"cancel_at_period_end": later})

    def end_trial(self, found: Any) -> None:
        self.api.subscriptions.update(found.id, {"trial_end": "now"})

    def card(self) -> None:
        self.shop.server.change_card(self.shop.customer, self.number())

    def owed(self) -> None:
        for invoice in self.api.invoices.list({"status": "open"}).data:
            self.shop.server.pay_invoice(invoice.id, self.number())

    def refund(self) -> None:
        for charge in self.api.charges.list({"limit": 1}).data:
            self.api.refunds.create({"charge": charge.id, "amount": self.chance.randint(1, 500)})

    def dispute(self) -> None:
        for charge in self.api.charges.list({"limit": 1}).data:
            if charge.paid and not charge.disputed:
                opened = self.shop.server.dispute(charge.id)
                self.shop.server.close_dispute(opened["id"], won=self.chance.random() < 0.5)


@pytest.mark.parametrize("seed", range(4))
def test_the_books_balance(shop: Shop, seed: int) -> None:
    life = Life(shop, seed)
    for _ in range(25):
        life.step()
    charges = list(shop.api.charges.list({"limit": 100}).auto_paging_iter())
    invoices = list(shop.api.invoices.list({"limit": 100}).auto_paging_iter())
    assert sum(c.amount for c in charges if c.paid) == sum(i.amount_paid for i in invoices)
    for invoice in invoices:
        assert invoice.total == sum(line.amount for line in invoice.lines.data)
        assert invoice.amount_due == invoice.amount_paid + invoice.amount_remaining
    final = [i for i in invoices if i.status != "draft"]
    balance = sum(i.total - i.amount_due for i in final)
    assert shop.api.customers.retrieve(shop.customer).balance == balance


def test_a_clock_that_runs_by_itself() -> None:
    with StripeServer(running=True) as stripe:
        shop = Shop(stripe)
        session = shop.session()
        assert shop.api.checkout.sessions.retrieve(session.id).status == "open"
        stripe.advance(session.expires_at - 1)
        deadline = time.monotonic() + 30
        while shop.api.checkout.sessions.retrieve(session.id).status == "open":
            assert time.monotonic() < deadline
            time.sleep(0.05)
