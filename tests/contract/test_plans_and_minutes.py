"""Plans with voice minutes, subscribing and FAQs as clients use them: the documented requests, and
the fields and messages of the responses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.factories import new_user, signed_in
from tests.support.plans import Shop
from tests.support.wiring import app_for, services
from troupe.adapters.firestore import Database
from troupe.errors import BadRequest
from troupe.plans.errors import PlanInUse
from troupe.plans.schemas import CreatePlan, PlanView, UpdatePlan
from troupe.support.schemas import FaqView

FREE: dict[str, Any] = {
    "name": "Free",
    "price": 0,
    "billing_period": "yearly",
    "voice_minutes": 2,
    "features": ["2 voice minutes", "Basic AI companion"],
    "description": "Perfect for trying out Troupe",
    "is_popular": False,
}
PREMIUM: dict[str, Any] = {"name": "Premium", "price": 99.9, "billing_period": "yearly"}
PREMIUM |= {"voice_minutes": 50}
ENTERPRISE: dict[str, Any] = {
    "name": "Enterprise",
    "price": 499.99,
    "billing_period": "yearly",
    "voice_minutes": 1000,
    "features": ["1000 voice minutes", "Priority support", "Custom integrations"],
    "description": "For large organizations",
    "is_popular": False,
}


@pytest.fixture
def plans(emulators: object) -> FlaskClient:
    return app_for("plans").test_client()


def camel(fields: dict[str, Any]) -> dict[str, Any]:
    def name(key: str) -> str:
        first, *rest = key.split("_")
        return first + "".join(map(str.title, rest))

    return {name(key): value for key, value in fields.items()}


def data(answer: Any, message: str) -> Any:
    envelope = answer.json
    assert answer.status_code == envelope["statusCode"] == 200, answer.text
    assert (envelope["success"], envelope["message"]) == (True, message)
    return envelope["data"]


def is_time(text: str) -> bool:
    return datetime.fromisoformat(text).tzinfo is not None


def test_the_active_plans(plans: FlaskClient, shop: Shop) -> None:
    plan = shop.plan(**FREE)
    listed = data(
        plans.get("/api/subscriptions/plans"), "Active subscription plans fetched successfully"
    )["plans"]
    (found,) = [each for each in listed if each["_id"] == plan.id]
    expected = camel(FREE) | {"_id": plan.id, "status": "Active"}
    assert {key: found[key] for key in expected} == expected


def test_my_subscription(plans: FlaskClient, db: Database, shop: Shop) -> None:
    uid, headers = signed_in(db)
    plan = shop.plan(**PREMIUM)
    shop.subscriptions.subscribe(uid, plan.id)
    shop.spend(uid, 15 * 60)
    mine = data(
        plans.get("/api/subscriptions/my-subscription", headers=headers),
        "User subscription details fetched successfully",
    )["subscription"]
    assert (mine["totalMinutes"], mine["availableMinutes"]) == (50, 35)
    assert {"voiceId", "modelId"} <= mine.keys()
    shown = {"_id": plan.id, "name": "Premium", "price": 99.9, "billingPeriod": "yearly"}
    assert {key: mine["currentPlan"][key] for key in shown} == shown
    assert is_time(mine["startedAt"])


def test_subscribe(plans: FlaskClient, db: Database, shop: Shop) -> None:
    _, headers = signed_in(db)
    free, premium = shop.plan(**FREE), shop.plan(**PREMIUM)
    for plan in (free, premium):
        answer = plans.post(
            "/api/subscriptions/subscribe", json={"plan_id": plan.id}, headers=headers
        )
    mine = data(answer, "Successfully subscribed to plan")["subscription"]
    shown = camel(PREMIUM) | {"_id": premium.id}
    assert {key: mine["currentPlan"][key] for key in shown} == shown
    assert (mine["totalMinutes"], mine["availableMinutes"]) == (52, 52)
    assert is_time(mine["startedAt"])


def test_add_minutes(plans: FlaskClient, db: Database, shop: Shop) -> None:
    uid, headers = signed_in(db)
    shop.subscriptions.subscribe(uid, shop.plan(**PREMIUM).id)
    answer = plans.post("/api/subscriptions/add-minutes", json={"minutes": 10}, headers=headers)
    assert data(answer, "Minutes added successfully") == {
        "addedMinutes": 10,
        "totalMinutes": 60,
        "availableMinutes": 60,
    }


def test_a_plan_is_created_changed_and_shown(shop: Shop) -> None:
    plan = shop.plans.create(CreatePlan.model_validate(ENTERPRISE).fields())
    view = PlanView.of(plan).model_dump(by_alias=True)
    expected = camel(ENTERPRISE) | {"_id": plan.id, "status": "Active"}
    assert {key: view[key] for key in expected} == expected
    changes = {"description": "Updated description for Enterprise plan", "is_popular": True}
    after = shop.plans.update(plan.id, UpdatePlan.model_validate(changes).fields())
    shown = PlanView.of(after).model_dump(by_alias=True)
    assert shown == view | camel(changes) | {"updatedAt": after.updated_at}


def test_a_plan_in_use_counts_its_subscribers(shop: Shop) -> None:
    plan = shop.plan(**FREE)
    for _ in range(5):
        shop.subscriptions.subscribe(new_user(shop.db), plan.id)
    with pytest.raises(PlanInUse) as failure:
        shop.plans.delete(plan.id)
    assert isinstance(failure.value, BadRequest)
    assert failure.value.text == (
        "Cannot delete plan. 5 users are currently subscribed to this plan"
    )


def test_an_faq_has_its_fields(emulators: object) -> None:
    fields = {
        "category": "General",
        "question": "What is Troupe?",
        "answer": "Troupe is an AI-powered companion application.",
    }
    faq = services().faqs.create(fields)
    view = FaqView.of(faq).model_dump(by_alias=True)
    stamps = {"createdAt": faq.created_at, "updatedAt": faq.updated_at}
    assert view == fields | stamps | {"_id": faq.id, "id": faq.id}
    listed = app_for("support").test_client().get("/api/faq?category=General")
    shown = data(listed, "FAQs fetched successfully")["faqs"]
    assert faq.id in {each["_id"] for each in shown}
