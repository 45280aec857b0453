"""Deleting the history of a room: all of it, nothing that is sent later, and whatever happens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.functions.test_message_files_api import PICTURE, SOUND, left_over, sent, stored, swept
from tests.functions.test_room_events_api import begin, wait
from tests.support.companies import Person, a_person
from tests.support.deliveries import Deliveries, Killed
from tests.support.factories import HeldQueue, code, moment
from tests.support.rooms import Place, a_room
from tests.support.wiring import deliver, rewired, services
from troupe.adapters.firestore import Create, Database, Update, now
from troupe.jobs.records import Job, JobStatus, job_path
from troupe.orphans import OrphanedFiles
from troupe.rooms import clearing
from troupe.rooms.clearing import RoomClearing
from troupe.rooms.messages import remove
from troupe.rooms.records import Message


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is waited for that could appear later."""
    monkeypatch.setattr(clearing, "OVERLAP", timedelta(0))


def clear(room: Place, query: str = "", key: str = "") -> str:
    """The id of the job."""
    headers = {"Idempotency-Key": key} if key else {}
    answer = room.ask(room.owner, "DELETE", f"/messages{query}", headers=headers)
    assert answer.status_code == 202, answer.text
    job: str = answer.json["data"]["job"]["jobId"]
    return job


def texts(room: Place) -> list[str]:
    """Those of the list, newest first."""
    return [
        each["text"] for each in room.data(room.owner, "GET", "/messages?limit=100")["messages"]
    ]


def documents(room: Place) -> int:
    return room.db.count(f"rooms/{room.id}/messages")


def job_of(room: Place, job_id: str) -> Job:
    return Job.of(room.db.get(job_path(job_id)))


def say_old(room: Place, number: int, days: int = 1) -> None:
    """Messages as they were sent some days ago."""
    message = Message.of(room.db.get(f"rooms/{room.id}/messages/{room.say(room.owner)['id']}"))
    at = now() - timedelta(days=days)
    fields = message.stored() | {"createdAt": at, "updatedAt": at, "text": f"{days} days"}
    for start in range(0, number, 500):
        part = range(start, min(start + 500, number))
        path = f"rooms/{room.id}/messages/{days}-"
        room.db.commit(*(Create(f"{path}{each}", fields) for each in part))


def test_the_history_is_gone_at_once_and_then_deleted(db: Database, queue: HeldQueue) -> None:
    room = a_room(db)
    bob = room.join()
    spoken = sent(room, bob, audio=SOUND, photo=PICTURE)
    link = room.data(bob, "GET", "/messages")["messages"][0]["audioUrl"]
    room.say(room.owner, "old")
    job_id = clear(room)
    assert texts(room) == [] and room.record.last_message is None
    assert room.ask(bob, "GET", f"/messages/{spoken['id']}/audio").status_code == 404
    assert room.ask(bob, "GET", link.removeprefix(room.path)).status_code == 404
    new = room.say(bob, "new")
    assert (texts(room), documents(room)) == (["new"], 3)
    deliver(queue)
    assert (texts(room), documents(room)) == (["new"], 1)
    assert not stored(room) and not left_over(room)
    assert room.record.clear_due_at is None
    job = job_of(room, job_id)
    assert (job.status, job.charge) == (JobStatus.COMPLETED, None)
    shown = room.data(bob, "GET")["room"]
    assert moment(shown["clearedBefore"]) < moment(new["createdAt"])


def test_what_is_cleared_is_gone_for_every_operation(db: Database, queue: HeldQueue) -> None:
    """While the job has not deleted it yet."""
    room = a_room(db)
    bob = room.join()
    room.say(room.owner, "first")
    last = room.say(bob, "last")  # within five seconds, so the room has no copy
    clear(room)
    assert queue.names == ["relay"]  # not behind books of the owner
    path = f"/messages/{last['id']}"
    for method, at, body in (
        ("PUT", path, {"text": "edited"}),
        ("DELETE", path, {}),
        ("POST", f"{path}/translations", {"targetLanguage": "en"}),
        ("POST", f"{path}/speech", {"language": "en"}),
        ("POST", "/messages", {"text": "Yes", "replyTo": last["id"]}),
    ):
        assert code(room.ask(bob, method, at, json=body)) == (404, "message_not_found")
    assert room.data(bob, "PUT", "/read", json={"messageId": last["id"]})["unread"] == 0
    assert room.record.last_message is None
    found, _ = wait(room, bob, "1970-01-01T00:00:00+00:00", 2)
    assert found and not [each for each in found if each["message"]]
    stale: dict[str, Any] = {"id": "0" * 32, "uid": bob.uid, "kind": "text", "text": "old"}
    stale["at"] = moment(last["createdAt"])
    db.commit(Update(f"rooms/{room.id}", {"lastMessage": stale}))
    deliver(queue)
    assert room.record.last_message is None and documents(room) == 0


def test_a_message_that_changes_does_not_keep_the_others(db: Database) -> None:
    room = a_room(db)
    say_old(room, 40)
    found = db.find(f"rooms/{room.id}/messages", limit=100)
    db.commit(Update(found[20].path, {"text": "edited"}))
    assert remove(db, services().orphans, found) == 40
    assert [each.id for each in db.find(f"rooms/{room.id}/messages", limit=9)] == [found[20].id]


def test_only_the_owner_clears_a_room(db: Database, queue: HeldQueue) -> None:
    room = a_room(db)
    bob, eve = room.join(), a_person(db)
    room.data(room.owner, "PUT", f"/members/{bob.uid}", json={"role": "moderator"})
    room.say(bob, "stays")
    refused = room.ask(bob, "DELETE", "/messages")
    assert code(refused) == (403, "room_role_required")
    assert code(room.ask(eve, "DELETE", "/messages")) == (404, "room_not_found")
    wrong = room.ask(room.owner, "DELETE", "/messages?before=2026-11-27T10:00:00")
    assert code(wrong) == (422, "invalid_input")
    assert texts(room) == ["stays"] and not queue.take()
    room.data(room.owner, "PUT", "", json={"status": "archived"})
    clear(room)
    assert texts(room) == []


def test_what_is_newer_than_a_time_stays(db: Database, queue: HeldQueue) -> None:
    room = a_room(db)
    say_old(room, 1, days=3)
    say_old(room, 1, days=1)

    def ago(days: int) -> str:
        return f"?before={(now() - timedelta(days=days)).isoformat().replace('+00:00', 'Z')}"

    clear(room, query=ago(2))
    assert texts(room) == ["Hello!", "Hello!", "1 days"]
    assert room.record.last_message is not None
    deliver(queue)
    assert documents(room) == 3
    clear(room, query=ago(0))
    # An earlier time brings nothing back.
    clear(room, query=ago(2))
    assert texts(room) == []
    deliver(queue)
    assert documents(room) == 0
    # Nor does a time to come delete what is sent later.
    room.say(room.owner, "before")
    clear(room, query=ago(-1))
    room.say(room.owner, "after")
    deliver(queue)
    assert (texts(room), documents(room)) == (["after"], 1)


def test_a_repeat_is_the_same_job(db: Database, queue: HeldQueue) -> None:
    room = a_room(db)
    room.say(room.owner, "old")
    first = clear(room, key=room.id)
    room.say(room.owner, "new")
    assert clear(room, key=room.id) == first
    assert texts(room) == ["new"]
    headers = {"Idempotency-Key": room.id}
    place = "/messages?before=2026-01-01T00:00:00Z"
    other = room.ask(room.owner, "DELETE", place, headers=headers)
    assert code(other) == (409, "idempotency_key_reused")


def test_many_messages_are_deleted(db: Database, queue: HeldQueue) -> None:
    room = a_room(db)
    say_old(room, 1_100)
    clear(room)
    begun = time.perf_counter()
    deliver(queue)
    print(f"\n1,100 messages in {time.perf_counter() - begun:.1f} s")
    assert documents(room) == 0


def _killed(after: int, call: Callable[..., Any]) -> Callable[..., Any]:
    """Kills the worker after so many calls."""
    calls = iter(range(after))

    def wrapped(*args: Any, **more: Any) -> Any:
        done = call(*args, **more)
        if next(calls, None) is None:
            raise Killed
        return done

    return wrapped


@pytest.mark.parametrize("where", ["commit", "files"])
def test_a_worker_that_is_killed_loses_nothing(
    db: Database, queue: HeldQueue, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    room = a_room(db)
    for _ in range(3):
        sent(room, room.owner, audio=SOUND)
    job_id = clear(room)
    monkeypatch.setattr(clearing, "COMMIT_WRITES", 1)
    if where == "commit":
        monkeypatch.setattr(clearing, "remove", _killed(1, remove))
    else:  # its files are recorded, and nothing more
        monkeypatch.setattr(OrphanedFiles, "clean", _killed(1, lambda self, record: None))
    deliveries = Deliveries()
    deliveries.db, deliveries.queue, deliveries.runner = db, queue, services().runner
    (task,) = queue.take()
    with pytest.raises(Killed):
        deliveries.deliver(task)
    assert 0 < documents(room) < 3
    monkeypatch.undo()
    monkeypatch.setattr(clearing, "OVERLAP", timedelta(0))
    deliveries.deliver_through_kills(task)
    deliveries.deliver_all()
    assert job_of(room, job_id).status is JobStatus.COMPLETED
    swept(room)
    assert documents(room) == 0 and not stored(room) and not left_over(room)


def test_the_sweep_goes_on_when_the_job_has_ended(own_db: Database, queue: HeldQueue) -> None:
    """Such as those of an account that is deleted."""
    with rewired(database=own_db):
        room = a_room(own_db)
        sent(room, room.owner, photo=PICTURE)
        job_id = clear(room)
        services().jobs.cancel(job_id)
        deliver(queue)
        assert documents(room) == 1
        assert services().room_clearing.resume_due(100) == 0
        past = now() - timedelta(seconds=1)
        own_db.commit(Update(f"rooms/{room.id}", {"clearDueAt": past}))
        assert services().room_clearing.resume_due(100) == 1
        assert documents(room) == 0 and not stored(room)
        assert room.record.clear_due_at is None


def test_messages_that_are_sent_meanwhile_stay(db: Database, queue: HeldQueue) -> None:
    room = a_room(db)
    writers = [room.join() for _ in range(4)]
    cleared = threading.Event()
    later: list[str] = []

    def write(person: Person) -> None:
        for number in range(12):
            if number == 9:  # some are later in any case
                cleared.wait(60)
            known = cleared.is_set()
            message = room.say(person, f"{number}")
            if known:
                later.append(message["id"])

    threads = [threading.Thread(target=write, args=(each,)) for each in writers]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    clear(room)
    cleared.set()
    deliver(queue)
    for thread in threads:
        thread.join()
    deliver(queue)
    found = room.data(room.owner, "GET", "/messages?limit=100")["messages"]
    assert later and set(later) <= {each["id"] for each in found}
    before = room.record.cleared_before
    assert before and all(moment(each["createdAt"]) > before for each in found)


def test_a_message_that_appears_later_is_deleted_too(
    db: Database, queue: HeldQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time of a message is when the database processes it, and not when it appears."""
    room = a_room(db)
    said = db.get(f"rooms/{room.id}/messages/{room.say(room.owner)['id']}")
    clear(room)
    monkeypatch.setattr(clearing, "OVERLAP", timedelta(seconds=2))
    delete, left = RoomClearing._delete, list[int]()

    def deleted(self: RoomClearing, *given: Any) -> int:
        done = delete(self, *given)
        if not left:  # of the same time as the first
            db.commit(Create(f"rooms/{room.id}/messages/late", said.data))
        left.append(documents(room))
        return done

    monkeypatch.setattr(RoomClearing, "_delete", deleted)
    deliver(queue)
    assert (left[0], left[-1]) == (1, 0)


def test_those_who_follow_the_room_are_told_once(db: Database, queue: HeldQueue) -> None:
    room = a_room(db)
    bob = room.join()
    since = room.say(bob, "old")["updatedAt"]
    after = begin(room, bob)
    clear(room)
    deliver(queue)
    found, after = wait(room, bob, after)
    (told,) = [each for each in found if each["event"] == "history_cleared"]
    assert told["room"]["clearedBefore"] is not None
    room.say(bob, "new")
    names = []
    while "new_message" not in names:
        found, after = wait(room, bob, after)
        names += [each["event"] for each in found]
    assert "history_cleared" not in names
    # Also to a client that comes back with the time of the last message that it has.
    found, _ = wait(room, bob, since)
    names = [each["event"] for each in found]
    while "history_cleared" not in names:
        found, _ = wait(room, bob, _)
        names += [each["event"] for each in found]
    # Nor to one that came after it.
    found, _ = wait(room, bob, "", 1)
    assert "history_cleared" not in [each["event"] for each in found]


@pytest.mark.parametrize("before", ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-12:00"])
def test_times_that_cannot_be_stored_are_refused(db: Database, before: str) -> None:
    room = a_room(db)
    answer = room.ask(room.owner, "DELETE", f"/messages?before={before}")
    assert code(answer) == (422, "invalid_input")
