"""Ownership: `troupe.access` refuses other users' objects as if they did not exist, and no route
returns an object by id without a policy for it."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Any

import pytest
from flask import g

from tests.contract.access import Ids, World, ask, needs_a_good_body
from tests.contract.operations import Operation, served
from tests.contract.test_access import world
from tests.support.wiring import app_for
from troupe.access import Check
from troupe.web.caller import Auth

__all__ = ["world"]

SOURCES = Path(__file__).parents[2] / "functions" / "troupe"
OPERATIONS = served()


def under(*policies: Auth) -> list[Operation]:
    return [operation for operation in OPERATIONS if operation.route.auth in policies]


# The document of each id.
SUBJECTS = {
    "generationId": "generations/{}",
    "characterId": "characters/{}",
    "scriptId": "scripts/{}",
    "jobId": "jobs/{}",
    "exportId": "jobs/{}",
    "bulkId": "jobs/{}",
    "fileId": "files/{}",
    "uploadId": "uploads/{}",
    "dictionaryId": "dictionaries/{}",
    "transcriptionId": "transcriptions/{}",
    "dubbingId": "dubbings/{}",
    "deviceId": "devices/{}",
    "keyId": "apiKeys/{}",
    "webhookId": "webhooks/{}",
}

# Ids that signed-in callers may use regardless of the owner.
OPEN_TO_USERS = {
    "getCharacter": "characters are public, unless they are private: see test_character_access.py",
    "getCharacterMedia": "pictures are as public as their characters; the same test",
    "starCharacter": "anybody may star a character",
    "unstarCharacter": "the star is the caller's own, whosever the character is",
    "getBackground": "the clips of the operator are for everybody",
    "readNotification": "looked up among the caller's own",
    "deleteNotification": "looked up among the caller's own",
    "revokeSession": "looked up among the caller's own sessions",
    "getRoom": "public rooms are for everybody, private ones for members: see test_rooms_api.py",
    "joinRoom": "joining needs a right of its own: see test_room_members_api.py",
    "enterCall": "coming in needs a right of its own: see test_call_entering.py",
    **dict.fromkeys(
        ("elSpeech", "elStream", "elTimestamps", "elStreamTimestamps", "elVoice"),
        "voices are for everybody, characters as for getCharacter: see test_elevenlabs_api.py",
    ),
}


def owned() -> list[Operation]:
    """Not of rooms and calls, which have several keepers: see test_room_roles.py and
    test_call_entering.py."""
    shared = ("rooms", "live", "calls")
    return [each for each in under(Auth.OWNER) if each.function not in shared]


@pytest.mark.parametrize("operation", owned(), ids=lambda operation: operation.id)
def test_another_users_object_looks_missing_and_is_refused_by_troupe_access(
    world: World, operation: Operation
) -> None:
    callers = world.callers()
    owner, stranger = callers["user"], callers["other"]
    ids = world.objects(operation, owner, of_body=needs_a_good_body(operation))
    subject = subject_of(ids)

    status, refusal, checks = asked(operation, ids, stranger.headers)
    assert checks == [Check("owner", stranger.uid, subject, granted=False)]
    if "characterId" in ids:  # characters are public
        assert (status, refusal["error"]["code"]) == (403, "not_owner")
    else:
        assert status == 404
        missing = {name: another(value) for name, value in ids.items()}
        assert asked(operation, missing, stranger.headers)[:2] == (status, refusal)

    status, _, checks = asked(operation, ids, owner.headers)
    # The invoice is at Stripe, which is switched off here.
    assert status < 300 or (operation.id, status) == ("paymentInvoice", 409)
    assert {*checks} == {Check("owner", owner.uid, subject, granted=True)}


def asked(operation: Operation, ids: Ids, headers: dict[str, str]) -> tuple[int, Any, list[Check]]:
    """Status, JSON, and the recorded checks."""
    with (
        app_for(operation.function).test_client() as client,
        ask(client, operation, ids, headers) as answer,
    ):
        return answer.status_code, answer.json if answer.is_json else None, g.get("checks", [])


def subject_of(ids: Ids) -> str:
    """The document of an object. A `noteId` that SUBJECTS does not name is of `notes/{id}`."""
    found = [SUBJECTS[name].format(value) for name, value in ids.items() if name in SUBJECTS]
    if not found:
        found = [f"{name.removesuffix('Id')}s/{value}" for name, value in ids.items()]
    (subject,) = found
    return subject


def another(value: str) -> str:
    """`value` with different hexadecimal digits: an id that does not exist."""
    return re.sub(r"[0-9a-f]{20,}", lambda found: secrets.token_hex(32)[: len(found[0])], value)


def test_every_path_with_an_object_id_has_an_object_policy() -> None:
    found = {each.id for each in under(Auth.USER, Auth.OPTIONAL) if each.names}
    assert found == OPEN_TO_USERS.keys()


def test_self_requires_a_user_in_the_path() -> None:
    assert under(Auth.SELF)
    assert all("userId" in operation.names for operation in under(Auth.SELF))


@pytest.mark.parametrize("operation", under(Auth.SELF), ids=lambda operation: operation.id)
def test_self_is_the_user_in_the_path(world: World, operation: Operation) -> None:
    callers = world.callers()
    ids = {"userId": callers["user"].uid}
    assert asked(operation, ids, callers["user"].headers)[0] == 200
    status, refusal, _ = asked(operation, ids, callers["other"].headers)
    assert (status, refusal["error"]["code"]) == (403, "forbidden")


def test_ownership_is_compared_in_one_place() -> None:
    comparison = re.compile(r"""\[["']uid["']\]\s*[!=]=|[!=]=\s*\S+\[["']uid["']\]""")
    places = {
        str(path.relative_to(SOURCES))
        for path in SOURCES.rglob("*.py")
        if comparison.search(path.read_text())
    }
    assert places == {
        "access.py",
        "accounts/profile.py",  # the owner of a username
    }
