"""The auth function over HTTP, on the emulators."""

from __future__ import annotations

import collections
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support import firebase_client
from tests.support.firebase_client import PASSWORD, new_email
from tests.support.wiring import app_for, services
from troupe.adapters.firestore import Database
from troupe.settings import settings

PICTURE = "/api/static/images/p.png"


@pytest.fixture
def client(emulators: object) -> FlaskClient:
    return app_for("auth").test_client()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def register(client: FlaskClient, path: str = "/api/auth/register", **fields: Any) -> Any:
    body = {"email": new_email(), "password": PASSWORD, **fields}
    answer = client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return answer.get_json()["data"]


def data(answer: Any) -> Any:
    envelope = answer.get_json()
    assert (envelope["success"], envelope["statusCode"]) == (True, answer.status_code)
    return envelope["data"]


def code(answer: Any) -> str:
    return str(answer.get_json()["error"]["code"])


@pytest.mark.parametrize(
    "path", ["/api/auth/register", "/api/signup", "/api/register", "/register"]
)
def test_register_returns_the_documented_user(client: FlaskClient, path: str) -> None:
    username = f"u{new_email()[:8]}"
    found = register(client, path, name="Ada", username=username, profile_picture=PICTURE)
    user = found["user"]
    assert {"createdAt", "updatedAt"} <= user.keys()
    assert {
        name: user[name] for name in user if name not in ("createdAt", "updatedAt", "email")
    } == {
        "id": user["_id"],
        "_id": user["id"],
        "name": "Ada",
        "username": username,
        "profilePicture": PICTURE,
        "phone": "",
        "timezone": "",
        "language": "",
        "voiceId": "",
        "tokens": settings().tokens_to_give,
        "isVerified": False,
        "isGuest": False,
        "subscription": "free",
        "role": {
            "_id": "user",
            "name": "user",
            "description": "Regular user with standard permissions",
        },
        "companies": [],
    }
    assert found["expiresIn"] == settings().access_token_seconds


@pytest.mark.parametrize("path", ["/api/auth/login", "/api/login"])
def test_login_returns_a_token_that_me_accepts(client: FlaskClient, path: str) -> None:
    email = new_email()
    uid = register(client, email=email)["user"]["id"]
    signed_in = data(client.post(path, json={"email": email.upper(), "password": PASSWORD}))
    for me in ("/api/auth/me", "/api/me", "/me"):
        found = data(client.get(me, headers=bearer(signed_in["accessToken"])))
        assert (found["user"]["id"], found["user"]["email"]) == (uid, email)


def test_me_reads_exactly_one_document(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = register(client)["accessToken"]
    calls: collections.Counter[str] = collections.Counter()
    for name in ("get_all", "find", "count", "commit"):
        method = getattr(Database, name)

        def counted(
            self: Database, *args: Any, _name: str = name, _do: Any = method, **kw: Any
        ) -> Any:
            calls[_name] += len(args[0]) if _name == "get_all" else 1
            return _do(self, *args, **kw)

        monkeypatch.setattr(Database, name, counted)
    assert client.get("/api/auth/me", headers=bearer(token)).status_code == 200
    assert calls == {"get_all": 1}


def test_verify_token_returns_the_user(client: FlaskClient) -> None:
    signed_in = register(client)
    found = data(client.get("/api/auth/verify-token", headers=bearer(signed_in["accessToken"])))
    assert (found["valid"], found["user"]["id"]) == (True, signed_in["user"]["id"])


def test_a_guest_can_use_the_api(client: FlaskClient) -> None:
    answer = client.post("/api/auth/guest")
    assert answer.status_code == 201
    guest = data(answer)
    assert guest["user"]["isGuest"] is True
    texts = ("email", "username", "profilePicture", "language")
    assert [guest["user"][name] for name in texts] == [""] * 4
    found = data(client.get("/api/user/profile", headers=bearer(guest["accessToken"])))
    assert found["tokensRemaining"] == settings().guest_tokens_to_give


def test_a_firebase_id_token_is_accepted(client: FlaskClient) -> None:
    account = firebase_client.sign_up()
    found = data(client.get("/api/auth/me", headers=bearer(account["idToken"])))
    assert (found["user"]["id"], found["user"]["tokens"]) == (
        account["localId"],
        settings().tokens_to_give,
    )


@pytest.mark.parametrize("path", ["/api/auth/refresh", "/api/refresh-token"])
@pytest.mark.parametrize("spelling", ["refreshToken", "refresh_token"])
def test_refresh_rotates_and_detects_reuse(client: FlaskClient, path: str, spelling: str) -> None:
    old = register(client)["refreshToken"]
    new = data(client.post(path, json={spelling: old}))
    another_tab = data(client.post(path, json={spelling: old}))
    assert another_tab["refreshToken"] == new["refreshToken"]
    elsewhere = {"User-Agent": "A thief"}
    reused = client.post(path, json={spelling: old}, headers=elsewhere)
    assert (reused.status_code, code(reused)) == (401, "refresh_token_reused")
    ended = client.get("/api/me", headers=bearer(new["accessToken"]))
    assert (ended.status_code, code(ended)) == (401, "token_invalid")


def test_an_expired_bearer_is_ignored_where_none_is_needed(client: FlaskClient) -> None:
    """Clients send it along with a refresh token or a mailed code."""
    old = bearer("expired")
    body = {"refreshToken": register(client)["refreshToken"]}
    assert client.post("/api/auth/refresh", json=body, headers=old).status_code == 200
    answer = client.post("/api/auth/verify-email", json={"code": "unknown"}, headers=old)
    assert (answer.status_code, code(answer)) == (422, "invalid_code")
    answer = client.post("/api/auth/verify-email", json={}, headers=old)
    assert (answer.status_code, code(answer)) == (401, "token_invalid")


def test_refresh_by_bearer_needs_no_body(client: FlaskClient) -> None:
    token = register(client)["accessToken"]
    new = data(client.post("/api/auth/refresh", headers=bearer(token)))
    assert client.get("/api/me", headers=bearer(new["accessToken"])).status_code == 200
    assert client.post("/api/auth/refresh").status_code == 401


@pytest.mark.parametrize("path", ["/api/auth/logout", "/api/logout"])
def test_logout_ends_access_immediately(client: FlaskClient, path: str) -> None:
    token = register(client)["accessToken"]
    assert client.post(path, headers=bearer(token)).status_code == 200
    answer = client.get("/api/me", headers=bearer(token))
    assert (answer.status_code, code(answer)) == (401, "token_invalid")
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_the_profile_shows_the_remaining_tokens_and_minutes(client: FlaskClient) -> None:
    signed_in = register(client)
    found = data(client.get("/api/user/profile", headers=bearer(signed_in["accessToken"])))
    assert found["user"]["id"] == signed_in["user"]["id"]
    assert {name: found[name] for name in found if name not in ("user", "quotas")} == {
        "subscription": {
            "plan": "free",
            "name": "",
            **dict.fromkeys(("status", "startedAt", "expiryDate")),
        },
        "tokensRemaining": settings().tokens_to_give,
        "minutesRemaining": 0.0,
    }


def test_activities_are_listed_counted_and_cleared(client: FlaskClient) -> None:
    from troupe.activities.service import activity_write

    signed_in = register(client)
    headers = bearer(signed_in["accessToken"])
    write = activity_write(signed_in["user"]["id"], "voice_done", "Done", generationId="g1")
    services().database.commit(write)
    answer = client.get("/api/my-activities?limit=10", headers=headers)
    found = data(answer)
    assert (found["totalCount"], found["limit"]) == (1, 10)
    assert found["activities"][0]["generationId"] == "g1"
    assert answer.get_json()["meta"]["total"] == 1
    stats = data(client.get("/api/my-activity-stats", headers=headers))
    assert (stats["voiceActivities"], stats["totalActivities"]) == (1, 1)
    assert stats["lastActivityAt"] == found["activities"][0]["timestamp"]
    assert client.delete("/api/my-activities", headers=headers).status_code == 200
    assert data(client.get("/api/my-activities", headers=headers))["activities"] == []


def test_a_taken_address_or_username_is_a_conflict(client: FlaskClient) -> None:
    email, username = new_email(), f"u{new_email()[:8]}"
    register(client, email=email, username=username)
    again = client.post("/api/register", json={"email": email, "password": PASSWORD})
    assert (again.status_code, code(again)) == (409, "email_taken")
    body = {"email": new_email(), "password": PASSWORD, "username": username.upper()}
    again = client.post("/api/register", json=body)
    assert (again.status_code, code(again)) == (409, "username_taken")


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no email": ({"email": None}, "email"),
    "email": ({"email": "ada"}, "email"),
    "email with nul": ({"email": "a\0@example.com"}, "email"),
    "password without digit": ({"password": "abcdef"}, "password"),
    "password without letter": ({"password": "123456"}, "password"),
    "short password": ({"password": "ab1"}, "password"),
    "long password": ({"password": "a1" * 100}, "password"),
    "password is a number": ({"password": 123456}, "password"),
    "short username": ({"username": "ab"}, "username"),
    "username with space": ({"username": "a b c"}, "username"),
    "name of two lines": ({"name": "a\nb"}, "name"),
    "script as picture": ({"profilePicture": "javascript:alert(1)"}, "profilePicture"),
}


@pytest.mark.parametrize(("changes", "field"), WRONG.values(), ids=WRONG.keys())
def test_invalid_fields_are_named_without_echoing_their_values(
    client: FlaskClient, changes: dict[str, Any], field: str
) -> None:
    body = {"email": new_email(), "password": PASSWORD, **changes}
    answer = client.post("/api/register", json=body)
    assert (answer.status_code, code(answer)) == (422, "invalid_input")
    fields = answer.get_json()["error"]["details"]["fields"]
    assert [wrong["field"] for wrong in fields] == [field]
    sent = changes[field]
    assert not isinstance(sent, str) or f'"{sent}"' not in answer.text
