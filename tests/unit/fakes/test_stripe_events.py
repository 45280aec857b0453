"""Events of the fake: signed, repeated, and in the hands of a test."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stripe as package
from stripe import SignatureVerificationError, Webhook

from tests.fakes.stripe_server import StripeServer
from tests.unit.fakes.shop import Shop


class Receiver:
    """An endpoint that keeps what it gets; `statuses` are those of its next answers."""

    def __init__(self) -> None:
        self.got: list[tuple[bytes, str]] = []
        self.statuses: list[int] = []
        self.url = ""

    @property
    def kinds(self) -> list[str]:
        return [json.loads(body)["type"] for body, _ in self.got]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.got.append((body, self.headers["stripe-signature"]))
            self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
            self.send_header("location", "/elsewhere")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def receiver(stripe: StripeServer) -> Iterator[Receiver]:
    with receiving() as found:
        stripe.listen(found.url, ["customer.created", "customer.updated"])
        yield found


def test_events_are_signed_and_verified_by_the_package(
    shop: Shop, stripe: StripeServer, receiver: Receiver
) -> None:
    made = shop.api.customers.create({"name": "Ada"}, {"idempotency_key": "k1"})
    stripe.settle()
    body, header = receiver.got[-1]
    event = Webhook.construct_event(body, header, stripe.secret)
    assert (event.type, event.data.object["id"]) == ("customer.created", made.id)
    assert event.api_version == package.api_version
    assert event.request is not None
    assert event.request.idempotency_key == "k1"
    for wrong in (body + b" ", body.replace(b"Ada", b"Eve")):
        with pytest.raises(SignatureVerificationError):
            Webhook.construct_event(wrong, header, stripe.secret)
    assert shop.api.events.retrieve(event.id).pending_webhooks == 0


def test_an_endpoint_gets_the_types_it_asked_for(
    shop: Shop, stripe: StripeServer, receiver: Receiver
) -> None:
    made = shop.api.customers.create({})
    shop.price("Other", 100)
    shop.api.customers.update(made.id, {"name": "Ada"})
    stripe.settle()
    assert receiver.kinds == ["customer.created", "customer.updated"]
    update = json.loads(receiver.got[-1][0])
    assert update["data"]["previous_attributes"] == {"name": None}


def test_it_sends_again_until_it_is_taken(
    shop: Shop, stripe: StripeServer, receiver: Receiver
) -> None:
    receiver.statuses = [500, 302, 200]
    shop.api.customers.create({"name": "Ada"})
    stripe.settle()
    assert [attempt.status for attempt in stripe.attempts] == [500, 302, 200]
    assert len({json.loads(body)["id"] for body, _ in receiver.got}) == 1


def test_held_reordered_repeated_dropped(
    shop: Shop, stripe: StripeServer, receiver: Receiver
) -> None:
    stripe.settle()
    stripe.hold()
    receiver.got.clear()
    for name in "abcd":
        shop.api.customers.create({"name": name})
    a, b, c, d = stripe.pending
    assert not receiver.got
    stripe.drop([c])
    assert stripe.deliver([b, a, b]) == [200, 200, 200]
    ids = [json.loads(body)["id"] for body, _ in receiver.got]
    assert ids == [b["id"], a["id"], b["id"]]
    stripe.release()
    stripe.settle()
    assert json.loads(receiver.got[-1][0])["id"] == d["id"]
    assert len(receiver.got) == 4


def test_nobody_listens(shop: Shop, stripe: StripeServer) -> None:
    stripe.sender.delays = (0.01,)
    stripe.listen("http://127.0.0.1:9/hook")
    shop.api.customers.create({})
    stripe.settle()
    assert {attempt.status for attempt in stripe.attempts} == {None}


def test_events_in_the_shape_of_an_older_version(shop: Shop, stripe: StripeServer) -> None:
    with receiving() as receiver:
        stripe.listen(
            receiver.url,
            ["invoice.paid", "customer.subscription.created"],
            api_version="2024-06-20",
        )
        found = shop.subscribe()
        stripe.settle()
    seen: dict[str, Any] = {e["type"]: e for e in (json.loads(body) for body, _ in receiver.got)}
    assert {event["api_version"] for event in seen.values()} == {"2024-06-20"}
    assert seen["invoice.paid"]["data"]["object"]["subscription"] == found.id
    assert seen["invoice.paid"]["data"]["object"]["lines"]["data"][0]["price"]["id"] == shop.basic
    subscription = seen["customer.subscription.created"]["data"]["object"]
    assert subscription["current_period_start"] == stripe.now


def test_endpoints_are_made_by_the_api(shop: Shop, stripe: StripeServer) -> None:
    with receiving() as receiver:
        made = shop.api.webhook_endpoints.create(
            {"url": receiver.url, "enabled_events": ["customer.created"]}
        )
        assert made.secret is not None
        assert not hasattr(shop.api.webhook_endpoints.retrieve(made.id), "secret")
        shop.api.customers.create({})
        stripe.settle()
        (got,) = receiver.got
        Webhook.construct_event(*got, made.secret)
        shop.api.webhook_endpoints.update(made.id, {"disabled": True})
        shop.api.customers.create({})
        shop.api.webhook_endpoints.delete(made.id)
        shop.api.customers.create({})
        stripe.settle()
        assert len(receiver.got) == 1
        assert not shop.api.webhook_endpoints.list().data


def test_the_events_of_a_purchase(shop: Shop, stripe: StripeServer) -> None:
    begun = len(stripe.events)
    shop.subscribe()
    kinds = shop.kinds()[begun:]
    assert kinds.count("customer.subscription.created") == 1
    assert {"checkout.session.completed", "invoice.paid", "charge.succeeded"} <= set(kinds)
    assert "customer.subscription.updated" not in kinds
    stripe.advance(days=40)
    updates = shop.api.events.list({"type": "customer.subscription.updated"}).data
    assert len(updates) == 1
    (invoice,) = shop.api.events.list({"type": "invoice.paid", "limit": 1}).data
    assert invoice.data.object["billing_reason"] == "subscription_cycle"


def test_an_event_for_a_test_to_post_itself(shop: Shop, stripe: StripeServer) -> None:
    body, headers = stripe.signed(stripe.events[0])
    event = Webhook.construct_event(body, headers["stripe-signature"], stripe.secret)
    assert event.id == stripe.events[0]["id"]


def test_a_receiver_may_ask_stripe_while_it_is_called(shop: Shop, stripe: StripeServer) -> None:
    """As the webhook of Troupe does: with the lock held while sending, this would never end."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            asked.append(shop.api.customers.retrieve(shop.customer).id)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        stripe.listen(f"http://127.0.0.1:{server.server_port}/", ["customer.updated"])
        shop.api.customers.update(shop.customer, {"name": "Ada"})
        stripe.settle()
        server.shutdown()
    assert asked == [shop.customer]
