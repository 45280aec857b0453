"""Voice jobs on the real Firestore emulator: failures, lost workers and tasks, and leases."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest

from tests.support.audits import audit_user
from tests.support.factories import ScriptedEngine, Troupe, new_user
from tests.support.jobs import given_to
from tests.support.speeches import noise, wav
from tests.support.voice_jobs import LONG, SHORT, decoded_seconds, ledger_kinds, used_and_held
from troupe.adapters.firestore import Create, Database, Delete, Update, now
from troupe.adapters.queue import QueueUnavailable
from troupe.adapters.storage import Files
from troupe.dubbing.service import DubbingRequest
from troupe.generations.specs import VOICE
from troupe.generations.writes import files_prefix
from troupe.jobs.records import JobStatus, input_path
from troupe.speech.errors import SpeechError


def test_a_dead_worker_is_replaced_when_its_lease_expires(db: Database, files: Files) -> None:
    class Died(BaseException):
        """Stops the worker at once, as a kill does."""

    def die(number: int) -> None:
        if number == 1:
            raise Died

    troupe = Troupe(db, files, ScriptedEngine(die))
    uid = new_user(db)
    generation_id = troupe.speak(uid, SHORT)
    (task,) = troupe.queue.take()
    with pytest.raises(Died):
        troupe.deliver(task)
    assert not troupe.deliver(task), "the dead worker still holds the lease"
    db.commit(Update(f"jobs/{generation_id}", {"leaseUntil": now()}))  # it ends
    assert troupe.deliver(task)
    assert troupe.generations.get(uid, generation_id).job.status is JobStatus.COMPLETED
    assert used_and_held(troupe, uid) == (1, 0)
    assert audit_user(db, uid) == []


def test_the_sweep_requeues_a_job_that_lost_its_task(own_db: Database, files: Files) -> None:
    troupe = Troupe(own_db, files)
    uid = new_user(own_db)
    troupe.queue.failure = QueueUnavailable("down")
    generation_id = troupe.speak(uid, SHORT)
    troupe.queue.failure = None
    assert troupe.queue.take() == []
    own_db.commit(Update(f"jobs/{generation_id}", {"dueAt": now() - timedelta(seconds=1)}))
    troupe.sweeper.run()
    assert {"jobId": generation_id, "uid": uid} in [payload for payload, _ in troupe.queue.tasks]
    troupe.deliver({"jobId": generation_id})
    assert troupe.generations.get(uid, generation_id).job.status is JobStatus.COMPLETED
    assert audit_user(own_db, uid) == []


def test_the_sweep_requeues_parts_and_assemblies(own_db: Database, files: Files) -> None:
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
    assert mine == [{"jobId": generation_id, "uid": uid}]
    assert troupe.deliver(mine[0])
    assert troupe.generations.get(uid, generation_id).job.status is JobStatus.COMPLETED
    assert audit_user(own_db, uid) == []


def test_the_sweep_fails_jobs_that_are_too_old(own_db: Database, files: Files) -> None:
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
    assert used_and_held(troupe, uid) == (0, 0)
    assert audit_user(own_db, uid) == []


def test_what_was_sent_is_deleted_where_no_task_comes(own_db: Database, files: Files) -> None:
    """One job is too old; the other is cancelled while it waits for the first."""
    troupe = Troupe(own_db, files, JOB_SHARES="guest=1x1/99, none=1x1/99, paid=1x1/99")
    uid, dubbings = new_user(own_db), troupe.services.dubbings
    sent = [DubbingRequest("pt", media=BytesIO(wav(noise(1))), name="a.wav") for _ in range(2)]
    first, second = (dubbings.start(uid, each).dubbing.id for each in sent)
    assert len(files.list(f"dubbings/{uid}/")) == 2
    assert troupe.job(second).waiting
    troupe.jobs.cancel(second)
    assert len(files.list(f"dubbings/{uid}/")) == 1
    old = now() - timedelta(days=2)
    own_db.commit(Update(f"jobs/{first}", {"dueAt": old, "createdAt": old}))
    troupe.sweeper.run()
    assert dubbings.get(uid, first).dubbing.status is JobStatus.FAILED
    assert files.list(f"dubbings/{uid}/") == []


def test_a_generation_that_cannot_expire_does_not_keep_others(
    own_db: Database, files: Files
) -> None:
    troupe, uid = Troupe(own_db, files), new_user(own_db)
    broken, other = troupe.speak(uid, SHORT), troupe.speak(uid, SHORT)
    troupe.deliver_all()
    for number, each in enumerate((broken, other)):
        own_db.commit(
            Update(f"generations/{each}", {"expiresAt": now() - timedelta(hours=2 - number)})
        )
    own_db.delete_all([f"jobs/{broken}"])
    assert troupe.generations.expire(10) == 1
    assert not own_db.get(f"generations/{other}").exists
    assert files.list(files_prefix(uid, other)) == []


def test_a_temporary_failure_is_retried_and_charged_once(db: Database, files: Files) -> None:
    def fail_twice(number: int) -> None:
        if number <= 2:
            raise SpeechError("engine_unavailable", "The engine is unavailable.", retryable=True)

    troupe = Troupe(db, files, ScriptedEngine(fail_twice))
    uid = new_user(db)
    generation_id = troupe.speak(uid, SHORT)
    (task,) = troupe.queue.take()
    assert [troupe.deliver(task) for _ in range(3)] == [False, False, True]
    speaking = troupe.generations.get(uid, generation_id)
    assert (speaking.job.status, speaking.job.attempt) == (JobStatus.COMPLETED, 3)
    assert used_and_held(troupe, uid) == (1, 0)
    assert audit_user(db, uid) == []


@pytest.mark.parametrize("retryable", [True, False])
@pytest.mark.parametrize("text", [SHORT, LONG])
def test_a_failed_job_charges_nothing(
    db: Database, files: Files, retryable: bool, text: str
) -> None:
    def fail(number: int) -> None:
        raise SpeechError("engine_unavailable", "The engine is unavailable.", retryable=retryable)

    troupe = Troupe(db, files, ScriptedEngine(fail), PART_CHARACTERS=1200, MAX_ATTEMPTS=3)
    uid = new_user(db)
    generation_id = troupe.speak(uid, text)
    troupe.deliver_all()
    speaking = troupe.generations.get(uid, generation_id)
    assert speaking.job.status is speaking.generation.status is JobStatus.FAILED
    assert speaking.generation.error is not None
    assert speaking.generation.error.code == "engine_unavailable"
    assert speaking.generation.error.retryable is retryable
    assert used_and_held(troupe, uid) == (0, 0)
    assert ledger_kinds(db, uid) == ["grant", "hold", "release"]
    assert audit_user(db, uid) == []


def test_text_with_nothing_to_speak_fails_with_a_code(db: Database, files: Files) -> None:
    troupe = Troupe(db, files)
    uid = new_user(db)
    generation_id = troupe.speak(uid, "```\n```")
    troupe.deliver_all()
    error = troupe.generations.get(uid, generation_id).job.error
    assert error is not None
    assert (error.code, error.retryable) == ("nothing_to_speak", False)
    assert used_and_held(troupe, uid) == (0, 0)


@pytest.mark.slow
def test_a_slow_worker_keeps_its_lease(db: Database, files: Files) -> None:
    refused = threading.Event()

    def wait(number: int) -> None:
        refused.wait(60)

    troupe = Troupe(db, files, ScriptedEngine(wait), LEASE_SECONDS=6)
    uid = new_user(db)
    generation_id = troupe.speak(uid, SHORT)
    (task,) = troupe.queue.take()
    with ThreadPoolExecutor(1) as pool:
        delivery = pool.submit(troupe.deliver, task)
        time.sleep(7)  # longer than the lease lasts without renewal
        assert not troupe.deliver(task)
        refused.set()
        assert delivery.result(60)
    job = troupe.generations.get(uid, generation_id).job
    assert (job.status, job.attempt) == (JobStatus.COMPLETED, 1)
    assert audit_user(db, uid) == []


def test_a_worker_that_lost_its_lease_cannot_settle(db: Database, files: Files) -> None:
    def lose(number: int) -> None:
        if number == 1:  # another worker takes over while the first one hangs
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
    assert sorted(names) == ["2.cues.json", "2.mp3", "2.mp3.peaks"]
    assert ledger_kinds(db, uid).count("settle") == 1
    assert audit_user(db, uid) == []


@pytest.mark.slow
def test_a_part_done_during_the_fan_out_does_not_lose_the_lease(db: Database, files: Files) -> None:
    troupe = Troupe(db, files, PART_CHARACTERS=1200)
    uid = new_user(db)
    generation_id = troupe.speak(uid, LONG)
    (start,) = troupe.queue.take()
    enqueue = troupe.queue.enqueue

    def enqueue_and_deliver(
        queue: str,
        payload: Mapping[str, Any],
        headers: Mapping[str, str],
        delay: timedelta | None = None,
    ) -> None:
        enqueue(queue, payload, headers, delay)
        if payload.get("part") == 0:
            assert troupe.deliver(payload)

    troupe.queue.enqueue = enqueue_and_deliver  # type: ignore[method-assign]
    assert troupe.deliver(start)
    job = troupe.generations.get(uid, generation_id).job
    assert (job.fanned_out, job.lease_until, job.parts_done) == (True, None, 1)
    troupe.queue.enqueue = enqueue  # type: ignore[method-assign]
    troupe.deliver_all()
    assert troupe.generations.get(uid, generation_id).job.status is JobStatus.COMPLETED
    assert audit_user(db, uid) == []


def test_a_job_started_by_the_previous_version_is_finished(db: Database, files: Files) -> None:
    """Its input and one part are stored in the old format, the input in the job's document."""
    engine = ScriptedEngine()
    troupe = Troupe(db, files, engine, PART_CHARACTERS=1200)
    uid = new_user(db)
    generation_id = troupe.speak(uid, LONG, voiceType="male", speed=1.5)
    path = f"jobs/{generation_id}"
    before = {
        "text": LONG,
        "language": "en-us",
        "voice_type": "male",
        "voice_style": given_to(db, generation_id)["voiceStyle"],
        "character_id": None,
        "speed": 1.5,
        "format": "mp3",
    }
    db.commit(Update(path, {"input": before}), Delete(input_path(generation_id)))
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
    assert audit_user(db, uid) == []
