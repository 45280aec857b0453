"""A shop at the fake Stripe, used through the official client only."""

from __future__ import annotations

from typing import Any

from stripe import StripeClient, checkout

from tests.fakes.stripe_server import StripeServer

DONE = "https://app.example.com/paid?session={CHECKOUT_SESSION_ID}"
MONTH = {"interval": "month"}


class Shop:
    """Two monthly plans, a thing that is sold once, and a customer."""

    def __init__(self, server: StripeServer) -> None:
        self.server = server
        self.client = StripeClient(
            server.key, base_addresses={"api": server.url}, max_network_retries=0
        )
        self.api = self.client.v1
        self.customer = self.api.customers.create({"email": "ada@example.com"}).id
        self.basic = self.price("Basic", 1000, recurring=MONTH)
        self.pro = self.price("Pro", 3000, recurring=MONTH)
        self.minutes = self.price("Minutes", 500)

    def price(self, name: str, amount: int, **more: Any) -> str:
        product = self.api.products.create({"name": name}).id
        wanted: Any = {"product": product, "currency": "usd", "unit_amount": amount} | more
        return self.api.prices.create(wanted).id

    def session(self, price: str = "", quantity: int = 1, **more: Any) -> checkout.Session:
        wanted: Any = {
            "mode": "subscription",
            "customer": self.customer,
            "line_items": [{"price": price or self.basic, "quantity": quantity}],
            "success_url": DONE,
        }
        return self.api.checkout.sessions.create(wanted | more)

    def subscribe(self, price: str = "", card: str = "4242424242424242", **more: Any) -> Any:
        session = self.session(price, **more)
        self.server.pay(session.id, card)
        return self.subscription(self.api.checkout.sessions.retrieve(session.id).subscription)

    def subscription(self, key: Any) -> Any:
        expand: Any = {"expand": ["latest_invoice.payments", "default_payment_method"]}
        return self.api.subscriptions.retrieve(key, expand)

    def intent(self, invoice: Any) -> str:
        found = self.api.invoices.retrieve(invoice, {"expand": ["payments"]})
        assert found.payments is not None
        return str(found.payments.data[0].payment.payment_intent)

    def change(self, subscription: Any, **item: Any) -> Any:
        """Another price or quantity, paid at once."""
        wanted: Any = {"id": subscription["items"].data[0].id} | item
        return self.api.subscriptions.update(
            subscription.id, {"items": [wanted], "proration_behavior": "always_invoice"}
        )

    def kinds(self) -> list[str]:
        return [event["type"] for event in self.server.events]
