"""Administration of subscribers: sign-in, statistics, subscribers and their activities, with the
documented fields."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from tests.support.admins import Desk, a_member, a_user
from tests.support.firebase_client import PASSWORD
from tests.support.plans import Shop
from troupe.activities.service import activity_write
from troupe.adapters.firestore import Update


def subscriber(desk: Desk, **fields: Any) -> tuple[str, str]:
    """A user who is the only subscriber of a plan; both ids."""
    shop, uid = Shop(desk.db), a_user(desk.db, **fields)
    plan = shop.plan()
    shop.subscriptions.subscribe(uid, plan.id)
    return uid, plan.id


def test_admin_login_and_verify(desk: Desk) -> None:
    member = a_member()
    desk.db.commit(Update(f"users/{member.uid}", {"role": "admin"}))
    body = {"email": member.email, "password": PASSWORD}
    answer = desk.client.post("/api/admin/login", json=body)
    assert (answer.status_code, answer.json["success"]) == (200, True)
    token = answer.json["data"]["accessToken"]
    assert answer.json["data"]["admin"]["role"]["name"] == "admin"
    headers = {"Authorization": f"Bearer {token}"}
    verified = desk.client.get("/api/admin/verify", headers=headers).json["data"]
    assert (verified["valid"], verified["admin"]["id"]) == (True, member.uid)


def test_dashboard_statistics(desk: Desk) -> None:
    found = desk.data("GET", "/stats")
    names = [f"{tier}PlanUsers" for tier in ("low", "middle", "high", "enterprise")]
    assert all(isinstance(found[name], int) for name in names)


@pytest.mark.parametrize("tier", ["low", "middle", "high", "enterprise"])
def test_a_tier_counts_the_users_of_its_plan(desk: Desk, tier: str) -> None:
    name = f"{tier}PlanUsers"
    before = desk.data("GET", "/stats")[name]
    shop = Shop(desk.db)
    plan = shop.plan(name=tier.title(), price=0)
    shop.subscriptions.subscribe(a_user(desk.db), plan.id)
    assert desk.data("GET", "/stats")[name] == before + 1


def test_all_subscription_users(desk: Desk) -> None:
    uid, plan_id = subscriber(desk)
    query = {"page": 1, "limit": 50, "status": "active", "plan": "all"}
    listed = desk.data("GET", "/users", query_string=query)["users"]
    (user,) = [each for each in listed if each["id"] == uid]
    assert (user["email"], user["plan"]) == (f"{uid}@example.com", plan_id)
    assert (user["tokens"], user["status"]) == (220, "active")
    assert user["startDate"] < user["expiryDate"]


def test_update_a_user_subscription(desk: Desk) -> None:
    member, plan = a_member(), Shop(desk.db).plan()
    body = {
        "email": member.email,
        "plan": plan.name,
        "tokens": 500,
        "start_date": "2026-01-01",
        "expiry_date": "2199-01-01",
        "status": "active",
    }
    answer = desk.ask("PUT", f"/users/{member.uid}", json=body)
    assert (answer.json["success"], answer.json["message"]) == (True, "User updated successfully")
    user = answer.json["data"]["user"]
    assert (user["email"], user["plan"]) == (member.email, plan.id)
    assert (user["tokens"], user["status"]) == (500, "active")
    assert (user["startDate"], user["expiryDate"]) == (
        "2026-01-01T00:00:00Z",
        "2199-01-01T00:00:00Z",
    )


def test_delete_a_user(desk: Desk) -> None:
    answer = desk.ask("DELETE", f"/users/{a_user(desk.db)}")
    assert (answer.json["success"], answer.json["message"]) == (True, "User deleted successfully")


def test_recent_activity(desk: Desk) -> None:
    uid = a_user(desk.db)
    desk.db.commit(activity_write(uid, "voice_generation_completed", "Spoken"))
    found = desk.data("GET", "/recent-activity", query_string={"limit": 100})["activities"]
    (deed,) = [each for each in found if each["userId"] == uid]
    assert (deed["userEmail"], deed["action"]) == (
        f"{uid}@example.com",
        "voice_generation_completed",
    )
    assert deed["timestamp"].endswith("Z")


def test_search_and_filter_users(desk: Desk) -> None:
    word = secrets.token_hex(6)
    uid, plan_id = subscriber(desk, email=f"{word}@example.com")
    query = {"search": word, "status": "active", "plan": plan_id}
    found = desk.data("GET", "/search-users", query_string=query)
    assert ([user["id"] for user in found["users"]], found["totalCount"]) == ([uid], 1)
