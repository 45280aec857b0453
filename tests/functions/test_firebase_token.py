"""Tokens with which clients of a session listen: they give no more than the session, no longer."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support import firebase_client
from tests.support.firebase_client import PASSWORD, is_known, new_email
from tests.support.wiring import app_for, services
from troupe.adapters.firestore import Database, Update
from troupe.adapters.identity_records import listener_uid


@pytest.fixture
def client(emulators: object) -> FlaskClient:
    return app_for("auth").test_client()


class Session:
    def __init__(self, client: FlaskClient, path: str = "/api/register", **body: Any) -> None:
        self.client = client
        found = client.post(path, json=body or {"email": new_email(), "password": PASSWORD})
        self.data = found.get_json()["data"]
        self.uid = str(self.data["user"]["id"])
        self.token = str(self.data["accessToken"])

    def send(self, method: str, path: str, token: str | None = None, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return self.client.open(path, method=method, headers=headers, **more)

    def listen(self) -> dict[str, Any]:
        """Signs in as the Firebase SDK does."""
        answer = self.send("POST", "/api/auth/firebase-token")
        assert answer.status_code == 200, answer.text
        data = answer.get_json()["data"]
        assert data["expiresIn"] == 3600
        return firebase_client.call("signInWithCustomToken", token=data["firebaseToken"])


def test_a_listener_is_a_part_of_its_session(client: FlaskClient, db: Database) -> None:
    session = Session(client)
    before = db.get(f"users/{session.uid}").data
    listener = session.listen()
    for token in (listener["idToken"], firebase_client.refreshed(listener["refreshToken"])):
        found = session.send("GET", "/api/auth/me", token)
        assert found.get_json()["data"]["user"]["id"] == session.uid
    listed = session.send("GET", "/api/auth/sessions", listener["idToken"]).get_json()["data"]
    assert [each["current"] for each in listed["sessions"]] == [True]
    assert db.get(f"users/{session.uid}").data == before


def test_a_guest_who_listens_stays_a_guest(client: FlaskClient) -> None:
    """A sign-in with a custom token is not anonymous to Firebase."""
    guest = Session(client, "/api/auth/guest")
    token = guest.listen()["idToken"]
    user = guest.send("GET", "/api/auth/me", token).get_json()["data"]["user"]
    assert user["id"] == guest.uid
    assert user["isGuest"] is True


@pytest.mark.parametrize("how", ["logout", "revoked", "deleted", "suspended", "expired"])
def test_it_ends_with_its_session(client: FlaskClient, db: Database, how: str) -> None:
    session = Session(client)
    listener = session.listen()
    sid = next(iter(db.get(f"users/{session.uid}").data["sessions"]))
    if how == "logout":
        session.send("POST", "/api/auth/logout")
    elif how == "revoked":
        session.send("DELETE", f"/api/auth/sessions/{sid}")
    elif how == "deleted":
        body = {"password": PASSWORD}
        assert session.send("DELETE", "/api/auth/account", json=body).status_code == 200
    else:
        past = db.get(f"users/{session.uid}").data["createdAt"]
        fields = {"suspended": True} if how == "suspended" else {f"sessions.{sid}.expiresAt": past}
        db.commit(Update(f"users/{session.uid}", fields))
    tokens = [listener["idToken"]]
    if how != "deleted":  # Firebase has ended it, too
        tokens.append(firebase_client.refreshed(listener["refreshToken"]))
    for token in tokens:
        answer = session.send("GET", "/api/auth/me", token)
        assert answer.status_code == (403 if how == "suspended" else 401)
    assert session.send("POST", "/api/auth/firebase-token").status_code in (401, 403)


def test_a_new_password_ends_the_listeners_of_other_sessions(client: FlaskClient) -> None:
    email = new_email()
    first = Session(client, email=email, password=PASSWORD)
    other = Session(client, "/api/login", email=email, password=PASSWORD)
    tokens = [each.listen()["idToken"] for each in (first, other)]
    body = {"currentPassword": PASSWORD, "newPassword": "a better horse 2"}
    assert first.send("POST", "/api/auth/change-password", json=body).status_code == 200
    assert [first.send("GET", "/api/auth/me", each).status_code for each in tokens] == [200, 401]


def test_it_cannot_prolong_its_session(client: FlaskClient) -> None:
    session = Session(client)
    token = session.listen()["idToken"]
    assert session.send("POST", "/api/auth/refresh", token, json={}).status_code == 401
    body = {"refreshToken": session.data["refreshToken"]}
    assert client.post("/api/auth/refresh", json=body).status_code == 200


def test_who_has_signed_in_with_the_sdk_needs_none(client: FlaskClient) -> None:
    token = firebase_client.sign_up()["idToken"]
    headers = {"Authorization": f"Bearer {token}"}
    answer = client.post("/api/auth/firebase-token", headers=headers)
    assert answer.status_code == 409
    assert answer.get_json()["error"]["code"] == "firebase_session"


def test_a_stolen_access_token_gives_no_power_over_the_account(
    client: FlaskClient, db: Database
) -> None:
    """Firebase lets whoever has just signed in set a password. That password must open nothing:
    neither the account nor a new one."""
    session = Session(client)
    listener, email = session.listen(), new_email()
    changed = firebase_client.call(
        "update", idToken=listener["idToken"], email=email, password=PASSWORD
    )
    assert changed["localId"] == listener_uid(session.uid)
    thiefs = firebase_client.sign_in(email)["idToken"]
    assert session.send("GET", "/api/auth/me", thiefs).status_code == 401
    refused = client.post("/api/login", json={"email": email, "password": PASSWORD})
    assert refused.status_code == 401
    assert not db.get(f"users/{listener_uid(session.uid)}").exists
    assert session.send("GET", "/api/auth/me").status_code == 200
    assert firebase_client.sign_in(session.data["user"]["email"])["localId"] == session.uid


def test_a_deleted_account_leaves_no_listener(client: FlaskClient) -> None:
    session = Session(client)
    session.listen()
    assert is_known(listener_uid(session.uid))
    body = {"password": PASSWORD}
    assert session.send("DELETE", "/api/auth/account", json=body).status_code == 200
    assert not is_known(listener_uid(session.uid))


def test_a_listeners_request_reads_one_document(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(client)
    token = session.listen()["idToken"]
    calls: list[int] = []
    method = Database.get_all

    def counted(self: Database, paths: Any, **more: Any) -> Any:
        calls.append(len(paths))
        return method(self, paths, **more)

    monkeypatch.setattr(Database, "get_all", counted)
    services().accounts.authenticate(f"Bearer {token}")
    assert calls == [1]
