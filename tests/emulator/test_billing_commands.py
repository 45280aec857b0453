"""Operator commands for Stripe and payments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.google_project import PROJECT, complete, google_project, write_credentials
from tests.support.billing import GIFT, Till, open_live_till, open_till
from tests.support.stores import everything
from troupe.__main__ import main
from troupe.adapters.firestore import Create, Database, Delete, Update, now
from troupe.audit.records import Actor
from troupe.commands import preflight
from troupe.commands.stripe_check import stripe_problems
from troupe.payments.events import TYPES
from troupe.payments.records import (
    EventRecord,
    EventStatus,
    Payment,
    PaymentStatus,
    Price,
    PriceKind,
)
from troupe.plans.schemas import CreatePlan

SITE = "https://example.com/api/payments/webhook"
ANOTHER = {"name": "Box", "kind": "topup", "price_cents": 700}


def run(till: Till, *words: str) -> int:
    return main(list(words), till.services)


def test_setup_makes_what_is_missing_once(
    own_db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_till(own_db) as till:
        body = {"name": "Pro", "price": 19, "billingPeriod": "monthly", "tokens": 100}
        plan = till.services.plans.create(CreatePlan.model_validate(body).fields())
        till.services.plans.create(
            CreatePlan.model_validate(body | {"name": "Free", "price": 0}).fields()
        )
        fields = {"name": "Pack", "kind": "topup", "price_cents": 500, "tokens": 50}
        addon = till.services.offers.add(fields)
        site = "https://example.com/api/payments/webhook"
        assert run(till, "stripe", "setup", "--webhook", site) == 0
        first = capsys.readouterr().out
        assert first.count("price price_") == 2
        assert "whsec_" in first
        prices = len(till.server.world.all("price"))
        assert run(till, "stripe", "setup", "--webhook", site) == 0
        again = capsys.readouterr().out
        assert "price price_" not in again
        assert "whsec_" not in again
        assert len(till.server.world.all("price")) == prices == 2
        assert run(till, "stripe", "check") == 0
        uid = till.user()
        till.buy(uid, plan_id=plan.id)
        till.buy(uid, addon_id=addon.id)
        till.sync(uid)
        assert till.tokens(uid) == GIFT + 150
        (price,) = till.services.price_table.of(plan.id)
        own_db.commit(Update(f"prices/{price.id}", {"unitAmount": 1}))
        assert run(till, "stripe", "check") == 1
        assert f"{price.id} costs 1900 usd at Stripe, and 1 usd here" in capsys.readouterr().err


def test_setup_makes_prices_for_a_live_key(
    own_db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_till(own_db) as till:
        body = {"name": "Pro", "price": 19, "billingPeriod": "monthly", "tokens": 100}
        plan = till.services.plans.create(CreatePlan.model_validate(body).fields())
        till.services.offers.add({"name": "Pack", "kind": "topup", "price_cents": 500})
        assert run(till, "stripe", "setup") == 0
    with open_live_till(own_db) as live:
        capsys.readouterr()
        assert run(live, "stripe", "setup", "--webhook", SITE) == 0
        assert capsys.readouterr().out.count("price price_") == 2
        prices = live.services.price_table.of(plan.id)
        assert sorted((each.livemode, each.active) for each in prices) == [
            (False, False),
            (True, True),
        ]
        assert run(live, "stripe", "check") == 1
        problems = capsys.readouterr().err.splitlines()
        assert [each.split(",")[0] for each in problems] == ["the key is live"]  # APP_URL is http
        assert live.server.problems == []


def test_setup_replaces_prices_that_were_archived_at_stripe(
    set_up: Till, capsys: pytest.CaptureFixture[str]
) -> None:
    archived = {each.id for each in set_up.services.price_table.all()}
    for name in archived:
        set_up.api.prices.update(name, {"active": False})
    assert run(set_up, "stripe", "check") == 1
    assert capsys.readouterr().err.count("is not active at Stripe") == 2
    for made in (2, 0):
        assert run(set_up, "stripe", "setup") == 0
        assert capsys.readouterr().out.count("price price_") == made
    assert {each.id for each in set_up.services.price_table.all() if not each.active} == archived
    assert run(set_up, "stripe", "check") == 0


@pytest.fixture
def set_up(own_db: Database) -> Iterator[Till]:
    """A plan, an add-on, and Stripe set up for them."""
    with open_till(own_db) as till:
        body = {"name": "Pro", "price": 19, "billingPeriod": "monthly", "tokens": 100}
        till.services.plans.create(CreatePlan.model_validate(body).fields())
        till.services.offers.add({"name": "Pack", "kind": "topup", "price_cents": 500})
        assert run(till, "stripe", "setup", "--webhook", SITE) == 0
        yield till
        assert till.server.problems == []


def test_preflight_compares_prices_and_the_webhook(
    set_up: Till,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("FUNCTIONS_EMULATOR", raising=False)
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_of_the_operator")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "key.json"))
    (tmp_path / ".env").write_text("PAYMENTS=stripe\n")
    monkeypatch.setattr(preflight, "FUNCTIONS", tmp_path)
    with google_project() as google:
        google.answers = complete({"PAYMENTS": "stripe"})
        write_credentials(tmp_path / "key.json", google.base)
        monkeypatch.setenv("GOOGLE_APIS_URL", f"{google.base}/api/{{host}}")
        words = ("preflight", "--project", PROJECT, "--webhook")
        assert run(set_up, *words, SITE) == 0
        assert "ok       prices and webhook at Stripe" in capsys.readouterr().out
        (price, *_) = set_up.services.stripe.prices()
        set_up.db.commit(Update(f"prices/{price.id}", {"unitAmount": 1}))
        another = "https://another.example.com/api/payments/webhook"
        assert run(set_up, *words, another) == 1
    told = capsys.readouterr().out
    assert f"missing  webhook: there is no endpoint {another}" in told
    assert f"{price.id} costs" in told
    commands = told.count(f"python -m troupe stripe setup --webhook {another}")
    assert commands == told.count("missing  ")


def endpoint(till: Till) -> dict[str, Any]:
    return next(each for each in till.server.world.all("webhook_endpoint") if each["url"] == SITE)


def features(till: Till) -> dict[str, Any]:
    key = till.db.get("stripeSettings/portal").data["configurationId"]
    found: dict[str, Any] = till.server.world.objects[key]["features"]
    return found


def plan_price(till: Till) -> Price:
    return next(each for each in till.services.price_table.all() if each.plan_id)


def change_price(till: Till, **fields: Any) -> None:
    till.db.commit(Update(f"prices/{plan_price(till).id}", fields))


def change_plan(till: Till, **fields: Any) -> None:
    till.db.commit(Update(f"plans/{plan_price(till).plan_id}", fields))


def at_stripe(till: Till) -> dict[str, Any]:
    found: dict[str, Any] = till.server.world.objects[plan_price(till).id]
    return found


def product(till: Till) -> dict[str, Any]:
    found: dict[str, Any] = till.server.world.objects[at_stripe(till)["product"]]
    return found


FAULTS: list[tuple[Callable[[Till], object], str]] = [
    (lambda till: change_price(till, unitAmount=1), "costs 1900 usd at Stripe, and 1 usd here"),
    (lambda till: change_price(till, interval="year"), "is paid by month at Stripe, and by year"),
    (lambda till: change_price(till, livemode=True), "is a live price, and the key is a test key"),
    (lambda till: change_price(till, kind="seat"), "is sold as a plan"),
    (lambda till: change_price(till, active=False), "no price sells it: run `stripe setup`"),
    (lambda till: change_plan(till, priceCents=2500), "costs 2500 usd, and no price sells it"),
    (lambda till: change_plan(till, billingPeriod="yearly"), "is paid by month, plan pro is year"),
    (lambda till: at_stripe(till).update(active=False), "is not active at Stripe"),
    (lambda till: product(till).update(active=False), "product plan-pro, which should be active"),
    (lambda till: till.services.offers.add(ANOTHER), "costs 700 usd, and no price sells it"),
    (lambda till: till.api.webhook_endpoints.delete(endpoint(till)["id"]), "there is no endpoint"),
    (lambda till: endpoint(till).update(status="disabled"), "is disabled, it should be enabled"),
    (
        lambda till: endpoint(till).update(enabled_events=sorted(TYPES - {"invoice.paid"})),
        f"{SITE} should also get invoice.paid",
    ),
    (
        lambda till: endpoint(till).update(api_version="2024-06-20"),
        "has the API version 2024-06-20, it should have",
    ),
    (lambda till: endpoint(till).update(api_version=None), "has the API version of the account"),
    (lambda till: endpoint(till).update(livemode=True), "is in another mode than the key"),
    (lambda till: till.db.commit(Delete("stripeSettings/portal")), "portal: it is not configured"),
    (
        lambda till: till.db.commit(Update("stripeSettings/portal", {"configurationId": "bpc_x"})),
        "portal: bpc_x does not exist, or is not active",
    ),
    (
        lambda till: features(till)["payment_method_update"].update(enabled=False),
        "payment_method_update.enabled is off, it should be on",
    ),
    (
        lambda till: features(till)["subscription_cancel"].update(mode="immediately"),
        "subscription_cancel.mode is immediately, it should be at_period_end",
    ),
    (
        lambda till: features(till)["subscription_update"].update(proration_behavior="none"),
        "proration_behavior is none, it should be always_invoice",
    ),
    (
        lambda till: features(till)["subscription_update"].update(
            default_allowed_updates=["price"]
        ),
        "default_allowed_updates should also have quantity",
    ),
    (
        lambda till: features(till)["subscription_update"].update(products=[]),
        "portal: it should offer price_",
    ),
]


@pytest.mark.parametrize(("change", "told"), FAULTS, ids=[told for _, told in FAULTS])
def test_check_says_what_is_wrong(
    set_up: Till,
    change: Callable[[Till], object],
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(set_up, "stripe", "check", "--webhook", SITE) == 0
    assert run(set_up, "stripe", "check") == 0
    change(set_up)
    capsys.readouterr()
    assert run(set_up, "stripe", "check") == 1
    assert told in capsys.readouterr().err


def test_check_names_the_endpoint_that_is_not_there(
    set_up: Till, capsys: pytest.CaptureFixture[str]
) -> None:
    other = "https://other.example.com/api/payments/webhook"
    assert run(set_up, "stripe", "check", "--webhook", other) == 1
    assert f"run `stripe setup --webhook {other}`" in capsys.readouterr().err
    assert run(set_up, "stripe", "setup", "--webhook", other) == 0
    assert run(set_up, "stripe", "check", "--webhook", other) == 0
    assert run(set_up, "stripe", "check") == 1
    assert "there are several endpoints" in capsys.readouterr().err


def test_a_live_key_needs_an_address_with_https(own_db: Database) -> None:
    with open_till(own_db) as till:
        till.services.stripe.live = True
        assert any("APP_URL is http://" in each for each in stripe_problems(till.services, None))


def test_setup_replaces_only_the_price_that_has_changed(own_db: Database) -> None:
    with open_till(own_db) as till:
        plan, monthly = till.plan(1900)
        once = till.price(1900, "once", kind=PriceKind.PLAN, plan_id=plan.id)
        euros = till.price(1700, "month", kind=PriceKind.PLAN, plan_id=plan.id)
        own_db.commit(Update(f"prices/{euros.id}", {"currency": "eur"}))
        feature = till.services.offers.add(
            {"name": "Recording", "kind": "feature", "billing": "monthly", "key": "recording"}
            | {"price_cents": 300}
        )
        other = till.price(250, "month", kind=PriceKind.ADDON, addon_id=feature.id)
        own_db.commit(Update(f"prices/{other.id}", {"currency": "eur"}))
        first = till.price(200, "month", kind=PriceKind.ADDON, addon_id=feature.id)

        def active() -> set[str]:
            return {each.id for each in till.services.price_table.all() if each.active}

        assert run(till, "stripe", "setup") == 0
        assert {monthly.id, once.id, euros.id, other.id} < active()
        assert first.id not in active()
        own_db.commit(Update(f"plans/{plan.id}", {"priceCents": 2500}))
        before = active()
        assert run(till, "stripe", "setup") == 0
        assert before - active() == {monthly.id}
        (made,) = active() - before
        found = {each.id: each for each in till.services.price_table.of(plan.id)}
        assert (found[made].unit_amount, found[made].interval) == (2500, "month")
        assert run(till, "stripe", "setup") == 0
        assert active() - before == {made}


@pytest.mark.parametrize(
    "changes",
    [
        [{"billing": "yearly"}, {"billing": "monthly"}],
        [{"priceCents": 700}, {"priceCents": 300}, {"priceCents": 700}],
        [{"billing": "yearly", "priceCents": 700}, {"billing": "monthly", "priceCents": 300}],
    ],
    ids=["interval", "amount", "both"],
)
def test_setup_follows_an_add_on_that_is_changed_and_changed_back(
    own_db: Database, changes: list[dict[str, Any]]
) -> None:
    """Within a day, while Stripe remembers the idempotency keys."""
    with open_till(own_db) as till:
        added = till.services.offers.add(
            {"name": "Recording", "kind": "feature", "billing": "monthly", "key": "recording"}
            | {"price_cents": 300}
        )
        feature = {"billing": "monthly", "priceCents": 300}
        made: list[str] = []
        for change in [{}, *changes]:
            feature |= change
            own_db.commit(Update(f"addons/{added.id}", feature))
            assert run(till, "stripe", "setup") == 0
            (price,) = [each for each in till.services.price_table.all() if each.active]
            made.append(price.id)
            assert price.unit_amount == feature["priceCents"]
            assert price.interval == {"monthly": "month", "yearly": "year"}[feature["billing"]]
            assert till.services.price_table.differences() == []
        assert len(set(made)) == len(made) == len(till.server.world.all("price"))


def test_setup_sells_an_add_on_again_at_a_price_that_was_retired_here(own_db: Database) -> None:
    with open_till(own_db) as till:
        till.services.offers.add(ANOTHER)
        assert run(till, "stripe", "setup") == 0
        (price,) = till.services.price_table.all()
        own_db.commit(Update(f"prices/{price.id}", {"active": False}))
        assert run(till, "stripe", "setup") == 0
        (again,) = till.services.price_table.all()
        assert (again.id, again.active) == (price.id, True)
        assert len(till.server.world.all("price")) == 1


def test_setup_makes_the_recurring_price_although_one_that_is_paid_once_costs_the_same(
    own_db: Database,
) -> None:
    with open_till(own_db) as till:
        plan, monthly = till.plan(1900)
        own_db.commit(Update(f"prices/{monthly.id}", {"active": False}))
        till.price(1900, "once", kind=PriceKind.PLAN, plan_id=plan.id)
        assert [each.interval for each in till.services.price_table.create_missing()] == ["month"]


def test_a_dry_resync_says_what_would_change_and_writes_nothing(
    own_db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_till(own_db) as till:
        plan, _ = till.plan()
        uid = till.user()
        till.buy(uid, plan_id=plan.id)
        before = dict(everything(own_db))
        assert run(till, "payments", "resync", "--owner", uid, "--dry-run") == 0
        told = capsys.readouterr().out
        invoice = till.server.world.all("invoice")[0]["id"]
        assert f"{uid}: would create payments/{invoice}" in told
        assert f"{uid}: would change billing/{uid}: " in told
        assert f"would change wallets/{uid}: tokens.granted: +100" in told
        assert dict(everything(own_db)) == before
        assert run(till, "payments", "resync", "--owner", uid) == 0
        assert till.tokens(uid) == GIFT + 100
        capsys.readouterr()
        assert run(till, "payments", "resync", "--all", "--dry-run") == 0
        assert "would change" not in capsys.readouterr().out


def test_resync_since_a_date_asks_about_those_with_news(
    own_db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_till(own_db) as till:
        plan, _ = till.plan()
        quiet, buyer, disputing = till.user(), till.user(), till.user()
        for uid in (quiet, disputing):
            till.buy(uid, plan_id=plan.id)
            till.sync(uid)
        for event in till.server.events:  # those were long ago
            event["created"] -= 10 * 86400
        till.buy(buyer, plan_id=plan.id)
        charge = till.payments(disputing)[0].payment_intents[0]
        till.server.dispute(charge)  # whose event names no customer
        today = f"{now():%Y-%m-%d}"
        assert run(till, "payments", "resync", "--since", today) == 0
        assert "resync: 2 of 2" in capsys.readouterr().out
        assert till.tokens(buyer) == GIFT + 100
        assert till.billing(disputing).blocked == "dispute"
        for wrong in ("yesterday", "2020-01-01", "2999-01-01"):
            assert run(till, "payments", "resync", "--since", wrong) == 2
        assert run(till, "payments", "resync", "--since", today, "--all") == 2
        assert run(till, "payments", "resync", "--owner", "nobody") == 1
        assert "no billing record" in capsys.readouterr().err


def test_resync_finds_what_nobody_told_us(
    own_db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_till(own_db) as till:
        plan, _ = till.plan()
        uid = till.user()
        till.buy(uid, plan_id=plan.id)
        assert run(till, "payments", "resync") == 2
        till.server.fail("/v1/invoices", 500, times=2)
        assert run(till, "payments", "resync", "--all") == 1
        assert run(till, "payments", "resync", "--all") == 0
        assert till.tokens(uid) == GIFT + 100
        assert run(till, "payments", "resync", "--owner", uid) == 0
        late = now() - timedelta(hours=2)
        event = EventRecord(
            id="evt_1",
            type="invoice.paid",
            object_id=None,
            customer_id=None,
            created=late,
            received_at=late,
            status=EventStatus.FAILED,
            expires_at=late,
        )
        assert run(till, "payments", "events") == 0
        own_db.commit(Create("stripeEvents/evt_1", event.stored()))
        assert run(till, "payments", "events") == 1
        assert "evt_1 (invoice.paid) is failed" in capsys.readouterr().out


def test_what_is_paid_after_an_account_was_deleted_is_refunded_once(
    till: Till, capsys: pytest.CaptureFixture[str]
) -> None:
    uid, pack = till.user(), till.pack()
    resync = ("payments", "resync", "--owner", uid)
    till.buy(uid, addon_id=pack.id)
    till.services.billing_closing.close(uid)
    assert run(till, *resync) == 0
    (late,) = till.billing(uid).late
    assert (
        f"paid after it was closed, --refund-closed refunds it: {late}" in capsys.readouterr().out
    )
    assert till.tokens(uid) == GIFT
    assert run(till, *resync, "--refund-closed", "--dry-run") == 0
    assert f"would refund {late}" in capsys.readouterr().out
    assert till.server.world.all("refund") == []
    for told in (f"refunded {late}", ""):
        assert run(till, *resync, "--refund-closed") == 0
        assert told in capsys.readouterr().out
        (refund,) = till.server.world.all("refund")
        assert refund["amount"] == 500
        assert till.billing(uid).late == []
    payment = Payment.of(till.db.get(f"payments/{late}"))
    assert (payment.owner_id, payment.status) == (None, PaymentStatus.REFUNDED)
    assert till.tokens(uid) == GIFT


def test_a_late_payment_that_was_refunded_in_the_dashboard_is_not_refunded_again(
    till: Till,
) -> None:
    uid, pack = till.user(), till.pack()
    till.buy(uid, addon_id=pack.id)
    till.services.billing_closing.close(uid)
    till.sync(uid)
    (late,) = till.billing(uid).late
    (intent,) = Payment.of(till.db.get(f"payments/{late}")).payment_intents
    till.server.refund(intent)
    assert till.services.refunds.refund_late(Actor("operator", None), uid) == []
    assert till.billing(uid).late == []
    assert len(till.server.world.all("refund")) == 1
