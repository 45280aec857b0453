"""Payments over HTTP, against a fake Stripe: what payers and administrators can do."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from tests.support.billing import GIFT, Till, open_till
from tests.support.factories import code, signed_in
from troupe.adapters.firestore import Create, Database, Update, now
from troupe.app.domains import apis
from troupe.app.functions import make_app
from troupe.commands.ledger_audit import audit_owner
from troupe.payments.records import PaymentStatus, billing_path
from troupe.wallet.ledger import opening_writes
from troupe.wallet.records import Owner


class Person:
    """Somebody signed in, with clients of the functions."""

    def __init__(self, till: Till, **fields: Any) -> None:
        self.till = till
        self.uid, self.headers = signed_in(till.db, GIFT)
        if fields:
            till.db.commit(Update(f"users/{self.uid}", fields))

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        served_by_plans = path.startswith("/api/subscriptions") and not path.endswith("/quote")
        function = "plans" if served_by_plans else "payments"
        client: FlaskClient = self.till.clients[function]
        sent = {} if body is None else {"json": body}
        return client.open(path, method=method, headers=self.headers | headers, **sent)

    def data(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = self.ask(method, path, body, **headers)
        assert answer.status_code in (200, 201), answer.text
        return answer.json["data"]

    def buys(self, **order: Any) -> str:
        session = self.data("POST", "/api/create-checkout-session", order)["sessionId"]
        self.till.server.pay(session)
        return str(session)


@pytest.fixture
def shop(own_db: Database) -> Iterator[Till]:
    """With a database of its own: the portal and the revenue have all plans that there are, up to a
    limit that other tests exceed."""
    with open_till(own_db) as till:
        till.clients = {
            name: make_app(name, till.services).test_client() for name in ("payments", "plans")
        }
        yield till


def test_a_purchase_from_checkout_to_cancellation(shop: Till) -> None:
    plan, _ = shop.plan()
    ada = Person(shop)
    session = ada.buys(planId=plan.id)
    found = ada.data("POST", "/api/verify-payment", {"sessionId": session})
    assert (found["paid"], found["status"]) == (True, "complete")
    assert found["subscription"]["currentPlan"]["id"] == plan.id
    assert found["subscription"]["tokens"] == GIFT + 100
    status = ada.data("GET", "/api/check-subscription-status")
    assert status["billing"]["status"] == "active"
    (payment,) = ada.data("GET", "/api/payments")["payments"]
    assert (payment["amount"], payment["currency"], payment["status"]) == (1000, "usd", "paid")
    assert payment["lines"][0]["gave"] == {"tokens": 100, "voiceMinutes": 30.0}
    assert ada.data("GET", f"/api/payments/{payment['id']}")["payment"] == payment
    invoice = ada.ask("GET", f"/api/payments/{payment['id']}/invoice?format=page")
    assert invoice.status_code == 302
    assert urlsplit(invoice.headers["Location"]).scheme in ("http", "https")
    ended = ada.data("POST", "/api/cancel-subscription", {})["subscription"]
    assert (ended["status"], ended["expiryDate"]) == ("active", ended["periodEnd"])
    ada.data("POST", "/api/resume-subscription")
    ada.data("POST", "/api/cancel-subscription", {"when": "periodEnd", "reason": "Enough."})
    shop.server.advance(days=32)
    status = ada.data("POST", "/api/check-subscription-status")
    shop.sync(ada.uid)
    status = ada.data("POST", "/api/check-subscription-status")
    assert status["subscription"]["status"] == "cancelled"
    assert status["subscription"]["tokens"] == GIFT + 100
    assert code(ada.ask("POST", "/api/resume-subscription")) == (409, "subscription_ended")
    assert code(ada.ask("POST", "/api/cancel-subscription", {})) == (404, "subscription_not_found")
    shop.clean(ada.uid)


def test_the_same_order_has_one_open_session_and_another_replaces_it(shop: Till) -> None:
    plan, _ = shop.plan()
    pack = shop.pack()
    ada = Person(shop)
    first, again = (
        ada.data("POST", "/api/create-checkout-session", {"planId": plan.id}) for _ in range(2)
    )
    assert first == again
    assert first["url"].startswith(shop.server.url)
    other = ada.data("POST", "/api/create-checkout-session", {"addonId": pack.id, "quantity": 3})
    assert other["sessionId"] != first["sessionId"]
    assert shop.server.get(first["sessionId"])["status"] == "expired"
    back = ada.data("POST", "/api/create-checkout-session", {"planId": plan.id})
    assert back["sessionId"] not in (first["sessionId"], other["sessionId"])


def test_twenty_checkouts_at_once_make_one_customer_and_one_open_session(shop: Till) -> None:
    plan, _ = shop.plan()
    pack = shop.pack()
    ada = Person(shop)
    orders = [{"planId": plan.id}, {"addonId": pack.id}] * 5

    app = make_app("payments", shop.services)

    def order(body: dict[str, str]) -> Any:
        path = "/api/create-checkout-session"
        return app.test_client().post(path, json=body, headers=ada.headers)

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(order, orders))
    assert {answer.status_code for answer in answers} <= {200, 503}
    mine = [each for each in shop.server.world.all("customer") if each["name"] == "Ada"]
    assert len([each for each in mine if each["metadata"]["owner"] == ada.uid]) == 1
    sessions = [
        each
        for each in shop.server.world.all("checkout.session")
        if each["client_reference_id"] == ada.uid and each["status"] == "open"
    ]
    assert [each["id"] for each in sessions] == [
        shop.billing(ada.uid).open_checkout.session_id  # type: ignore[union-attr]
    ]


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({}, (422, "invalid_input")),
        ({"planId": "a", "addonId": "b"}, (422, "invalid_input")),
        ({"planId": "nobody"}, (404, "plan_not_found")),
        ({"addonId": "nobody"}, (404, "addon_not_found")),
        ({"planId": "PLAN", "quantity": 2}, (422, "quantity_not_offered")),
        ({"planId": "PLAN", "quantity": 1001}, (422, "invalid_input")),
        ({"planId": "PLAN", "currency": "nok"}, (409, "price_not_configured")),
        ({"planId": "PLAN", "once": True}, (409, "price_not_configured")),
        ({"planId": "FREE"}, (409, "price_not_configured")),
        ({"planId": "PLAN", "successPath": "//evil.example"}, (422, "invalid_input")),
        ({"planId": "PLAN", "successPath": "/\\evil.example"}, (422, "invalid_input")),
        ({"planId": "PLAN", "successPath": "https://evil.example"}, (422, "invalid_input")),
        ({"planId": "PLAN", "cancelPath": "evil"}, (422, "invalid_input")),
        ({"planId": "PLAN", "cancelPath": "/a\nb"}, (422, "invalid_input")),
    ],
)
def test_a_wrong_order_is_refused_and_makes_no_session(
    shop: Till, body: dict[str, Any], refusal: tuple[int, str]
) -> None:
    if body.get("planId") == "PLAN":
        body = body | {"planId": shop.plan()[0].id}
    if body.get("planId") == "FREE":
        body = body | {"planId": shop.services.plans.create(free()).id}
    ada = Person(shop)
    assert code(ada.ask("POST", "/api/create-checkout-session", body)) == refusal
    assert shop.server.world.all("checkout.session") == []


def free() -> dict[str, Any]:
    return {"name": "Free", "price_cents": 0, "billing_period": "monthly"} | {
        "voice_minutes": 0,
        "tokens": 0,
    }


def test_paths_of_the_app_are_appended_to_its_address(shop: Till) -> None:
    plan, _ = shop.plan()
    ada = Person(shop)
    paths = {"successPath": "/done?s={CHECKOUT_SESSION_ID}#top", "cancelPath": "/"}
    made = ada.data("POST", "/api/create-checkout-session", {"planId": plan.id, **paths})
    session = shop.server.get(made["sessionId"])
    assert session["success_url"] == "http://127.0.0.1:5000/done?s={CHECKOUT_SESSION_ID}#top"
    assert session["cancel_url"] == "http://127.0.0.1:5000/"


def test_guests_buy_nothing(shop: Till) -> None:
    plan, _ = shop.plan()
    guest = Person(shop, guest=True)
    answer = guest.ask("POST", "/api/create-checkout-session", {"planId": plan.id})
    assert code(answer) == (403, "guest_not_allowed")
    assert not shop.db.get(billing_path(guest.uid)).exists


def test_somebody_elses_session_payment_and_invoice_do_not_exist(shop: Till) -> None:
    plan, _ = shop.plan()
    ada, eve = Person(shop), Person(shop)
    session = ada.buys(planId=plan.id)
    eve.buys(planId=plan.id)
    shop.sync(ada.uid)
    (payment,) = ada.data("GET", "/api/payments")["payments"]
    verify = eve.ask("POST", "/api/verify-payment", {"sessionId": session})
    assert code(verify) == (404, "session_not_found")
    nothing = eve.ask("POST", "/api/verify-payment", {"sessionId": "cs_test_none"})
    assert verify.json["message"] == nothing.json["message"]
    for path in (f"/api/payments/{payment['id']}", f"/api/payments/{payment['id']}/invoice"):
        assert code(eve.ask("GET", path)) == (404, "payment_not_found")
    shop.sync(eve.uid)
    assert payment["id"] not in [
        each["id"] for each in eve.data("GET", "/api/payments")["payments"]
    ]


def test_a_subscription_at_stripe_is_changed_at_stripe(shop: Till) -> None:
    plan, _ = shop.plan()
    dear, _ = shop.plan(3000, tokens=300)
    ada = Person(shop)
    ada.buys(planId=plan.id)
    shop.sync(ada.uid)
    free_plan = shop.services.plans.create(free())
    for other in (free_plan.id, dear.id, plan.id):
        answer = ada.ask("POST", "/api/subscriptions/subscribe", {"planId": other})
        assert code(answer) == (409, "managed_by_stripe")
        assert answer.json["error"]["details"] == {"use": "billingPortal"}
    again = ada.ask("POST", "/api/create-checkout-session", {"planId": dear.id})
    assert code(again) == (409, "already_subscribed")
    early = ada.ask("POST", "/api/payments/portal", {})
    assert code(early) == (409, "portal_not_configured")
    shop.services.price_table.configure_portal("http://127.0.0.1:5000")
    for body in ({}, {"flow": "card"}, {"flow": "cancel"}, {"flow": "plan", "planId": dear.id}):
        assert ada.data("POST", "/api/payments/portal", body)["url"].startswith("http")
    missing = ada.ask("POST", "/api/payments/portal", {"flow": "plan"})
    assert code(missing) == (422, "invalid_input")
    assert code(Person(shop).ask("POST", "/api/payments/portal", {})) == (409, "no_customer")


def test_a_quote_says_what_a_change_costs_and_gives(shop: Till) -> None:
    plan, _ = shop.plan()
    dear, _ = shop.plan(3000, tokens=300)
    ada = Person(shop)
    ada.buys(planId=plan.id)
    shop.sync(ada.uid)
    quote = ada.data("POST", "/api/subscriptions/quote", {"planId": dear.id})
    assert (quote["nextAmount"], quote["currency"]) == (3000, "usd")
    assert 1990 <= quote["dueNow"] <= 2000
    assert 990 <= quote["credit"] <= 1000
    assert 298 <= quote["gives"]["tokens"] <= 300
    assert shop.tokens(ada.uid) == GIFT + 100


def test_what_stripe_does_not_sell_is_a_conflict_and_not_our_failure(shop: Till) -> None:
    """A price that was archived there, for example."""
    (plan, _), (dear, archived) = shop.plan(), shop.plan(3000)
    ada = Person(shop)
    shop.api.prices.update(archived.id, {"active": False})
    refused = ada.ask("POST", "/api/create-checkout-session", {"planId": dear.id})
    assert code(refused) == (409, "price_not_configured")
    ada.buys(planId=plan.id)
    refused = ada.ask("POST", "/api/subscriptions/quote", {"planId": dear.id})
    assert code(refused) == (409, "price_not_configured")


def test_only_a_trial_can_be_cancelled_at_once(shop: Till) -> None:
    plan, _ = shop.plan(trial_days=14)
    ada = Person(shop)
    ada.buys(planId=plan.id)
    shop.sync(ada.uid)
    assert shop.tokens(ada.uid) == GIFT + 10
    assert shop.minutes(ada.uid) == 3
    ended = ada.data("POST", "/api/cancel-subscription", {"when": "now"})["subscription"]
    assert ended["status"] == "cancelled"
    ada.buys(planId=plan.id)  # a second trial is not given
    shop.sync(ada.uid)
    assert shop.tokens(ada.uid) == GIFT + 110
    # A trial is for cards, which can be recognised; what is paid for can be paid for in any way.
    opened = [each for each in shop.server.calls if each.path == "/v1/checkout/sessions"]
    ways = [
        [value for name, value in each.params.items() if name.startswith("allowed_payment")]
        for each in opened
        if each.method == "POST"
    ]
    assert ways == [["card"], []]
    answer = ada.ask("POST", "/api/cancel-subscription", {"when": "now"})
    assert code(answer) == (409, "not_in_trial")
    shop.clean(ada.uid)


def test_a_plan_bought_once_is_one_period_and_ends_by_itself(shop: Till) -> None:
    plan, _ = shop.plan()
    shop.price(1000, "once", kind="plan", plan_id=plan.id)
    ada = Person(shop)
    session = ada.buys(planId=plan.id, once=True)
    found = ada.data("POST", "/api/verify-payment", {"sessionId": session})["subscription"]
    assert (found["status"], found["expiryDate"]) == ("active", found["periodEnd"])
    assert (shop.tokens(ada.uid), shop.minutes(ada.uid)) == (GIFT + 100, 30)
    has = shop.subscription(ada.uid)
    assert has.due_at == has.period_end
    (payment,) = shop.payments(ada.uid)
    shop.server.refund(payment.payment_intents[0])
    shop.sync(ada.uid)
    assert (shop.tokens(ada.uid), shop.minutes(ada.uid)) == (GIFT, 0)
    shop.clean(ada.uid)


def test_a_disputed_payment_stops_spending_and_buying(shop: Till) -> None:
    plan, _ = shop.plan()
    ada = Person(shop)
    ada.buys(planId=plan.id)
    shop.sync(ada.uid)
    (payment,) = shop.payments(ada.uid)
    shop.server.dispute(payment.payment_intents[0])
    shop.sync(ada.uid)
    pack = shop.pack()
    answer = ada.ask("POST", "/api/create-checkout-session", {"addonId": pack.id})
    assert code(answer) == (402, "billing_blocked")
    consume = shop.clients["plans"].post(
        "/api/tokens/consume", json={"tokensToConsume": 1, "action": "a"}, headers=ada.headers
    )
    assert code(consume) == (402, "billing_blocked")
    assert len(ada.data("GET", "/api/payments")["payments"]) == 1


def test_an_administrator_does_not_change_a_plan_that_is_paid_for(shop: Till) -> None:
    plan, _ = shop.plan()
    other = shop.services.plans.create(free())
    ada, admin = Person(shop), Person(shop, role="admin")
    ada.buys(planId=plan.id)
    shop.sync(ada.uid)
    client = make_app("admin", shop.services).test_client()
    for body, expected in (
        ({"plan": other.id}, (409, "managed_by_stripe")),
        ({"status": "expired"}, (409, "managed_by_stripe")),
        ({"status": "past_due"}, (422, "invalid_input")),
    ):
        answer = client.put(f"/api/admin/users/{ada.uid}", json=body, headers=admin.headers)
        assert code(answer) == expected, body
    answer = client.put(f"/api/admin/users/{ada.uid}", json={"tokens": 7}, headers=admin.headers)
    assert answer.status_code == 200
    assert shop.tokens(ada.uid) == 7
    path = f"/api/subscriptions/{ada.uid}"
    for method, place, change in (
        ("POST", "/api/subscriptions", {"ownerId": ada.uid, "planId": other.id}),
        ("PUT", path, {"planId": other.id}),
        ("PUT", path, {"status": "expired"}),
        ("PUT", path, {"expiryDate": ""}),
        ("DELETE", path, None),
    ):
        refused = admin.ask(method, place, change)
        assert code(refused) == (409, "managed_by_stripe"), (method, change)
        assert refused.json["error"]["details"] == {"use": "billingPortal"}
    assert admin.data("GET", path)["subscription"]["source"] == "stripe"
    gone = client.delete(f"/api/admin/plans/{plan.id}", headers=admin.headers)
    assert code(gone) == (400, "plan_in_use")


def test_a_refund_by_an_administrator_takes_the_share_back_once(shop: Till) -> None:
    plan, _ = shop.plan()
    ada, admin = Person(shop), Person(shop, role="admin")
    ada.buys(planId=plan.id)
    shop.sync(ada.uid)
    (payment,) = shop.payments(ada.uid)
    path = f"/api/admin/payments/{payment.id}/refund"
    assert code(ada.ask("POST", path, {})) == (403, "forbidden")
    key = {"Idempotency-Key": "one"}
    for _ in range(2):
        view = admin.data("POST", path, {"amount": 250, "reason": "Half a week."}, **key)["payment"]
    assert (view["status"], view["refunded"]) == ("partly_refunded", 250)
    assert (shop.tokens(ada.uid), shop.minutes(ada.uid)) == (GIFT + 75, 22.5)
    too_much = admin.ask("POST", path, {"amount": 751})
    assert code(too_much) == (422, "refund_too_large")
    view = admin.data("POST", path, {})["payment"]
    assert (view["status"], view["refunded"]) == ("refunded", 1000)
    assert shop.tokens(ada.uid) == GIFT
    assert code(admin.ask("POST", path, {})) == (409, "nothing_to_refund")
    nobody = admin.ask("POST", "/api/admin/payments/in_none/refund", {})
    assert code(nobody) == (404, "payment_not_found")
    shop.clean(ada.uid)


def test_a_manual_payment_gives_when_it_is_paid_and_only_once(shop: Till) -> None:
    ada, admin = Person(shop), Person(shop, role="admin")
    body = {"ownerId": ada.uid, "amount": 5000, "tokens": 40, "voiceMinutes": 5, "tax": 1000}
    made = admin.data("POST", "/api/payments", body, **{"Idempotency-Key": "k"})["payment"]
    again = admin.data("POST", "/api/payments", body, **{"Idempotency-Key": "k"})["payment"]
    assert again == made
    assert (made["status"], made["type"], shop.tokens(ada.uid)) == ("open", "manual", GIFT)
    other = admin.ask("POST", "/api/payments", body | {"amount": 1}, **{"Idempotency-Key": "k"})
    assert code(other) == (409, "idempotency_key_reused")
    path = f"/api/payments/{made['id']}"
    assert code(ada.ask("POST", f"{path}/paid", {})) == (403, "forbidden")
    for _ in range(2):
        paid = admin.data("POST", f"{path}/paid", {"reference": "bank 7"})["payment"]
    assert (paid["status"], paid["reference"]) == ("paid", "bank 7")
    assert (shop.tokens(ada.uid), shop.minutes(ada.uid)) == (GIFT + 40, 5)
    assert ada.data("GET", path)["payment"]["gave"] == {"tokens": 40, "voiceMinutes": 5.0}
    shop.spend(ada.uid, 50)
    gone = admin.data("DELETE", path)["payment"]
    assert (gone["status"], shop.tokens(ada.uid)) == ("refunded", 0)
    assert shop.billing(ada.uid).owed == {"tokens": 30}
    admin.data("DELETE", path)
    assert shop.tokens(ada.uid) == 0
    noted = admin.data("PUT", path, {"note": "Called."})["payment"]
    assert noted["status"] == "refunded"
    shop.clean(ada.uid)


def test_what_a_manual_payment_of_nothing_gave_is_taken_back_too(shop: Till) -> None:
    ada, admin = Person(shop), Person(shop, role="admin")
    body = {"ownerId": ada.uid, "amount": 0, "tokens": 40}
    path = f"/api/payments/{admin.data('POST', '/api/payments', body)['payment']['id']}"
    admin.data("POST", f"{path}/paid", {})
    assert shop.tokens(ada.uid) == GIFT + 40
    admin.data("DELETE", path)
    assert shop.tokens(ada.uid) == GIFT
    shop.clean(ada.uid)


def test_an_open_manual_payment_becomes_overdue_and_void(shop: Till) -> None:
    ada, admin = Person(shop), Person(shop, role="admin")
    body = {"ownerId": ada.uid, "amount": 5000, "dueAt": "2020-01-01", "tokens": 1}
    made = admin.data("POST", "/api/payments", body)["payment"]
    shop.services.manual_payments.mark_overdue(1000)
    path = f"/api/payments/{made['id']}"
    assert ada.data("GET", path)["payment"]["status"] == "overdue"
    assert admin.data("DELETE", path)["payment"]["status"] == "void"
    assert code(admin.ask("POST", f"{path}/paid", {})) == (409, "payment_closed")
    nobody = admin.ask("POST", "/api/payments", {"ownerId": "nobody", "amount": 1})
    assert code(nobody) == (404, "owner_not_found")


def test_the_prices_of_a_plan_are_those_that_fit_it(shop: Till) -> None:
    admin = Person(shop, role="admin")
    plan, first = shop.plan(1000)
    other, theirs = shop.plan(1000)
    path = f"/api/admin/plans/{plan.id}/prices"
    product = shop.api.products.create({"name": "Thing"}).id
    base: Any = {"product": product, "currency": "usd"}
    year = shop.api.prices.create(base | {"unit_amount": 1000, "recurring": {"interval": "year"}})
    dear = shop.api.prices.create(base | {"unit_amount": 1001, "recurring": {"interval": "month"}})
    good = shop.api.prices.create(base | {"unit_amount": 1000, "recurring": {"interval": "month"}})
    for price_id, field in ((year.id, "interval"), (dear.id, "amount"), (theirs.id, "plan")):
        answer = admin.ask("PUT", path, {"priceIds": [first.id, price_id]})
        assert code(answer) == (409, "price_differs")
        assert answer.json["error"]["details"] == {"priceId": price_id, "field": field}
    unknown = admin.ask("PUT", path, {"priceIds": ["price_none"]})
    assert code(unknown) == (404, "price_not_found")
    (price,) = admin.data("PUT", path, {"priceIds": [good.id]})["prices"]
    assert (price["id"], price["interval"], price["active"]) == (good.id, "month", True)
    active = {each.id: each.active for each in shop.services.price_table.of(plan.id)}
    assert active == {first.id: False, good.id: True}
    ada = Person(shop)
    session = ada.buys(planId=plan.id)
    assert shop.server.get(session)["status"] == "complete"
    assert shop.services.price_table.of(other.id)[0].active


def test_add_ons_are_public_and_edited_by_administrators(shop: Till) -> None:
    admin, ada = Person(shop, role="admin"), Person(shop)
    body = {"name": "Token pack", "kind": "topup", "priceCents": 900, "tokens": 500}
    assert code(ada.ask("POST", "/api/addons", body)) == (403, "forbidden")
    made = admin.data("POST", "/api/addons", body)["addon"]
    assert (made["currency"], made["available"], made["tokens"]) == ("usd", True, 500)
    twin = admin.data("POST", "/api/addons", body)["addon"]
    assert twin["id"].startswith("token-pack-") or made["id"].startswith("token-pack-")
    path = f"/api/addons/{made['id']}"
    assert admin.data("PUT", path, {"featured": True})["addon"]["tokens"] == 500
    listed = shop.clients["payments"].get("/api/addons?featured=true").json["data"]["addons"]
    assert made["id"] in [each["id"] for each in listed]
    child = admin.data("POST", "/api/addons", body | {"dependsOn": [made["id"]]})["addon"]
    assert code(admin.ask("DELETE", path)) == (400, "addon_in_use")
    admin.data("DELETE", f"/api/addons/{child['id']}")
    admin.data("DELETE", path)
    assert code(admin.ask("GET", path)) == (404, "addon_not_found")


def test_revenue_is_the_sum_of_the_payments(shop: Till) -> None:
    admin, ada = Person(shop, role="admin"), Person(shop)
    path = "/api/admin/revenue"
    before = admin.data("GET", path)
    plan, _ = shop.plan(1200)
    ada.buys(planId=plan.id)
    shop.sync(ada.uid)
    (payment,) = shop.payments(ada.uid)
    shop.server.refund(payment.payment_intents[0], 200)
    shop.sync(ada.uid)
    after = admin.data("GET", path)
    changes = {name: after["totals"][name] - before["totals"][name] for name in after["totals"]}
    assert changes["gross"] >= 1200
    assert changes["refunded"] >= 200
    assert changes["newSubscriptions"] >= 1
    mine = next(each for each in after["byPlan"] if each["planId"] == plan.id)
    assert mine == {"planId": plan.id, "amount": 1200, "subscribers": 1}
    assert after["mrr"] >= 1200


def test_without_payments_nothing_is_asked_of_stripe(db: Database, shop: Till) -> None:
    settings = shop.settings.model_copy(update={"payments": "off"})
    services = type(shop.services)(settings, database=db)
    client = make_app("payments", services).test_client()
    _, headers = signed_in(db)
    for path, body in (
        ("/api/create-checkout-session", {"planId": "pro"}),
        ("/api/verify-payment", {"sessionId": "cs_test_1"}),
        ("/api/check-subscription-status", {}),
        ("/api/cancel-subscription", {}),
        ("/api/resume-subscription", {}),
        ("/api/payments/portal", {}),
        ("/api/payments/webhook", None),
    ):
        sent = {} if body is None else {"json": body}
        answer = client.post(path, headers=headers, **sent)
        assert code(answer) == (409, "payments_off"), path
    config = client.get("/api/payments/config").json["data"]
    assert config == {"payments": False, "currency": "usd", "trialDays": 0, "tax": False}
    assert client.get("/api/payments", headers=headers).json["data"] == {"payments": []}
    assert shop.server.calls == []


def test_invoices_count_against_the_limit_of_questions_to_stripe() -> None:
    (route,) = [r for api in apis("payments") for r in api.routes if r.path.endswith("/invoice")]
    assert route.limit == "billing"


def test_stripe_that_is_down_is_a_503_with_retry_after(shop: Till) -> None:
    plan, _ = shop.plan()
    ada = Person(shop)
    shop.server.fail("/v1/customers", 500, times=2)
    answer = ada.ask("POST", "/api/create-checkout-session", {"planId": plan.id})
    assert code(answer) == (503, "payments_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    ada.buys(planId=plan.id)
    assert len(shop.server.world.all("customer")) == 1


def test_a_payment_that_nobody_told_us_of_is_found_by_the_sweep(shop: Till) -> None:
    plan, _ = shop.plan()
    ada = Person(shop)
    ada.buys(planId=plan.id)
    assert shop.billing(ada.uid).due_at
    shop.db.commit(Update(billing_path(ada.uid), {"dueAt": shop.billing(ada.uid).created_at}))
    shop.services.billing_sync.sync_due(1000)
    assert shop.tokens(ada.uid) == GIFT + 100


def test_who_leaves_is_charged_no_more(shop: Till) -> None:
    plan, _ = shop.plan()
    ada = Person(shop)
    ada.buys(planId=plan.id)
    shop.sync(ada.uid)
    (payment,) = shop.payments(ada.uid)
    session = ada.data("POST", "/api/create-checkout-session", {"addonId": shop.pack().id})
    erase = shop.services.erasers["billing"]
    assert erase(ada.uid, 50) > 0
    assert erase(ada.uid, 50) == 0
    assert shop.bought(ada.uid)["status"] == "canceled"
    assert shop.server.get(session["sessionId"])["status"] == "expired"
    left = shop.services.database.get(f"payments/{payment.id}").data
    assert (left["ownerId"], left["status"]) == (None, PaymentStatus.PAID)
    again = ada.ask("POST", "/api/create-checkout-session", {"planId": plan.id})
    assert code(again) == (409, "billing_closed")


def test_a_checkout_sells_nothing_to_an_owner_who_leaves_meanwhile(
    shop: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The eraser found no billing to close; the checkout had looked at the account before."""
    ada, pack = Person(shop), shop.pack()
    customers = shop.services.customers
    made = customers.customer

    def leaves(owner: Owner) -> str:
        customer = made(owner)
        shop.db.commit(Update(owner.path, {"deletedAt": now()}))
        return customer

    monkeypatch.setattr(customers, "customer", leaves)
    answer = ada.ask("POST", "/api/create-checkout-session", {"addonId": pack.id})
    assert code(answer) == (404, "owner_not_found")
    assert shop.billing(ada.uid).open_checkout is None


def test_payments_are_listed_by_state_kind_and_time(shop: Till) -> None:
    ada, admin = Person(shop), Person(shop, role="admin")
    for amount in (1, 2):
        body = {"ownerId": ada.uid, "amount": amount}
        made = admin.data("POST", "/api/payments", body)["payment"]
    admin.data("POST", f"/api/payments/{made['id']}/paid", {})
    for query, amounts in (
        ("", [2, 1]),
        ("?status=open", [1]),
        ("?status=paid&kind=manual", [2]),
        ("?kind=topup", []),
        ("?from=2020-01-01&to=2099-01-01", [2, 1]),
        ("?kind=manual&status=open&from=2099-01-01", []),
        ("?to=2020-01-01&kind=manual", []),
    ):
        found = ada.data("GET", f"/api/payments{query}")["payments"]
        assert [each["amount"] for each in found] == amounts, query


def test_an_administrator_who_reads_somebodys_payments_is_on_record(shop: Till) -> None:
    ada, admin = Person(shop), Person(shop, role="admin")
    admin.data("GET", "/api/payments")
    admin.data("GET", f"/api/payments?ownerId={ada.uid}")
    entries = shop.services.audit_log.newest(1000)
    noted = [(each.operation, each.about) for each in entries if each.uid == admin.uid]
    assert noted == [("listPayments", [f"users/{ada.uid}"])]


def test_the_managers_of_a_company_buy_for_it_and_nobody_else_does(shop: Till) -> None:
    plan, _ = shop.plan()
    company = f"co{secrets.token_hex(10)}"
    boss, member = (
        Person(shop, companies={company: "owner"}),
        Person(shop, companies={company: "member"}),
    )
    other, at = Person(shop), now()
    document = {"name": "Acme", "tokens": 0, "createdAt": at, "updatedAt": at}
    owner = Owner.company(company)
    shop.db.commit(Create(owner.path, document), *opening_writes(owner, 0, at))
    order = {"planId": plan.id, "companyId": company, "quantity": 3}
    refused = member.ask("POST", "/api/create-checkout-session", order)
    assert code(refused) == (403, "forbidden")
    refused = other.ask("POST", "/api/create-checkout-session", order)
    assert code(refused) == (404, "owner_not_found")
    session = boss.buys(**order)
    for person in (member, other):
        answer = person.ask("POST", "/api/verify-payment", {"sessionId": session})
        assert code(answer) == (404, "session_not_found")
    found = boss.data("POST", "/api/verify-payment", {"sessionId": session})["subscription"]
    assert (found["id"], found["tokens"], found["availableMinutes"]) == (company, 300, 90)
    assert shop.tokens(boss.uid) == GIFT
    (payment,) = boss.data("GET", f"/api/payments?companyId={company}")["payments"]
    assert boss.data("GET", "/api/payments")["payments"] == []
    path = f"/api/payments/{payment['id']}"
    assert boss.data("GET", path)["payment"]["ownerKind"] == "company"
    for person in (member, other):
        assert code(person.ask("GET", path)) == (404, "payment_not_found")
    status = boss.data("POST", "/api/check-subscription-status", {"companyId": company})
    assert status["billing"]["status"] == "active"
    assert audit_owner(shop.db, owner) == []
