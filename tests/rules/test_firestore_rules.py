"""firestore.rules on the emulator's rules engine, as clients use it: over REST with a Firebase ID
token (the emulator accepts unsigned ones)."""

from __future__ import annotations

import os
import secrets
from typing import Any

import jwt
import pytest
import requests

from tests.support.factories import PROJECT
from troupe.adapters.firestore import Create, Database, Delete, Update

DOCUMENTS = f"projects/{PROJECT}/databases/(default)/documents"


class Client:
    def __init__(self, uid: str | None) -> None:
        self.base = f"http://{os.environ['FIRESTORE_EMULATOR_HOST']}/v1/{DOCUMENTS}"
        claims = {"sub": uid, "user_id": uid, "aud": PROJECT}
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
        Create(f"generations/{uid}", {"uid": uid}),
        Create(f"usernames/{uid}", {"uid": uid}),
        Create(f"plans/{uid}", {"status": "Active"}),
        Create(f"plans/{uid}-old", {"status": "Inactive"}),
        Create(f"faqs/{uid}", {"question": "?"}),
    )
    return uid


MINE = ["users", "jobs", "generations"]
NOBODYS = ["users/{0}/activities/{0}", "wallets/{0}", "wallets/{0}/ledger/signup-grant"]
NOBODYS += ["jobs/{0}/parts/0", "usernames/{0}", "plans/{0}-old", "anything/{0}"]
NOBODYS += ["characters/{0}", "characters/{0}/stars/{0}", "discards/{0}"]
NOBODYS += ["audit/{0}", "contacts/{0}", "deletions/{0}", "subscriptions/{0}"]


@pytest.mark.parametrize("collection", MINE)
def test_users_read_only_their_own_documents(uid: str, collection: str) -> None:
    assert Client(uid).get(f"{collection}/{uid}") == 200
    assert Client("somebody-else").get(f"{collection}/{uid}") == 403
    assert Client(None).get(f"{collection}/{uid}") == 403


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


def test_users_cannot_be_listed(uid: str) -> None:
    assert Client(uid).query("users", "name", "Ada") == 403


@pytest.mark.parametrize("path", ["plans/{0}", "faqs/{0}"])
@pytest.mark.parametrize("signed_in", [True, False])
def test_everybody_reads_public_documents(uid: str, path: str, signed_in: bool) -> None:
    assert Client(uid if signed_in else None).get(path.format(uid)) == 200


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
