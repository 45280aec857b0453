"""Stripe's webhook: signatures, repeats, failures, and whose events they are."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

import pytest
import stripe
from flask.testing import FlaskClient

from tests.support.billing import GIFT, Till
from tests.support.factories import code
from troupe.app.functions import make_app
from troupe.payments.events import TYPES
from troupe.payments.records import EventRecord, EventStatus

PATH = "/api/payments/webhook"


@pytest.fixture
def client(till: Till) -> FlaskClient:
    return make_app("payments", till.services).test_client()


def signed(body: bytes, secret: str, at: int | None = None) -> dict[str, str]:
    header = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, at)
    return {"Stripe-Signature": header}


def event(till: Till, uid: str, kind: str = "invoice.paid", **fields: Any) -> dict[str, Any]:
    customer = till.services.customers.find(uid)
    about = {
        "id": "in_1",
        "object": "invoice",
        "customer": customer and customer.stripe_customer_id,
    }
    return {
        "id": f"evt_{secrets.token_hex(8)}",
        "object": "event",
        "type": kind,
        "created": int(time.time()),
        "livemode": False,
        "data": {"object": about},
    } | fields


def send(client: FlaskClient, till: Till, sent: dict[str, Any], **more: Any) -> Any:
    body = json.dumps(sent).encode()
    headers = signed(
        body, more.pop("secret", till.server.secret), int(time.time()) - more.pop("age", 0)
    )
    return client.post(PATH, data=body, headers=headers)


def stored(till: Till, sent: dict[str, Any]) -> EventRecord | None:
    document = till.db.get(f"stripeEvents/{sent['id']}")
    return EventRecord.of(document) if document.exists else None


@pytest.fixture
def buyer(till: Till) -> str:
    """Has paid, and we do not know."""
    plan, _ = till.plan()
    uid = till.user()
    till.buy(uid, plan_id=plan.id)
    return uid


def test_an_event_applies_what_happened_and_is_done(
    client: FlaskClient, till: Till, buyer: str
) -> None:
    sent = event(till, buyer)
    answer = send(client, till, sent)
    assert (answer.status_code, answer.json["data"]["status"]) == (200, "done")
    assert till.tokens(buyer) == GIFT + 100
    found = stored(till, sent)
    assert found
    assert (found.status, found.tries, found.object_id) == (EventStatus.DONE, 1, "in_1")
    till.clean(buyer)


def test_a_repeat_of_a_done_event_asks_stripe_nothing(
    client: FlaskClient, till: Till, buyer: str
) -> None:
    sent = event(till, buyer)
    send(client, till, sent)
    calls = len(till.server.calls)
    assert send(client, till, sent).status_code == 200
    assert len(till.server.calls) == calls


def test_an_event_that_was_received_and_not_applied_is_applied_by_its_repeat(
    client: FlaskClient, till: Till, buyer: str
) -> None:
    """A crash between the two, or a Stripe that does not answer."""
    sent = event(till, buyer)
    till.server.fail("/v1/invoices", 500, times=2)
    failed = send(client, till, sent)
    assert code(failed) == (503, "payments_unavailable")
    assert failed.headers["Retry-After"]
    found = stored(till, sent)
    assert found
    assert (found.status, found.error) == (EventStatus.FAILED, "PaymentsUnavailable")
    assert till.tokens(buyer) == GIFT
    assert send(client, till, sent).status_code == 200
    found = stored(till, sent)
    assert found
    assert (found.status, found.tries) == (EventStatus.DONE, 2)
    assert till.tokens(buyer) == GIFT + 100


def test_an_unexpected_failure_is_a_500_so_that_stripe_tries_again(
    client: FlaskClient, till: Till, buyer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(till.services.billing_sync, "sync", crash)
    sent = event(till, buyer)
    assert send(client, till, sent).status_code == 500
    found = stored(till, sent)
    assert found
    assert found.status is EventStatus.FAILED


@pytest.mark.parametrize(
    "wrong",
    [{"secret": "whsec_other"}, {"age": 301}],
    ids=["wrong secret", "too old"],
)
def test_a_wrong_signature_is_refused_and_nothing_is_written(
    client: FlaskClient, till: Till, buyer: str, wrong: dict[str, Any]
) -> None:
    sent = event(till, buyer)
    assert code(send(client, till, sent, **wrong)) == (400, "bad_signature")
    assert stored(till, sent) is None
    assert till.tokens(buyer) == GIFT


def test_what_was_not_signed_as_it_is_is_refused(
    client: FlaskClient, till: Till, buyer: str
) -> None:
    sent = event(till, buyer)
    body = json.dumps(sent).encode()
    good = signed(body, till.server.secret)
    pretty = json.dumps(sent, indent=1).encode()  # as a proxy may write it
    for data, headers in (
        (body + b" ", good),
        (pretty, good),
        (body, {}),
        (body, {"Stripe-Signature": ""}),
        (body, {"Stripe-Signature": "t=1,v1=zz"}),
        (body, {"Stripe-Signature": "t=x,v1=y"}),
        (b"\xff\xfe", good),
        (b"", good),
    ):
        assert code(client.post(PATH, data=data, headers=headers)) == (400, "bad_signature")
    for text in (b"[]", b"{}", b'{"id": 1, "data": {"object": []}}', b"null"):
        answer = client.post(PATH, data=text, headers=signed(text, till.server.secret))
        assert code(answer) == (400, "bad_signature")
    assert stored(till, sent) is None


def test_a_body_of_more_than_256_kb_is_refused_unread(client: FlaskClient) -> None:
    answer = client.post(PATH, data=b"x" * (256 * 1024 + 1), headers={"Stripe-Signature": "t=1"})
    assert answer.status_code == 413


def test_one_good_signature_of_several_is_enough(
    client: FlaskClient, till: Till, buyer: str
) -> None:
    """Stripe signs with both secrets while one is rotated."""
    body = json.dumps(event(till, buyer)).encode()
    one = signed(body, "whsec_new")["Stripe-Signature"]
    both = signed(body, till.server.secret)["Stripe-Signature"] + "," + one.partition(",")[2]
    answer = client.post(PATH, data=body, headers={"Stripe-Signature": both})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "fields",
    [
        {"livemode": True},
        {"type": "payment_intent.created"},
        {"data": {"object": {"id": "in_1", "object": "invoice", "customer": "cus_foreign"}}},
        {"data": {"object": {"id": "in_1", "object": "invoice", "customer": None}}},
    ],
    ids=["livemode", "type", "another product", "nobody"],
)
def test_events_of_others_are_taken_and_ignored(
    client: FlaskClient, till: Till, buyer: str, fields: dict[str, Any]
) -> None:
    answer = send(client, till, event(till, buyer, **fields))
    assert (answer.status_code, answer.json["data"]["status"]) == (200, "ignored")
    assert till.tokens(buyer) == GIFT


def test_the_events_of_a_dispute_find_their_payer_by_the_payment(
    client: FlaskClient, till: Till
) -> None:
    uid, _ = till.subscriber()
    (payment,) = till.payments(uid)
    made = till.server.dispute(payment.payment_intents[0])
    about = {name: made[name] for name in ("id", "object", "charge", "payment_intent")}
    sent = event(till, uid, "charge.dispute.created", data={"object": about})
    assert send(client, till, sent).json["data"]["status"] == "done"
    assert till.billing(uid).blocked == "dispute"


def test_both_secrets_count_while_one_is_rotated(till: Till, buyer: str) -> None:
    settings = till.settings.model_copy(
        update={"stripe_webhook_secret": f"whsec_new, {till.server.secret}"}
    )
    services = type(till.services)(settings, database=till.db)
    client = make_app("payments", services).test_client()
    for secret in ("whsec_new", till.server.secret):
        assert send(client, till, event(till, buyer), secret=secret).status_code == 200


def test_real_events_of_the_fake_are_understood(
    client: FlaskClient, till: Till, buyer: str
) -> None:
    for made in list(till.server.events):
        body, headers = till.server.signed(made)
        answer = client.post(PATH, data=body, headers=headers)
        assert answer.status_code == 200, made["type"]
    assert till.tokens(buyer) == GIFT + 100
    till.clean(buyer)


def test_every_type_is_one_of_stripe() -> None:
    known = stripe.params.WebhookEndpointCreateParams.__annotations__["enabled_events"]
    assert all(f"'{each}'" in str(known) or f'"{each}"' in str(known) for each in TYPES)
