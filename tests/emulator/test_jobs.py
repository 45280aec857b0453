"""Voice jobs on the real Firestore emulator: from request to charge, keys, cancelling, deleting."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.audits import audit_user
from tests.support.factories import CountingDatabase, ScriptedEngine, Troupe, new_user
from tests.support.jobs import given_to
from tests.support.voice_jobs import LONG, SHORT, decoded_seconds, ledger_kinds, used_and_held
from troupe.adapters.firestore import Database
from troupe.adapters.storage import Files
from troupe.generations.specs import VOICE
from troupe.generations.writes import files_prefix
from troupe.idempotency import KeyReused
from troupe.jobs.records import JobStatus
from troupe.recording import join
from troupe.wallet.errors import NotEnoughTokens


def test_getting_a_generation_does_not_read_its_text(db: Database, files: Files) -> None:
    troupe = Troupe(db, files)
    uid = new_user(db)
    generation_id = troupe.speak(uid, SHORT)
    assert given_to(db, generation_id)["text"] == SHORT
    assert troupe.generations.get(uid, generation_id).job.input == {}


def test_a_short_text_is_spoken_and_charged(db: Database, files: Files) -> None:
    troupe = Troupe(db, files)
    uid = new_user(db)
    generation_id = troupe.speak(uid, SHORT)
    assert used_and_held(troupe, uid) == (0, 1)
    troupe.deliver_all()
    speaking = troupe.generations.get(uid, generation_id)
    assert speaking.job.status is JobStatus.COMPLETED
    assert speaking.generation.audio is not None
    assert decoded_seconds(troupe, uid, generation_id) == pytest.approx(
        speaking.generation.audio.seconds, abs=0.1
    )
    assert used_and_held(troupe, uid) == (1, 0)
    assert ledger_kinds(db, uid) == ["grant", "hold", "settle"]
    assert db.get(f"users/{uid}").data["tokens"] == 19
    assert audit_user(db, uid) == []


def test_a_job_makes_few_database_calls(counting: CountingDatabase, files: Files) -> None:
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


def test_a_large_file_of_one_part_is_made_without_a_download(
    db: Database, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(join, "LOCAL_BYTES", 100_000)
    troupe = Troupe(db, files)
    uid = new_user(db)
    generation_id = troupe.speak(uid, SHORT, format="wav")
    monkeypatch.setattr(files, "download", None)
    troupe.deliver_all()
    generation = troupe.generations.get(uid, generation_id).generation
    assert generation.audio is not None
    assert generation.audio.size == files.stat(generation.audio.path).size > 100_000


def test_a_long_text_is_split_and_joined_in_order(db: Database, files: Files) -> None:
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
    assert used_and_held(troupe, uid) == (-(-len(LONG) // 1000), 0)
    assert audit_user(db, uid) == []


@pytest.mark.slow
def test_tasks_delivered_three_times_at_once_make_one_audio_and_one_charge(
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
        assert len(files.list(files_prefix(uid, generation_id))) == 3  # audio, words and waveform
    assert ledger_kinds(db, uid).count("settle") == 2
    assert audit_user(db, uid) == []


def test_cancelling_a_running_job_settles_the_hold_and_blocks_further_writes(
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
        assert used_and_held(troupe, uid) == (1, 0), "its text had been sent to the engine"
        before = db.get(f"jobs/{generation_id}").data
        go_on.set()
        assert delivery.result(20), "nothing is left to do for this task"
    assert db.get(f"jobs/{generation_id}").data == before
    assert troupe.generations.get(uid, generation_id).generation.audio is None
    assert files.list(files_prefix(uid, generation_id)) == files.list(f"speech/{uid}/") == []
    assert ledger_kinds(db, uid) == ["grant", "hold", "settle"]
    assert audit_user(db, uid) == []


def test_parts_of_a_cancelled_job_write_nothing(db: Database, files: Files) -> None:
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
    assert audit_user(db, uid) == []


def test_the_same_key_makes_one_job(db: Database, files: Files) -> None:
    troupe = Troupe(db, files)
    uid = new_user(db)
    with ThreadPoolExecutor(6) as pool:
        ids = set(pool.map(lambda _: troupe.speak(uid, SHORT, "one"), range(6)))
    assert len(ids) == 1
    troupe.deliver_all()
    assert troupe.speak(uid, SHORT, "one") in ids
    assert used_and_held(troupe, uid) == (1, 0)
    with pytest.raises(KeyReused):
        troupe.speak(uid, SHORT + " More.", "one")
    assert troupe.speak(new_user(db), SHORT, "one") not in ids, "keys are per user"
    assert audit_user(db, uid) == []


def test_a_deleted_generation_leaves_no_files_and_remembers_its_key(
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
    assert given_to(db, generation_id) == {}
    assert used_and_held(troupe, uid)[0] > 0, "delivered work stays charged"
    assert audit_user(db, uid) == []


def test_concurrent_requests_never_overdraw_a_balance(db: Database, files: Files) -> None:
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
    assert used_and_held(troupe, uid) == (0, 7)
    assert audit_user(db, uid) == []
