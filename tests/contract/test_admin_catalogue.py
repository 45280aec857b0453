"""Administration of plans, users and FAQs: the documented requests, and the fields and messages of
the responses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.support.admins import Desk, a_user, at_a_desk
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


def told(answer: Any, message: str, status: int = 200) -> Any:
    """The data of a response, after checking the documented envelope."""
    envelope = answer.json
    assert answer.status_code == envelope["statusCode"] == status, answer.text
    assert (envelope["success"], envelope["message"]) == (True, message)
    return envelope["data"]


def holds(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert {key: found[key] for key in expected} == expected
    assert all(datetime.fromisoformat(found[key]).tzinfo for key in ("createdAt", "updatedAt"))


def enterprise(desk: Desk) -> str:
    return str(desk.data("POST", "/plans", 201, json=ENTERPRISE)["plan"]["_id"])


def question(desk: Desk, **changes: str) -> str:
    return str(desk.data("POST", "/faq", 201, json=QUESTION | changes)["faq"]["_id"])


def test_create_a_plan(desk: Desk) -> None:
    answer = desk.ask("POST", "/plans", json=ENTERPRISE)
    plan = told(answer, "Subscription plan created successfully", 201)["plan"]
    holds(plan, SHOWN)


def test_all_plans(desk: Desk) -> None:
    plan_id = enterprise(desk)
    answer = desk.ask("GET", "/plans", query_string={"status": "Active"})
    plans = told(answer, "Subscription plans fetched successfully")["plans"]
    (plan,) = [each for each in plans if each["_id"] == plan_id]
    holds(plan, SHOWN)


def test_one_plan(desk: Desk) -> None:
    answer = desk.ask("GET", f"/plans/{enterprise(desk)}")
    holds(told(answer, "Subscription plan fetched successfully")["plan"], SHOWN)


def test_update_a_plan(desk: Desk) -> None:
    body = {"description": "Updated description for Enterprise plan", "is_popular": True}
    answer = desk.ask("PUT", f"/plans/{enterprise(desk)}", json=body)
    plan = told(answer, "Subscription plan updated successfully")["plan"]
    holds(plan, SHOWN | {"description": body["description"], "isPopular": True})
    assert plan["updatedAt"] > plan["createdAt"]


def test_delete_a_plan(desk: Desk) -> None:
    plan_id = enterprise(desk)
    told(desk.ask("DELETE", f"/plans/{plan_id}"), "Subscription plan deleted successfully")
    assert desk.ask("GET", f"/plans/{plan_id}").status_code == 404


def test_a_plan_in_use_is_not_deleted(desk: Desk) -> None:
    shop, plan_id = Shop(desk.db), enterprise(desk)
    for _ in range(5):
        shop.subscriptions.subscribe(a_user(desk.db), plan_id)
    answer = desk.ask("DELETE", f"/plans/{plan_id}")
    assert (answer.status_code, answer.json["success"]) == (400, False)
    assert answer.json["statusCode"] == 400
    assert answer.json["message"] == (
        "Cannot delete plan. 5 users are currently subscribed to this plan"
    )


def premium_user(desk: Desk, **fields: Any) -> tuple[str, dict[str, Any]]:
    """A subscriber who has spent 15 of 50 minutes, and the expected fields."""
    shop, uid = Shop(desk.db), a_user(desk.db, username=None, **fields)
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


def test_all_users(desk: Desk) -> None:
    uid, expected = premium_user(desk)
    answer = desk.ask("GET", "/users", query_string={"page": 1, "limit": 10})
    users = told(answer, "Users fetched successfully")["users"]
    (user,) = [each for each in users if each["_id"] == uid]
    holds(user, expected)
    has_premium(user)
    meta = answer.json["meta"]
    assert (meta["limit"], meta["currentPage"]) == (10, 1)
    assert meta["totalPages"] == -(-meta["total"] // 10)


def test_suspend_a_user_and_lift_it(desk: Desk) -> None:
    uid, expected = premium_user(desk)
    answer = desk.ask("PUT", f"/users/suspension/{uid}")
    user = told(answer, "User suspended successfully")["user"]
    holds(user, expected | {"isSuspended": True})
    has_premium(user)
    again = desk.ask("PUT", f"/users/suspension/{uid}")
    assert told(again, "User unsuspended successfully")["user"]["isSuspended"] is False


def test_an_admin_is_not_suspended(desk: Desk) -> None:
    answer = desk.ask("PUT", f"/users/suspension/{at_a_desk(desk.db).uid}")
    assert (answer.status_code, answer.json["success"]) == (403, False)
    assert answer.json["message"] == "Cannot suspend admin users"


def test_create_an_faq(desk: Desk) -> None:
    answer = desk.ask("POST", "/faq", json=QUESTION)
    holds(told(answer, "FAQ created successfully", 201)["faq"], QUESTION)


def test_all_faqs_and_those_of_a_category(desk: Desk) -> None:
    ids = {name: question(desk, category=name) for name in ("General", "Account")}
    answer = desk.ask("GET", "/faq")
    listed = {each["_id"]: each for each in told(answer, "FAQs fetched successfully")["faqs"]}
    assert set(ids.values()) <= listed.keys()
    holds(listed[ids["General"]], QUESTION)
    answer = desk.ask("GET", "/faq", query_string={"category": "Account"})
    found = told(answer, "FAQs fetched successfully")["faqs"]
    assert {each["category"] for each in found} == {"Account"}


@pytest.mark.parametrize("category", ["General", "Account", "Billing", "Features", "Technical"])
def test_one_faq_of_each_category(desk: Desk, category: str) -> None:
    answer = desk.ask("GET", f"/faq/{question(desk, category=category)}")
    holds(told(answer, "FAQ fetched successfully")["faq"], QUESTION | {"category": category})


def test_update_an_faq(desk: Desk) -> None:
    body = {"category": "Billing", "question": "How do I cancel?"}
    answer = desk.ask("PUT", f"/faq/{question(desk)}", json=body)
    holds(told(answer, "FAQ updated successfully")["faq"], QUESTION | body)


def test_delete_an_faq(desk: Desk) -> None:
    faq_id = question(desk)
    told(desk.ask("DELETE", f"/faq/{faq_id}"), "FAQ deleted successfully")
    again = desk.ask("DELETE", f"/faq/{faq_id}")
    assert (again.status_code, again.json["success"]) == (404, False)
    assert again.json["message"] == "FAQ not found"
