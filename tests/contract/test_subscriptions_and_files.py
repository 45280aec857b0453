"""Subscriptions created by administrators, tokens, files and the contact form as clients use them:
the documented requests, and the fields of the responses."""

from __future__ import annotations

import io
import secrets
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.factories import signed_in
from tests.support.plans import Shop
from tests.support.sounds import recording
from tests.support.wiring import app_for
from troupe.adapters.firestore import Database, Update


def clients() -> dict[str, FlaskClient]:
    return {name: app_for(name).test_client() for name in ("plans", "files", "support")}


@pytest.fixture
def plans(emulators: object) -> FlaskClient:
    return clients()["plans"]


@pytest.fixture
def files(emulators: object) -> FlaskClient:
    return clients()["files"]


@pytest.fixture
def support(emulators: object) -> FlaskClient:
    return clients()["support"]


def data(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    envelope = answer.json
    assert (envelope["success"], envelope["statusCode"]) == (True, status)
    assert envelope["message"]
    return envelope["data"]


def test_get_available_plans(plans: FlaskClient, db: Database) -> None:
    plan = Shop(db).plan(price=0, features=["2 voice minutes"])
    listed = data(plans.get("/api/subscriptions/plans"))["plans"]
    (found,) = [each for each in listed if each["id"] == plan.id]
    assert found["name"] == plan.name
    assert (found["price"], found["tokens"], found["features"]) == (0, 200, ["2 voice minutes"])


def test_create_a_subscription_and_get_it(plans: FlaskClient, db: Database) -> None:
    admin, headers = signed_in(db)
    db.commit(Update(f"users/{admin}", {"role": "admin"}))
    uid, own = signed_in(db)
    db.commit(Update(f"users/{uid}", {"email": f"{uid}@example.com"}))
    body = {
        "email": f"{uid}@example.com",
        "plan_type": Shop(db).plan().name,
        "tokens": 500,
        "start_date": "2026-01-01",
        "expiry_date": "2199-01-01",
    }
    created = data(plans.post("/api/subscriptions/create", json=body, headers=headers), 201)
    assert created["subscriptionId"] == uid
    found = data(plans.get(f"/api/subscriptions/user/{uid}", headers=own))
    assert found["subscription"] == created["subscription"]
    assert found["tokensRemaining"] == 520
    assert found["expiryDate"] == "2199-01-01T00:00:00Z"
    assert found["subscription"]["startedAt"] == "2026-01-01T00:00:00Z"


def test_get_token_usage(plans: FlaskClient, db: Database) -> None:
    uid, headers = signed_in(db, tokens=20)
    usage = data(plans.get(f"/api/tokens/usage/{uid}", headers=headers))
    assert usage == {"usedTokens": 0, "totalTokens": 20, "usagePercentage": 0}


def test_consume_tokens(plans: FlaskClient, db: Database) -> None:
    uid, headers = signed_in(db, tokens=20)
    body = {"user_id": uid, "tokens_to_consume": 5, "action": "voice_generation"}
    assert data(plans.post("/api/tokens/consume", json=body, headers=headers)) == {
        "remainingTokens": 15
    }


def test_submit_the_contact_form(support: FlaskClient) -> None:
    email = f"{secrets.token_hex(6)}@example.com"
    body = {"name": "Ada", "email": email, "subject": "Hi", "message": "Hello"}
    assert data(support.post("/api/contact/submit", json=body), 201) == {}


def test_upload_and_download_a_file(files: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    form = {"file": (io.BytesIO(recording()), "take one.wav")}
    uploaded = data(files.post("/api/files/upload", data=form, headers=headers), 201)
    assert uploaded["fileUrl"].startswith(f"/api/files/download/{uploaded['fileId']}?token=")
    stream = files.get(uploaded["fileUrl"], headers=headers)
    assert (stream.status_code, stream.data) == (200, recording())


def test_demo_token_usage(support: FlaskClient) -> None:
    demo = data(support.get("/api/demo/token-usage"))["demo"]
    assert {"totalTokens", "usedTokens", "remainingTokens", "usagePercentage"} <= demo.keys()
