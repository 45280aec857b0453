"""The promised requests and responses for administering subscribers."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from tests.support.admins import Admin, a_member, a_user
from tests.support.firebase_client import PASSWORD
from tests.support.plans import Shop
from troupe.activities.service import activity_write
from troupe.adapters.firestore import Update


def subscriber(admin: Admin, **fields: Any) -> tuple[str, str]:
    """A user who is the only subscriber of a new plan; returns both ids."""
    shop, uid = Shop(admin.db), a_user(admin.db, **fields)
    plan = shop.plan()
    shop.subscriptions.subscribe(uid, plan.id)
    return uid, plan.id


def test_admin_login_and_verify(admin: Admin) -> None:
    member = a_member()
    admin.db.commit(Update(f"users/{member.uid}", {"role": "admin"}))
    body = {"email": member.email, "password": PASSWORD}
    answer = admin.client.post("/api/admin/login", json=body)
    assert (answer.status_code, answer.json["success"]) == (200, True)
    token = answer.json["data"]["accessToken"]
    assert answer.json["data"]["admin"]["role"]["name"] == "admin"
    headers = {"Authorization": f"Bearer {token}"}
    verified = admin.client.get("/api/admin/verify", headers=headers).json["data"]
    assert (verified["valid"], verified["admin"]["id"]) == (True, member.uid)


def test_dashboard_statistics(admin: Admin) -> None:
    found = admin.data("GET", "/stats")
    names = [f"{tier}PlanUsers" for tier in ("low", "middle", "high", "enterprise")]
    assert all(isinstance(found[name], int) for name in names)


@pytest.mark.parametrize("tier", ["low", "middle", "high", "enterprise"])
def test_a_tier_counts_the_users_of_its_plan(admin: Admin, tier: str) -> None:
    """Other tests subscribe users to plans of these names meanwhile: one answer is compared."""
    shop = Shop(admin.db)
    plan = shop.plan(name=tier.title(), price=0)
    shop.subscriptions.subscribe(a_user(admin.db), plan.id)
    stats = admin.data("GET", "/stats")
    rows = [row for row in stats["byPlan"] if row["name"] == tier.title()]
    assert [row["users"] for row in rows if row["planId"] == plan.id] == [1]
    assert stats[f"{tier}PlanUsers"] == sum(row["users"] for row in rows)


def test_all_subscription_users(admin: Admin) -> None:
    uid, plan_id = subscriber(admin)
    query = {"page": 1, "limit": 50, "status": "active", "plan": "all"}
    listed = admin.data("GET", "/users", query_string=query)["users"]
    (user,) = [each for each in listed if each["id"] == uid]
    assert (user["email"], user["plan"]) == (f"{uid}@example.com", plan_id)
    assert (user["tokens"], user["status"]) == (220, "active")
    assert user["startDate"] < user["expiryDate"]


def test_update_a_user_subscription(admin: Admin) -> None:
    member, plan = a_member(), Shop(admin.db).plan()
    body = {
        "email": member.email,
        "plan": plan.name,
        "tokens": 500,
        "start_date": "2026-01-01",
        "expiry_date": "2199-01-01",
        "status": "active",
    }
    answer = admin.ask("PUT", f"/users/{member.uid}", json=body)
    assert (answer.json["success"], answer.json["message"]) == (True, "User updated successfully")
    user = answer.json["data"]["user"]
    assert (user["email"], user["plan"]) == (member.email, plan.id)
    assert (user["tokens"], user["status"]) == (500, "active")
    assert (user["startDate"], user["expiryDate"]) == (
        "2026-01-01T00:00:00Z",
        "2199-01-01T00:00:00Z",
    )


def test_delete_a_user(admin: Admin) -> None:
    answer = admin.ask("DELETE", f"/users/{a_user(admin.db)}")
    assert (answer.json["success"], answer.json["message"]) == (True, "User deleted successfully")


def test_recent_activity(admin: Admin) -> None:
    uid = a_user(admin.db)
    admin.db.commit(activity_write(uid, "voice_generation_completed", "Spoken"))
    found = admin.data("GET", "/recent-activity", query_string={"limit": 100})["activities"]
    (activity,) = [each for each in found if each["userId"] == uid]
    assert (activity["userEmail"], activity["action"]) == (
        f"{uid}@example.com",
        "voice_generation_completed",
    )
    assert activity["timestamp"].endswith("Z")


def test_search_and_filter_users(admin: Admin) -> None:
    word = secrets.token_hex(6)
    uid, plan_id = subscriber(admin, email=f"{word}@example.com")
    query = {"search": word, "status": "active", "plan": plan_id}
    found = admin.data("GET", "/search-users", query_string=query)
    assert ([user["id"] for user in found["users"]], found["totalCount"]) == ([uid], 1)
