"""What jobs cost that end without a result, on the real Firestore emulator."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.support.audits import audit_user
from tests.support.factories import HeldQueue, QuickEngine, ScriptedEngine, Troupe, new_user
from tests.support.jobs import CHARACTERS, NUMBERS_PER_PART, Counting, CountWorker
from tests.support.plans import give_seconds
from tests.support.voice_jobs import LONG, SHORT, ledger_kinds, used_and_held
from troupe.adapters.firestore import Database, Update, now
from troupe.adapters.storage import Files
from troupe.errors import WorkError
from troupe.jobs.charges import Quote, speech_tariff
from troupe.jobs.lifecycle import erase
from troupe.jobs.records import JobStatus, Usage
from troupe.settings import Prices
from troupe.speech.errors import SpeechError

NUMBERS = list(range(1, 11))  # four parts: 1,200 characters each, and one of 400
PARTS = [1200, 1200, 1200, 400]
SPEECH = speech_tariff(Prices())
HELD = SPEECH.tokens(sum(PARTS))


def tokens(characters: int) -> int:
    return SPEECH.tokens(characters) if characters else 0


def counting(db: Database, worker: CountWorker | None = None) -> Counting:
    return Counting(db, HeldQueue(), worker)


def start(jobs: Counting, uid: str, numbers: list[int] = NUMBERS, **quote: Any) -> str:
    return jobs.start(uid, numbers, Quote.of(SPEECH, CHARACTERS * len(numbers), **quote))


def charge(jobs: Counting, job_id: str) -> tuple[JobStatus, int | None]:
    job = jobs.job(job_id)
    assert job.charge is not None
    return job.status, job.charge.charged


def balance(db: Database, uid: str, meter: str = "tokens") -> tuple[int, int]:
    """Used and held."""
    stored = db.get(f"wallets/{uid}").data[meter]
    return stored["used"], stored["held"]


Ending = Callable[[Counting, str, str], None]


def cancel(jobs: Counting, uid: str, job_id: str) -> None:
    jobs.jobs.cancel(job_id)


def delete_subject_and_cancel(jobs: Counting, uid: str, job_id: str) -> None:
    jobs.db.delete_all([f"counts/{job_id}"])
    jobs.jobs.cancel(job_id)


def time_out(jobs: Counting, uid: str, job_id: str) -> None:
    old = now() - timedelta(days=2)
    jobs.db.commit(Update(f"jobs/{job_id}", {"dueAt": old, "createdAt": old}))
    while jobs.job(job_id).status is not JobStatus.FAILED:
        assert jobs.sweeper.run()["timed_out"]


def delete_subject_and_time_out(jobs: Counting, uid: str, job_id: str) -> None:
    jobs.db.delete_all([f"counts/{job_id}"])
    time_out(jobs, uid, job_id)


# (how it ends, whether parts that are at work count)
ENDINGS = [
    (cancel, True),
    (delete_subject_and_cancel, True),
    (time_out, False),
    (delete_subject_and_time_out, False),
]


@pytest.mark.parametrize(("ending", "counts"), ENDINGS)
def test_a_queued_job_costs_nothing(own_db: Database, ending: Ending, counts: bool) -> None:
    jobs, uid = counting(own_db), new_user(own_db)
    job_id = start(jobs, uid)
    ending(jobs, uid, job_id)
    assert charge(jobs, job_id)[1] == 0
    assert ledger_kinds(own_db, uid) == ["grant", "hold", "release"]
    assert balance(own_db, uid) == (0, 0)
    assert audit_user(own_db, uid) == []


@pytest.mark.parametrize(("ending", "counts"), ENDINGS)
def test_recorded_parts_are_charged_and_waiting_ones_are_not(
    own_db: Database, ending: Ending, counts: bool
) -> None:
    jobs, uid = counting(own_db), new_user(own_db)
    job_id = start(jobs, uid)
    jobs.deliver(jobs.queue.take()[0])
    first, *_, last = jobs.queue.take()
    jobs.deliver(first)
    jobs.deliver(last)
    ending(jobs, uid, job_id)
    assert charge(jobs, job_id)[1] == tokens(PARTS[0] + PARTS[3]) == 2
    assert jobs.job(job_id).usage == Usage(characters=1600, milliseconds=1600, worked=counts)
    assert ledger_kinds(own_db, uid) == ["grant", "hold", "settle"]
    assert balance(own_db, uid) == (2, 0)
    assert audit_user(own_db, uid) == []


@pytest.mark.parametrize(("ending", "counts"), ENDINGS)
@pytest.mark.parametrize("numbers", [NUMBERS, NUMBERS[:3]], ids=["parts", "one part"])
def test_a_part_at_work_counts_if_its_user_ends_the_job(
    own_db: Database, ending: Ending, counts: bool, numbers: list[int]
) -> None:
    """Ended from within the part, just before its end; its late result changes nothing."""

    def end_job(number: int) -> None:
        if number == 0:
            ending(jobs, uid, job_id)

    jobs, uid = counting(own_db, CountWorker(end_job)), new_user(own_db)
    job_id = start(jobs, uid, numbers)
    jobs.deliver(jobs.queue.take()[0])
    for task in jobs.queue.take():
        if task["part"] == 0:
            jobs.deliver(task)
    assert charge(jobs, job_id)[1] == (tokens(PARTS[0]) if counts else 0)
    assert jobs.job(job_id).usage.characters == 0
    assert balance(own_db, uid) == (2 if counts else 0, 0)
    assert audit_user(own_db, uid) == []


def test_voice_seconds_are_charged_as_recorded(db: Database) -> None:
    def cancel_at_the_last(number: int) -> None:
        if number == 3:
            jobs.jobs.cancel(job_id)

    jobs, uid = counting(db, CountWorker(cancel_at_the_last)), new_user(db)
    give_seconds(db, uid, 500)
    job_id = start(jobs, uid, voice_seconds=400, likely_seconds=100)
    jobs.deliver(jobs.queue.take()[0])
    first, *_, last = jobs.queue.take()
    jobs.deliver(first)
    jobs.deliver(last)
    # 1.2 s are recorded; the part at work has a tenth of the characters, and of the likely seconds.
    assert charge(jobs, job_id) == (JobStatus.CANCELLED, 12)
    assert balance(db, uid, "voiceSeconds") == (12, 0)
    assert balance(db, uid) == (0, 0)
    assert audit_user(db, uid) == []


def test_a_failed_job_is_charged_for_recorded_parts_and_says_so(db: Database) -> None:
    def fail(number: int) -> None:
        if number == 2:
            raise ZeroDivisionError

    jobs, uid = counting(db, CountWorker(fail)), new_user(db)
    job_id = start(jobs, uid)
    jobs.deliver_all()
    assert charge(jobs, job_id) == (JobStatus.FAILED, 3)
    error = jobs.job(job_id).error
    assert error is not None
    assert "3 tokens charged for what was spoken." in error.message
    assert "Nothing was charged" not in error.message
    assert audit_user(db, uid) == []


def test_a_failed_part_is_no_longer_at_work(db: Database) -> None:
    def fail(number: int) -> None:
        raise WorkError("engine_unavailable", "The engine is unavailable.", retryable=True)

    jobs, uid = counting(db, CountWorker(fail)), new_user(db)
    job_id = start(jobs, uid)
    jobs.deliver(jobs.queue.take()[0])
    assert not jobs.deliver(jobs.queue.take()[0])
    assert jobs.job(job_id).running == {}
    jobs.jobs.cancel(job_id)
    assert charge(jobs, job_id) == (JobStatus.CANCELLED, 0)


def test_a_part_that_was_not_claimed_in_time_is_not_worked_on(db: Database) -> None:
    """The job is cancelled between the delivery's first read and its claim."""
    jobs, uid = counting(db), new_user(db)
    job_id = start(jobs, uid)
    jobs.deliver(jobs.queue.take()[0])
    task, read = jobs.queue.take()[0], db.get_all

    def read_then_cancel(*args: Any, **kwargs: Any) -> Any:
        db.get_all = read  # type: ignore[method-assign]
        found = read(*args, **kwargs)
        jobs.jobs.cancel(job_id)
        return found

    db.get_all = read_then_cancel  # type: ignore[method-assign]
    try:
        assert jobs.deliver(task), "nothing is left to do"
    finally:
        db.get_all = read  # type: ignore[method-assign]
    assert jobs.worker.parts_made == []
    assert charge(jobs, job_id) == (JobStatus.CANCELLED, 0)
    assert audit_user(db, uid) == []


def test_a_job_whose_subject_is_gone_can_fail(db: Database) -> None:
    def fail(number: int) -> None:
        raise WorkError("engine_refused", "The engine refused.", retryable=False)

    jobs, uid = counting(db, CountWorker(fail)), new_user(db)
    job_id = start(jobs, uid)
    jobs.deliver(jobs.queue.take()[0])
    db.delete_all([f"counts/{job_id}"])
    jobs.deliver_all()
    assert charge(jobs, job_id) == (JobStatus.FAILED, 0)
    assert balance(db, uid) == (0, 0)
    assert audit_user(db, uid) == []


def test_the_sweep_does_not_enqueue_a_part_at_work(own_db: Database) -> None:
    def sweep(number: int) -> None:
        own_db.commit(Update(f"jobs/{job_id}", {"dueAt": now()}))
        assert jobs.sweeper.run()["requeued"] == 1

    jobs, uid = counting(own_db, CountWorker(sweep)), new_user(own_db)
    job_id = start(jobs, uid)
    jobs.deliver(jobs.queue.take()[0])
    jobs.deliver(jobs.queue.take()[0])
    assert [task["part"] for task in jobs.queue.take()] == [1, 2, 3]


def test_erasing_a_user_settles_their_running_jobs(db: Database) -> None:
    jobs, uid = counting(db), new_user(db)
    job_id = start(jobs, uid)
    jobs.deliver(jobs.queue.take()[0])
    jobs.deliver(jobs.queue.take()[0])
    forget = jobs.services.forget_part
    assert erase(uid, 10, database=db, jobs=jobs.jobs, forget_part=forget) == 1
    assert not db.get(f"jobs/{job_id}").exists
    assert balance(db, uid) == (2, 0)
    assert audit_user(db, uid) == []


def test_the_audit_finds_a_wrong_charge(db: Database) -> None:
    jobs, uid = counting(db), new_user(db)
    ids = [start(jobs, uid), start(jobs, uid)]
    for task in jobs.queue.take():
        jobs.deliver(task)
    for task in jobs.queue.take():
        if task["part"] < 2:
            jobs.deliver(task)
    for job_id in ids:
        jobs.jobs.cancel(job_id)
    assert audit_user(db, uid) == []
    too_little, not_counted = ids
    db.commit(
        Update(f"jobs/{too_little}", {"usage.characters": 3600}),
        Update(f"jobs/{not_counted}", {"charge.charged": 1}),
    )
    problems = "\n".join(audit_user(db, uid))
    assert f"{too_little}: cancelled after 3600 characters, which is 4, but charged 3" in problems
    assert f"{not_counted}: charged 1 of 4 held, the ledger has 3" in problems


@pytest.mark.slow
def test_cancelling_at_any_moment_is_exact(db: Database) -> None:
    """Parts run in threads while the job is cancelled."""
    for round_ in range(15):
        begun = threading.Semaphore(0)
        jobs = counting(db, CountWorker(lambda number: begun.release()))  # noqa: B023
        uid = new_user(db)
        job_id = start(jobs, uid)
        jobs.deliver(jobs.queue.take()[0])
        tasks = jobs.queue.take() * 2
        with ThreadPoolExecutor(9) as pool:
            running = [pool.submit(jobs.deliver, task) for task in tasks]
            for _ in range(round_ % 5):
                begun.acquire(timeout=5)
            jobs.jobs.cancel(job_id)
            for each in running:
                each.result(60)
        job = jobs.job(job_id)
        done = [int(part.id) for part in jobs.jobs.parts(job)]
        if job.status is JobStatus.CANCELLED:
            recorded = sum(PARTS[number] for number in done)
            assert job.usage.characters == recorded
            assert charge(jobs, job_id)[1] == tokens(recorded + job.usage.interrupted)
            made = sum(PARTS[number] for number in set(jobs.worker.parts_made))
            assert recorded + job.usage.interrupted >= made, "all that was made is charged"
        assert audit_user(db, uid) == []


def test_speech_is_charged_when_it_is_cancelled_at_the_end(db: Database, files: Files) -> None:
    """The attack: a long text, cancelled when all but the last part are spoken."""
    troupe = Troupe(db, files, QuickEngine(), PART_CHARACTERS=1200)
    uid = new_user(db)
    generation_id = troupe.speak(uid, LONG)
    troupe.deliver(troupe.queue.take()[0])
    *most, _ = troupe.queue.take()
    for task in most:
        troupe.deliver(task)
    cancelled = troupe.generations.cancel(uid, generation_id)
    job = cancelled.job
    expected = -(-sum(job.part_characters[:-1]) // 1000)
    assert job.charge is not None
    assert job.charge.charged == cancelled.generation.tokens_used == expected
    assert expected < job.charge.held
    assert used_and_held(troupe, uid) == (expected, 0)
    assert audit_user(db, uid) == []


def test_seconds_of_cancelled_speech_are_those_of_its_sounds(db: Database, files: Files) -> None:
    troupe = Troupe(db, files, QuickEngine(), PART_CHARACTERS=1200)
    uid = new_user(db)
    give_seconds(db, uid, 10_000)
    generation_id = troupe.speak(uid, LONG)
    troupe.deliver(troupe.queue.take()[0])
    first, *_ = troupe.queue.take()
    troupe.deliver(first)
    cancelled = troupe.generations.cancel(uid, generation_id)
    (part,) = troupe.jobs.parts(troupe.jobs.get(generation_id)[0])
    sound = part.payload["sounds"][0]
    seconds = sound["samples"] / sound["rate"]
    assert cancelled.generation.voice_seconds_used == pytest.approx(seconds, abs=1)
    assert cancelled.generation.tokens_used == 0
    assert audit_user(db, uid) == []


def test_parts_spoken_for_an_earlier_job_cost_a_cancelled_one_the_base(
    db: Database, files: Files
) -> None:
    troupe = Troupe(db, files, QuickEngine(), PART_CHARACTERS=1200)
    uid = new_user(db)
    troupe.speak(uid, LONG)
    troupe.deliver_all()
    used, _ = used_and_held(troupe, uid)
    again = troupe.speak(uid, LONG)
    troupe.deliver(troupe.queue.take()[0])
    for task in troupe.queue.take():
        troupe.deliver(task)
    assert troupe.generations.cancel(uid, again).generation.tokens_used == 1
    assert used_and_held(troupe, uid) == (used + 1, 0)
    assert audit_user(db, uid) == []


def test_a_part_stored_by_an_earlier_attempt_is_charged(
    db: Database, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first attempt stores its sound and cannot record its part."""
    troupe = Troupe(db, files, QuickEngine(), PART_CHARACTERS=1200)
    uid = new_user(db)
    generation_id = troupe.speak(uid, LONG)
    troupe.deliver(troupe.queue.take()[0])
    first = troupe.queue.take()[0]

    def fail(*_: Any) -> int:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr("troupe.jobs.runner.record_part", fail)
        assert not troupe.deliver(first)
    assert troupe.deliver(first)
    job = troupe.generations.cancel(uid, generation_id).job
    assert job.usage.characters == job.part_characters[0]
    assert job.charge is not None
    assert job.charge.charged == -(-job.part_characters[0] // 1000) > 1
    assert audit_user(db, uid) == []


def test_deleting_a_generation_at_work_charges_it(db: Database, files: Files) -> None:
    def delete(number: int) -> None:
        if number == 1:
            troupe.generations.delete(uid, generation_id)

    troupe = Troupe(db, files, ScriptedEngine(delete, QuickEngine()))
    uid = new_user(db)
    generation_id = troupe.speak(uid, SHORT)
    troupe.deliver_all()
    assert not db.get(f"generations/{generation_id}").exists
    assert used_and_held(troupe, uid) == (1, 0)
    assert files.list(f"speech/{uid}/") == []
    assert audit_user(db, uid) == []


def test_a_failed_generation_shows_its_charge(db: Database, files: Files) -> None:
    def fail(number: int) -> None:
        if number > 30:
            raise SpeechError("engine_refused", "The server refused.", retryable=False)

    troupe = Troupe(db, files, ScriptedEngine(fail, QuickEngine()), PART_CHARACTERS=1200)
    uid = new_user(db)
    generation_id = troupe.speak(uid, LONG)
    troupe.deliver_all()
    failed = troupe.generations.get(uid, generation_id)
    assert failed.job.status is JobStatus.FAILED
    assert failed.job.usage.characters > 0
    expected = -(-failed.job.usage.characters // 1000)
    assert failed.generation.tokens_used == expected
    assert used_and_held(troupe, uid) == (expected, 0)
    assert audit_user(db, uid) == []


def test_the_key_of_a_cancelled_job_is_still_known(db: Database) -> None:
    jobs, uid, key = counting(db), new_user(db), secrets.token_hex(8)
    quote = Quote.of(SPEECH, CHARACTERS * NUMBERS_PER_PART)
    jobs.start(uid, NUMBERS[:3], quote, key)
    jobs.jobs.cancel(key)
    assert jobs.start(uid, NUMBERS[:3], quote, key) == key
    assert balance(db, uid) == (0, 0)
