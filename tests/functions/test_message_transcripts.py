"""Sound messages are transcribed, and then translated as if they had been written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.fakes.openai_server import KEY, FakeOpenAI, openai_server
from tests.fakes.told_translator import ToldTranslator
from tests.functions.test_room_captions import a_talk, tab, tokens
from tests.support.audits import audit_room
from tests.support.companies import Person
from tests.support.factories import HeldQueue, test_settings
from tests.support.forms import multipart
from tests.support.jobs import given_to
from tests.support.lost import lost_answer
from tests.support.meanwhile import Meanwhile
from tests.support.rooms import Place, a_room
from tests.support.speeches import noise, silence, spoken, wav
from tests.support.wiring import deliver, rewired, services
from troupe.adapters.firestore import Database, Delete, Document, Update, now
from troupe.commands.ledger_audit import audit_owner
from troupe.jobs.records import Job, input_path, job_path
from troupe.jobs.shares import MOST_CAUSED, Share
from troupe.rooms.transcript_records import TranscriptInput
from troupe.wallet.records import Balance, Owner

SAID = "Good evening, all of you!"


@pytest.fixture
def queue() -> HeldQueue:
    return HeldQueue()


@pytest.fixture
def server(emulators: object, queue: HeldQueue) -> Iterator[FakeOpenAI]:
    """A transcriber that hears what it is told."""
    with openai_server() as fake:
        fake.ear.says = SAID
        settings = test_settings(
            TRANSCRIBER="openai", OPENAI_API_KEY=KEY, OPENAI_BASE_URL=fake.base_url, MAX_ATTEMPTS=1
        )
        with rewired(settings=settings, translator=ToldTranslator(), queue=queue):
            yield fake


def send(room: Place, person: Person, sound: Any = None, **given: Any) -> Any:
    """A sound message, as it is shown."""
    audio = wav(noise(4)) if sound is None else wav(sound)
    return room.data(person, "POST", "/messages", **multipart(audio=audio, **given))["message"]


def shown(room: Place, message: Any) -> Any:
    found = room.data(room.owner, "GET", "/messages")["messages"]
    return next(each for each in found if each["id"] == message["id"])


def paid(db: Database, room: Place) -> Balance:
    """By the owner, after the tab was closed, and proved right."""
    services().tabs.close(tab(room).id)
    assert [*audit_room(db, room.id), *audit_owner(db, Owner.user(room.owner.uid))] == []
    return tokens(db, room.owner.uid)


def test_what_is_said_becomes_the_text(db: Database, server: FakeOpenAI, queue: HeldQueue) -> None:
    room, (bob,) = a_talk(db, "de")
    cursor = now().isoformat()
    sent = send(room, bob)
    assert (sent["text"], sent["audio"]["transcript"]) == ("", "pending")
    assert queue.names == ["relay"]
    deliver(queue)
    after = shown(room, sent)
    assert (after["text"], after["audio"]["transcript"], after["language"]) == (SAID, "done", "de")
    assert (after["targets"], after["translationState"]) == (["en"], "done")
    assert after["revision"] == 2
    query = {"wait": 20, "after": cursor}
    answer = room.ask(room.owner, "GET", "/events", function="live", query_string=query)
    events = [each for each in answer.json["events"] if each["message"]]
    assert [each["event"] for each in events] == ["audio_transcription"]
    assert room.record.last_message is not None and room.record.last_message.text == SAID
    assert 3500 < tab(room).used <= 4000
    job = services().jobs.get(queue_job(db, room))[0]
    services().runner.run(job.id)  # delivered again
    assert shown(room, sent) == after
    assert paid(db, room) == Balance(granted=20, used=1)


def queue_job(db: Database, room: Place) -> str:
    mine = [("uid", "==", room.owner.uid), ("kind", "==", "message_transcript")]
    (found,) = db.find("jobs", where=mine, limit=2)
    return found.id


def test_whisper_hears_a_message(db: Database) -> None:
    queue = HeldQueue()
    room, _ = a_talk(db)
    with rewired(queue=queue):
        sent = send(room, room.owner, spoken())
        deliver(queue)
    after = shown(room, sent)
    assert "mountains" in after["text"] and after["audio"]["transcript"] == "done"


def test_silence_and_failures_are_told_and_free(
    db: Database, server: FakeOpenAI, queue: HeldQueue
) -> None:
    room, (bob,) = a_talk(db, "de")
    silent = send(room, bob, silence(2))
    deliver(queue)
    server.script(*["500"] * 9)
    failed = send(room, bob)
    deliver(queue)
    states = [shown(room, each)["audio"]["transcript"] for each in (silent, failed)]
    assert states == ["no_speech", "failed"]
    assert (tab(room).used, tab(room).left) == (0, tab(room).capacity)
    assert paid(db, room) == Balance(granted=20)


@pytest.mark.parametrize("how", ["edited", "deleted"])
def test_an_edit_or_a_deletion_drops_the_transcript(
    db: Database, server: FakeOpenAI, queue: HeldQueue, how: str
) -> None:
    room, (bob,) = a_talk(db, "de")
    sent = send(room, bob)
    path = f"/messages/{sent['id']}"
    if how == "edited":
        room.data(bob, "PUT", path, json={"text": "Listen to this."})
    else:
        room.data(bob, "DELETE", path)
    # At once: else whoever deletes what they send would use up what the room can pay for.
    assert tab(room).left == tab(room).capacity
    deliver(queue)
    assert tab(room).left == tab(room).capacity
    after = shown(room, sent)
    if how == "edited":
        assert (after["text"], after["audio"]["transcript"]) == ("Listen to this.", "none")
    else:
        assert (after["text"], after["audio"]) == ("", None)
    assert server.ear.seconds == []
    assert paid(db, room) == Balance(granted=20)


def test_a_deletion_before_there_is_a_job_gives_back_what_is_reserved(
    db: Database, server: FakeOpenAI, queue: HeldQueue
) -> None:
    room, (bob,) = a_talk(db, "de")

    def delete() -> None:
        (message,) = room.data(bob, "GET", "/messages")["messages"]
        room.data(bob, "DELETE", f"/messages/{message['id']}")

    def starts(write: Any) -> bool:
        return getattr(write, "data", {}).get("kind") == "message_transcript"

    meanwhile = Meanwhile(db, starts, before=delete)
    with rewired(
        database=meanwhile, settings=services().settings, translator=ToldTranslator(), queue=queue
    ):
        send(room, bob)
    assert meanwhile.happened and not queue.tasks
    assert tab(room).left == tab(room).capacity


def test_a_deletion_while_one_listens_costs_nothing(
    db: Database, server: FakeOpenAI, queue: HeldQueue
) -> None:
    room, (bob,) = a_talk(db, "de")
    sent = send(room, bob)
    hear = server.ear.hear

    def delete(wav: bytes) -> list[tuple[str, float, float]]:
        room.data(bob, "DELETE", f"/messages/{sent['id']}")
        return hear(wav)

    server.ear.hear = delete  # type: ignore[method-assign]
    deliver(queue)
    after = shown(room, sent)
    assert (after["text"], after["audio"], len(server.ear.seconds)) == ("", None, 1)
    assert paid(db, room) == Balance(granted=20)


def test_a_lost_job_is_started_by_the_sweep(
    db: Database, server: FakeOpenAI, queue: HeldQueue
) -> None:
    room, (bob,) = a_talk(db, "de")
    sent = send(room, bob)
    job_id = queue_job(db, room)
    db.commit(Delete(job_path(job_id)), Delete(input_path(job_id)))
    queue.take()
    path = f"rooms/{room.id}/messages/{sent['id']}"
    db.commit(Update(path, {"dueAt": now() - timedelta(seconds=1)}))
    services().message_translations.complete_due(100)
    deliver(queue)
    assert shown(room, sent)["text"] == SAID
    assert db.get(path).data["dueAt"] is None


def test_what_nobody_pays_for_is_not_transcribed(
    db: Database, server: FakeOpenAI, queue: HeldQueue
) -> None:
    poor = a_room(db)
    bob = poor.join()
    sent = send(poor, bob)
    assert sent["audio"]["transcript"] == "failed"
    assert poor.record.paused is not None
    room, (ada,) = a_talk(db, "de")
    room.data(room.owner, "PUT", "", json={"settings": {"payer": "none"}})
    assert send(room, ada)["audio"]["transcript"] == "failed"  # at once
    room.data(room.owner, "PUT", "", json={"settings": {"payer": "owner"}})
    assert send(room, ada, text="With a text")["audio"]["transcript"] == "none"
    limited = services().settings.model_copy(
        update={"limits": test_settings(ROOM_TRANSCRIPT_LIMIT="5/86400, 0").limits}
    )
    with rewired(settings=limited):
        states = [send(room, ada)["audio"]["transcript"] for _ in range(2)]
    assert states == ["pending", "none"]
    with rewired(settings=test_settings(TRANSCRIBER="off")):
        assert send(room, ada)["audio"]["transcript"] == "none"


def transcript_of(db: Database, room: Place) -> tuple[Job, TranscriptInput]:
    job = services().jobs.get(queue_job(db, room))[0]
    return job, TranscriptInput.model_validate(given_to(db, job.id))


def test_a_lost_answer_changes_nothing(db: Database, server: FakeOpenAI, queue: HeldQueue) -> None:
    room, (bob,) = a_talk(db, "de")
    sent = send(room, bob)
    with lost_answer(services().database, f"rooms/{room.id}/messages/{sent['id']}") as lost:
        deliver(queue)
    assert lost
    after = shown(room, sent)
    assert (after["text"], after["translationState"]) == (SAID, "done")
    assert tab(room).left == tab(room).capacity - tab(room).used
    assert paid(db, room) == Balance(granted=20, used=1)


@pytest.mark.parametrize("how", ["said", "silence", "cancelled"])
def test_nothing_is_given_back_twice(
    db: Database, server: FakeOpenAI, queue: HeldQueue, how: str
) -> None:
    """By a task that is delivered again after a crash, or a worker that is late."""
    room, (bob,) = a_talk(db, "de")
    send(room, bob)
    job, given = transcript_of(db, room)
    transcripts = services().message_transcripts
    if how == "cancelled":
        services().jobs.cancel(job.id)
        transcripts.forget(job)
    text = SAID if how == "said" else ""
    left = []
    for _ in range(2):
        transcripts.store(bob.uid, given, text, "de", 3000)
        left.append(tab(room).left)
    transcripts.forget(job)
    used = 3000 if how == "said" else 0
    assert [*left, tab(room).left] == [tab(room).capacity - used] * 3
    assert tab(room).used == used


def test_words_of_a_member_do_not_stay_with_the_payer(
    db: Database, server: FakeOpenAI, queue: HeldQueue
) -> None:
    room, (bob,) = a_talk(db, "de")
    send(room, bob)
    job, _ = transcript_of(db, room)
    path = f"jobs/{job.id}/parts"
    deliver(queue)
    assert db.find(path, limit=2) == []
    exported = services().exporters["jobs"](room.owner.uid)
    kinds = {each.data.get("kind") for each in exported if isinstance(each, Document)}
    assert "tab" in kinds and "message_transcript" not in kinds


def test_transcripts_leave_the_payer_their_places(
    db: Database, server: FakeOpenAI, queue: HeldQueue
) -> None:
    room, (bob,) = a_talk(db, "de")
    sent = send(room, bob)
    path = f"shares/{room.owner.uid}"
    share = Share.of(db.get(path))
    assert (share.prompt, share.running, share.caused) == ([], [], [queue_job(db, room)])
    db.commit(Update(path, {"caused": [], "running": share.caused}))
    services().admission.repair(room.owner.uid)  # counted anew
    assert Share.of(db.get(path)).caused == share.caused
    assert Share.of(db.get(path)).running == []
    deliver(queue)
    assert Share.of(db.get(path)).caused == []
    # While there are too many, the seconds of the sender are counted once, however often it fails.
    db.commit(Update(path, {"caused": ["another"] * MOST_CAUSED}))
    limited = services().settings.model_copy(
        update={"limits": test_settings(ROOM_TRANSCRIPT_LIMIT="9/86400, 0").limits}
    )
    with rewired(settings=limited, queue=queue):
        sent = send(room, bob)
        message = f"rooms/{room.id}/messages/{sent['id']}"
        left = tab(room).left
        for _ in range(3):
            db.commit(Update(message, {"dueAt": now() - timedelta(seconds=1)}))
            services().message_translations.complete_due(100)
        assert (tab(room).left, queue.tasks) == (left, [])
        db.commit(Update(path, {"caused": []}))
        db.commit(Update(message, {"dueAt": now() - timedelta(seconds=1)}))
        services().message_translations.complete_due(100)
    assert shown(room, sent)["audio"]["transcript"] == "pending" and len(queue.tasks) == 1
