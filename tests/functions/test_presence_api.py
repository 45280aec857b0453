"""Who is in a room right now, and what it costs to know."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.support.calls import Clock
from tests.support.companies import Person
from tests.support.factories import code
from tests.support.meanwhile import Meanwhile, of
from tests.support.rooms import Place, a_room
from tests.support.wiring import rewired, services
from troupe.adapters.firestore import Create, Database, Merge, Write, now
from troupe.caller import Caller
from troupe.rooms import presence
from troupe.rooms.lifecycle import erase
from troupe.rooms.presence import absence
from troupe.rooms.records import Member
from troupe.rooms.writes import beats_path, member_path, presence_path, room_path


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(presence, "now", clock)
    return clock


@pytest.fixture
def cost(monkeypatch: pytest.MonkeyPatch) -> Callable[[], tuple[list[int], list[int]]]:
    """The documents read in each call since it was last asked, and the writes of each commit. The
    first read of a request is of its caller."""
    reads: list[int] = []
    commits: list[int] = []
    get_all, commit = Database.get_all, Database.commit

    def read(self: Database, paths: Any, **more: Any) -> Any:
        reads.append(len(paths))
        return get_all(self, paths, **more)

    def committed(self: Database, *writes: Write) -> Any:
        commits.append(len(writes))
        return commit(self, *writes)

    monkeypatch.setattr(Database, "get_all", read)
    monkeypatch.setattr(Database, "commit", committed)

    def taken() -> tuple[list[int], list[int]]:
        found = list(reads), list(commits)
        reads.clear()
        commits.clear()
        return found

    return taken


def beat(room: Place, person: Person, state: str = "active") -> dict[str, str]:
    data = room.data(person, "POST", "/presence", json={"state": state})
    assert (data["beatSeconds"], data["ttlSeconds"]) == (60, 150)
    return {each["userId"]: each["state"] for each in data["online"]}


def shown(room: Place) -> dict[str, str]:
    """What those see who listen."""
    document = room.db.get(presence_path(room.id))
    return {uid: each["state"] for uid, each in document.data.get("online", {}).items()}


def test_everybody_sees_who_comes_and_goes(db: Database, clock: Clock) -> None:
    room = a_room(db)
    ada, bob = room.owner, room.join()
    assert beat(room, ada) == {ada.uid: "active"}
    assert beat(room, bob) == {ada.uid: "active", bob.uid: "active"}
    clock.forward(4)
    assert beat(room, bob, "away") == {ada.uid: "active", bob.uid: "away"} == shown(room)
    assert beat(room, ada, "gone") == {bob.uid: "away"} == shown(room)
    # A page that is loaded again is there at once.
    assert beat(room, ada) == {ada.uid: "active", bob.uid: "away"} == shown(room)


def test_a_beat_reads_once_and_writes_one_document(
    db: Database, clock: Clock, cost: Callable[[], Any]
) -> None:
    room = a_room(db)
    beat(room, room.owner)
    before = db.get(presence_path(room.id)).update_time
    cost()
    clock.forward(60)
    beat(room, room.owner)
    assert cost() == ([1, 4], [1])
    beat(room, room.owner)  # at once, again
    assert cost() == ([1, 4], [])
    assert db.get(presence_path(room.id)).update_time == before
    clock.forward(10)
    cost()
    beat(room, room.owner, "away")
    assert cost() == ([1, 4], [2])


def test_whoever_beats_clears_away_who_has_stopped(db: Database, clock: Clock) -> None:
    room = a_room(db)
    ada, bob, eve = room.owner, room.join(), room.join()
    for person in (ada, bob, eve):
        beat(room, person)
    for _ in range(3):
        clock.forward(60)
        assert bob.uid in shown(room)
        beat(room, ada)
    clock.forward(60)
    assert beat(room, ada) == {ada.uid: "active"} == shown(room)
    assert set(db.get(beats_path(room.id)).data["p"]) == {ada.uid}
    assert set(beat(room, bob)) == {ada.uid, bob.uid}


def test_one_who_was_silent_too_long_has_come_anew(db: Database, clock: Clock) -> None:
    room = a_room(db)
    beat(room, room.owner)
    first = db.get(presence_path(room.id)).data["online"][room.owner.uid]["since"]
    clock.forward(200)
    assert beat(room, room.owner) == {room.owner.uid: "active"} == shown(room)
    again = db.get(presence_path(room.id)).data["online"][room.owner.uid]["since"]
    assert again - first > timedelta(seconds=199)


@pytest.mark.parametrize("state", ["typing", "speaking"])
def test_typing_ends_by_itself_and_is_written_every_three_seconds(
    db: Database, clock: Clock, cost: Callable[[], Any], state: str
) -> None:
    room = a_room(db)
    uid = room.owner.uid
    beat(room, room.owner)
    cost()
    clock.forward(1)
    commits: list[int] = []
    for _ in range(10):  # one a second
        assert beat(room, room.owner, state) == {uid: state}
        clock.forward(1)
        commits += cost()[1]
    assert commits == [2, 2, 2, 2]
    assert beat(room, room.owner, "gone") == {}
    bob = room.join()
    beat(room, room.owner, state)
    clock.forward(9)
    assert beat(room, bob)[uid] == state
    clock.forward(2)
    assert beat(room, bob)[uid] == "active"
    before = db.get(presence_path(room.id)).update_time
    assert beat(room, room.owner)[uid] == "active"
    assert db.get(presence_path(room.id)).update_time == before


def test_a_member_cannot_keep_the_others_busy(
    db: Database, clock: Clock, cost: Callable[[], Any]
) -> None:
    room = a_room(db)
    cost()
    for _ in range(100):
        beat(room, room.owner)
        beat(room, room.owner, "gone")
        clock.forward(0.1)
    assert len(cost()[1]) <= 32
    clock.forward(60)
    assert beat(room, room.owner) == {room.owner.uid: "active"} == shown(room)


@pytest.mark.parametrize("how", ["leave", "removed", "banned", "erased"])
def test_who_is_no_longer_a_member_is_not_there(db: Database, how: str) -> None:
    room = a_room(db)
    bob = room.join()
    beat(room, room.owner)
    beat(room, bob)
    if how == "leave":
        room.data(bob, "POST", "/leave")
    elif how == "erased":
        erase(bob.uid, 10, database=db, orphans=None)  # type: ignore[arg-type]
    else:
        query = "?ban=true" if how == "banned" else ""
        room.data(room.owner, "DELETE", f"/members/{bob.uid}{query}")
    assert shown(room) == {room.owner.uid: "active"}
    assert set(db.get(beats_path(room.id)).data["p"]) == {room.owner.uid}
    assert beat(room, room.owner) == {room.owner.uid: "active"}
    assert room.ask(bob, "POST", "/presence", json={"state": "active"}).status_code == 404


def test_members_are_listed_with_whether_they_are_there(db: Database, clock: Clock) -> None:
    room = a_room(db)
    bob = room.join()
    beat(room, bob)

    def listed() -> dict[str, bool]:
        members = room.data(room.owner, "GET", "/members")["members"]
        return {each["userId"]: each["online"] for each in members}

    assert listed() == {room.owner.uid: False, bob.uid: True}
    clock.forward(151)
    assert listed() == {room.owner.uid: False, bob.uid: False}


def test_a_crowd_is_not_shown_and_costs_nothing(
    db: Database, clock: Clock, cost: Callable[[], Any]
) -> None:
    """Above 50, one document could take neither the beats nor the arrivals."""
    room = a_room(db)
    at = now()
    crowd = {f"somebody-{n}": {"name": "x", "since": at, "state": "active"} for n in range(50)}
    db.commit(
        Merge(presence_path(room.id), {"online": crowd}),
        Merge(beats_path(room.id), {"p": {uid: {"at": at, "window": at} for uid in crowd}}),
    )
    cost()
    assert set(beat(room, room.owner)) == set(crowd)
    assert cost()[1] == []
    clock.forward(151)
    assert beat(room, room.owner) == {room.owner.uid: "active"} == shown(room)


@pytest.mark.parametrize("first", [True, False])
def test_a_beat_leaves_nothing_in_a_room_that_is_deleted_meanwhile(
    db: Database, first: bool
) -> None:
    room = a_room(db)
    bob = room.join()
    if not first:
        beat(room, room.owner)
    meanwhile = Meanwhile(
        db, of(beats_path(room.id)), before=lambda: room.ask(room.owner, "DELETE")
    )
    with rewired(database=meanwhile):
        answer = room.ask(bob, "POST", "/presence", json={"state": "active"})
    assert meanwhile.happened
    assert code(answer) == (404, "room_not_found")
    assert not any(db.get(path(room.id)).exists for path in (presence_path, beats_path, room_path))


def test_a_beat_that_is_cleared_away_meanwhile_can_be_read(db: Database, clock: Clock) -> None:
    room = a_room(db)
    beat(room, room.owner)
    clock.forward(60)
    away = absence(room.id, room.owner.uid)
    with rewired(database=Meanwhile(db, of(beats_path(room.id)), before=lambda: db.commit(*away))):
        beat(room, room.owner)
    assert beat(room, room.owner) == {room.owner.uid: "active"} == shown(room)


def test_only_known_states_are_taken(db: Database) -> None:
    room = a_room(db)
    states: list[Any] = ["asleep", "", None, 1, {}]
    for state in states:
        answer = room.ask(room.owner, "POST", "/presence", json={"state": state})
        assert answer.status_code == 422
    assert not db.get(presence_path(room.id)).exists


def test_ids_of_users_may_have_dots_and_quotes(db: Database) -> None:
    room, service = a_room(db), services().presence
    uids = ["a.b", "a", "`c`", "ü"]
    for uid in uids:
        member = Member(id=uid, uid=uid, room_id=room.id, name="X", language="de", joined_at=now())
        db.commit(Create(member_path(room.id, uid), member.stored()))
        service.beat(Caller(uid=uid, role="user", guest=False, email=None), room.id, "active")
    assert sorted(shown(room)) == sorted(uids)
    for uid in uids[:2]:
        db.commit(*absence(room.id, uid))
    assert sorted(shown(room)) == sorted(uids[2:])
