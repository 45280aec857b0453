"""Rooms: every operation that names one, by everybody who is not in it, and by those whose role is
not enough. Built from the routes, so an operation that is added is covered."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from tests.contract.examples import request_of
from tests.contract.operations import Operation, served
from tests.support.companies import Person, a_person
from tests.support.rooms import Place, a_room, ask
from troupe.adapters.firestore import Database
from troupe.web.caller import Auth

# Whoever is not in the room may see it or join it, if it lets them.
OPEN = {"getRoom", "joinRoom"}


@cache
def operations() -> list[Operation]:
    """All that name a room in their path."""
    return [
        each
        for each in served()
        if each.function in ("rooms", "captions", "live")
        and "roomId" in each.names
        and each.id not in OPEN
    ]


def asked(operation: Operation, ids: Mapping[str, str], person: Person) -> tuple[int, Any]:
    body = request_of(operation.route, dict(ids))
    answer = ask(person, operation.method, operation.filled(ids), operation.function, **body)
    return answer.status_code, answer.json.get("error")


def ids_of(room: Place) -> dict[str, str]:
    invited = room.data(room.owner, "POST", "/invitations")["invitation"]
    message = room.say(room.owner)["id"]
    return {
        "roomId": room.id,
        "userId": room.join().uid,
        "invitationId": invited["id"],
        "messageId": message,
        "ID_OF_A_MESSAGE": message,
    }


def test_every_operation_on_a_room_has_a_policy() -> None:
    assert operations()
    assert all(each.route.auth in (Auth.MEMBER, Auth.OWNER) for each in operations())


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.id)
def test_whoever_is_not_in_a_room_learns_nothing_of_it(db: Database, operation: Operation) -> None:
    room, other = a_room(db, isPrivate=True), a_room(db, isPrivate=True)
    ids = ids_of(room)
    nonsense = asked(operation, ids | {"roomId": "0" * 32}, room.owner)
    assert nonsense[0] == 404
    left, removed, banned = room.join(), room.join(), room.join()
    room.data(left, "POST", "/leave")
    room.data(room.owner, "DELETE", f"/members/{removed.uid}")
    room.data(room.owner, "DELETE", f"/members/{banned.uid}?ban=true")
    for person in (a_person(db), a_person(db, "admin"), other.owner, left, removed, banned):
        assert asked(operation, ids, person) == nonsense


@pytest.mark.parametrize(
    "operation",
    [each for each in operations() if each.names - {"roomId"}],
    ids=lambda operation: operation.id,
)
def test_ids_of_another_room_are_found_in_none(db: Database, operation: Operation) -> None:
    mine, theirs = a_room(db), a_room(db)
    ids = ids_of(theirs) | {"roomId": mine.id}
    assert asked(operation, ids, mine.owner)[0] == 404


@pytest.mark.parametrize(
    "operation",
    [each for each in operations() if each.route.auth is Auth.OWNER],
    ids=lambda operation: operation.id,
)
def test_plain_members_keep_nothing(db: Database, operation: Operation) -> None:
    room = a_room(db)
    status, error = asked(operation, ids_of(room), room.join())
    assert status == 403
    assert error["code"] in ("room_role_required", "not_author")
