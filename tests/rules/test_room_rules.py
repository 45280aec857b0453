"""firestore.rules: rooms, on the emulator's rules engine, as clients use them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.rules.test_firestore_rules import SIGNED_IN, Client
from troupe.adapters.firestore import Create, Database, Update

ROLES = ("owner", "member", "former", "stranger", "nobody")
INSIDE = ("owner", "member")


@dataclass(frozen=True)
class Scene:
    db: Database
    room: str
    public: str
    users: dict[str, str]

    def client(self, role: str) -> Client:
        return Client(self.users.get(role))


@pytest.fixture
def scene(db: Database) -> Scene:
    """A private room with a member and a former one, and a public one with its owner alone."""
    room, public = secrets.token_hex(16), secrets.token_hex(16)
    users = {role: secrets.token_hex(8) for role in ROLES if role != "nobody"}
    writes = [Create(f"users/{uid}", {"name": role}) for role, uid in users.items()]
    for role in ("owner", "member", "former"):
        uid = users[role]
        member = {"uid": uid, "active": role in INSIDE, "role": role}
        writes.append(Create(f"rooms/{room}/members/{uid}", member))
    at = datetime.now(UTC)
    db.commit(
        *writes,
        Create(f"rooms/{room}", {"kind": "private", "status": "open"}),
        Create(f"rooms/{public}", {"kind": "public", "status": "open"}),
        Create(f"rooms/{public}/messages/1", {"text": "Hi", "createdAt": at}),
        Create(f"rooms/{room}/messages/1", {"text": "Hi", "createdAt": at}),
        Create(f"rooms/{room}/state/presence", {"online": {}}),
        Create(f"rooms/{room}/reads/{users['member']}", {"sent": 1}),
        Create(f"rooms/{room}/bans/{users['former']}", {"by": "x"}),
        Create(f"roomSecrets/{room}", {"passwordHash": "x"}),
        Create(f"roomInvitations/{room}", {"roomId": room}),
        Create(f"beats/{room}", {"p": {}}),
        Create(f"rooms/{room}/tabs/owner", {"credit": {}}),
    )
    return Scene(db, room, public, users)


def listing(client: Client, parent: str, collection: str, limit: int | None, **where: Any) -> int:
    query: dict[str, Any] = {"from": [{"collectionId": collection}]}
    if where.pop("group", False):
        query["from"][0]["allDescendants"] = True
    filters = [
        {
            "fieldFilter": {
                "field": {"fieldPath": name},
                "op": "EQUAL",
                "value": {"stringValue": value},
            }
        }
        for name, value in where.items()
    ]
    if filters:
        query["where"] = {"compositeFilter": {"op": "AND", "filters": filters}}
    if limit is not None:
        query["limit"] = limit
    return client.ask("POST", f"{parent}:runQuery", {"structuredQuery": query})


@pytest.mark.parametrize("role", ROLES)
def test_only_members_read_what_is_in_a_room(scene: Scene, role: str) -> None:
    client, wanted = scene.client(role), 200 if role in INSIDE else 403
    room = f"rooms/{scene.room}"
    members = f"{room}/members/{scene.users['owner']}"
    for path in (room, f"{room}/messages/1", members, f"{room}/state/presence"):
        assert client.get(path) == wanted, path
    for collection, most in (("messages", 100), ("members", 500)):
        assert listing(client, f"/{room}", collection, most) == wanted
        assert listing(client, f"/{room}", collection, most + 1) == 403
        assert listing(client, f"/{room}", collection, None) == 403


@pytest.mark.parametrize("role", ROLES)
def test_public_rooms_are_read_by_their_members_alone(scene: Scene, role: str) -> None:
    """A room's document has its last message. Others list public rooms with the API."""
    client = scene.client(role)
    assert client.get(f"rooms/{scene.public}") == 403
    assert listing(client, "", "rooms", 50, kind="public", status="open") == 403
    assert client.get(f"rooms/{scene.public}/messages/1") == 403
    assert listing(client, f"/rooms/{scene.public}", "messages", 10) == 403


@pytest.mark.parametrize("role", ROLES)
def test_a_read_marker_is_its_members_own(scene: Scene, role: str) -> None:
    path = f"rooms/{scene.room}/reads/{scene.users['member']}"
    assert scene.client(role).get(path) == (200 if role == "member" else 403)


def test_everybody_lists_their_own_memberships(scene: Scene) -> None:
    for role in ("owner", "member", "former"):
        client = scene.client(role)
        mine = {"group": True, "uid": scene.users[role]}
        assert listing(client, "", "members", 200, **mine) == 200
        assert listing(client, "", "members", None, **mine) == 403
    theirs = {"group": True, "uid": scene.users["owner"]}
    assert listing(scene.client("member"), "", "members", 200, **theirs) == 403
    assert listing(scene.client("nobody"), "", "members", 200, **theirs) == 403


@pytest.mark.parametrize("role", ROLES)
def test_what_the_functions_keep_is_nobodys(scene: Scene, role: str) -> None:
    client, room = scene.client(role), scene.room
    ban = f"rooms/{room}/bans/{scene.users['former']}"
    account = f"rooms/{room}/tabs/owner"
    others = (f"roomSecrets/{room}", f"roomInvitations/{room}", f"beats/{room}", f"tabs/{room}")
    for path in (ban, account, *others):
        assert client.get(path) == 403
    body = {"fields": {"text": {"stringValue": "Ho"}}}
    for path in (
        f"rooms/{room}",
        f"rooms/{room}/messages/1",
        f"rooms/{room}/messages/2",
        f"rooms/{room}/members/{scene.users['member']}",
        f"rooms/{room}/reads/{scene.users['member']}",
        f"rooms/{room}/state/presence",
    ):
        assert client.ask("PATCH", f"/{path}", body) == 403
        assert client.ask("DELETE", f"/{path}") == 403


ENDED = datetime.fromtimestamp(SIGNED_IN + 1, UTC)


@pytest.mark.parametrize(
    "fields", [{"suspended": True}, {"deletedAt": ENDED}, {"validAfter": ENDED}], ids=str
)
def test_an_ended_sign_in_ends_listening_at_once(scene: Scene, fields: dict[str, Any]) -> None:
    client, room = scene.client("member"), f"rooms/{scene.room}"
    scene.db.commit(Update(f"users/{scene.users['member']}", fields))
    assert client.get(f"{room}/messages/1") == 403
    assert listing(client, f"/{room}", "messages", 100) == 403
    mine = {"group": True, "uid": scene.users["member"]}
    assert listing(client, "", "members", 200, **mine) == 403


def test_a_listener_of_a_session_reads_its_rooms_until_that_ends(scene: Scene) -> None:
    room, uid = f"rooms/{scene.room}", scene.users["member"]
    at = datetime.now(UTC)
    entry = {"createdAt": at, "expiresAt": at + timedelta(hours=1)}
    scene.db.commit(Update(f"users/{uid}", {"sessions": {"s1": entry}}))
    client = Client(uid, session="s1")
    own = f"{room}/reads/{uid}"
    for path in (room, f"{room}/messages/1", f"{room}/state/presence", own):
        assert client.get(path) == 200, path
    assert listing(client, f"/{room}", "messages", 100) == 200
    assert listing(client, "", "members", 200, group=True, uid=uid) == 200
    assert client.get(f"rooms/{scene.public}/messages/1") == 403
    scene.db.commit(Update(f"users/{uid}", {"sessions": {}}))
    assert client.get(f"{room}/messages/1") == 403
    assert listing(client, f"/{room}", "messages", 100) == 403
