"""The fake's pages, as a browser without scripts uses them; and the portal's sessions."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import pytest
import requests
from stripe import InvalidRequestError, StripeClient

from tests.fakes.stripe_server import KEY, StripeServer
from tests.unit.fakes.shop import Shop

BACK = "https://app.example.com/account"


def press(url: str, action: str, **form: object) -> requests.Response:
    return requests.post(url, form | {"action": action}, allow_redirects=False, timeout=5)


def shown(url: str) -> str:
    answer = requests.get(url, timeout=5)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.text


@pytest.fixture
def configuration(shop: Shop) -> str:
    return configure(shop)


def configure(shop: Shop, **update: Any) -> str:
    products = [
        {"product": shop.api.prices.retrieve(price).product, "prices": [price]}
        for price in (shop.basic, shop.pro)
    ]
    features: Any = {
        "subscription_update": {
            "enabled": True,
            "default_allowed_updates": ["price", "quantity"],
            "products": products,
            "proration_behavior": "always_invoice",
        }
        | update,
        "subscription_cancel": {"enabled": True},
        "payment_method_update": {"enabled": True},
        "invoice_history": {"enabled": True},
    }
    return shop.api.billing_portal.configurations.create({"features": features}).id


def portal(shop: Shop, configuration: str, kind: str = "", **details: Any) -> str:
    wanted: Any = {"customer": shop.customer, "return_url": BACK, "configuration": configuration}
    if kind:
        after = {"type": "redirect", "redirect": {"return_url": f"{BACK}?done"}}
        wanted["flow_data"] = {"type": kind, "after_completion": after}
        if details:
            wanted["flow_data"][kind] = details
    return shop.api.billing_portal.sessions.create(wanted).url


def test_paying(shop: Shop, stripe: StripeServer) -> None:
    stripe.settings.tax_percent = 20
    name = shop.price("<b>Gold</b>", 123_456, recurring={"interval": "month"})
    session = shop.session(name, cancel_url=BACK)
    assert session.url is not None
    page = shown(session.url)
    assert "&lt;b&gt;Gold&lt;/b&gt; x 1 / month" in page
    assert "1,234.56 USD" in page
    assert f'href="{BACK}"' in page
    assert "4000 0000 0000 0341" in page
    refused = press(session.url, "pay", card="4000 0000 0000 0002")
    assert refused.status_code == 402
    assert "Your card was declined." in refused.text
    assert "incorrect" in press(session.url, "pay", card="4242 4242 4242 4241").text
    paid = press(session.url, "pay", card="4242 4242 4242 4242")
    assert paid.status_code == 303
    assert paid.headers["location"] == f"https://app.example.com/paid?session={session.id}"
    assert "already paid" in press(session.url, "pay", card="4242 4242 4242 4242").text
    assert len(shop.api.charges.list().data) == 1


def test_a_code_is_typed(shop: Shop) -> None:
    coupon = shop.api.coupons.create({"percent_off": 50}).id
    shop.api.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": coupon}, "code": "HALF"}
    )
    session = shop.session(allow_promotion_codes=True)
    assert session.url is not None
    assert "Promotion code" in shown(session.url)
    assert "invalid" in press(session.url, "pay", card="4242424242424242", code="NONE").text
    assert press(session.url, "pay", card="4242424242424242", code="HALF").status_code == 303
    assert [c.amount for c in shop.api.charges.list().data] == [500]


def test_a_trial_says_so(shop: Shop) -> None:
    session = shop.session(subscription_data={"trial_period_days": 7})
    assert session.url is not None
    page = shown(session.url)
    assert "Start trial" in page
    assert "0.00 USD" in page


def test_a_buyer_without_a_customer(shop: Shop) -> None:
    session = shop.api.checkout.sessions.create(
        {
            "mode": "subscription",
            "line_items": [{"price": shop.basic, "quantity": 1}],
            "success_url": BACK,
        }
    )
    assert session.url is not None
    press(session.url, "pay", card="4242 4242 4242 4242", email="eve@example.com")
    found = shop.api.checkout.sessions.retrieve(session.id, {"expand": ["customer"]})
    assert found.customer.email == "eve@example.com"  # type: ignore[union-attr]


def test_the_portal_must_have_been_configured(shop: Shop, stripe: StripeServer) -> None:
    with pytest.raises(InvalidRequestError, match="default configuration"):
        shop.api.billing_portal.sessions.create({"customer": shop.customer})
    stripe.settings.saved_portal = True
    made = shop.api.billing_portal.sessions.create({"customer": shop.customer})
    assert "no subscription" not in shown(made.url)


def test_a_change_is_confirmed_and_paid(shop: Shop, configuration: str) -> None:
    found = shop.subscribe()
    item = {"id": found["items"].data[0].id, "price": shop.pro, "quantity": 2}
    url = portal(
        shop, configuration, "subscription_update_confirm", subscription=found.id, items=[item]
    )
    page = shown(url)
    assert "-10.00 USD" in page
    assert "60.00 USD" in page
    done = press(url, "confirm")
    assert done.headers["location"] == f"{BACK}?done"
    after = shop.subscription(found.id)
    assert (after["items"].data[0].price.id, after["items"].data[0].quantity) == (shop.pro, 2)
    assert (after.latest_invoice.status, after.latest_invoice.total) == ("paid", 5000)


def test_a_change_that_the_card_does_not_pay(
    shop: Shop, stripe: StripeServer, configuration: str
) -> None:
    found = shop.subscribe(card="4000000000000341")
    item = {"id": found["items"].data[0].id, "price": shop.pro, "quantity": 1}
    url = portal(
        shop, configuration, "subscription_update_confirm", subscription=found.id, items=[item]
    )
    assert press(url, "confirm").status_code == 402
    assert shop.subscription(found.id)["items"].data[0].price.id == shop.basic


def test_what_a_flow_refuses(shop: Shop, configuration: str) -> None:
    found = shop.subscribe()
    item = {"id": found["items"].data[0].id}
    kind = "subscription_update_confirm"
    wrong: list[dict[str, Any]] = [
        {"items": [item | {"price": shop.minutes}]},
        {"items": [item]},
        {"items": [item | {"quantity": 2}], "subscription": "sub_x"},
    ]
    for details in wrong:
        with pytest.raises(InvalidRequestError):
            portal(shop, configuration, kind, **({"subscription": found.id} | details))
    fixed = configure(shop, default_allowed_updates=["price"])
    with pytest.raises(InvalidRequestError, match="quantity"):
        portal(shop, fixed, kind, subscription=found.id, items=[item | {"quantity": 2}])
    off = configure(shop, enabled=False)
    with pytest.raises(InvalidRequestError, match="disabled"):
        portal(shop, off, kind, subscription=found.id, items=[item | {"quantity": 2}])
    shop.customer = shop.api.customers.create({}).id
    with pytest.raises(InvalidRequestError, match="does not belong"):
        portal(shop, configuration, "subscription_cancel", subscription=found.id)


def test_the_portal_cancels_by_a_date(shop: Shop, stripe: StripeServer, configuration: str) -> None:
    found = shop.subscribe()
    ends = found["items"].data[0].current_period_end
    url = portal(shop, configuration, "subscription_cancel", subscription=found.id)
    assert press(url, "cancel", subscription=found.id).headers["location"] == f"{BACK}?done"
    after = shop.subscription(found.id)
    assert (after.cancel_at, after.cancel_at_period_end) == (ends, False)  # billing is flexible
    home = portal(shop, configuration)
    assert "Don&#x27;t cancel" in shown(home)
    press(home, "resume", subscription=found.id)
    assert shop.subscription(found.id).cancel_at is None
    press(home, "cancel", subscription=found.id)
    stripe.advance(ends)
    assert shop.subscription(found.id).status == "canceled"


def test_only_ones_own_subscription(shop: Shop, configuration: str) -> None:
    found = shop.subscribe()
    shop.customer = shop.api.customers.create({}).id
    assert press(portal(shop, configuration), "cancel", subscription=found.id).status_code == 404
    assert shop.subscription(found.id).cancel_at is None


def test_the_portal_changes_plan_and_card(shop: Shop, configuration: str) -> None:
    found = shop.subscribe()
    home = portal(shop, configuration)
    assert found.latest_invoice.number in shown(home)
    made = press(home, "change", subscription=found.id, price=shop.pro, quantity=1)
    press(made.headers["location"], "confirm")
    assert shop.subscription(found.id)["items"].data[0].price.id == shop.pro
    url = portal(shop, configuration, "payment_method_update")
    assert press(url, "card", card="4000000000000002").status_code == 402
    assert press(url, "card", card="5555 5555 5555 4444").status_code == 303
    assert shop.subscription(found.id).default_payment_method.card.last4 == "4444"


def test_an_invoice_is_paid_on_its_page(shop: Shop, stripe: StripeServer) -> None:
    found = shop.subscribe(card="4000000000000341")
    stripe.advance(days=32)
    invoice = shop.subscription(found.id).latest_invoice
    assert "Pay 10.00 USD" in shown(invoice.hosted_invoice_url)
    pdf = requests.get(invoice.invoice_pdf, timeout=5)
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF-1.4")
    assert "declined" in press(invoice.hosted_invoice_url, "pay", card="4000000000000002").text
    press(invoice.hosted_invoice_url, "pay", card="4242424242424242")
    assert shop.subscription(found.id).status == "active"


def test_the_dashboard_moves_time_and_plays_the_bank(shop: Shop, stripe: StripeServer) -> None:
    shop.subscribe()
    begun = stripe.now
    press(f"{stripe.url}/", "advance", days=31)
    press(f"{stripe.url}/", "advance", days=1)
    assert stripe.now == begun + 32 * 86400
    newer, older = shop.api.charges.list().data
    press(f"{stripe.url}/", "refund", charge=newer.id)
    press(f"{stripe.url}/", "dispute", charge=older.id)
    (dispute,) = shop.api.disputes.list().data
    press(f"{stripe.url}/", "lost", dispute=dispute.id)
    page = shown(f"{stripe.url}/")
    assert "refunded 1000" in page
    assert "Dispute: lost" in page
    assert "charge.dispute.closed" in page


def test_nonsense_is_not_found(stripe: StripeServer) -> None:
    for path in ("/c/pay/cs_x", "/p/session/x", "/i/x", "/i/x/pdf", "/nothing", "/receipts/x"):
        assert requests.get(stripe.url + path, timeout=5).status_code == 404


def test_it_starts_as_a_command() -> None:
    command = [sys.executable, "-m", "tests.fakes.stripe_server", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        url = re.search(r"http://[\d.:]+", said)
        assert url is not None, said
        client = StripeClient(KEY, base_addresses={"api": url[0]})
        assert client.v1.customers.create({}).id.startswith("cus_")
        process.terminate()
