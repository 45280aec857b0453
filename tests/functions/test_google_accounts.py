"""Sign-in with Google's ID tokens, and linking, against the Auth emulator's own Google provider.

The emulator verifies neither signatures nor audiences nor expiry; Firebase does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support import firebase_client
from tests.support.accounts import new_address
from tests.support.factories import code
from tests.support.firebase_client import PASSWORD, administer, new_email
from tests.support.wiring import app_for, services
from troupe.accounts.linking import Linking
from troupe.adapters.firestore import Database, Update, now
from troupe.adapters.identity import Identity
from troupe.settings import settings


@pytest.fixture
def client(db: Database) -> Iterator[FlaskClient]:
    settings.cache_clear()
    yield app_for("auth").test_client()
    settings.cache_clear()


def google_token(email: str | None, **claims: Any) -> str:
    """An ID token as the emulator takes it."""
    account = {"sub": f"google-{email}", "email": email, "email_verified": True, "name": "Ada"}
    return json.dumps(account | claims)


def by_google(client: FlaskClient, email: str | None, **claims: Any) -> Any:
    return client.post("/api/auth/google", json={"idToken": google_token(email, **claims)})


def signed_in(answer: Any) -> Any:
    assert answer.status_code in (200, 201), answer.text
    return answer.json["data"]


def bearer(data: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {data['accessToken']}"}


def register(client: FlaskClient, email: str) -> Any:
    body = {"email": email, "password": PASSWORD}
    return signed_in(client.post("/api/register", json=body))


def login(client: FlaskClient, email: str) -> Any:
    return client.post("/api/login", json={"email": email, "password": PASSWORD})


def guest(client: FlaskClient) -> Any:
    return signed_in(client.post("/api/auth/guest"))


def link(client: FlaskClient, data: Any, **body: Any) -> Any:
    return client.post("/api/auth/link", json=body, headers=bearer(data))


def linked(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json["data"]["user"]


def is_live(client: FlaskClient, data: Any) -> bool:
    """Whether a session's access token works, and then its refresh token."""
    if client.get("/api/me", headers=bearer(data)).status_code != 200:
        return False
    body = {"refreshToken": data["refreshToken"]}
    return client.post("/api/auth/refresh", json=body).status_code == 200


def grants(uid: str) -> list[int]:
    found = services().database.find(f"wallets/{uid}/ledger", limit=10)
    return sorted(entry.data["granted"] for entry in found)


class TestSignIn:
    def test_signing_in_twice_gives_one_account_with_one_grant(self, client: FlaskClient) -> None:
        email = new_email()
        first, again = (signed_in(by_google(client, email)) for _ in range(2))
        assert first["user"]["id"] == again["user"]["id"]
        user = again["user"]
        assert (user["name"], user["email"], user["isVerified"]) == ("Ada", email, True)
        assert (user["tokens"], user["isGuest"]) == (20, False)
        assert grants(user["id"]) == [20]
        assert is_live(client, first)

    def test_simultaneous_sign_ins_too(self, client: FlaskClient) -> None:
        email = new_email()
        # Firebase has the account, so that this is about ours.
        uid = firebase_client.sign_in_with_google(email)["localId"]
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: by_google(client, email), range(4)))
        assert {signed_in(answer)["user"]["id"] for answer in answers} == {uid}
        assert grants(uid) == [20]

    def test_googles_own_name_of_the_field_and_the_other_path(self, client: FlaskClient) -> None:
        body = {"credential": google_token(new_email())}
        signed_in(client.post("/api/auth/google/callback", json=body))
        assert code(client.post("/api/auth/google", json={})) == (422, "invalid_input")

    @pytest.mark.parametrize("token", ["x", "a.b.c", "{}", '{"sub": 1}', "{", "\x00"])
    def test_an_invalid_id_token_is_refused(self, client: FlaskClient, token: str) -> None:
        answer = client.post("/api/auth/google", json={"idToken": token})
        assert code(answer) == (401, "google_token_invalid")

    def test_suspended_disabled_and_deleted_accounts(self, client: FlaskClient) -> None:
        suspended, disabled, deleted = (new_email() for _ in range(3))
        uids = [signed_in(by_google(client, e))["user"]["id"] for e in (suspended, disabled)]
        services().database.commit(Update(f"users/{uids[0]}", {"suspended": True}))
        administer("update", localId=uids[1], disableUser=True)
        for email in (suspended, disabled):
            assert code(by_google(client, email)) == (403, "account_suspended")
        mine = signed_in(by_google(client, deleted))
        uid = mine["user"]["id"]
        services().database.commit(Update(f"users/{uid}", {"deletedAt": now()}))
        assert code(by_google(client, deleted)) == (401, "token_invalid")

    def test_a_second_factor_is_respected(self, client: FlaskClient) -> None:
        email = new_email()
        uid = signed_in(by_google(client, email))["user"]["id"]
        factor = {"phoneInfo": "+15555550101", "mfaEnrollmentId": "x", "displayName": "phone"}
        administer("update", localId=uid, mfa={"enrollments": [factor]})
        assert code(by_google(client, email)) == (403, "second_factor_required")


class TestTakingOver:
    """Somebody has registered an address that is not theirs, or tries to use one at Google."""

    def test_the_owner_of_the_address_ends_what_the_registrant_has(
        self, client: FlaskClient
    ) -> None:
        email = new_email()
        registrant = register(client, email)
        owner = signed_in(by_google(client, email))
        assert owner["user"]["id"] == registrant["user"]["id"]
        assert not is_live(client, registrant)
        assert code(login(client, email)) == (401, "invalid_credentials")
        assert is_live(client, owner)

    def test_the_registrant_cannot_keep_a_google_account_of_their_own(
        self, client: FlaskClient
    ) -> None:
        other, registrant = new_email(), register(client, new_email())
        answer = link(client, registrant, idToken=google_token(other))
        assert code(answer) == (409, "email_not_verified")
        assert signed_in(by_google(client, other))["user"]["id"] != registrant["user"]["id"]

    def test_an_address_that_google_does_not_vouch_for(self, client: FlaskClient) -> None:
        email = new_email()
        mine = register(client, email)
        answer = by_google(client, email, email_verified=False)
        assert code(answer) == (409, "email_taken")
        assert is_live(client, mine)
        assert login(client, email).status_code == 200

    def test_a_verified_account_keeps_its_password_and_sessions(self, client: FlaskClient) -> None:
        email = new_email()
        mine = register(client, email)
        administer("update", localId=mine["user"]["id"], emailVerified=True)
        ours = signed_in(login(client, email))
        assert signed_in(by_google(client, email))["user"]["id"] == mine["user"]["id"]
        assert is_live(client, ours)
        assert login(client, email).status_code == 200


class TestLinkingAGuest:
    @pytest.mark.parametrize("method", ["google", "password"])
    def test_it_keeps_all_it_has_and_gets_the_rest_of_the_tokens(
        self, client: FlaskClient, method: str
    ) -> None:
        email, before = new_email(), guest(client)
        google = {"idToken": google_token(email)}
        body = google if method == "google" else {"email": email, "password": PASSWORD}
        user = linked(link(client, before, **body))
        assert user["id"] == before["user"]["id"]
        assert (user["isGuest"], user["email"]) == (False, email)
        assert user["isVerified"] is (method == "google")
        assert grants(user["id"]) == [2, 18]
        assert (user["tokens"], user["name"]) == (20, "Ada" if method == "google" else "Guest")
        assert is_live(client, before)
        after = by_google(client, email) if method == "google" else login(client, email)
        assert signed_in(after)["user"]["id"] == user["id"]
        assert code(link(client, before, **body)) == (409, "already_linked")
        assert grants(user["id"]) == [2, 18]

    def test_a_guest_of_the_firebase_sdk_too(self, client: FlaskClient) -> None:
        before = {"accessToken": firebase_client.sign_up_anonymously()["idToken"]}
        user = linked(link(client, before, idToken=google_token(new_email())))
        assert (user["isGuest"], user["isVerified"], user["tokens"]) == (False, True, 20)
        me = client.get("/api/me", headers=bearer(before)).json["data"]["user"]
        assert me == user

    def test_an_address_or_google_account_of_somebody_else(self, client: FlaskClient) -> None:
        taken, theirs = new_email(), new_email()
        register(client, taken)
        signed_in(by_google(client, theirs))
        before = guest(client)
        for body, why in (
            ({"email": taken, "password": PASSWORD}, "email_taken"),
            ({"idToken": google_token(taken)}, "email_taken"),
            ({"idToken": google_token(theirs)}, "google_account_taken"),
        ):
            assert code(link(client, before, **body)) == (409, why)
        assert linked(link(client, before, idToken=google_token(new_email())))["tokens"] == 20

    @pytest.mark.parametrize("method", ["google", "password"])
    def test_the_next_sign_in_completes_what_a_crash_interrupted(
        self, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, method: str
    ) -> None:
        email, before = new_email(), guest(client)
        google = {"idToken": google_token(email)}
        body = google if method == "google" else {"email": email, "password": PASSWORD}
        with monkeypatch.context() as crash:
            crash.setattr(Linking, "_record", _crash)
            assert link(client, before, **body).status_code == 500
        after = by_google(client, email) if method == "google" else login(client, email)
        user = signed_in(after)["user"]
        assert (user["id"], user["isGuest"], user["tokens"]) == (before["user"]["id"], False, 20)
        assert grants(user["id"]) == [2, 18]

    def test_so_does_the_same_request_again(
        self, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        body, before = {"idToken": google_token(new_email())}, guest(client)
        with monkeypatch.context() as crash:
            crash.setattr(Linking, "_record", _crash)
            assert link(client, before, **body).status_code == 500
        assert code(link(client, before, **body)) == (409, "already_linked")
        user = client.get("/api/me", headers=bearer(before)).json["data"]["user"]
        assert (user["isGuest"], user["tokens"]) == (False, 20)

    def test_two_at_once_are_one(self, client: FlaskClient) -> None:
        before, body = guest(client), {"idToken": google_token(new_email())}
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda _: link(client, before, **body), range(2)))
        assert {answer.status_code for answer in answers} <= {200, 409}
        assert [answer.status_code for answer in answers] != [409, 409]
        assert grants(before["user"]["id"]) == [2, 18]

    @pytest.mark.parametrize("first", ["link_google", "add_password"])
    def test_google_and_an_address_at_once_keep_no_way_into_the_address(
        self, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, first: str
    ) -> None:
        """The other request comes between the look at the account and its change."""
        email, google, before = new_email(), {"idToken": google_token(new_email())}, guest(client)
        password = {"email": email, "password": PASSWORD}
        slow, quick = (google, password) if first == "add_password" else (password, google)
        name = "link_google" if slow is google else "add_password"
        change = getattr(Identity, name)

        def late(*arguments: Any) -> Any:
            monkeypatch.undo()
            linked(link(client, before, **quick))
            return change(*arguments)

        monkeypatch.setattr(Identity, name, late)
        link(client, before, **slow)
        user = client.get("/api/me", headers=bearer(before)).json["data"]["user"]
        assert (user["email"], user["isVerified"]) == (email, False)
        assert signed_in(by_google(client, email))["user"]["id"] == user["id"]
        registrant = signed_in(client.post("/api/auth/google", json=google))
        assert registrant["user"]["id"] != user["id"]

    def test_many_guests_cannot_collect_tokens(
        self, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        guests = [guest(client) for _ in range(2)]
        monkeypatch.setenv("REGISTER_LIMIT", "5/86400, 1/86400")
        settings.cache_clear()
        client.environ_base["REMOTE_ADDR"] = new_address()
        linked(link(client, guests[0], idToken=google_token(new_email())))
        refused = link(client, guests[1], idToken=google_token(new_email()))
        assert code(refused) == (429, "too_many_requests")

    def test_hidden_addresses_stay_hidden(
        self, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        taken, before = new_email(), guest(client)
        register(client, taken)
        monkeypatch.setenv("EMAIL_ENUMERATION", "hidden")
        settings.cache_clear()
        for email in (taken, new_email()):
            answer = link(client, before, email=email, password=PASSWORD)
            assert code(answer) == (422, "address_not_proved")


class TestLinkingAnAccount:
    def test_google_proves_the_address_and_ends_the_other_sessions(
        self, client: FlaskClient
    ) -> None:
        email = new_email()
        mine = register(client, email)
        other = signed_in(login(client, email))
        user = linked(link(client, mine, idToken=google_token(email)))
        assert (user["isVerified"], user["tokens"]) == (True, 20)
        assert is_live(client, mine)
        assert not is_live(client, other)
        assert login(client, email).status_code == 200
        assert signed_in(by_google(client, email))["user"]["id"] == user["id"]

    def test_a_google_account_gets_a_password_once(self, client: FlaskClient) -> None:
        email = new_email()
        mine, other = (signed_in(by_google(client, email)) for _ in range(2))
        wrong = link(client, mine, email=new_email(), password=PASSWORD)
        assert code(wrong) == (409, "other_email")
        user = linked(link(client, mine, password=PASSWORD))
        assert (user["email"], user["isVerified"]) == (email, True)
        assert is_live(client, mine)
        assert not is_live(client, other)
        again = signed_in(login(client, email))
        assert again["user"]["id"] == user["id"]
        # A stolen session cannot replace it.
        assert code(link(client, again, password="another horse 2")) == (409, "already_linked")
        assert login(client, email).status_code == 200

    def test_an_account_without_an_address_names_one(self, client: FlaskClient) -> None:
        mine = signed_in(by_google(client, None, sub=new_email()))
        assert code(link(client, mine, password=PASSWORD)) == (409, "no_email")
        user = linked(link(client, mine, email=(email := new_email()), password=PASSWORD))
        assert (user["email"], user["isVerified"]) == (email, False)

    def test_it_needs_a_recent_sign_in_but_a_guest_does_not(
        self, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mine, before = register(client, new_email()), guest(client)
        later = now() + timedelta(minutes=6)
        monkeypatch.setattr("troupe.accounts.service.now", lambda: later)
        body = {"idToken": google_token(new_email())}
        assert code(link(client, mine, **body)) == (403, "recent_sign_in_required")
        assert linked(link(client, before, **body))["isGuest"] is False

    def test_an_invalid_id_token_does_not_sign_out(self, client: FlaskClient) -> None:
        mine = register(client, new_email())
        assert code(link(client, mine, idToken="x")) == (403, "wrong_google_token")

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"email": "ada@example.com"},
            {"idToken": "x", "password": PASSWORD},
            {"idToken": "x", "email": "ada@example.com"},
            {"email": "ada@example.com", "password": "short"},
        ],
    )
    def test_it_takes_one_method(self, client: FlaskClient, body: dict[str, str]) -> None:
        assert code(link(client, guest(client), **body)) == (422, "invalid_input")


def _crash(*_: object, **__: object) -> None:
    raise RuntimeError("the process ends here")
