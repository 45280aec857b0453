"""Plans and subscriptions over HTTP, with good and bad requests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.admins import Admin
from tests.support.factories import code, new_user, signed_in
from tests.support.plans import Shop
from tests.support.wiring import app_for, rewired, services
from troupe.adapters.firestore import Database, Update, now
from troupe.settings import settings

SUBSCRIPTIONS = "/api/subscriptions"
HUGE = 10**30


@pytest.fixture
def client(emulators: object) -> FlaskClient:
    return app_for("plans").test_client()


@pytest.fixture
def paid(emulators: object) -> Iterator[None]:
    """PAYMENTS=stripe."""
    with rewired(settings=settings().model_copy(update={"payments": "stripe"})):
        yield


def test_the_plans_are_public(client: FlaskClient, shop: Shop) -> None:
    plan = shop.plan(price=0)
    hidden = shop.plan(price=0, status="Inactive")
    answer = client.get(f"{SUBSCRIPTIONS}/plans")
    assert answer.json["message"] == "Active subscription plans fetched successfully"
    listed = {each["id"]: each for each in answer.json["data"]["plans"]}
    assert (listed[plan.id]["_id"], listed[plan.id]["price"]) == (plan.id, 0)
    assert hidden.id not in listed


def test_a_user_without_a_plan_has_none(client: FlaskClient, db: Database) -> None:
    uid, headers = signed_in(db)
    mine = client.get(f"{SUBSCRIPTIONS}/my-subscription", headers=headers)
    view = mine.json["data"]["subscription"]
    assert (view["id"], view["status"], view["currentPlan"]) == (uid, None, None)
    assert (view["totalMinutes"], view["tokens"]) == (0, 20)


def test_a_subscription_is_visible_wherever_the_user_is(
    client: FlaskClient, db: Database, shop: Shop
) -> None:
    uid, headers = signed_in(db)
    plan = shop.plan()
    answer = client.post(f"{SUBSCRIPTIONS}/subscribe", json={"plan_id": plan.id}, headers=headers)
    assert answer.json["message"] == "Successfully subscribed to plan"
    subscription = answer.json["data"]["subscription"]
    mine = client.get(f"{SUBSCRIPTIONS}/my-subscription", headers=headers).json["data"]
    assert mine == {"subscription": subscription}
    of_user = client.get(f"{SUBSCRIPTIONS}/user/{uid}", headers=headers).json["data"]
    assert of_user["subscription"] == subscription
    assert of_user["tokensRemaining"] == 220
    assert of_user["expiryDate"] == subscription["periodEnd"]
    auth = app_for("auth").test_client()
    profile = auth.get("/api/user/profile", headers=headers).json["data"]
    assert profile["subscription"]["name"] == plan.name
    assert profile["subscription"]["status"] == "active"
    assert profile["user"]["subscription"] == profile["subscription"]["plan"] == plan.id
    assert (profile["tokensRemaining"], profile["minutesRemaining"]) == (220, 30)


def test_a_cheaper_plan_starts_with_the_next_period(
    client: FlaskClient, db: Database, shop: Shop
) -> None:
    _, headers = signed_in(db)
    high, low = shop.plan(price=9), shop.plan(price=1)
    for plan in (high, low):
        answer = client.post(
            f"{SUBSCRIPTIONS}/subscribe", json={"planId": plan.id}, headers=headers
        )
    assert answer.json["message"] == "The plan will change when your period ends"
    view = answer.json["data"]["subscription"]
    assert (view["currentPlan"]["id"], view["nextPlan"]["id"]) == (high.id, low.id)


@pytest.mark.parametrize("plan_id", ["no-such-plan", "x" * 128])
def test_a_missing_plan_is_not_found(client: FlaskClient, db: Database, plan_id: str) -> None:
    _, headers = signed_in(db)
    answer = client.post(f"{SUBSCRIPTIONS}/subscribe", json={"planId": plan_id}, headers=headers)
    assert code(answer) == (404, "plan_not_found")


@pytest.mark.parametrize("plan_id", ["", "../x", "__x__", "x" * 129, 7, None, ["a"], "a/b"])
def test_an_invalid_plan_id_is_rejected(client: FlaskClient, db: Database, plan_id: Any) -> None:
    _, headers = signed_in(db)
    answer = client.post(f"{SUBSCRIPTIONS}/subscribe", json={"planId": plan_id}, headers=headers)
    assert answer.status_code == 422


@pytest.mark.parametrize("minutes", [0, -5, 10_001, HUGE, 1.5, "many", None, [1], True and "x"])
def test_invalid_minutes_are_rejected(client: FlaskClient, db: Database, minutes: Any) -> None:
    uid, headers = signed_in(db)
    answer = client.post(f"{SUBSCRIPTIONS}/add-minutes", json={"minutes": minutes}, headers=headers)
    assert answer.status_code == 422
    assert Shop(db).seconds(uid).granted == 0


def test_minutes_are_added_once_per_key(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    headers |= {"Idempotency-Key": "one"}
    path = f"{SUBSCRIPTIONS}/add-minutes"
    answers = [client.post(path, json={"minutes": 10}, headers=headers) for _ in range(2)]
    expected = {"addedMinutes": 10, "totalMinutes": 10, "availableMinutes": 10}
    assert [answer.json["data"] for answer in answers] == [expected, expected]
    other = client.post(path, json={"minutes": 11}, headers=headers)
    assert code(other) == (409, "idempotency_key_reused")


def test_a_price_is_402_with_payments_enabled(
    client: FlaskClient, db: Database, shop: Shop, paid: None
) -> None:
    _, headers = signed_in(db)
    free, priced = shop.plan(price=0), shop.plan(price=9.99)
    path = f"{SUBSCRIPTIONS}/subscribe"
    answer = client.post(path, json={"planId": priced.id}, headers=headers)
    assert code(answer) == (402, "payment_required")
    assert answer.json["error"]["details"] == {"planId": priced.id, "price": 9.99}
    minutes = client.post(f"{SUBSCRIPTIONS}/add-minutes", json={"minutes": 1}, headers=headers)
    assert code(minutes) == (402, "payment_required")
    assert client.post(path, json={"planId": free.id}, headers=headers).status_code == 200


def test_only_administrators_see_another_users_subscription(
    client: FlaskClient, db: Database, admin: Admin
) -> None:
    uid, _ = signed_in(db)
    _, ben = signed_in(db)
    path = f"{SUBSCRIPTIONS}/user/{uid}"
    assert code(client.get(path, headers=ben)) == (403, "forbidden")
    assert code(client.get(path)) == (401, "unauthorized")
    assert client.get(path, headers=admin.headers).status_code == 200
    nobody = client.get(f"{SUBSCRIPTIONS}/user/nobody", headers=admin.headers)
    assert code(nobody) == (404, "user_not_found")


class TestCreate:
    def user(self, db: Database) -> str:
        uid = new_user(db)
        db.commit(Update(f"users/{uid}", {"email": f"{uid}@example.com"}))
        return uid

    def test_by_email_and_plan_name(
        self, client: FlaskClient, db: Database, shop: Shop, admin: Admin
    ) -> None:
        uid, plan = self.user(db), shop.plan(tokens=5)
        expiry = (now() + timedelta(days=40)).date().isoformat()
        body = {"email": f"{uid}@EXAMPLE.com", "plan_type": plan.name, "tokens": 8}
        body |= {"start_date": now().date().isoformat(), "expiry_date": expiry}
        answer = client.post(f"{SUBSCRIPTIONS}/create", json=body, headers=admin.headers)
        assert answer.status_code == 201
        view = answer.json["data"]["subscription"]
        assert (view["currentPlan"]["id"], view["tokens"]) == (plan.id, 28)
        assert view["expiryDate"] == f"{expiry}T00:00:00Z"
        again = client.post(f"{SUBSCRIPTIONS}/create", json=body, headers=admin.headers)
        assert code(again) == (409, "already_subscribed")

    @pytest.mark.parametrize(
        "wrong",
        [
            {"tokens": -1},
            {"tokens": HUGE},
            {"planType": "x" * 10_000},
            {"planType": ""},
            {"email": "nobody"},
            {"startDate": "yesterday"},
            {"startDate": "0001-01-01"},
            {"expiryDate": "9999-12-31T23:59:59Z"},
            {"expiryDate": "2001-01-01"},
            {"startDate": "2199-01-01"},
        ],
    )
    def test_bad_fields_are_rejected(
        self,
        client: FlaskClient,
        db: Database,
        shop: Shop,
        admin: Admin,
        wrong: dict[str, Any],
    ) -> None:
        uid, plan = self.user(db), shop.plan()
        body = {"email": f"{uid}@example.com", "planType": plan.id} | wrong
        answer = client.post(f"{SUBSCRIPTIONS}/create", json=body, headers=admin.headers)
        assert answer.status_code == 422
        assert not db.get(f"subscriptions/{uid}").exists

    def test_unknown_users_and_plans_are_not_found(
        self, client: FlaskClient, db: Database, shop: Shop, admin: Admin
    ) -> None:
        uid, plan = self.user(db), shop.plan()
        path = f"{SUBSCRIPTIONS}/create"
        body = {"email": "nobody@example.com", "planType": plan.id}
        assert code(client.post(path, json=body, headers=admin.headers)) == (404, "user_not_found")
        body = {"email": f"{uid}@example.com", "planType": "no such plan"}
        assert code(client.post(path, json=body, headers=admin.headers)) == (404, "plan_not_found")

    def test_users_are_forbidden(self, client: FlaskClient, db: Database, shop: Shop) -> None:
        _, headers = signed_in(db)
        body = {"email": "a@b.example", "planType": shop.plan().id}
        answer = client.post(f"{SUBSCRIPTIONS}/create", json=body, headers=headers)
        assert code(answer) == (403, "forbidden")


def test_the_sweep_renews_subscriptions_and_deletes_old_files(emulators: object) -> None:
    chores = services().sweeper._chores
    assert chores["subscriptions"] == services().renewals.renew_due
    assert chores["files"] == services().user_files.expire
