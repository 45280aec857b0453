"""What a webhook of Stripe costs, and what a company adds to a request."""

from __future__ import annotations

import json
import os
import secrets
import statistics
import time
from collections.abc import Mapping
from typing import Any

from bench.http import row

EVENTS = 60
REQUESTS = 200


def measure() -> list[dict[str, Any]]:
    return [*_webhooks(), *_companies()]


def _webhooks() -> list[dict[str, Any]]:
    """Of renewals, which grant a period: calls of one event, and how long it takes, with Stripe on
    this machine."""
    import stripe
    from google.cloud import firestore

    from tests.fakes.stripe_server import StripeServer
    from tests.support.billing import Till
    from tests.support.factories import CountingDatabase
    from troupe.app.functions import make_app

    database = CountingDatabase(firestore.Client(project=os.environ["GCLOUD_PROJECT"]))
    with StripeServer() as server:
        till = Till(database, server)
        client = make_app("payments", till.services).test_client()
        uid, _ = till.subscriber()
        customer = till.billing(uid).stripe_customer_id
        stripe_calls, firestore_calls, seconds = [], [], []
        for number in range(EVENTS):
            if number % 10 == 0:
                server.advance(days=31)
            event = {
                "id": f"evt_{secrets.token_hex(8)}",
                "object": "event",
                "type": "invoice.paid",
                "created": int(time.time()),
                "livemode": False,
                "data": {"object": {"id": "in_1", "object": "invoice", "customer": customer}},
            }
            body = json.dumps(event)
            signature = stripe.WebhookSignature.generate_signature_header(body, server.secret)
            database.calls.clear()
            before, begun = len(server.calls), time.perf_counter()
            answer = client.post(
                "/api/payments/webhook", data=body, headers={"Stripe-Signature": signature}
            )
            seconds.append(time.perf_counter() - begun)
            if answer.status_code != 200:
                raise RuntimeError(answer.text)
            stripe_calls.append(len(server.calls) - before)
            firestore_calls.append(database.total)
    return [
        row("Stripe calls of a webhook", max(stripe_calls), "calls", 3),
        row("Firestore calls of a webhook", max(firestore_calls), "calls", 3),
        row("a webhook, median", statistics.median(seconds) * 1000, "ms"),
        row("a webhook, p95", statistics.quantiles(seconds, n=20)[-1] * 1000, "ms"),
    ]


def _companies() -> list[dict[str, Any]]:
    """Requests of a member of twenty companies, alternating with those of a user without any."""
    from google.cloud import firestore

    from tests.support.companies import a_firm, a_person, client
    from tests.support.factories import CountingDatabase
    from troupe.accounts.callers import Callers, no_keys
    from troupe.app.functions import container

    database = container().database
    alone, member = a_person(database), a_person(database)
    for _ in range(20):
        firm = a_firm(database, owner=member)
    counted = CountingDatabase(firestore.Client(project=os.environ["GCLOUD_PROJECT"]))
    callers = Callers(counted, container().accounts.by_id_token, no_keys)
    callers.authenticate(member.headers["Authorization"])
    server = client("plans")

    def ask(headers: Mapping[str, str]) -> float:
        begun = time.perf_counter()
        server.get("/api/tokens/ledger", headers=headers)
        return time.perf_counter() - begun

    named = member.headers | {"X-Troupe-Company": firm.id}
    for _ in range(20):
        ask(alone.headers), ask(named)
    pairs = [(ask(alone.headers), ask(named)) for _ in range(REQUESTS)]
    ratio = statistics.median(with_ / without for without, with_ in pairs)
    return [
        row("document reads to recognise a member of companies", counted.total, "calls", 1),
        row("a request of a member of 20 companies ÷ of nobody's", ratio, "ratio", 1.1),
    ]
