"""firestore.rules: calls, on the emulator's rules engine, as clients use them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.rules.test_firestore_rules import SIGNED_IN, Client
from tests.rules.test_room_rules import listing
from troupe.adapters.firestore import Create, Database, Update

STATES = {"host": "in", "guest": "in", "waiting": "waiting", "former": "left", "removed": "removed"}
ROLES = (*STATES, "stranger", "nobody")
INSIDE = ("host", "guest")


@dataclass(frozen=True)
class Scene:
    db: Database
    call: str
    users: dict[str, str]

    def client(self, role: str) -> Client:
        return Client(self.users.get(role))


@pytest.fixture
def scene(db: Database) -> Scene:
    call = secrets.token_hex(16)
    users = {role: secrets.token_hex(8) for role in ROLES if role != "nobody"}
    accesses = [
        Create(
            f"calls/{call}/access/{users[role]}",
            {"uid": users[role], "state": state, "active": state == "in"},
        )
        for role, state in STATES.items()
    ]
    db.commit(
        *(Create(f"users/{uid}", {"name": role}) for role, uid in users.items()),
        *accesses,
        Create(f"calls/{call}", {"companyId": "co1", "invitees": [{"phone": "+4712345678"}]}),
        Create(f"calls/{call}/participants/1", {"uid": users["host"], "state": "in"}),
        Create(f"calls/{call}/quality/1", {"reports": 1}),
        Create(f"calls/{call}/state/recording", {"state": "requested"}),
        Create(f"callRecordings/{call}", {"callId": call, "uid": users["host"]}),
        Create(f"callRecordings/{call}/parts/00000", {"path": "p"}),
        Create(f"callCodes/{call}", {"callId": call}),
        Create(f"companies/{call}/slugs/help", {"callId": call}),
        Create(f"companies/{call}/state/calls", {"number": 1}),
        Create(f"beats/call-{call}", {"p": {}}),
    )
    return Scene(db, call, users)


@pytest.mark.parametrize("role", ROLES)
def test_only_those_in_a_call_see_who_is_in_it(scene: Scene, role: str) -> None:
    client, wanted = scene.client(role), 200 if role in INSIDE else 403
    call = f"calls/{scene.call}"
    assert client.get(f"{call}/participants/1") == wanted
    assert client.get(f"{call}/state/recording") == wanted
    assert listing(client, f"/{call}", "participants", 100) == wanted
    assert listing(client, f"/{call}", "participants", 101) == 403
    assert listing(client, f"/{call}", "participants", None) == 403


@pytest.mark.parametrize("role", ROLES)
def test_everybody_sees_their_own_access_alone(scene: Scene, role: str) -> None:
    client, call = scene.client(role), f"calls/{scene.call}"
    for owner in STATES:
        path = f"{call}/access/{scene.users[owner]}"
        assert client.get(path) == (200 if owner == role else 403)
    assert listing(client, f"/{call}", "access", 10) == 403
    mine = {"group": True, "uid": scene.users.get(role, "")}
    assert listing(client, "", "access", 10, **mine) == 403
    assert listing(client, "", "participants", 10, **mine) == 403


@pytest.mark.parametrize("role", ROLES)
def test_the_call_and_what_the_functions_keep_are_nobodys(scene: Scene, role: str) -> None:
    client, call = scene.client(role), scene.call
    for path in (
        f"calls/{call}",
        f"calls/{call}/quality/1",
        f"callCodes/{call}",
        f"companies/{call}/slugs/help",
        f"companies/{call}/state/calls",
        f"beats/call-{call}",
        f"callRecordings/{call}",
        f"callRecordings/{call}/parts/00000",
    ):
        assert client.get(path) == 403, path
    assert listing(client, "", "calls", 10, companyId="co1") == 403
    body = {"fields": {"state": {"stringValue": "in"}}}
    for path in (
        f"calls/{call}",
        f"calls/{call}/participants/1",
        f"calls/{call}/participants/2",
        f"calls/{call}/state/recording",
        f"calls/{call}/access/{scene.users['waiting']}",
    ):
        assert client.ask("PATCH", f"/{path}", body) == 403
        assert client.ask("DELETE", f"/{path}") == 403


ENDED = datetime.fromtimestamp(SIGNED_IN + 1, UTC)


@pytest.mark.parametrize(
    "fields", [{"suspended": True}, {"deletedAt": ENDED}, {"validAfter": ENDED}], ids=str
)
def test_an_ended_sign_in_ends_listening_at_once(scene: Scene, fields: dict[str, Any]) -> None:
    client, uid = scene.client("guest"), scene.users["guest"]
    scene.db.commit(Update(f"users/{uid}", fields))
    assert client.get(f"calls/{scene.call}/participants/1") == 403
    assert client.get(f"calls/{scene.call}/access/{uid}") == 403


def test_who_is_removed_reads_nothing_more(scene: Scene) -> None:
    client, uid = scene.client("guest"), scene.users["guest"]
    path = f"calls/{scene.call}/access/{uid}"
    assert client.get(f"calls/{scene.call}/participants/1") == 200
    scene.db.commit(Update(path, {"active": False, "state": "removed"}))
    assert client.get(f"calls/{scene.call}/participants/1") == 403
    assert client.get(path) == 200
