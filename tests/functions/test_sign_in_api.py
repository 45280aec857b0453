"""Recent sign-ins, password rules, pictures, second factors and hidden registration, over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support import firebase_client
from tests.support.admins import Admin, a_member
from tests.support.factories import code
from tests.support.firebase_client import PASSWORD, administer, mailed_codes, new_email
from tests.support.wiring import app_for, command, services
from troupe.accounts import passwords
from troupe.adapters.firestore import now
from troupe.settings import settings

NEW_PASSWORD = "a better horse 2"


@pytest.fixture
def client(emulators: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    monkeypatch.setattr(passwords, "FORGOT_SECONDS", 0.0)
    monkeypatch.setattr(passwords, "REGISTER_SECONDS", 0.0)
    settings.cache_clear()
    yield app_for("auth").test_client()
    settings.cache_clear()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def register(client: FlaskClient, **fields: Any) -> Any:
    return client.post("/api/register", json={"email": new_email(), "password": PASSWORD} | fields)


def tokens(answer: Any) -> Any:
    assert answer.status_code in (200, 201), answer.text
    return answer.json["data"]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six minutes pass after signing in."""
    monkeypatch.setattr("troupe.accounts.service.now", lambda: now() + timedelta(minutes=6))


class TestRecentSignIn:
    def delete(self, client: FlaskClient, token: str, **body: Any) -> Any:
        return client.delete("/api/auth/account", json=body, headers=bearer(token))

    def test_an_access_token_alone_does_not_delete_an_account(
        self, client: FlaskClient, later: None
    ) -> None:
        token = tokens(register(client))["accessToken"]
        assert code(self.delete(client, token)) == (403, "recent_sign_in_required")
        assert client.get("/api/me", headers=bearer(token)).status_code == 200
        assert self.delete(client, token, password=PASSWORD).status_code == 200

    def test_a_session_keeps_the_time_of_its_sign_in(
        self, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Refreshing, or opening a session with an old ID token, is no sign-in."""
        ours = tokens(register(client))
        id_token = firebase_client.sign_up()["idToken"]
        assert client.get("/api/me", headers=bearer(id_token)).status_code == 200
        monkeypatch.setattr("troupe.accounts.service.now", lambda: now() + timedelta(minutes=6))
        body = {"refreshToken": ours["refreshToken"]}
        refreshed = tokens(client.post("/api/auth/refresh", json=body))
        opened = tokens(client.post("/api/auth/refresh", headers=bearer(id_token)))
        for token in (refreshed["accessToken"], id_token, opened["accessToken"]):
            assert code(self.delete(client, token)) == (403, "recent_sign_in_required")

    def test_a_recent_sign_in_with_the_sdk_is_enough(self, client: FlaskClient) -> None:
        account = firebase_client.sign_in_with_google(new_email())
        assert self.delete(client, account["idToken"]).status_code == 200

    def test_a_guest_has_nothing_to_sign_in_with(self, client: FlaskClient, later: None) -> None:
        guest = tokens(client.post("/api/auth/guest"))["accessToken"]
        assert self.delete(client, guest).status_code == 200

    @pytest.mark.parametrize("method", ["PUT", "DELETE"])
    def test_an_administrator_needs_one_too(self, admin: Admin, method: str, later: None) -> None:
        member = a_member()
        body = {"email": new_email()}
        answer = admin.ask(method, f"/users/{member.uid}", json=body)
        assert code(answer) == (403, "recent_sign_in_required")
        tokens = admin.ask("PUT", f"/users/{member.uid}", json={"tokens": 30})
        assert tokens.status_code == 200


class TestRoles:
    def test_only_a_user_with_a_verified_address_becomes_an_administrator(
        self, admin: Admin, capsys: pytest.CaptureFixture[str]
    ) -> None:
        member = a_member()
        place = f"/users/{member.uid}"
        answer = admin.ask("PUT", place, json={"role": "admin"})
        assert code(answer) == (409, "email_not_verified")
        assert command(["create-admin", member.email]) == 1
        assert "is not verified" in capsys.readouterr().err
        # Registering an address again does not prove it either.
        assert command(["create-admin", member.email, "--create"]) == 1
        id_token = firebase_client.sign_in_with_google(member.email)["idToken"]
        me = app_for("auth").test_client().get("/api/me", headers=bearer(id_token))
        assert me.json["data"]["user"]["role"]["name"] == "user"
        answer = admin.ask("PUT", place, json={"role": "admin", "email": new_email()})
        assert code(answer) == (409, "email_not_verified")
        assert admin.ask("PUT", place, json={"role": "admin"}).status_code == 200


class TestPasswordRules:
    RULES = (
        ("abcd1", "string_too_short"),
        ("abcdefgh", "password_too_weak"),
        ("12345678", "password_too_weak"),
        ("password1", "password_too_common"),
        ("Password1", "password_too_common"),
        ("short-1", "password_too_short"),
    )

    def test_each_rule_has_a_code_wherever_a_password_is_set(
        self, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        token = tokens(register(client))["accessToken"]
        monkeypatch.setenv("PASSWORD_MIN_LENGTH", "8")
        settings.cache_clear()
        for password, rule in self.RULES:
            bodies = {
                "register": {"email": new_email(), "password": password},
                "reset-password": {"code": "x", "password": password},
                "change-password": {"currentPassword": PASSWORD, "newPassword": password},
            }
            for place, body in bodies.items():
                answer = client.post(f"/api/auth/{place}", json=body, headers=bearer(token))
                assert code(answer) == (422, "invalid_input"), (place, rule)
                (wrong,) = answer.json["error"]["details"]["fields"]
                assert wrong["type"] == rule, place
                assert password not in answer.text

    def test_settings_can_allow_common_ones(
        self, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COMMON_PASSWORDS", "allow")
        settings.cache_clear()
        assert register(client, password="password1").status_code == 201

    def test_an_old_password_still_signs_in(self, client: FlaskClient) -> None:
        email = new_email()
        firebase_client.call("signUp", email=email, password="password1")
        body = {"email": email, "password": "password1"}
        assert client.post("/api/login", json=body).status_code == 200


@pytest.mark.parametrize(
    ("picture", "status"),
    [
        ("", 200),
        ("/api/static/images/avatar_0123-45.png", 200),
        ("https://lh3.googleusercontent.com/a/ACg8oc-x=s96-c", 200),
        ("//tracker.example/a.png", 422),
        ("https://tracker.example/a.png", 422),
        ("https://lh3.googleusercontent.com.tracker.example/a", 422),
        ("https://lh3.googleusercontent.com@tracker.example/a", 422),
        ("https://lh3.googleusercontent.com/a?viewer=1", 422),
        ("http://lh3.googleusercontent.com/a", 422),
        ("/api/auth/me", 422),
        ("/api/static/images/../../auth/me", 422),
        ("data:image/png;base64,AAAA", 422),
    ],
)
def test_pictures_are_uploaded_or_googles(client: FlaskClient, picture: str, status: int) -> None:
    registered = register(client, profilePicture=picture)
    assert registered.status_code == (201 if status == 200 else status)
    token = tokens(register(client))["accessToken"]
    body = {"profilePicture": picture}
    answer = client.put("/api/auth/profile", json=body, headers=bearer(token))
    assert answer.status_code == status


@pytest.mark.parametrize("name", ["A\u202enna", "\u2066x\u2069", "\u200b\u200d", "a\x85b"])
def test_names_cannot_deceive(client: FlaskClient, name: str) -> None:
    assert code(register(client, name=name)) == (422, "invalid_input")


def test_a_second_factor_is_respected(client: FlaskClient) -> None:
    """A password alone neither signs in nor confirms anything."""
    email = new_email()
    administer(
        "batchCreate",
        users=[
            {
                "localId": f"mfa{time.time_ns()}",
                "email": email,
                "emailVerified": True,
                "rawPassword": PASSWORD,
                "mfaInfo": [
                    {
                        "phoneInfo": "+15555550100",
                        "mfaEnrollmentId": "x",
                        "enrolledAt": "2026-01-01T00:00:00Z",
                    }
                ],
            }
        ],
    )
    body = {"email": email, "password": PASSWORD}
    assert code(client.post("/api/login", json=body)) == (403, "second_factor_required")
    wrong = {**body, "password": "wrong horse 1"}
    assert code(client.post("/api/login", json=wrong)) == (401, "invalid_credentials")


class TestHiddenRegistration:
    @pytest.fixture(autouse=True)
    def hidden(self, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("EMAIL_ENUMERATION", "hidden")
        settings.cache_clear()

    def test_taken_and_free_addresses_get_the_same_answer_and_mail(
        self, client: FlaskClient
    ) -> None:
        taken, free = new_email(), new_email()
        firebase_client.sign_up(taken)
        answers = [register(client, email=email, username="ada.x") for email in (taken, free)]
        assert [answer.status_code for answer in answers] == [202, 202]
        assert answers[0].json == answers[1].json
        assert answers[0].json["data"] == {}
        for email in (taken, free):
            assert len(mailed_codes(email, "PASSWORD_RESET")) == 1
            assert mailed_codes(email, "VERIFY_EMAIL") == []
        # Nor does signing in with the chosen password tell.
        body = {"email": free, "password": "another horse 3"}
        assert code(client.post("/api/login", json=body)) == (401, "invalid_credentials")
        assert not services().database.get("usernames/ada.x").exists

    def test_the_owner_of_the_address_sets_the_password(self, client: FlaskClient) -> None:
        email = new_email()
        register(client, email=email, name="Ada")
        body = {"email": email, "password": PASSWORD}
        assert client.post("/api/login", json=body).status_code == 401
        (mailed,) = mailed_codes(email, "PASSWORD_RESET")
        reset = {"code": mailed, "password": NEW_PASSWORD}
        assert client.post("/api/auth/reset-password", json=reset).status_code == 200
        user = tokens(client.post("/api/login", json={**body, "password": NEW_PASSWORD}))["user"]
        assert (user["name"], user["isVerified"]) == ("Ada", True)
