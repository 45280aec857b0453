"""What the fake refuses, and the form of its answers."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from stripe import (
    APIConnectionError,
    APIError,
    AuthenticationError,
    IdempotencyError,
    InvalidRequestError,
    RateLimitError,
    StripeClient,
)

from tests.fakes.stripe import shapes
from tests.fakes.stripe.errors import Mismatch
from tests.fakes.stripe_server import StripeServer
from tests.unit.fakes.shop import Shop


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"line_items": [{"pric": "x"}]}, "parameter_unknown", "line_items[0][pric]"),
        ({"line_items": [{"price": "nope", "quantity": 1}]}, "resource_missing", None),
        ({"customer": "cus_nope"}, "resource_missing", "customer"),
        ({"customer": ""}, "parameter_invalid_empty", "customer"),
        ({"mode": "subscriptions"}, None, "mode"),
        ({"allow_promotion_codes": "perhaps"}, None, "allow_promotion_codes"),
        ({"automatic_tax": "on"}, None, "automatic_tax"),
        ({"automatic_tax": {"liability": {"type": "self"}}}, "parameter_missing", None),
        ({"subscription_data": {"trial_period_days": "x"}}, "parameter_invalid_integer", None),
        ({"mode": "payment"}, None, "mode"),
        ({"expires_at": 60}, None, "expires_at"),
        ({"success_url": "/paid"}, "url_invalid", "success_url"),
    ],
)
def test_it_refuses_what_the_package_does_not_allow(
    shop: Shop, change: dict[str, Any], code: str | None, param: str | None
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        shop.session(**change)
    assert caught.value.http_status == 400
    assert caught.value.code == code
    assert param is None or caught.value.param == param
    assert caught.value.request_id


def test_what_is_not_there_is_404(shop: Shop) -> None:
    with pytest.raises(InvalidRequestError, match="No such customer: 'cus_x'") as caught:
        shop.api.customers.retrieve("cus_x")
    assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")


def test_only_test_keys(stripe: StripeServer) -> None:
    for key in ("sk_live_x", "pk_test_x"):
        client = StripeClient(key, base_addresses={"api": stripe.url})
        with pytest.raises(AuthenticationError):
            client.v1.customers.list()


def test_what_the_fake_ignores_is_a_problem() -> None:
    with StripeServer() as stripe:
        shop = Shop(stripe)
        with pytest.raises(APIError, match="ignores"):
            shop.api.customers.create({"tax_exempt": "reverse"})
        with pytest.raises(InvalidRequestError, match="Unrecognized request URL"):
            shop.api.payouts.list()
        assert len(stripe.problems) == 2


def test_answers_have_the_fields_of_the_class_and_no_other() -> None:
    made = shapes.new("refund", id="re_1", amount=1, created=1, currency="usd")
    shapes.check(made)
    wrong = [made | {"colour": "red"}, made | {"amount": "1"}, made | {"reason": "because"}]
    wrong.append({name: value for name, value in made.items() if name != "charge"})
    for answer in wrong:
        with pytest.raises(Mismatch):
            shapes.check(answer)
    with pytest.raises(Mismatch):
        shapes.new("refund", id="re_1", amount=1, created=1, currency="usd", colour="red")


def test_the_parts_that_stripe_leaves_out_come_by_expansion(shop: Shop) -> None:
    session = shop.session(quantity=3)
    assert not hasattr(session, "line_items")
    found = shop.api.checkout.sessions.retrieve(
        session.id, {"expand": ["customer", "line_items.data.price.product"]}
    )
    assert found.line_items is not None
    line: Any = found.line_items.data[0]
    assert (line.quantity, line.price.product.name) == (3, "Basic")
    assert found.customer.email == "ada@example.com"  # type: ignore[union-attr]
    for path in ("customers", "customer.name", "a.b.c.d.e"):
        with pytest.raises(InvalidRequestError, match="expand"):
            shop.api.checkout.sessions.retrieve(session.id, {"expand": [path]})


def test_pages_of_a_list(shop: Shop) -> None:
    made = [shop.api.customers.create({"name": str(n)}).id for n in range(5)]
    first = shop.api.customers.list({"limit": 2})
    assert [c.id for c in first.data] == [made[4], made[3]]
    assert first.has_more
    following = shop.api.customers.list({"limit": 3, "starting_after": made[3]})
    assert [c.id for c in following.data] == made[2::-1]
    back = shop.api.customers.list({"limit": 1, "ending_before": made[2]})
    assert [c.id for c in back.data] == [made[3]]
    assert len(list(shop.api.customers.list({"limit": 2}).auto_paging_iter())) == 6


def test_metadata_is_merged_and_unset(shop: Shop) -> None:
    made = shop.api.customers.create({"metadata": {"a": "1", "b": "2"}}).id
    changed = shop.api.customers.update(made, {"metadata": {"a": "", "c": "3"}})
    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {"b": "2", "c": "3"}


def test_one_price_holds_a_lookup_key(shop: Shop) -> None:
    first = shop.price("One", 100, lookup_key="plan")
    with pytest.raises(InvalidRequestError):
        shop.price("Two", 200, lookup_key="plan")
    second = shop.price("Two", 200, lookup_key="plan", transfer_lookup_key=True)
    assert [p.id for p in shop.api.prices.list({"lookup_keys": ["plan"]}).data] == [second]
    assert shop.api.prices.retrieve(first).lookup_key is None


def test_an_idempotency_key_gives_the_first_answer_again(shop: Shop, stripe: StripeServer) -> None:
    options: Any = {"idempotency_key": "customer-1"}
    with ThreadPoolExecutor(8) as pool:
        made = pool.map(lambda _: shop.api.customers.create({"name": "A"}, options).id, range(8))
    (key,) = set(made)
    again = shop.api.customers.create({"name": "A"}, options)
    assert again.id == key
    assert again.last_response.headers["idempotent-replayed"] == "true"  # type: ignore[union-attr]
    with pytest.raises(IdempotencyError):
        shop.api.customers.create({"name": "B"}, options)
    # A request that was not valid is not kept.
    options = {"idempotency_key": "customer-2"}
    wrong: Any = {"nam": "A"}
    with pytest.raises(InvalidRequestError):
        shop.api.customers.create(wrong, options)
    shop.api.customers.create({"name": "A"}, options)


def test_scripted_failures(shop: Shop, stripe: StripeServer) -> None:
    stripe.fail("/v1/customers", 429)
    stripe.fail("POST /v1/customers", 500)
    stripe.fail("/v1/prices*", "cut", times=2)
    with pytest.raises(RateLimitError):
        shop.api.customers.list()
    shop.api.customers.list()
    with pytest.raises(APIError):
        shop.api.customers.create({})
    for _ in range(2):
        with pytest.raises(APIConnectionError):
            shop.api.prices.retrieve(shop.basic)
    assert shop.api.prices.retrieve(shop.basic).id == shop.basic


def test_an_answer_that_is_lost_after_the_work(shop: Shop, stripe: StripeServer) -> None:
    before = len(shop.api.customers.list().data)
    stripe.fail("/v1/customers", "cut", done=True)
    options: Any = {"idempotency_key": "lost"}
    with pytest.raises(APIConnectionError):
        shop.api.customers.create({"name": "A"}, options)
    shop.api.customers.create({"name": "A"}, options)
    assert len(shop.api.customers.list().data) == before + 1


def test_a_timeout_ends_with_the_server() -> None:
    with ThreadPoolExecutor(1) as pool:
        with StripeServer() as stripe:
            shop = Shop(stripe)
            stripe.fail("/v1/customers", "timeout")
            waiting = pool.submit(shop.api.customers.list)
            with pytest.raises(TimeoutError):
                waiting.result(0.05)
        with pytest.raises(APIConnectionError):
            waiting.result(20)


def test_a_request_is_fast(shop: Shop, stripe: StripeServer) -> None:
    shop.subscribe()
    begun = time.process_time()
    for _ in range(20):
        shop.api.subscriptions.list({"customer": shop.customer})
    assert (time.process_time() - begun) / 20 < 0.02  # with the client's share
