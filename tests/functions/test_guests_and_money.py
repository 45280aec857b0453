"""No request gives a guest a plan or minutes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.admins import Admin
from tests.support.audits import audit_user
from tests.support.factories import code, signed_in
from tests.support.plans import Shop
from tests.support.wiring import app_for
from troupe.adapters.firestore import Database, Update, now
from troupe.plans.records import SubscriptionStatus

REFUSED = (403, "guest_not_allowed")


class Guest:
    def __init__(self, db: Database) -> None:
        self.db = db
        self.uid, self.headers = signed_in(db, tokens=2)
        self.email = f"{self.uid}@example.com"
        db.commit(Update(f"users/{self.uid}", {"guest": True, "email": self.email}))

    def owns(self) -> tuple[Any, ...]:
        wallet = self.db.get(f"wallets/{self.uid}").data
        seconds = wallet.get("voiceSeconds", {}).get("granted", 0)
        return wallet["tokens"]["granted"], seconds, self.db.get(f"subscriptions/{self.uid}").exists


@pytest.fixture
def guest(db: Database) -> Guest:
    return Guest(db)


def plans() -> FlaskClient:
    return app_for("plans").test_client()


def subscribe(guest: Guest, admin: Admin, plan: str) -> Any:
    body = {"planId": plan}
    return plans().post("/api/subscriptions/subscribe", json=body, headers=guest.headers)


def add_minutes(guest: Guest, admin: Admin, plan: str) -> Any:
    return plans().post(
        "/api/subscriptions/add-minutes", json={"minutes": 60}, headers=guest.headers
    )


def create(guest: Guest, admin: Admin, plan: str) -> Any:
    body = {"email": guest.email, "planType": plan}
    return plans().post("/api/subscriptions/create", json=body, headers=admin.headers)


def put(**body: Any) -> Any:
    def ask(guest: Guest, admin: Admin, plan: str) -> Any:
        sent = {name: plan if value == "PLAN" else value for name, value in body.items()}
        return admin.ask("PUT", f"/users/{guest.uid}", json=sent)

    return ask


REQUESTS = {
    "subscribe": subscribe,
    "add minutes": add_minutes,
    "create subscription": create,
    "assign a plan": put(plan="PLAN"),
    "set minutes": put(voiceMinutes=5),
    "plan and minutes with tokens": put(plan="PLAN", voiceMinutes=5, tokens=9),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_no_request_gives_a_guest_anything_and_each_gives_an_account_something(
    guest: Guest, admin: Admin, shop: Shop, name: str
) -> None:
    plan, before = shop.plan(price=0), guest.owns()
    refused = REQUESTS[name](guest, admin, plan.id)
    assert code(refused) == REFUSED
    assert "Create an account first" in refused.json["message"]
    assert guest.owns() == before
    assert audit_user(guest.db, guest.uid) == []

    guest.db.commit(Update(f"users/{guest.uid}", {"guest": False}))
    assert REQUESTS[name](guest, admin, plan.id).status_code in (200, 201)
    assert guest.owns() != before
    assert audit_user(guest.db, guest.uid) == []


def test_an_administrator_can_still_set_a_guests_tokens(guest: Guest, admin: Admin) -> None:
    assert put(tokens=5, voiceMinutes=0)(guest, admin, "").status_code == 200
    assert guest.db.get(f"users/{guest.uid}").data["tokens"] == 5
    assert audit_user(guest.db, guest.uid) == []


def test_a_guest_who_had_a_plan_before_the_rule_is_found_and_not_renewed(
    guest: Guest, shop: Shop
) -> None:
    db = guest.db
    db.commit(Update(f"users/{guest.uid}", {"guest": False}))
    plan = shop.plan()
    shop.subscriptions.subscribe(guest.uid, plan.id)
    db.commit(Update(f"users/{guest.uid}", {"guest": True}))
    assert audit_user(db, guest.uid) == ["a guest has a plan", "a guest has minutes"]
    shop.pass_days(guest.uid, 40)
    db.commit(Update(f"subscriptions/{guest.uid}", {"dueAt": now() - timedelta(seconds=1)}))
    shop.renewals.advance(guest.uid)
    assert shop.subscription(guest.uid).status is SubscriptionStatus.EXPIRED
    assert audit_user(db, guest.uid) == []
