"""The promised requests and responses for administering plans, users and FAQs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.support.admins import Admin, a_user, new_admin
from tests.support.plans import Shop

ENTERPRISE: dict[str, Any] = {
    "name": "Enterprise",
    "price": 499.99,
    "billing_period": "yearly",
    "voice_minutes": 1000,
    "features": ["1000 voice minutes", "Priority support", "Custom integrations"],
    "description": "For large organizations",
    "is_popular": False,
}
SHOWN = {
    "name": "Enterprise",
    "status": "Active",
    "price": 499.99,
    "billingPeriod": "yearly",
    "voiceMinutes": 1000,
    "features": ["1000 voice minutes", "Priority support", "Custom integrations"],
    "description": "For large organizations",
    "isPopular": False,
}
QUESTION = {
    "category": "General",
    "question": "What is Troupe?",
    "answer": "Troupe is an AI-powered companion application that helps you practice.",
}


def succeeded(answer: Any, message: str, status: int = 200) -> Any:
    """The data of a response; checks the documented envelope."""
    envelope = answer.json
    assert answer.status_code == envelope["statusCode"] == status, answer.text
    assert (envelope["success"], envelope["message"]) == (True, message)
    return envelope["data"]


def holds(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert {key: found[key] for key in expected} == expected
    assert all(datetime.fromisoformat(found[key]).tzinfo for key in ("createdAt", "updatedAt"))


def enterprise(admin: Admin) -> str:
    return str(admin.data("POST", "/plans", 201, json=ENTERPRISE)["plan"]["_id"])


def question(admin: Admin, **changes: str) -> str:
    return str(admin.data("POST", "/faq", 201, json=QUESTION | changes)["faq"]["_id"])


def test_create_a_plan(admin: Admin) -> None:
    answer = admin.ask("POST", "/plans", json=ENTERPRISE)
    plan = succeeded(answer, "Subscription plan created successfully", 201)["plan"]
    holds(plan, SHOWN)


def test_all_plans(admin: Admin) -> None:
    plan_id = enterprise(admin)
    answer = admin.ask("GET", "/plans", query_string={"status": "Active"})
    plans = succeeded(answer, "Subscription plans fetched successfully")["plans"]
    (plan,) = [each for each in plans if each["_id"] == plan_id]
    holds(plan, SHOWN)


def test_one_plan(admin: Admin) -> None:
    answer = admin.ask("GET", f"/plans/{enterprise(admin)}")
    holds(succeeded(answer, "Subscription plan fetched successfully")["plan"], SHOWN)


def test_update_a_plan(admin: Admin) -> None:
    body = {"description": "Updated description for Enterprise plan", "is_popular": True}
    answer = admin.ask("PUT", f"/plans/{enterprise(admin)}", json=body)
    plan = succeeded(answer, "Subscription plan updated successfully")["plan"]
    holds(plan, SHOWN | {"description": body["description"], "isPopular": True})
    assert plan["updatedAt"] > plan["createdAt"]


def test_delete_a_plan(admin: Admin) -> None:
    plan_id = enterprise(admin)
    succeeded(admin.ask("DELETE", f"/plans/{plan_id}"), "Subscription plan deleted successfully")
    assert admin.ask("GET", f"/plans/{plan_id}").status_code == 404


def test_a_plan_in_use_is_not_deleted(admin: Admin) -> None:
    shop, plan_id = Shop(admin.db), enterprise(admin)
    for _ in range(5):
        shop.subscriptions.subscribe(a_user(admin.db), plan_id)
    answer = admin.ask("DELETE", f"/plans/{plan_id}")
    assert (answer.status_code, answer.json["success"]) == (400, False)
    assert answer.json["statusCode"] == 400
    assert answer.json["message"] == (
        "Cannot delete plan. 5 users are currently subscribed to this plan"
    )


def premium_user(admin: Admin, **fields: Any) -> tuple[str, dict[str, Any]]:
    """A subscriber who has spent 15 of 50 minutes, and the expected fields."""
    shop, uid = Shop(admin.db), a_user(admin.db, username=None, **fields)
    premium = {"name": "Premium", "price": 99.9, "billing_period": "yearly", "voice_minutes": 50}
    plan = shop.plan(**premium)
    shop.subscriptions.subscribe(uid, plan.id)
    shop.spend(uid, 15 * 60)
    return uid, {
        "_id": uid,
        "username": "",
        "email": f"{uid}@example.com",
        "profilePicture": "",
        "voiceId": None,
        "modelId": None,
        "totalMinutes": 50,
        "availableMinutes": 35,
        "isSuspended": False,
        "role": {
            "_id": "user",
            "name": "user",
            "description": "Regular user with standard permissions",
        },
    }


def has_premium(user: dict[str, Any]) -> None:
    shown = {"name": "Premium", "price": 99.9, "billingPeriod": "yearly"}
    assert {key: user["currentSubscription"][key] for key in shown} == shown
    assert "_id" in user["currentSubscription"]
    assert datetime.fromisoformat(user["subscriptionStartedAt"]).tzinfo


def test_all_users(admin: Admin) -> None:
    uid, expected = premium_user(admin)
    answer = admin.ask("GET", "/users", query_string={"page": 1, "limit": 10})
    users = succeeded(answer, "Users fetched successfully")["users"]
    (user,) = [each for each in users if each["_id"] == uid]
    holds(user, expected)
    has_premium(user)
    meta = answer.json["meta"]
    assert (meta["limit"], meta["currentPage"]) == (10, 1)
    assert meta["totalPages"] == -(-meta["total"] // 10)


def test_suspend_a_user_and_lift_it(admin: Admin) -> None:
    uid, expected = premium_user(admin)
    answer = admin.ask("PUT", f"/users/suspension/{uid}")
    user = succeeded(answer, "User suspended successfully")["user"]
    holds(user, expected | {"isSuspended": True})
    has_premium(user)
    again = admin.ask("PUT", f"/users/suspension/{uid}")
    assert succeeded(again, "User unsuspended successfully")["user"]["isSuspended"] is False


def test_an_admin_is_not_suspended(admin: Admin) -> None:
    answer = admin.ask("PUT", f"/users/suspension/{new_admin(admin.db).uid}")
    assert (answer.status_code, answer.json["success"]) == (403, False)
    assert answer.json["message"] == "Cannot suspend admin users"


def test_create_an_faq(admin: Admin) -> None:
    answer = admin.ask("POST", "/faq", json=QUESTION)
    holds(succeeded(answer, "FAQ created successfully", 201)["faq"], QUESTION)


def test_all_faqs_and_those_of_a_category(admin: Admin) -> None:
    ids = {name: question(admin, category=name) for name in ("General", "Account")}
    answer = admin.ask("GET", "/faq")
    listed = {each["_id"]: each for each in succeeded(answer, "FAQs fetched successfully")["faqs"]}
    assert set(ids.values()) <= listed.keys()
    holds(listed[ids["General"]], QUESTION)
    answer = admin.ask("GET", "/faq", query_string={"category": "Account"})
    found = succeeded(answer, "FAQs fetched successfully")["faqs"]
    assert {each["category"] for each in found} == {"Account"}


@pytest.mark.parametrize("category", ["General", "Account", "Billing", "Features", "Technical"])
def test_one_faq_of_each_category(admin: Admin, category: str) -> None:
    answer = admin.ask("GET", f"/faq/{question(admin, category=category)}")
    holds(succeeded(answer, "FAQ fetched successfully")["faq"], QUESTION | {"category": category})


def test_update_an_faq(admin: Admin) -> None:
    body = {"category": "Billing", "question": "How do I cancel?"}
    answer = admin.ask("PUT", f"/faq/{question(admin)}", json=body)
    holds(succeeded(answer, "FAQ updated successfully")["faq"], QUESTION | body)


def test_delete_an_faq(admin: Admin) -> None:
    faq_id = question(admin)
    succeeded(admin.ask("DELETE", f"/faq/{faq_id}"), "FAQ deleted successfully")
    again = admin.ask("DELETE", f"/faq/{faq_id}")
    assert (again.status_code, again.json["success"]) == (404, False)
    assert again.json["message"] == "FAQ not found"
