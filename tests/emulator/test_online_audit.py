"""`audit --online` compares our books with Stripe's, and says of whom they differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.billing import Till, open_till
from troupe.__main__ import main
from troupe.adapters.firestore import Database, Delete, Update
from troupe.commands.online_audit import audit_online
from troupe.payments.records import Payment


class Shop:
    """A payer with a plan and an add-on, and one who has closed the account."""

    def __init__(self, till: Till) -> None:
        self.till, self.db = till, till.db
        self.uid, self.plan = till.subscriber()
        till.buy(self.uid, addon_id=till.pack().id)
        till.sync(self.uid)
        self.gone, _ = till.subscriber()
        self.subscription: dict[str, Any] = till.server.world.objects[till.bought(self.uid)["id"]]
        till.services.billing_closing.close(self.gone)
        till.services.billing_closing.forget(self.gone, 100)
        self.topup, self.invoice = (self.of(kind) for kind in ("topup", "subscription"))

    def of(self, kind: str) -> Payment:
        return next(each for each in self.till.payments(self.uid) if each.kind == kind)

    def told(self) -> list[str]:
        found = audit_online(self.till.services, wait=lambda seconds: None)
        assert found.customers == 2
        return [f"{each.owner_id}: {each.problem}" for each in found.findings]

    def bill(self, **fields: Any) -> None:
        self.db.commit(Update(f"billing/{self.uid}", fields))

    def pay(self, payment: Payment, **fields: Any) -> None:
        self.db.commit(Update(f"payments/{payment.id}", fields))

    def second(self) -> None:
        """Another subscription, as in the dashboard."""
        price = self.subscription["items"]["data"][0]["price"]["id"]
        customer = self.subscription["customer"]
        params: Any = {"customer": customer, "items": [{"price": price}]}
        params["default_payment_method"] = self.subscription["default_payment_method"]
        self.till.api.subscriptions.create(params)


FAULTS: list[tuple[Callable[[Shop], object], str]] = [
    (lambda s: s.bill(stripeStatus="past_due"), "is active at Stripe, and past_due here"),
    (lambda s: s.bill(cancelAtPeriodEnd=True), "ends with its period here only"),
    (lambda s: s.bill(items=[]), "at Stripe, and nothing here"),
    (lambda s: s.bill(subscriptionId="sub_x"), "sub_x does not exist at Stripe"),
    (lambda s: s.bill(subscriptionId=None), "runs at Stripe, but billing has none"),
    (lambda s: s.second(), "2 subscriptions run at Stripe"),
    (lambda s: s.till.api.subscriptions.cancel(s.subscription["id"]), "is canceled at Stripe"),
    (
        lambda s: s.db.commit(Delete(f"payments/{s.invoice.id}")),
        "was paid at Stripe, and is missing here",
    ),
    (
        lambda s: s.pay(s.invoice, ownerId=s.gone),
        "was paid at Stripe, and belongs to another owner here",
    ),
    (lambda s: s.pay(s.invoice, paid=999), "paid is 1000 at Stripe, and 999 here"),
    (lambda s: s.pay(s.topup, currency="eur"), "currency is usd at Stripe, and eur here"),
    (lambda s: s.pay(s.topup, tax=7), "tax is 0 at Stripe, and 7 here"),
    (
        lambda s: s.till.server.refund(s.topup.payment_intents[0], 100),
        "refunded is 100 at Stripe, and 0 here",
    ),
    (
        lambda s: s.till.server.dispute(s.topup.payment_intents[0]),
        "status is disputed at Stripe, and paid here",
    ),
    (
        lambda s: s.till.server.world.objects[s.topup.session_id].update(payment_status="unpaid"),
        "is not paid at Stripe",
    ),
    (
        lambda s: s.db.commit(Update(f"plans/{s.plan.id}", {"priceCents": 77})),
        "prices: plan ",
    ),
]


@pytest.mark.parametrize(("change", "told"), FAULTS, ids=[told for _, told in FAULTS])
def test_a_difference_is_told_with_its_owner(
    own_db: Database, change: Callable[[Shop], object], told: str
) -> None:
    with open_till(own_db) as till:
        shop = Shop(till)
        assert shop.told() == []
        change(shop)
        found = shop.told()
        assert any(told in each for each in found), found
        if not told.startswith("prices"):
            assert any(each.startswith(shop.uid) for each in found)
        assert till.server.problems == []


def test_a_subscription_of_a_closed_account_is_told(own_db: Database) -> None:
    with open_till(own_db) as till:
        shop = Shop(till)
        shop.bill(closed=True)
        (told,) = shop.told()
        assert "its billing is closed, and sub_" in told


def test_it_waits_when_asked_too_often_and_goes_on_after_a_failure(own_db: Database) -> None:
    with open_till(own_db) as till:
        shop = Shop(till)
        waited: list[float] = []
        till.server.fail("/v1/subscriptions", 429, times=4)
        assert audit_online(till.services, wait=waited.append).findings == []
        assert waited == [5, 10, 15, 20]
        till.server.fail("/v1/subscriptions", 429, times=6)
        found = audit_online(till.services, wait=waited.append).findings
        assert [each.problem.split(":")[0] for each in found] == ["Stripe could not be asked"]
        assert found[0].owner_id in (shop.uid, shop.gone)


def test_every_page_is_read(own_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("troupe.adapters.stripe._PAGE", 5)
    with open_till(own_db) as till:
        shop = Shop(till)
        till.server.advance(days=31 * 13)
        found = [each for each in shop.told() if "was paid at Stripe, and is missing here" in each]
        assert len(found) > 10


def test_what_a_webhook_mends_meanwhile_is_no_finding(own_db: Database) -> None:
    """One pause for all, however many differ."""
    with open_till(own_db) as till:
        shop, waited = Shop(till), list[float]()
        other, _ = till.subscriber()
        shop.till.server.refund(shop.topup.payment_intents[0])
        till.server.refund(till.payments(other)[0].payment_intents[0])

        def wait(seconds: float) -> None:
            waited.append(seconds)
            till.sync(shop.uid)

        found = audit_online(till.services, wait=wait).findings
        assert waited == [10]
        assert {each.owner_id for each in found} == {other}


def test_the_command(
    own_db: Database, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("troupe.commands.online_audit._PAUSE", 0.01)
    with open_till(own_db) as till:
        shop = Shop(till)
        assert main(["audit", "--online"], till.services) == 0
        told = capsys.readouterr().out
        assert "at Stripe: 2 customers" in told
        assert "clean" in told
        till.server.refund(shop.topup.payment_intents[0])
        assert main(["audit", "--online"], till.services) == 1
        assert f"{shop.uid}: payment {shop.topup.id}: refunded" in capsys.readouterr().err
