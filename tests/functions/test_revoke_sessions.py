"""`DELETE /api/auth/sessions`: every way in ends but the one that asks, in the API and in the rules
of Firestore, also while others refresh."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.rules.test_firestore_rules import Client
from tests.support import firebase_client
from tests.support.accounts import DEVICE, bearer, register
from tests.support.firebase_client import PASSWORD, new_email, wait_for_the_next_second
from tests.support.wiring import app_for, services
from troupe.accounts.errors import RecentSignInRequired
from troupe.accounts.service import Accounts
from troupe.adapters.firestore import Database, Update, Write, now
from troupe.errors import TroupeError

PATH = "/api/auth/sessions"


@pytest.fixture(scope="module")
def file_db(deployed_db: Database) -> Database:
    """The rules are asked, too."""
    return deployed_db


@pytest.fixture
def client(emulators: object) -> FlaskClient:
    return app_for("auth").test_client()


@pytest.fixture
def accounts(emulators: object) -> Accounts:
    return services().accounts


def ask(client: FlaskClient, method: str, path: str, token: str) -> Any:
    return client.open(path, method=method, headers={"Authorization": bearer(token)})


def reads(uid: str, token: str) -> bool:
    """Whether a client that listens with this Firebase ID token gets the user's document."""
    listening = Client(uid)
    listening.headers = {"Authorization": bearer(token)}
    return listening.get(f"users/{uid}") == 200


def listen(accounts: Accounts, access_token: str) -> Any:
    custom = accounts.firebase_token(accounts.authenticate(bearer(access_token)))
    return firebase_client.call("signInWithCustomToken", token=custom)


@pytest.mark.parametrize("asking", ["session", "sdk"])
def test_all_ways_in_end_but_the_one_that_asks(
    client: FlaskClient, accounts: Accounts, asking: str
) -> None:
    email = new_email()
    unseen = firebase_client.sign_up(email)  # never calls us before it ends
    uid = unseen["localId"]
    wait_for_the_next_second()
    sdk = firebase_client.sign_in(email)
    assert ask(client, "GET", "/api/me", sdk["idToken"]).status_code == 200
    first, second = (accounts.login(email, PASSWORD, DEVICE).pair for _ in range(2))
    listeners = [listen(accounts, each.access_token) for each in (first, second)]
    tokens = {
        "session": first.access_token,
        "its listener": listeners[0]["idToken"],
        "other": second.access_token,
        "other's listener": listeners[1]["idToken"],
        "sdk": sdk["idToken"],
    }
    stays = {"session", "its listener"} if asking == "session" else {"sdk"}
    answer = ask(client, "DELETE", PATH, tokens[asking])
    assert (answer.status_code, answer.json["data"]) == (200, {"ended": 2})
    works = {n for n, t in tokens.items() if ask(client, "GET", "/api/me", t).status_code == 200}
    assert works == stays
    in_rules = {n for n in tokens if n not in ("session", "other") and reads(uid, tokens[n])}
    assert in_rules == stays - {"session"}
    # A renewed ID token is of the same sign-in. (The Auth emulator dates those of passwords anew.)
    for token in (unseen["idToken"], firebase_client.refreshed(listeners[1]["refreshToken"])):
        assert ask(client, "GET", "/api/me", token).status_code == 401
        assert not reads(uid, token)
    sent = {"refreshToken": second.refresh_token}
    assert client.post("/api/auth/refresh", json=sent).status_code == 401
    if asking == "session":
        sent = {"refreshToken": first.refresh_token}
        assert client.post("/api/auth/refresh", json=sent).status_code == 200
    assert ask(client, "DELETE", PATH, tokens[asking]).json["data"] == {"ended": 0}
    listed = ask(client, "GET", PATH, tokens[asking]).json["data"]["sessions"]
    assert [each["current"] for each in listed] == [True]
    wait_for_the_next_second()
    assert (
        ask(client, "GET", "/api/me", firebase_client.sign_in(email)["idToken"]).status_code == 200
    )


def test_a_refresh_between_reading_and_committing_does_not_survive(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    email = new_email()
    mine = register(accounts, email=email).pair
    other = accounts.login(email, PASSWORD, DEVICE).pair
    caller = accounts.authenticate(bearer(mine.access_token))
    refreshed: list[Any] = []
    commit = Database.commit

    def first_refreshing(self: Database, *writes: Write) -> Any:
        monkeypatch.setattr(Database, "commit", commit)
        refreshed.append(accounts.refresh(other.refresh_token, DEVICE).pair)
        return commit(self, *writes)

    monkeypatch.setattr(Database, "commit", first_refreshing)
    assert accounts.revoke_sessions(caller) == 1
    for token in (refreshed[0].refresh_token, other.refresh_token):
        with pytest.raises(TroupeError):
            accounts.refresh(token, DEVICE)
    assert accounts.refresh(mine.refresh_token, DEVICE)


def test_to_be_kept_is_no_sign_in(accounts: Accounts, db: Database) -> None:
    """A session from before sign-ins were recorded must not pass for a recent one."""
    mine = register(accounts).pair
    caller = accounts.authenticate(bearer(mine.access_token))
    long_ago = now() - timedelta(days=2)
    entry = f"sessions.{caller.session_id}"
    fields = {f"{entry}.signedInAt": None, f"{entry}.createdAt": long_ago}
    db.commit(Update(f"users/{caller.uid}", fields))
    accounts.revoke_sessions(caller)
    with pytest.raises(RecentSignInRequired):
        accounts.require_recent_sign_in(accounts.authenticate(bearer(mine.access_token)))


def test_two_that_revoke_each_other_leave_one(accounts: Accounts) -> None:
    """And others that refresh meanwhile have all ended."""
    for _ in range(3):
        email = new_email()
        pairs = [register(accounts, email=email).pair]
        pairs += [accounts.login(email, PASSWORD, DEVICE).pair for _ in range(3)]
        callers = [accounts.authenticate(bearer(each.access_token)) for each in pairs[:2]]
        together = threading.Barrier(4)

        def attempt(work: Any, *given: Any, together: threading.Barrier = together) -> Any:
            together.wait()
            try:
                return work(*given)
            except TroupeError as refused:
                return refused.code

        with ThreadPoolExecutor(4) as pool:
            revoked = [pool.submit(attempt, accounts.revoke_sessions, each) for each in callers]
            renewed = [
                pool.submit(attempt, accounts.refresh, each.refresh_token, DEVICE)
                for each in pairs[2:]
            ]
        outcomes = [each.result() for each in revoked]
        assert sorted(map(str, outcomes)) == ["3", "token_invalid"]
        kept = [callers[outcomes.index(3)].session_id]
        assert (
            list(
                accounts.sessions(
                    accounts.authenticate(bearer(pairs[outcomes.index(3)].access_token))
                )
            )
            == kept
        )
        for each in renewed:
            if not isinstance(each.result(), str):
                with pytest.raises(TroupeError):
                    accounts.refresh(each.result().pair.refresh_token, DEVICE)
