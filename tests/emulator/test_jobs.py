"""Jobs on the real Firestore emulator: claim, parts, settle, and everything that goes wrong."""

from __future__ import annotations

import io
import random
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import av
import pytest

from tests.support.factories import CountingDatabase, ScriptedEngine, Troupe, new_user
from troupe.adapters.firestore import Create, Database, Delete, Update, now
from troupe.adapters.queue import QueueUnavailable
from troupe.adapters.storage import Files
from troupe.commands.ledger_audit import audit_user
from troupe.generations.specs import VOICE
from troupe.generations.writes import files_prefix
from troupe.idempotency import KeyReused
from troupe.jobs.records import JobStatus
from troupe.speech.engine import SpeechError
from troupe.wallet.errors import NotEnoughTokens

SHORT = "Good evening, and welcome. The curtain rises in a minute."
LONG = " ".join(f"This is sentence number {n}, and it is spoken in its turn." for n in range(60))


def used(troupe: Troupe, uid: str) -> tuple[int, int]:
    balance = troupe.wallet.balance(uid).tokens
    return balance.used, balance.held


def clean(troupe: Troupe, uid: str) -> bool:
    return audit_user(troupe.db, uid) == []


def decoded_seconds(troupe: Troupe, uid: str, generation_id: str) -> float:
    _, audio = troupe.generations.audio(uid, generation_id)
    with av.open(io.BytesIO(troupe.files.read(audio.path)), "r") as container:
        frames = list(container.decode(audio=0))
    return sum(frame.samples for frame in frames) / frames[0].sample_rate


def kinds(troupe: Troupe, uid: str) -> list[str]:
    entries = troupe.db.find(f"wallets/{uid}/ledger", order=[("at", False)], limit=100)
    return [entry.data["kind"] for entry in entries]


def test_looking_at_a_generation_does_not_fetch_its_text(db: Database, files: Files) -> None:
    troupe = Troupe(db, files)
    uid = new_user(db)
    generation_id = troupe.speak(uid, SHORT)
    assert db.get(f"jobs/{generation_id}").data["input"]["text"] == SHORT
    assert troupe.generations.get(uid, generation_id).job.input == {}


def test_one_part_is_spoken_settled_and_counted(db: Database, files: Files) -> None:
    troupe = Troupe(db, files)
    uid = new_user(db)
    generation_id = troupe.speak(uid, SHORT)
    assert used(troupe, uid) == (0, 1)
    troupe.deliver_all()
    speaking = troupe.generations.get(uid, generation_id)
    assert speaking.job.status is JobStatus.COMPLETED
    assert speaking.generation.audio is not None
    assert decoded_seconds(troupe, uid, generation_id) == pytest.approx(
        speaking.generation.audio.seconds, abs=0.1
    )
    assert used(troupe, uid) == (1, 0)
    assert kinds(troupe, uid) == ["grant", "hold", "settle"]
    assert db.get(f"users/{uid}").data["tokens"] == 19
    assert clean(troupe, uid)


def test_calls_are_few(counting: CountingDatabase, files: Files) -> None:
    troupe = Troupe(counting, files)
    uid = new_user(counting)
    for key in (None, "a-key"):
        counting.calls.clear()
        troupe.speak(uid, SHORT, key)
        assert counting.total <= 2, counting.calls
        counting.calls.clear()
        troupe.deliver_all()
        assert counting.total <= 4, counting.calls
        assert counting.calls["commit"] == 2


def test_long_text_fans_out_and_is_joined_in_order(db: Database, files: Files) -> None:
    troupe = Troupe(db, files, PART_CHARACTERS=400)
    uid = new_user(db)
    generation_id = troupe.speak(uid, LONG, format="wav")
    (start,) = troupe.queue.take()
    assert troupe.deliver(start)
    tasks = troupe.queue.take()
    assert len(tasks) == troupe.generations.get(uid, generation_id).job.parts_total > 5
    random.shuffle(tasks)
    for task in tasks:
        assert troupe.deliver(task)
    assert troupe.queue.tasks, "the last part enqueues the assembly"
    troupe.deliver_all()
    speaking = troupe.generations.get(uid, generation_id)
    assert speaking.job.status is JobStatus.COMPLETED
    captions = troupe.generations.captions(uid, generation_id, "srt")
    positions = [captions.replace("\n", " ").find(f" {n}, and") for n in range(60)]
    assert -1 not in positions
    assert positions == sorted(positions)
    parts = troupe.jobs.parts(speaking.job)
    sounds = [sound for part in parts for sound in VOICE.payload_of(part).sounds]
    together = sum(sound.samples / sound.rate for sound in sounds)
    assert decoded_seconds(troupe, uid, generation_id) == pytest.approx(together, abs=0.01)
    assert used(troupe, uid) == (-(-len(LONG) // 1000), 0)
    assert clean(troupe, uid)


def test_every_task_three_times_at_once_makes_one_audio_and_one_charge(
    db: Database, files: Files
) -> None:
    troupe = Troupe(db, files, PART_CHARACTERS=1200)
    uid = new_user(db)
    short, long = troupe.speak(uid, SHORT), troupe.speak(uid, LONG)
    with ThreadPoolExecutor(9) as pool:
        waiting = troupe.queue.take() * 3
        while waiting:
            outcomes = list(pool.map(troupe.deliver, waiting))
            again = [task for task, done in zip(waiting, outcomes, strict=True) if not done]
            waiting = again + troupe.queue.take() * 3
    for generation_id, charge in ((short, 1), (long, -(-len(LONG) // 1000))):
        speaking = troupe.generations.get(uid, generation_id)
        assert speaking.job.status is JobStatus.COMPLETED
        assert speaking.generation.tokens_used == charge
        assert len(files.list(files_prefix(uid, generation_id))) == 2  # audio and words
    assert kinds(troupe, uid).count("settle") == 2
    assert clean(troupe, uid)


def test_a_dead_worker_is_replaced_when_its_lease_is_over(db: Database, files: Files) -> None:
    class Died(BaseException):
        """Stops the worker without letting it say a word, as a kill does."""

    def die(number: int) -> None:
        if number == 1:
            raise Died

    troupe = Troupe(db, files, ScriptedEngine(die), LEASE_SECONDS=3)
    uid = new_user(db)
    generation_id = troupe.speak(uid, SHORT)
    (task,) = troupe.queue.take()
    with pytest.raises(Died):
        troupe.deliver(task)
    assert not troupe.deliver(task), "the lease of the dead worker still stands"
    deadline = time.monotonic() + 10
    while not troupe.deliver(task):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert troupe.generations.get(uid, generation_id).job.status is JobStatus.COMPLETED
    assert used(troupe, uid) == (1, 0)
    assert clean(troupe, uid)


def test_the_sweep_brings_back_a_job_that_lost_its_task(own_db: Database, files: Files) -> None:
    troupe = Troupe(own_db, files)
    uid = new_user(own_db)
    troupe.queue.failure = QueueUnavailable("down")
    generation_id = troupe.speak(uid, SHORT)
    troupe.queue.failure = None
    assert troupe.queue.take() == []
    own_db.commit(Update(f"jobs/{generation_id}", {"dueAt": now() - timedelta(seconds=1)}))
    troupe.sweeper.run()
    assert {"jobId": generation_id} in [payload for payload, _ in troupe.queue.tasks]
    troupe.deliver({"jobId": generation_id})
    assert troupe.generations.get(uid, generation_id).job.status is JobStatus.COMPLETED
    assert clean(troupe, uid)


def test_the_sweep_brings_back_parts_and_assemblies(own_db: Database, files: Files) -> None:
    troupe = Troupe(own_db, files, PART_CHARACTERS=1200)
    uid = new_user(own_db)
    generation_id = troupe.speak(uid, LONG)
    troupe.deliver(troupe.queue.take()[0])
    lost = troupe.queue.take()
    troupe.deliver(lost[0])
    path = f"jobs/{generation_id}"
    own_db.commit(Update(path, {"dueAt": now() - timedelta(seconds=1)}))
    troupe.sweeper.run()
    mine = [task for task in troupe.queue.take() if task["jobId"] == generation_id]
    assert sorted(task["part"] for task in mine) == sorted(task["part"] for task in lost[1:])
    for task in mine:
        troupe.deliver(task)
    troupe.queue.take()  # the assembly is lost too
    own_db.commit(Update(path, {"dueAt": now() - timedelta(seconds=1)}))
    troupe.sweeper.run()
    mine = [task for task in troupe.queue.take() if task["jobId"] == generation_id]
    assert mine == [{"jobId": generation_id}]
    assert troupe.deliver(mine[0])
    assert troupe.generations.get(uid, generation_id).job.status is JobStatus.COMPLETED
    assert clean(troupe, uid)


def test_the_sweep_ends_what_is_past_saving(own_db: Database, files: Files) -> None:
    troupe = Troupe(own_db, files)
    uid = new_user(own_db)
    generation_id = troupe.speak(uid, SHORT)
    old = now() - timedelta(days=2)
    own_db.commit(Update(f"jobs/{generation_id}", {"dueAt": old, "createdAt": old}))
    troupe.sweeper.run()
    speaking = troupe.generations.get(uid, generation_id)
    assert speaking.job.status is speaking.generation.status is JobStatus.FAILED
    assert speaking.job.error is not None
    assert speaking.job.error.code == "timed_out"
    assert used(troupe, uid) == (0, 0)
    assert clean(troupe, uid)


def test_cancel_while_running_releases_the_hold_and_lets_nothing_be_written(
    db: Database, files: Files
) -> None:
    speaking, go_on = threading.Event(), threading.Event()

    def wait(number: int) -> None:
        speaking.set()
        assert go_on.wait(20)

    troupe = Troupe(db, files, ScriptedEngine(wait))
    uid = new_user(db)
    generation_id = troupe.speak(uid, SHORT)
    with ThreadPoolExecutor(1) as pool:
        delivery = pool.submit(troupe.deliver, troupe.queue.take()[0])
        assert speaking.wait(20)
        assert troupe.generations.get(uid, generation_id).generation.status is JobStatus.IN_PROGRESS
        cancelled = troupe.generations.cancel(uid, generation_id)
        assert cancelled.job.status is cancelled.generation.status is JobStatus.CANCELLED
        assert used(troupe, uid) == (0, 0)
        before = db.get(f"jobs/{generation_id}").data
        go_on.set()
        assert delivery.result(20), "there is nothing more to do for this task"
    assert db.get(f"jobs/{generation_id}").data == before
    assert troupe.generations.get(uid, generation_id).generation.audio is None
    assert files.list(files_prefix(uid, generation_id)) == files.list(f"speech/{uid}/") == []
    assert kinds(troupe, uid) == ["grant", "hold", "release"]
    assert clean(troupe, uid)


def test_cancelled_parts_write_nothing(db: Database, files: Files) -> None:
    troupe = Troupe(db, files, PART_CHARACTERS=1200)
    uid = new_user(db)
    generation_id = troupe.speak(uid, LONG)
    troupe.deliver(troupe.queue.take()[0])
    tasks = troupe.queue.take()
    troupe.deliver(tasks[0])
    troupe.generations.cancel(uid, generation_id)
    assert all(troupe.deliver(task) for task in tasks)
    job = troupe.generations.get(uid, generation_id).job
    assert (job.status, job.parts_done) == (JobStatus.CANCELLED, 1)
    assert clean(troupe, uid)


def test_a_passing_fault_is_tried_again_and_charged_once(db: Database, files: Files) -> None:
    def fail_twice(number: int) -> None:
        if number <= 2:
            raise SpeechError("engine_unavailable", "The engine is away.", retryable=True)

    troupe = Troupe(db, files, ScriptedEngine(fail_twice))
    uid = new_user(db)
    generation_id = troupe.speak(uid, SHORT)
    (task,) = troupe.queue.take()
    assert [troupe.deliver(task) for _ in range(3)] == [False, False, True]
    speaking = troupe.generations.get(uid, generation_id)
    assert (speaking.job.status, speaking.job.attempt) == (JobStatus.COMPLETED, 3)
    assert used(troupe, uid) == (1, 0)
    assert clean(troupe, uid)


@pytest.mark.parametrize("retryable", [True, False])
@pytest.mark.parametrize("text", [SHORT, LONG])
def test_a_failed_job_charges_nothing(
    db: Database, files: Files, retryable: bool, text: str
) -> None:
    def fail(number: int) -> None:
        raise SpeechError("engine_unavailable", "The engine is away.", retryable=retryable)

    troupe = Troupe(db, files, ScriptedEngine(fail), PART_CHARACTERS=1200, MAX_ATTEMPTS=3)
    uid = new_user(db)
    generation_id = troupe.speak(uid, text)
    troupe.deliver_all()
    speaking = troupe.generations.get(uid, generation_id)
    assert speaking.job.status is speaking.generation.status is JobStatus.FAILED
    assert speaking.generation.error is not None
    assert speaking.generation.error.code == "engine_unavailable"
    assert speaking.generation.error.retryable is retryable
    assert used(troupe, uid) == (0, 0)
    assert kinds(troupe, uid) == ["grant", "hold", "release"]
    assert clean(troupe, uid)


def test_text_without_anything_to_speak_fails_with_a_code(db: Database, files: Files) -> None:
    troupe = Troupe(db, files)
    uid = new_user(db)
    generation_id = troupe.speak(uid, "<!-- a comment -->")
    troupe.deliver_all()
    error = troupe.generations.get(uid, generation_id).job.error
    assert error is not None
    assert (error.code, error.retryable) == ("nothing_to_speak", False)
    assert used(troupe, uid) == (0, 0)


def test_a_slow_worker_keeps_its_lease(db: Database, files: Files) -> None:
    troupe = Troupe(db, files, ScriptedEngine(lambda number: time.sleep(5)), LEASE_SECONDS=3)
    uid = new_user(db)
    generation_id = troupe.speak(uid, SHORT)
    (task,) = troupe.queue.take()
    with ThreadPoolExecutor(1) as pool:
        delivery = pool.submit(troupe.deliver, task)
        time.sleep(4)  # longer than the lease without its heartbeat
        assert not troupe.deliver(task)
        assert delivery.result(20)
    job = troupe.generations.get(uid, generation_id).job
    assert (job.status, job.attempt) == (JobStatus.COMPLETED, 1)
    assert clean(troupe, uid)


def test_a_worker_that_lost_its_lease_cannot_settle(db: Database, files: Files) -> None:
    def lose(number: int) -> None:
        if number == 1:  # while the first worker hangs, its lease runs out and another one comes
            db.commit(Update(f"jobs/{generation_id}", {"leaseUntil": None}))
            assert troupe.deliver(task)

    troupe = Troupe(db, files, ScriptedEngine(lose))
    uid = new_user(db)
    generation_id = troupe.speak(uid, SHORT)
    (task,) = troupe.queue.take()
    assert troupe.deliver(task)
    job = troupe.generations.get(uid, generation_id).job
    assert (job.status, job.attempt) == (JobStatus.COMPLETED, 2)
    names = [path.rsplit("/", 1)[-1] for path in files.list(files_prefix(uid, generation_id))]
    assert sorted(names) == ["2.mp3", "2.words.json"]
    assert kinds(troupe, uid).count("settle") == 1
    assert clean(troupe, uid)


def test_the_same_key_makes_one_job(db: Database, files: Files) -> None:
    troupe = Troupe(db, files)
    uid = new_user(db)
    with ThreadPoolExecutor(6) as pool:
        ids = set(pool.map(lambda _: troupe.speak(uid, SHORT, "one"), range(6)))
    assert len(ids) == 1
    troupe.deliver_all()
    assert troupe.speak(uid, SHORT, "one") in ids
    assert used(troupe, uid) == (1, 0)
    with pytest.raises(KeyReused):
        troupe.speak(uid, SHORT + " More.", "one")
    assert troupe.speak(new_user(db), SHORT, "one") not in ids, "keys are each user's own"
    assert clean(troupe, uid)


def test_a_deleted_generation_leaves_no_file_and_remembers_its_key(
    db: Database, files: Files
) -> None:
    troupe = Troupe(db, files, PART_CHARACTERS=1200)
    uid = new_user(db)
    generation_id = troupe.speak(uid, LONG, "key")
    troupe.deliver_all()
    troupe.generations.delete(uid, generation_id)
    assert files.list(files_prefix(uid, generation_id)) == []
    assert files.list(f"speech/{uid}/") == []
    assert not db.get(f"generations/{generation_id}").exists
    assert "input" not in db.get(f"jobs/{generation_id}").data
    assert used(troupe, uid)[0] > 0, "what was delivered stays charged"
    assert clean(troupe, uid)


def test_a_balance_is_never_overdrawn_by_requests_at_once(db: Database, files: Files) -> None:
    troupe = Troupe(db, files)
    uid = new_user(db, tokens=7)

    def ask(number: int) -> bool:
        try:
            troupe.speak(uid, f"{SHORT} {number}")
        except NotEnoughTokens as error:
            assert error.details == {"meter": "tokens", "needed": 1, "available": 0}
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(ask, range(20))) == 7
    assert used(troupe, uid) == (0, 7)
    assert clean(troupe, uid)


def test_a_part_that_is_quicker_than_the_fan_out_costs_no_lease(db: Database, files: Files) -> None:
    troupe = Troupe(db, files, PART_CHARACTERS=1200)
    uid = new_user(db)
    generation_id = troupe.speak(uid, LONG)
    (start,) = troupe.queue.take()
    enqueue = troupe.queue.enqueue

    def at_once(queue: str, payload: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        enqueue(queue, payload, headers)
        if payload.get("part") == 0:
            assert troupe.deliver(payload)

    troupe.queue.enqueue = at_once  # type: ignore[method-assign]
    assert troupe.deliver(start)
    job = troupe.generations.get(uid, generation_id).job
    assert (job.fanned_out, job.lease_until, job.parts_done) == (True, None, 1)
    troupe.queue.enqueue = enqueue  # type: ignore[method-assign]
    troupe.deliver_all()
    assert troupe.generations.get(uid, generation_id).job.status is JobStatus.COMPLETED
    assert clean(troupe, uid)


def test_a_job_that_the_version_before_has_begun_is_finished(db: Database, files: Files) -> None:
    """With its input and a part of it as they were stored then."""
    engine = ScriptedEngine()
    troupe = Troupe(db, files, engine, PART_CHARACTERS=1200)
    uid = new_user(db)
    generation_id = troupe.speak(uid, LONG, voiceType="male", speed=1.5)
    path = f"jobs/{generation_id}"
    before = {
        "text": LONG,
        "language": "en-us",
        "voice_type": "male",
        "voice_style": db.get(path).data["input"]["voiceStyle"],
        "character_id": None,
        "speed": 1.5,
        "format": "mp3",
    }
    db.commit(Update(path, {"input": before}))
    troupe.deliver(troupe.queue.take()[0])
    first, *rest = troupe.queue.take()
    troupe.deliver(first)
    part = db.get(f"{path}/parts/0").data
    stored = {"sounds": part["payload"]["sounds"], "subject": None, "units": 1}
    db.commit(Delete(f"{path}/parts/0"))
    db.commit(Create(f"{path}/parts/0", stored | {"expiresAt": part["expiresAt"]}))
    assert all(troupe.deliver(task) for task in rest)
    calls = engine.calls
    troupe.deliver_all()
    assert engine.calls == calls, "no part is spoken again"
    job = troupe.generations.get(uid, generation_id).job
    assert job.status is JobStatus.COMPLETED
    sounds = [sound for each in troupe.jobs.parts(job) for sound in VOICE.payload_of(each).sounds]
    together = sum(sound.samples / sound.rate for sound in sounds)
    assert decoded_seconds(troupe, uid, generation_id) == pytest.approx(together, abs=0.1)
    assert clean(troupe, uid)
