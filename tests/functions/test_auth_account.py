"""Profile, passwords, mailed codes, avatar and sessions, over HTTP."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support import firebase_client
from tests.support.firebase_client import (
    PASSWORD,
    mailed_codes,
    new_email,
    wait_for_the_next_second,
)
from tests.support.forms import multipart
from tests.support.media_files import opened, picture
from tests.support.wiring import app_for, services
from troupe.accounts import passwords
from troupe.adapters.firestore import Database, Update
from troupe.errors import FileMissing

NEW_PASSWORD = "a better horse 2"


@pytest.fixture
def client(emulators: object, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    monkeypatch.setattr(passwords, "FORGOT_SECONDS", 0.0)
    return app_for("auth").test_client()


class User:
    """A registered user with a client of the API."""

    def __init__(self, client: FlaskClient, **fields: Any) -> None:
        self.client = client
        self.email = new_email()
        body = {"email": self.email, "password": PASSWORD, **fields}
        found = client.post("/api/register", json=body).get_json()["data"]
        self.uid = found["user"]["id"]
        self.tokens = found

    def ask(self, method: str, path: str, tokens: Any = None, **kwargs: Any) -> Any:
        bearer = (tokens or self.tokens)["accessToken"]
        headers = {"Authorization": f"Bearer {bearer}"}
        return self.client.open(path, method=method, headers=headers, **kwargs)

    def sign_in(self, password: str = PASSWORD) -> Any:
        body = {"email": self.email, "password": password}
        return self.client.post("/api/login", json=body)

    def session(self, password: str = PASSWORD) -> Any:
        return self.sign_in(password).get_json()["data"]

    def works(self, tokens: Any = None) -> bool:
        return bool(self.ask("GET", "/api/me", tokens).status_code == 200)

    def stored(self) -> dict[str, Any]:
        return services().database.get(f"users/{self.uid}").data


def code(answer: Any) -> str:
    return str(answer.get_json()["error"]["code"])


def new_name() -> str:
    return f"u.{new_email()[:10]}"


def upload(user: User, data: bytes, path: str = "/api/auth/avatar") -> Any:
    return user.ask("POST", path, **multipart(avatar=data))


def holder(username: str) -> str | None:
    return services().database.get(f"usernames/{username.lower()}").data.get("uid")


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/api/auth/profile"), ("POST", "/api/update-username")]
)
def test_updating_the_profile_changes_only_the_sent_fields(
    client: FlaskClient, method: str, path: str
) -> None:
    user = User(client, name="Ada")
    username = new_name()
    answer = user.ask(method, path, json={"username": username, "language": "en-GB"})
    found = answer.get_json()["data"]["user"]
    assert (found["name"], found["username"], found["language"]) == ("Ada", username, "en-GB")
    me = user.ask("GET", "/api/me").get_json()["data"]["user"]
    assert me == found
    assert holder(username) == user.uid


def test_changing_the_username_frees_the_old_one(client: FlaskClient) -> None:
    old, new = new_name(), new_name()
    user = User(client, username=old)
    assert user.ask("PUT", "/api/auth/profile", json={"username": new}).status_code == 200
    assert (holder(old), holder(new)) == (None, user.uid)
    other = User(client)
    assert other.ask("PUT", "/api/auth/profile", json={"username": old}).status_code == 200


def test_a_username_can_change_case(client: FlaskClient) -> None:
    old = new_name()
    user = User(client, username=old)
    answer = user.ask("PUT", "/api/auth/profile", json={"username": old.upper()})
    assert answer.get_json()["data"]["user"]["username"] == old.upper()
    assert holder(old) == user.uid


def test_a_taken_username_changes_nothing(client: FlaskClient) -> None:
    taken, own = new_name(), new_name()
    User(client, username=taken)
    user = User(client, username=own, name="Ada")
    answer = user.ask("PUT", "/api/auth/profile", json={"username": taken.upper(), "name": "Eve"})
    assert (answer.status_code, code(answer)) == (409, "username_taken")
    assert (user.stored()["name"], user.stored()["username"], holder(own)) == (
        "Ada",
        own,
        user.uid,
    )


def test_of_concurrent_requests_one_gets_the_username(client: FlaskClient) -> None:
    users, wanted = [User(client, username=new_name()) for _ in range(5)], new_name()

    def take(user: User) -> int:
        answer = (
            app_for("auth")
            .test_client()
            .put(
                "/api/auth/profile",
                json={"username": wanted},
                headers={"Authorization": f"Bearer {user.tokens['accessToken']}"},
            )
        )
        return answer.status_code

    with ThreadPoolExecutor(5) as pool:
        statuses = list(pool.map(take, users))
    assert sorted(statuses) == [200, 409, 409, 409, 409]
    (winner,) = [u for u, status in zip(users, statuses, strict=True) if status == 200]
    assert holder(wanted) == winner.uid
    for user in users:  # the losers keep their old one
        assert holder(user.stored()["username"]) == user.uid


@pytest.mark.parametrize("path", ["/api/auth/avatar", "/api/upload-avatar"])
def test_an_avatar_is_public(client: FlaskClient, path: str) -> None:
    user = User(client)
    answer = upload(user, picture("gif"), path)
    url = answer.get_json()["data"]["user"]["profilePicture"]
    assert url.startswith("/api/static/images/avatar_")
    assert user.uid not in url
    shown = app_for("characters").test_client().get(url)
    assert (shown.status_code, shown.mimetype) == (200, "image/png")
    assert opened(shown.data).size == (60, 40)


def test_a_new_avatar_replaces_the_old_one(client: FlaskClient) -> None:
    user = User(client)
    upload(user, picture())
    first = user.stored()["avatarPath"]
    upload(user, picture("webp"))
    second = user.stored()["avatarPath"]
    assert first != second
    with pytest.raises(FileMissing):
        services().files.stat(first)
    services().files.stat(second)
    user.ask("PUT", "/api/auth/profile", json={"profilePicture": ""})
    with pytest.raises(FileMissing):
        services().files.stat(second)
    assert (user.stored()["avatarPath"], user.stored()["profilePicture"]) == (None, "")


def test_a_rejected_avatar_stores_nothing(client: FlaskClient) -> None:
    user = User(client)
    before = set(services().files.list("static/images/avatar_"))
    wrong = [(b"<svg onload=alert(1)>", 415), (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, 415)]
    wrong += [(b"\0" * (5 * 1024**2 + 1), 413), (b"\0" * (7 * 1024**2), 413)]
    wrong += [(picture("png", (400, 400))[:-700], 422)]
    for data, status in wrong:
        assert upload(user, data).status_code == status
    assert user.ask("POST", "/api/auth/avatar", json={}).status_code == 415
    assert (
        user.ask(
            "POST", "/api/auth/avatar", data={"avatar": "text"}, content_type="multipart/form-data"
        ).status_code
        == 422
    )
    assert set(services().files.list("static/images/avatar_")) == before
    assert user.stored()["profilePicture"] == ""


def test_a_password_reset_works_once_and_ends_every_session(client: FlaskClient) -> None:
    user = User(client)
    other, firebase = user.session(), firebase_client.sign_in(user.email)
    answer = client.post("/api/auth/forgot-password", json={"email": user.email.upper()})
    assert answer.status_code == 200
    (reset,) = mailed_codes(user.email, "PASSWORD_RESET")
    body = {"code": reset, "password": NEW_PASSWORD}
    wait_for_the_next_second()
    assert client.post("/api/auth/reset-password", json=body).status_code == 200
    again = client.post("/api/auth/reset-password", json=body)
    assert (again.status_code, code(again)) == (422, "invalid_code")
    assert not user.works()
    assert not user.works(other)
    assert not user.works({"accessToken": firebase["idToken"]})
    assert client.post("/api/refresh-token", json=other).status_code == 401
    assert (user.sign_in().status_code, user.sign_in(NEW_PASSWORD).status_code) == (401, 200)
    assert user.works(user.session(NEW_PASSWORD))


def test_a_rejected_password_does_not_use_up_the_code(client: FlaskClient) -> None:
    user = User(client)
    client.post("/api/auth/forgot-password", json={"email": user.email})
    (reset,) = mailed_codes(user.email, "PASSWORD_RESET")
    for weak in ("short", "no digits at all", ""):
        body = {"code": reset, "password": weak}
        assert client.post("/api/auth/reset-password", json=body).status_code == 422
    assert user.works()
    body = {"code": reset, "password": NEW_PASSWORD}
    assert client.post("/api/auth/reset-password", json=body).status_code == 200


def test_a_reset_request_does_not_reveal_whether_an_account_exists(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "FORGOT_SECONDS", 0.5)
    known, answers, times = User(client).email, [], []
    for email in (known, new_email()):
        started = time.monotonic()
        answer = client.post("/api/auth/forgot-password", json={"email": email})
        times.append(time.monotonic() - started)
        answers.append((answer.status_code, answer.get_json()))
    assert answers[0] == answers[1]
    assert min(times) >= 0.5  # hides the time that sending a mail takes


@pytest.mark.parametrize("wrong", ["never-mailed", "x" * 512])
def test_an_unknown_code_is_rejected(client: FlaskClient, wrong: str) -> None:
    body = {"code": wrong, "password": NEW_PASSWORD}
    assert code(client.post("/api/auth/reset-password", json=body)) == "invalid_code"
    assert code(client.post("/api/auth/verify-email", json=body)) == "invalid_code"


def test_a_mailed_code_verifies_the_address_once(client: FlaskClient) -> None:
    user = User(client)
    assert user.ask("POST", "/api/auth/verify-email").status_code == 200
    (proof,) = mailed_codes(user.email, "VERIFY_EMAIL")
    body = {"code": proof, "password": NEW_PASSWORD}
    assert code(client.post("/api/auth/reset-password", json=body)) == "invalid_code"
    answer = user.ask("POST", "/api/auth/verify-email", json={"code": proof})
    assert answer.get_json()["message"] == "Email verified successfully"
    assert user.ask("GET", "/api/me").get_json()["data"]["user"]["isVerified"] is True
    again = client.post("/api/auth/verify-email", json={"code": proof})
    assert (again.status_code, code(again)) == (422, "invalid_code")
    user.ask("POST", "/api/auth/verify-email")
    assert mailed_codes(user.email, "VERIFY_EMAIL") == []


def test_a_code_without_a_session_says_that_the_password_must_be_reset(
    client: FlaskClient,
) -> None:
    user = User(client)
    user.ask("POST", "/api/auth/verify-email")
    (proof,) = mailed_codes(user.email, "VERIFY_EMAIL")
    answer = client.post("/api/auth/verify-email", json={"code": proof})
    assert (answer.status_code, answer.get_json()["message"]) == (
        200,
        "Email verified successfully. Please reset your password to sign in",
    )
    assert not user.works()
    assert user.sign_in().status_code == 401


def test_only_a_user_with_an_email_address_can_request_a_code(client: FlaskClient) -> None:
    answer = client.post("/api/auth/verify-email", json={})
    assert (answer.status_code, code(answer)) == (401, "unauthorized")
    guest = client.post("/api/auth/guest").get_json()["data"]["accessToken"]
    headers = {"Authorization": f"Bearer {guest}"}
    answer = client.post("/api/auth/verify-email", headers=headers)
    assert (answer.status_code, code(answer)) == (409, "no_email")


@pytest.mark.parametrize("path", ["/api/auth/change-password", "/api/change-password"])
def test_changing_the_password_ends_every_session_but_this_one(
    client: FlaskClient, path: str
) -> None:
    user = User(client)
    other, firebase = user.session(), firebase_client.sign_in(user.email)
    wait_for_the_next_second()
    body = {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD}
    assert user.ask("POST", path, json=body).status_code == 200
    assert user.works()
    assert not user.works(other)
    assert not user.works({"accessToken": firebase["idToken"]})
    refreshed = client.post("/api/refresh-token", json=user.tokens).get_json()["data"]
    assert user.works(refreshed)
    assert (user.sign_in().status_code, user.sign_in(NEW_PASSWORD).status_code) == (401, 200)


def test_changing_the_password_requires_the_current_one(client: FlaskClient) -> None:
    user = User(client)
    body = {"currentPassword": NEW_PASSWORD, "newPassword": NEW_PASSWORD}
    answer = user.ask("POST", "/api/change-password", json=body)
    assert (answer.status_code, code(answer)) == (403, "wrong_password")
    assert user.works()
    assert user.sign_in().status_code == 200


def test_a_guest_has_no_password_to_change(client: FlaskClient) -> None:
    guest = client.post("/api/auth/guest").get_json()["data"]["accessToken"]
    body = {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD}
    headers = {"Authorization": f"Bearer {guest}"}
    answer = client.post("/api/change-password", json=body, headers=headers)
    assert (answer.status_code, code(answer)) == (409, "no_password")


def test_sessions_are_listed_and_revoked_individually(client: FlaskClient) -> None:
    user = User(client)
    body = {"email": user.email, "password": PASSWORD}
    agent = {"User-Agent": "A phone"}
    phone = client.post("/api/login", json=body, headers=agent).get_json()["data"]
    found = user.ask("GET", "/api/auth/sessions").get_json()["data"]["sessions"]
    assert [(each["current"], each["userAgent"] == "A phone") for each in found] == [
        (False, True),
        (True, False),
    ]
    fields = "id current userAgent createdAt lastSeenAt expiresAt"
    assert found[0].keys() == set(fields.split())
    url = f"/api/auth/sessions/{found[0]['id']}"
    assert User(client).ask("DELETE", url).status_code == 404  # another user
    assert user.works(phone)
    assert user.ask("DELETE", url).status_code == 200
    assert not user.works(phone)
    again = user.ask("DELETE", url)
    assert (again.status_code, code(again)) == (404, "session_not_found")
    assert user.ask("DELETE", "/api/auth/sessions/a.b").status_code == 404


def test_listing_sessions_needs_no_read_beyond_authentication(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, calls = User(client), []
    for name in ("get_all", "find", "count", "commit"):
        method = getattr(Database, name)

        def counted(self: Database, *a: Any, _n: str = name, _m: Any = method, **k: Any) -> Any:
            calls.append((_n, len(a[0]) if _n == "get_all" else 0))
            return _m(self, *a, **k)

        monkeypatch.setattr(Database, name, counted)
    assert user.ask("GET", "/api/auth/sessions").status_code == 200
    assert calls == [("get_all", 1)]


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/api/auth/account"), ("POST", "/api/delete-account")]
)
def test_deleting_the_account_ends_all_access_immediately(
    client: FlaskClient, method: str, path: str
) -> None:
    user = User(client, username=new_name())
    username, firebase = user.stored()["username"], firebase_client.sign_in(user.email)
    assert user.ask(method, path, json={"password": PASSWORD}).status_code == 200
    assert not user.works()
    # An ID token outlives its account by up to an hour, and must not create the user again.
    assert not user.works({"accessToken": firebase["idToken"]})
    assert client.post("/api/refresh-token", json=user.tokens).status_code == 401
    assert user.sign_in().status_code == 401
    assert not firebase_client.is_known(user.uid)
    assert holder(username) is None
    shell = "createdAt tokens role deletedAt validAfter updatedAt"
    assert user.stored().keys() == set(shell.split())
    body = {"email": user.email, "password": PASSWORD, "username": username}
    assert client.post("/api/register", json=body).status_code == 201  # a new account


def test_a_wrong_password_deletes_nothing(client: FlaskClient) -> None:
    user = User(client)
    answer = user.ask("DELETE", "/api/auth/account", json={"password": NEW_PASSWORD})
    assert (answer.status_code, code(answer)) == (403, "wrong_password")
    assert user.works()
    assert user.ask("DELETE", "/api/auth/account").status_code == 200  # the password is optional


def test_the_last_administrator_cannot_leave(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = User(client), User(client)
    db = services().database
    db.commit(Update(f"users/{first.uid}", {"role": "admin"}))

    seen_both = threading.Barrier(1)

    def count(self: Database, collection: str, *, where: Any) -> int:
        # Counts only these two: other tests create administrators, too.
        assert (collection, where) == ("users", [("role", "==", "admin")])
        found = self.get_all([f"users/{each.uid}" for each in (first, second)])
        if not seen_both.broken:
            with suppress(threading.BrokenBarrierError):
                seen_both.wait(timeout=2)
            seen_both.abort()  # whoever counts again does not wait
        return sum(each.data["role"] == "admin" for each in found)

    monkeypatch.setattr(Database, "count", count)
    answer = first.ask("DELETE", "/api/auth/account")
    assert (answer.status_code, code(answer)) == (409, "last_admin")
    assert first.works()

    db.commit(Update(f"users/{second.uid}", {"role": "admin"}))
    seen_both = threading.Barrier(2)

    def leave(user: User) -> int:
        headers = {"Authorization": f"Bearer {user.tokens['accessToken']}"}
        return (
            app_for("auth").test_client().delete("/api/auth/account", headers=headers).status_code
        )

    with ThreadPoolExecutor(2) as pool:  # each would see the other one stay
        assert sorted(pool.map(leave, (first, second))) == [200, 409]
    db.commit(*(Update(f"users/{each.uid}", {"role": "user"}) for each in (first, second)))
