"""Purchases in a browser, through the whole stack and a fake Stripe: a user's plan is paid,
cancelled and ended, and a company's seats are bought, filled and given back."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from stripe import StripeClient

from local.client import Client
from local.layout import PROJECT
from tests.conftest import Running
from tests.e2e.test_local_stack import run_local
from tests.e2e.users import operator
from tests.support.browser import browse, needs_browser

pytestmark = needs_browser
PLAN, MINUTES, TOKENS = "low", 30, 200  # of emulator-data/plans.json
SEAT_PLAN, SEAT_TOKENS = "team", 300  # of the same
OWNER = {"Authorization": "Bearer owner"}


class Documents:
    """Firestore, as its emulator's owner."""

    def __init__(self, stack: Running) -> None:
        documents = f"v1/projects/{PROJECT}/databases/(default)/documents"
        self._url = f"http://{stack.hosts['firestore']}/{documents}"

    def get(self, path: str) -> dict[str, Any]:
        """The fields, as Firestore writes them."""
        found = requests.get(f"{self._url}/{path}", headers=OWNER, timeout=30).json()
        fields: dict[str, Any] = found["fields"]
        return fields

    def make_due(self, uid: str) -> None:
        """As if the time had come at which the sweep asks Stripe again: weeks from now."""
        done = requests.patch(
            f"{self._url}/billing/{uid}?updateMask.fieldPaths=dueAt",
            json={"fields": {"dueAt": {"timestampValue": "2020-01-01T00:00:00Z"}}},
            headers=OWNER,
            timeout=30,
        )
        assert done.status_code == 200, done.text

    def ends_with_period(self, uid: str) -> bool:
        return bool(self.get(f"billing/{uid}")["cancelAtPeriodEnd"]["booleanValue"])

    def available(self, uid: str, meter: str) -> int:
        balance = self.get(f"wallets/{uid}")[meter]["mapValue"]["fields"]
        granted, used, held = (
            int(balance[name]["integerValue"]) for name in ("granted", "used", "held")
        )
        return granted - used - held


@pytest.fixture(scope="module")
def documents(stack: Running) -> Documents:
    return Documents(stack)


@pytest.fixture(scope="module")
def shop(stack: Running) -> str:
    """The stack with its demo plans for sale; the fake Stripe's address."""
    ports = [f"--port={name}={host.rpartition(':')[2]}" for name, host in stack.hosts.items()]
    seeded = run_local("seed", *ports, PAYMENTS="stripe", STRIPE_SECRET_KEY="")
    # Other tests have plans and prices in the same database.
    assert re.search(r"[1-9]\d* prices", seeded.stdout), seeded.stdout + seeded.stderr
    return f"http://{stack.hosts['stripe']}"


def later(shop: str, days: int) -> None:
    """Moves the fake's clock, as its dashboard does."""
    answer = requests.post(shop, {"action": "advance", "days": days}, timeout=30)
    assert answer.status_code == 200, answer.text


@contextmanager
def without_events(stack: Running, shop: str) -> Iterator[None]:
    """Stripe tells nobody what happens."""
    api = StripeClient(stack.env["STRIPE_SECRET_KEY"], base_addresses={"api": shop}).v1
    (endpoint,) = api.webhook_endpoints.list().data
    api.webhook_endpoints.update(endpoint.id, {"disabled": True})
    try:
        yield
    finally:
        api.webhook_endpoints.update(endpoint.id, {"disabled": False})


def until(condition: Callable[[], bool], seconds: float = 90) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.2)
    return condition()


def test_a_plan_is_bought_cancelled_and_kept_until_it_ends(
    stack: Running, shop: str, documents: Documents
) -> None:
    did = browse(Path(__file__).with_name("purchase.mjs"), stack.base_url, PLAN)
    uid, gift = did["before"]["id"], did["before"]["tokens"]
    assert did["before"]["subscription"] == "free"
    assert did["success"].startswith(f"{stack.base_url}/billing/success?session=cs_test_")
    assert did["verified"]["paid"] is True
    for me in (did["bought"], did["cancelled"]):
        assert (me["subscription"], me["tokens"]) == (PLAN, gift + TOKENS)

    with Client(stack.base_url, did["token"]) as client:

        def assert_kept() -> None:
            has = client.data("GET", "/api/subscriptions/my-subscription")["subscription"]
            assert (has["status"], has["currentPlan"]["id"]) == ("active", PLAN)
            assert documents.available(uid, "tokens") == gift + TOKENS
            assert documents.available(uid, "voiceSeconds") == MINUTES * 60

        assert until(lambda: documents.ends_with_period(uid))  # the webhook has told
        with without_events(stack, shop):
            later(shop, days=27)
            documents.make_due(uid)
            assert operator(stack, "sweep").returncode == 0
            assert_kept()
            later(shop, days=7)  # the period is over, and nobody has told
            assert_kept()
            documents.make_due(uid)
            assert operator(stack, "sweep").returncode == 0

        me = client.data("GET", "/api/auth/me")["user"]
        assert (me["subscription"], me["tokens"]) == ("free", gift + TOKENS)
        has = client.data("GET", "/api/subscriptions/my-subscription")["subscription"]
        assert has["status"] == "cancelled"
        assert documents.available(uid, "tokens") == gift + TOKENS  # they were paid for
        assert documents.available(uid, "voiceSeconds") == 0


def test_a_company_buys_five_seats_and_a_fourth_of_three_is_refused(
    stack: Running, shop: str
) -> None:
    auth = f"http://{stack.hosts['auth']}"
    did = browse(Path(__file__).with_name("seats.mjs"), stack.base_url, auth, SEAT_PLAN)
    assert did["verified"]["paid"] is True
    assert did["verified"]["subscription"]["tokens"] == 5 * SEAT_TOKENS

    def seats(total: int, assigned: int, held: int) -> dict[str, int]:
        free = total - assigned - held
        return {"total": total, "assigned": assigned, "held": held, "free": free}

    assert did["bought"] == seats(5, 0, 0)
    assert did["invited"] == seats(5, 0, 3)
    for each in did["accepted"]:
        assert each["shown"]["company"]["name"] == "Fjord Telecom"
        assert each["early"] == "address_not_verified"
        assert (each["company"]["role"], each["company"]["licenseType"]) == ("member", "standard")
    assert did["afterTwo"] == seats(5, 2, 1)
    assert did["afterRemoval"] == seats(5, 1, 1)
    assert did["removed"] == []
    assert did["tooFew"]["code"] == "seats_in_use"
    assert did["tooFew"]["details"] == {"assigned": 2, "wanted": 1}
    assert did["third"] == 201
    refused = did["fourth"]
    assert (refused["status"], refused["body"]["error"]["code"]) == (409, "no_free_license")
    assert did["full"] == seats(3, 1, 2)

    company_id = did["companyId"]
    with Client(stack.base_url, did["token"]) as client:
        has = client.data("GET", f"/api/subscriptions/{company_id}")["subscription"]
        assert (has["source"], has["currentPlan"]["id"]) == ("stripe", SEAT_PLAN)
        licenses = client.data("GET", f"/api/licenses?companyId={company_id}&status=inactive")
        assert [each["source"] for each in licenses["licenses"]] == ["stripe"] * 2
        payments = client.data("GET", f"/api/payments?companyId={company_id}")["payments"]
        assert any(each["amount"] == 5 * 1499 and each["status"] == "paid" for each in payments)
    assert operator(stack, "audit").returncode == 0
