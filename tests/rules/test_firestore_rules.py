"""firestore.rules on the emulator's rules engine, as clients use it: over REST with a Firebase ID
token (the emulator accepts unsigned ones)."""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import requests

from tests.support import firebase_client
from tests.support.accounts import bearer, register
from tests.support.factories import PROJECT
from tests.support.firebase_client import new_email
from tests.support.wiring import services
from troupe.accounts.sessions import sign_in_id
from troupe.adapters.firestore import Create, Database, Delete, Update
from troupe.adapters.identity_records import CLAIM, listener_uid

DOCUMENTS = f"projects/{PROJECT}/databases/(default)/documents"


SIGNED_IN = 1_800_000_000  # when the clients signed in


class Client:
    def __init__(
        self,
        uid: str | None,
        at: int = SIGNED_IN,
        provider: str = "google.com",
        session: str | None = None,
    ) -> None:
        """`at`: when the client signed in, as in its ID token. `session`: of ours, for which it
        listens."""
        self.base = f"http://{os.environ['FIRESTORE_EMULATOR_HOST']}/v1/{DOCUMENTS}"
        firebase = {"sign_in_provider": provider}
        sub, more = uid, {}
        if uid and session:
            sub, more = listener_uid(uid), {CLAIM: {"uid": uid, "sid": session}}
        claims = {"sub": sub, "user_id": sub, "aud": PROJECT, "auth_time": at, "firebase": firebase}
        claims |= more
        token = uid and jwt.encode(claims, "", algorithm="none")
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, method: str, path: str, body: Any = None) -> int:
        url = self.base + path
        return requests.request(
            method, url, json=body, headers=self.headers, timeout=10
        ).status_code

    def get(self, path: str) -> int:
        return self.ask("GET", f"/{path}")

    def query(self, collection: str, field: str, value: str) -> int:
        where = {
            "fieldFilter": {
                "field": {"fieldPath": field},
                "op": "EQUAL",
                "value": {"stringValue": value},
            }
        }
        query = {"from": [{"collectionId": collection}], "where": where}
        return self.ask("POST", ":runQuery", {"structuredQuery": query})


@pytest.fixture
def uid(db: Database) -> str:
    """A user with one document in each collection."""
    uid = secrets.token_hex(8)
    db.commit(
        Create(f"users/{uid}", {"name": "Ada"}),
        Create(f"users/{uid}/activities/{uid}", {"type": "voice"}),
        Create(f"wallets/{uid}", {"tokens": {}}),
        Create(f"wallets/{uid}/ledger/signup-grant", {"kind": "grant"}),
        Create(f"jobs/{uid}", {"uid": uid}),
        Create(f"jobs/{uid}/parts/0", {"path": "x"}),
        Create(f"jobs/{uid}/private/input", {"uid": uid, "input": {"text": "x"}}),
        Create(f"generations/{uid}", {"uid": uid}),
        Create(f"inboxes/{uid}", {"uid": uid}),
        Create(f"users/{uid}/notifications/{uid}", {"uid": uid}),
        Create(f"usernames/{uid}", {"uid": uid}),
        Create(f"plans/{uid}", {"status": "Active"}),
        Create(f"plans/{uid}-old", {"status": "Inactive"}),
        Create(f"faqs/{uid}", {"question": "?"}),
        Create(f"companies/{uid}", {"ownerUid": uid}),
        Create(f"companies/{uid}/members/{uid}", {"role": "owner"}),
    )
    return uid


MINE = ["users", "jobs", "generations", "inboxes"]

NOBODYS = ["users/{0}/activities/{0}", "wallets/{0}/ledger/signup-grant"]
NOBODYS += ["jobs/{0}/parts/0", "jobs/{0}/private/input"]
NOBODYS += ["usernames/{0}", "plans/{0}-old", "anything/{0}"]
NOBODYS += ["characters/{0}", "characters/{0}/stars/{0}", "discards/{0}"]
NOBODYS += ["companies/{0}", "companies/{0}/members/{0}", "companies/{0}/licences/{0}"]
NOBODYS += ["companies/{0}/invitations/{0}", "companySlugs/{0}", "companyNumbers/{0}"]
NOBODYS += ["metrics/{0}", "debug/{0}", "debugLogs/{0}"]
NOBODYS += ["reviews/{0}", "ratings/{0}", "comments/{0}", "endedSubjects/{0}"]
NOBODYS += ["audit/{0}", "contacts/{0}", "deletions/{0}", "subscriptions/{0}"]


@pytest.mark.parametrize("collection", MINE)
def test_users_read_only_their_own_documents(uid: str, collection: str) -> None:
    assert Client(uid).get(f"{collection}/{uid}") == 200
    assert Client("somebody-else").get(f"{collection}/{uid}") == 403
    assert Client(None).get(f"{collection}/{uid}") == 403


def test_users_read_only_their_own_wallet(db: Database, uid: str) -> None:
    assert Client(uid).get(f"wallets/{uid}") == 200
    assert Client("somebody-else").get(f"wallets/{uid}") == 403
    assert Client(None).get(f"wallets/{uid}") == 403
    assert Client(uid).query("wallets", "kind", "user") == 403
    db.commit(Update(f"users/{uid}", {"suspended": True}))
    assert Client(uid).get(f"wallets/{uid}") == 403


def test_no_member_reads_the_wallet_of_a_company(db: Database, uid: str) -> None:
    db.commit(Create(f"wallets/{uid}-firm", {"kind": "company", "tokens": {}}))
    assert Client(uid).get(f"wallets/{uid}-firm") == 403


@pytest.mark.parametrize("collection", ["jobs", "generations"])
def test_a_document_that_does_not_exist_is_no_denial(
    db: Database, uid: str, collection: str
) -> None:
    """A listener that is denied ends for good."""
    assert Client(uid).get(f"{collection}/not-there") == 404
    assert Client(None).get(f"{collection}/not-there") == 403
    db.commit(Update(f"users/{uid}", {"suspended": True}))
    assert Client(uid).get(f"{collection}/not-there") == 403


@pytest.mark.parametrize("collection", ["jobs", "generations"])
def test_users_list_only_their_own_documents(uid: str, collection: str) -> None:
    assert Client(uid).query(collection, "uid", uid) == 200
    assert Client("somebody-else").query(collection, "uid", uid) == 403


@pytest.mark.parametrize("collection", MINE)
def test_suspended_and_deleted_users_read_nothing(db: Database, uid: str, collection: str) -> None:
    db.commit(Update(f"users/{uid}", {"suspended": True}))
    assert Client(uid).get(f"{collection}/{uid}") == 403
    if collection != "users":
        assert Client(uid).query(collection, "uid", uid) == 403
    db.commit(Update(f"users/{uid}", {"suspended": False}))
    assert Client(uid).get(f"{collection}/{uid}") == 200
    db.commit(Delete(f"users/{uid}"))
    assert Client(uid).get(f"{collection}/{uid}") == (404 if collection == "users" else 403)


def at(seconds: float) -> datetime:
    """A time that many seconds after the sign-in."""
    return datetime.fromtimestamp(SIGNED_IN + seconds, UTC)


LISTED = {sign_in_id(SIGNED_IN, "google.com"): {"keptAt": None}}
KEPT = {sign_in_id(SIGNED_IN, "google.com"): {"keptAt": at(60)}}
# The user's fields, and whether a client that signed in at SIGNED_IN reads.
SIGN_INS: dict[str, tuple[dict[str, Any], int]] = {
    "deleted": ({"deletedAt": at(-60)}, 403),
    "not deleted": ({"deletedAt": None, "validAfter": None, "signInsAfter": None}, 200),
    "void": ({"validAfter": at(0.5)}, 403),
    "after the void ones": ({"validAfter": at(0)}, 200),
    "listed but void": ({"validAfter": at(0.5), "sessions": LISTED}, 403),
    "kept": ({"validAfter": at(60), "sessions": KEPT}, 200),
    "kept earlier": ({"validAfter": at(61), "sessions": KEPT}, 403),
    "ended alone": ({"signInsAfter": at(0)}, 403),
    "another ended later": ({"signInsAfter": at(60), "sessions": LISTED}, 200),
    "another ended earlier": ({"signInsAfter": at(-1), "sessions": {}}, 200),
    "only another provider's is listed": (
        {"signInsAfter": at(60), "sessions": {sign_in_id(SIGNED_IN, "password"): {}}},
        403,
    ),
}


@pytest.mark.parametrize("collection", MINE)
@pytest.mark.parametrize(("fields", "status"), SIGN_INS.values(), ids=SIGN_INS.keys())
def test_an_ended_sign_in_reads_nothing(
    db: Database, uid: str, collection: str, fields: dict[str, Any], status: int
) -> None:
    db.commit(Update(f"users/{uid}", fields))
    assert Client(uid).get(f"{collection}/{uid}") == status
    if collection != "users":
        assert Client(uid).query(collection, "uid", uid) == status


def test_logging_out_ends_reading(emulators: object) -> None:
    """The functions and the rules identify a sign-in alike."""
    accounts = services().accounts
    email = new_email()
    first = firebase_client.sign_up(email)
    uid = first["localId"]
    accounts.authenticate(f"Bearer {first['idToken']}")
    firebase_client.wait_for_the_next_second()
    second = firebase_client.sign_in(email)["idToken"]
    caller = accounts.authenticate(f"Bearer {second}")
    listening = [Client(uid), Client(uid)]
    for client, token in zip(listening, (first["idToken"], second), strict=True):
        client.headers = {"Authorization": f"Bearer {token}"}
    assert [client.get(f"users/{uid}") for client in listening] == [200, 200]
    accounts.logout(caller)
    assert [client.get(f"users/{uid}") for client in listening] == [200, 403]


NOW = datetime.now(UTC)
OPEN = {"createdAt": at(0), "expiresAt": NOW + timedelta(hours=1)}
# The user's fields, and whether a client that listens for the session `s1` reads.
SESSIONS: dict[str, tuple[dict[str, Any], int]] = {
    "open": ({"sessions": {"s1": OPEN}}, 200),
    "open in spite of what ended sign-ins": ({"sessions": {"s1": OPEN}, "signInsAfter": NOW}, 200),
    "ended": ({"sessions": {"s2": OPEN}}, 403),
    "without sessions": ({"sessions": {}}, 403),
    "expired": ({"sessions": {"s1": OPEN | {"expiresAt": NOW - timedelta(seconds=1)}}}, 403),
    "void": ({"sessions": {"s1": OPEN}, "validAfter": at(0.5)}, 403),
    "opened when others were ended": ({"sessions": {"s1": OPEN}, "validAfter": at(0)}, 200),
    "kept": ({"sessions": {"s1": OPEN | {"keptAt": at(60)}}, "validAfter": at(60)}, 200),
    "kept earlier": ({"sessions": {"s1": OPEN | {"keptAt": at(60)}}, "validAfter": at(61)}, 403),
    "suspended": ({"sessions": {"s1": OPEN}, "suspended": True}, 403),
    "deleted": ({"sessions": {"s1": OPEN}, "deletedAt": NOW}, 403),
}


@pytest.mark.parametrize("collection", MINE)
@pytest.mark.parametrize(("fields", "status"), SESSIONS.values(), ids=SESSIONS.keys())
def test_a_listener_reads_as_long_as_its_session_lives(
    db: Database, uid: str, collection: str, fields: dict[str, Any], status: int
) -> None:
    db.commit(Update(f"users/{uid}", fields))
    client = Client(uid, session="s1")
    assert client.get(f"{collection}/{uid}") == status
    if collection != "users":
        assert client.query(collection, "uid", uid) == status


def test_a_listener_reads_nothing_of_others(db: Database, uid: str) -> None:
    db.commit(Update(f"users/{uid}", {"sessions": {"s1": OPEN}}))
    for path in (*(f"{each}/{uid}" for each in MINE), *(each.format(uid) for each in NOBODYS)):
        assert Client("somebody-else", session="s1").get(path) == 403, path
    # The Firebase account of the listener, signed in without us: with a password of its own.
    for collection in MINE:
        assert Client(listener_uid(uid)).get(f"{collection}/{uid}") == 403


def test_logging_out_ends_a_real_listener(emulators: object) -> None:
    """The claim survives what the SDK does every hour, and is what the rules expect."""
    accounts = services().accounts
    signed_in = register(accounts)
    caller = accounts.authenticate(bearer(signed_in.pair.access_token))
    sign_in = firebase_client.call("signInWithCustomToken", token=accounts.firebase_token(caller))
    client = Client(caller.uid)
    for token in (sign_in["idToken"], firebase_client.refreshed(sign_in["refreshToken"])):
        client.headers = {"Authorization": bearer(token)}
        assert client.get(f"users/{caller.uid}") == 200
    accounts.logout(caller)
    assert client.get(f"users/{caller.uid}") == 403


def test_users_cannot_be_listed(uid: str) -> None:
    assert Client(uid).query("users", "name", "Ada") == 403


@pytest.mark.parametrize("path", ["plans/{0}", "faqs/{0}"])
@pytest.mark.parametrize("signed_in", [True, False])
def test_everybody_reads_public_documents(uid: str, path: str, signed_in: bool) -> None:
    assert Client(uid if signed_in else None).get(path.format(uid)) == 200


@pytest.mark.parametrize("collection", ["reviews", "comments"])
def test_what_is_said_of_calls_is_not_listed_either(
    db: Database, uid: str, collection: str
) -> None:
    """Not even one's own: a rule could not hide what is internal from those who have left."""
    db.commit(Create(f"{collection}/{uid}", {"uid": uid, "internal": False}))
    for client in (Client(uid), Client(None)):
        assert client.query(collection, "uid", uid) == 403


@pytest.mark.parametrize("path", NOBODYS)
def test_nobody_reads_anything_else(uid: str, path: str) -> None:
    assert Client(uid).get(path.format(uid)) == 403


@pytest.mark.parametrize(
    "path", [f"{name}/{{0}}" for name in [*MINE, "plans", "faqs"]] + [*NOBODYS, "new/{0}"]
)
def test_nobody_writes_anything(uid: str, path: str) -> None:
    client = Client(uid)
    body = {"fields": {"tokens": {"integerValue": "1000"}}}
    assert client.ask("PATCH", "/" + path.format(uid), body) == 403
    assert client.ask("DELETE", "/" + path.format(uid)) == 403
