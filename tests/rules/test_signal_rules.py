"""firestore.rules: signals of calls, on the emulator's rules engine, as clients use them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.rules.test_firestore_rules import SIGNED_IN, Client
from tests.rules.test_room_rules import listing
from troupe.adapters.firestore import Create, Database, Update

STATES = {"host": "in", "guest": "in", "waiting": "waiting", "former": "left", "removed": "removed"}
ROLES = (*STATES, "stranger", "nobody")


@dataclass(frozen=True)
class Scene:
    db: Database
    call: str
    users: dict[str, str]

    @property
    def path(self) -> str:
        return f"calls/{self.call}"

    def client(self, role: str) -> Client:
        return Client(self.users.get(role))


@pytest.fixture
def scene(db: Database) -> Scene:
    """A call, with a signal to everybody who is or was in it, or in its lobby."""
    call, at = secrets.token_hex(16), datetime.now(UTC)
    users = {role: secrets.token_hex(8) for role in ROLES if role != "nobody"}
    writes = [Create(f"users/{uid}", {"name": role}) for role, uid in users.items()]
    for who, state in STATES.items():
        uid = users[who]
        access = {"uid": uid, "state": state, "active": state == "in"}
        signal = {"from": "x", "to": who, "toUid": uid, "payload": "{}", "at": at}
        writes += [
            Create(f"calls/{call}/access/{uid}", access),
            Create(f"calls/{call}/signals/{who}", signal),
        ]
    db.commit(*writes)
    return Scene(db, call, users)


def signals(scene: Scene, role: str, of: str, limit: int | None = 100) -> int:
    uid = scene.users[of]
    return listing(scene.client(role), f"/{scene.path}", "signals", limit, toUid=uid)


@pytest.mark.parametrize("role", ROLES)
def test_a_mailbox_is_read_by_its_owner_alone(scene: Scene, role: str) -> None:
    for of in STATES:
        assert signals(scene, role, of) == (200 if of == role else 403), of
        assert signals(scene, role, of, 101) == 403
        assert signals(scene, role, of, None) == 403
        assert scene.client(role).get(f"{scene.path}/signals/{of}") == 403
    client = scene.client(role)
    assert listing(client, f"/{scene.path}", "signals", 100) == 403
    assert listing(client, f"/{scene.path}", "signals", 100, to="host") == 403


@pytest.mark.parametrize("role", ROLES)
def test_nobody_writes_signals(scene: Scene, role: str) -> None:
    client, signals = scene.client(role), f"{scene.path}/signals"
    body = {"fields": {"toUid": {"stringValue": scene.users.get(role, "x")}}}
    for path in (f"{signals}/host", f"{signals}/{role}", f"{signals}/new"):
        assert client.ask("PATCH", f"/{path}", body) == 403, path
        assert client.ask("DELETE", f"/{path}") == 403, path


ENDED = datetime.fromtimestamp(SIGNED_IN + 1, UTC)


@pytest.mark.parametrize(
    "fields", [{"suspended": True}, {"deletedAt": ENDED}, {"validAfter": ENDED}], ids=str
)
def test_an_ended_sign_in_ends_listening_at_once(scene: Scene, fields: dict[str, Any]) -> None:
    scene.db.commit(Update(f"users/{scene.users['host']}", fields))
    assert signals(scene, "host", "host") == 403


def test_a_guest_listens_with_a_session_until_that_ends(scene: Scene) -> None:
    uid, at = scene.users["guest"], datetime.now(UTC)
    entry = {"createdAt": at, "expiresAt": at + timedelta(hours=1)}
    scene.db.commit(Update(f"users/{uid}", {"sessions": {"s1": entry}}))
    client = Client(uid, session="s1")
    assert listing(client, f"/{scene.path}", "signals", 100, toUid=uid) == 200
    assert listing(client, f"/{scene.path}", "signals", 100, toUid=scene.users["host"]) == 403
    scene.db.commit(Update(f"users/{uid}", {"sessions": {}}))
    assert listing(client, f"/{scene.path}", "signals", 100, toUid=uid) == 403
