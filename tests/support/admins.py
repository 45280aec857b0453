"""Helpers for administration tests: administrators, users and the audit log."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.factories import signed_in
from tests.support.firebase_client import PASSWORD, new_email
from tests.support.wiring import app_for
from troupe.accounts.records import UserRecord
from troupe.accounts.writes import create_writes
from troupe.adapters.firestore import Database, Update, now
from troupe.audit.records import AuditEntry
from troupe.wallet.ledger import opening_writes
from troupe.wallet.records import Owner


@dataclass(frozen=True)
class Admin:
    """A signed-in administrator with a client of the admin function."""

    db: Database
    client: FlaskClient
    uid: str
    headers: dict[str, str]

    @property
    def email(self) -> str:
        return f"{self.uid}@example.com"

    def ask(self, method: str, path: str, **given: Any) -> Any:
        url = f"/api/admin{path}"
        return self.client.open(url, method=method, headers=self.headers, **given)

    def data(self, method: str, path: str, status: int = 200, **given: Any) -> Any:
        answer = self.ask(method, path, **given)
        assert answer.status_code == status, answer.text
        return answer.json["data"]

    def log(self, target: str) -> list[AuditEntry]:
        """The audit log entries of a document, oldest first."""
        found = self.db.find("audit", where=[("target", "==", target)], limit=100)
        return sorted((AuditEntry.of(each) for each in found), key=lambda entry: entry.at)


@pytest.fixture
def admin(db: Database, monkeypatch: pytest.MonkeyPatch) -> Admin:
    # Tests leave behind more plans than the limit allows.
    monkeypatch.setattr("troupe.plans.service.MOST_PLANS", 1000)
    return new_admin(db)


def new_admin(db: Database) -> Admin:
    uid, headers = signed_in(db)
    db.commit(Update(f"users/{uid}", {"role": "admin", "email": f"{uid}@example.com"}))
    return Admin(db, app_for("admin").test_client(), uid, headers)


def a_user(db: Database, tokens: int = 20, **fields: Any) -> str:
    """A user as created by sign-up, but unknown to Firebase Auth; returns the uid."""
    uid, at = secrets.token_hex(10), now()
    given = {"id": uid, "name": "Ada", "email": f"{uid}@example.com", "tokens": tokens}
    user = UserRecord.model_validate(given | {"created_at": at, "updated_at": at} | fields)
    db.commit(*create_writes(user), *opening_writes(Owner.user(uid), tokens, at))
    return uid


@dataclass(frozen=True)
class Member:
    """A registered, signed-in user."""

    uid: str
    email: str
    headers: dict[str, str]
    refresh_token: str

    def status(self) -> int:
        """The HTTP status of a request with the access token."""
        answer = app_for("auth").test_client().get("/api/auth/me", headers=self.headers)
        return answer.status_code


def a_verified_member(db: Database) -> Member:
    """A registered, signed-in user whose address is verified."""
    member = a_member()
    db.commit(Update(f"users/{member.uid}", {"emailVerified": True}))
    return member


def a_member(**fields: Any) -> Member:
    body = {"email": new_email(), "password": PASSWORD, **fields}
    answer = app_for("auth").test_client().post("/api/auth/register", json=body)
    assert answer.status_code == 201, answer.text
    data = answer.json["data"]
    headers = {"Authorization": f"Bearer {data['accessToken']}"}
    return Member(data["user"]["id"], body["email"], headers, data["refreshToken"])
