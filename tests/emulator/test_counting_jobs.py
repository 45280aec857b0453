"""The whole life of jobs on the real Firestore emulator, with a kind that adds numbers: no speech,
no files and, unless a test says so, no hold."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.support.audits import audit_user
from tests.support.deliveries import Saboteur
from tests.support.factories import CountingDatabase, HeldQueue, new_user
from tests.support.jobs import Counting, CountWorker
from troupe.adapters.firestore import Committed, Database, Update, Write, now
from troupe.adapters.queue import QueueUnavailable
from troupe.errors import WorkError
from troupe.idempotency import KeyReused
from troupe.jobs.charges import Quote
from troupe.jobs.lifecycle import erase
from troupe.jobs.progress import steps_of, view_of
from troupe.jobs.records import Job, JobStatus
from troupe.jobs.schemas import JobView

FEW, MANY = [1, 2], list(range(1, 11))  # one part; four


def entries(db: Database, uid: str) -> list[str]:
    """The kinds of the ledger's entries, without the sign-up grant."""
    found = db.find(f"wallets/{uid}/ledger", order=[("at", False)], limit=100)
    return [entry.data["kind"] for entry in found if entry.data["kind"] != "grant"]


@pytest.mark.parametrize("numbers", [FEW, MANY], ids=["one part", "parts"])
def test_numbers_are_added_and_nothing_is_charged(db: Database, numbers: list[int]) -> None:
    counting, uid = Counting(db, HeldQueue()), new_user(db)
    job_id = counting.start(uid, numbers)
    assert counting.result(job_id) == {"status": "queued"}
    counting.deliver_all()
    assert counting.result(job_id) == {"status": "completed", "total": sum(numbers)}
    job = counting.job(job_id)
    assert (job.status, job.charge, job.units) == (JobStatus.COMPLETED, None, len(numbers))
    assert [part.payload["total"] for part in counting.jobs.parts(job)] != []
    assert counting.cleanup.tidied == [job_id]
    assert entries(db, uid) == []
    assert audit_user(db, uid) == []


def test_a_free_job_needs_no_wallet(db: Database) -> None:
    counting = Counting(db, HeldQueue())
    job_id = counting.start("no-wallet", FEW)
    counting.deliver_all()
    assert counting.result(job_id)["total"] == 3


@pytest.mark.parametrize("quote", [None, Quote(tokens=2)], ids=["free", "paid"])
@pytest.mark.parametrize("key", [None, "a key"])
def test_jobs_make_few_database_calls(
    counting: CountingDatabase, quote: Quote | None, key: str | None
) -> None:
    jobs, uid = Counting(counting, HeldQueue()), new_user(counting)
    for _ in range(2):  # the first job of a user creates the share
        counting.calls.clear()
        jobs.start(uid, FEW, quote, key=key and secrets.token_hex(8))
        assert dict(counting.calls) == {"batch_get_documents": 1, "commit": 1}
        counting.calls.clear()
        jobs.deliver_all()
        # The claim, one report of progress, and the end.
        assert dict(counting.calls) == {"batch_get_documents": 1, "commit": 3}


def test_a_job_with_a_hold_is_charged_what_its_worker_reports(db: Database) -> None:
    counting, uid = Counting(db, HeldQueue()), new_user(db)
    job_id = counting.start(uid, MANY, Quote(tokens=3))
    counting.deliver_all()
    charge = counting.job(job_id).charge
    assert charge is not None
    assert (charge.held, charge.charged) == (3, 1)
    assert entries(db, uid) == ["hold", "settle"]
    assert audit_user(db, uid) == []


def test_tasks_go_to_the_queue_of_their_kind(db: Database) -> None:
    queue = HeldQueue()
    counting = Counting(db, queue)
    counting.start(new_user(db), MANY)
    counting.deliver_all()
    assert queue.names == ["count"] * 6, "the start, four parts, the assembly"


def test_progress_counts_numbers(db: Database) -> None:
    counting = Counting(db, HeldQueue())
    job_id = counting.start(new_user(db), MANY)
    counting.deliver(counting.queue.take()[0])
    *_, last = counting.queue.take()
    counting.deliver(last)  # the part with only the tenth number
    reading, adding, result = steps_of(counting.job(job_id), counting.spec)
    assert (reading.status, reading.message) == ("completed", "Read 10 numbers")
    assert (adding.progress, adding.message) == (10, "Added 1 of 10 numbers")
    assert result.status == "pending"
    view = JobView.of(counting.job(job_id), counting.spec)
    assert (view.kind, view.overall_progress, view.current_step) == ("count", 16, "adding")


class Watched(Counting):
    """Counting whose jobs are read after each commit, as by a client that listens."""

    def __init__(self, db: Database, queue: HeldQueue) -> None:
        super().__init__(db, queue)
        self.job_id = ""
        self.seen: list[Job] = []
        commit = db.commit

        def watched(*writes: Write) -> Committed:
            result = commit(*writes)
            if self.job_id:
                document = db.get(f"jobs/{self.job_id}")
                assert "input" not in document.data
                self.seen.append(Job.of(document))
            return result

        db.commit = watched  # type: ignore[method-assign]


@pytest.mark.parametrize("end", ["completed", "cancelled", "failed"])
@pytest.mark.parametrize("numbers", [FEW, MANY], ids=["one part", "parts"])
def test_a_listener_sees_what_the_api_would_answer(
    own_db: Database, numbers: list[int], end: str
) -> None:
    counting = Watched(own_db, HeldQueue())

    def meddle(number: int) -> None:
        if numbers is MANY and not counting.worker.parts_made:
            return
        if end == "cancelled":
            counting.jobs.cancel(counting.job_id)
        if end == "failed":
            raise WorkError("too_hard", "No.", retryable=False)

    counting.worker.before = meddle
    counting.job_id = counting.start(new_user(own_db), numbers)
    counting.deliver_all()
    spec, views = counting.spec, [each.view for each in counting.seen]
    assert views == [view_of(each, spec) for each in counting.seen]
    last = counting.seen[-1]
    assert last.view.progress == JobView.of(last, spec).overall_progress
    percents = [view.progress for view in views]
    assert percents == sorted(percents) and percents[-1] > 0
    assert (last.status, last.view.progress == 100) == (end, end == "completed")
    assert {view.total for view in views[1:]} == {len(numbers)}


def test_tasks_delivered_three_times_at_once_count_once(db: Database) -> None:
    counting, uid = Counting(db, HeldQueue()), new_user(db)
    job_id = counting.start(uid, MANY, Quote(tokens=2))
    with ThreadPoolExecutor(9) as pool:
        waiting = counting.queue.take() * 3
        while waiting:
            outcomes = list(pool.map(counting.deliver, waiting))
            again = [task for task, done in zip(waiting, outcomes, strict=True) if not done]
            waiting = again + counting.queue.take() * 3
    assert counting.result(job_id)["total"] == sum(MANY)
    assert entries(db, uid) == ["hold", "settle"]
    assert audit_user(db, uid) == []


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("quote", [None, Quote(tokens=2)], ids=["free", "paid"])
@pytest.mark.parametrize("numbers", [FEW, MANY], ids=["one part", "parts"])
def test_a_job_killed_at_any_call_still_completes_once(
    db: Database, numbers: list[int], quote: Quote | None, after: bool
) -> None:
    """The worker is killed at its first commit or enqueue, then at its second, and so on to the
    last. Each time the queue redelivers the tasks that were not acknowledged."""
    number, survived = 0, False
    while not survived:
        number += 1
        queue, saboteur = HeldQueue(), Saboteur(number, after=after)
        counting, uid = Counting(db, queue), new_user(db)
        job_id = counting.start(uid, numbers, quote)
        commit = db.commit
        saboteur.around(db, "commit")
        saboteur.around(queue, "enqueue")
        try:
            while tasks := queue.take():
                for task in tasks:
                    counting.deliver_through_kills(task)
        finally:
            db.commit = commit  # type: ignore[method-assign]
        survived = saboteur.calls < number
        assert counting.result(job_id) == {"status": "completed", "total": sum(numbers)}, number
        assert entries(db, uid) == (["hold", "settle"] if quote else []), number
        assert audit_user(db, uid) == []
    assert number > (2 if numbers is FEW else 10), "nothing was killed"


@pytest.mark.parametrize("quote", [None, Quote(tokens=2)], ids=["free", "paid"])
def test_a_cancelled_job_stays_cancelled(db: Database, quote: Quote | None) -> None:
    counting, uid = Counting(db, HeldQueue()), new_user(db)
    job_id = counting.start(uid, MANY, quote)
    counting.deliver(counting.queue.take()[0])
    first, *rest = counting.queue.take()
    counting.deliver(first)
    assert counting.jobs.cancel(job_id).status is JobStatus.CANCELLED
    assert all(counting.deliver(task) for task in rest)
    job = counting.job(job_id)
    assert (job.status, job.parts_done) == (JobStatus.CANCELLED, 1)
    assert counting.result(job_id) == {"status": "cancelled"}
    assert entries(db, uid) == (["hold", "release"] if quote else [])
    assert audit_user(db, uid) == []


def test_a_part_finished_after_its_job_was_cancelled_is_forgotten(db: Database) -> None:
    worker = CountWorker()
    counting = Counting(db, HeldQueue(), worker)
    job_id = counting.start(new_user(db), FEW)
    made = counting.worker.assemble

    def cancel_and_assemble(*args: object) -> object:
        counting.jobs.cancel(job_id)
        return made(*args)  # type: ignore[arg-type]

    worker.assemble = cancel_and_assemble  # type: ignore[method-assign, assignment]
    counting.deliver_all()
    assert counting.job(job_id).status is JobStatus.CANCELLED
    assert counting.cleanup.parts == [(job_id, "0")]
    assert counting.cleanup.tidied == [job_id]


def test_a_part_finished_by_two_workers_is_not_forgotten_by_the_second(db: Database) -> None:
    """The job is cancelled after the first has recorded it."""
    again = True

    def finish_and_cancel(number: int) -> None:
        nonlocal again
        if again:
            again = False
            counting.deliver(task)
            counting.jobs.cancel(job_id)

    counting = Counting(db, HeldQueue(), CountWorker(finish_and_cancel))
    job_id = counting.start(new_user(db), MANY)
    counting.deliver(counting.queue.take()[0])
    task = counting.queue.take()[0]
    counting.deliver(task)
    assert counting.worker.parts_made == [0, 0]
    assert [part.id for part in counting.jobs.parts(counting.job(job_id))] == ["0"]
    assert counting.cleanup.parts == []


@pytest.mark.parametrize("numbers", [FEW, MANY], ids=["one part", "parts"])
def test_the_result_of_an_erased_job_is_discarded(db: Database, numbers: list[int]) -> None:
    counting = Counting(db, HeldQueue())
    job_id = counting.start(new_user(db), numbers)
    made = counting.worker.assemble

    def assemble_and_erase(*args: object) -> object:
        outcome = made(*args)  # type: ignore[arg-type]
        db.delete_all([f"jobs/{job_id}"])
        return outcome

    counting.worker.assemble = assemble_and_erase  # type: ignore[method-assign, assignment]
    counting.deliver_all()
    assert len(counting.cleanup.discarded) == 1
    assert counting.cleanup.tidied == [job_id]


@pytest.mark.parametrize("retryable", [True, False])
@pytest.mark.parametrize("numbers", [FEW, MANY], ids=["one part", "parts"])
def test_a_work_error_fails_the_job_with_its_code(
    db: Database, numbers: list[int], retryable: bool
) -> None:
    def fail(number: int) -> None:
        raise WorkError("abacus_broken", "The abacus is broken.", retryable=retryable)

    counting, uid = Counting(db, HeldQueue(), CountWorker(fail)), new_user(db)
    job_id = counting.start(uid, numbers)
    counting.deliver_all()
    error = counting.job(job_id).error
    assert error is not None
    assert error.model_dump() == {
        "code": "abacus_broken",
        "message": "The abacus is broken.",
        "retryable": retryable,
    }
    assert counting.result(job_id) == {"status": "failed"}
    assert audit_user(db, uid) == []


def test_an_internal_error_does_not_leak_its_message(db: Database) -> None:
    def fail(number: int) -> None:
        raise ZeroDivisionError("the secret of the abacus")

    counting = Counting(db, HeldQueue(), CountWorker(fail))
    job_id = counting.start(new_user(db), FEW)
    counting.deliver_all()
    error = counting.job(job_id).error
    assert error is not None
    assert error.code == "internal_error"
    assert "abacus" not in error.message


def test_a_job_fails_when_its_worker_dies_every_time(db: Database) -> None:
    counting = Counting(db, HeldQueue())
    job_id = counting.start(new_user(db), FEW)
    db.commit(Update(f"jobs/{job_id}", {"status": "in_progress", "tries": 3, "attempt": 3}))
    counting.deliver_all()
    error = counting.job(job_id).error
    assert error is not None
    assert (error.code, error.message) == (
        "worker_died",
        "The worker crashed on every attempt. Nothing was charged.",
    )


def test_an_outage_of_the_queue_takes_no_tries(db: Database) -> None:
    counting = Counting(db, HeldQueue())
    job_id = counting.start(new_user(db), MANY)
    (task,) = counting.queue.take()
    counting.queue.failure = QueueUnavailable("down")
    for _ in range(5):
        assert not counting.deliver(task)
    assert counting.job(job_id).tries == 0
    counting.queue.failure = None
    assert counting.deliver(task)
    counting.deliver_all()
    assert counting.result(job_id)["total"] == sum(MANY)


def test_the_sweep_requeues_and_fails_jobs_without_a_hold(own_db: Database) -> None:
    queue = HeldQueue(failure=QueueUnavailable("down"))
    counting = Counting(own_db, queue)
    lost, late = counting.start("one", MANY), counting.start("another", MANY)
    queue.failure = None
    due, old = now() - timedelta(seconds=1), now() - timedelta(days=2)
    own_db.commit(
        Update(f"jobs/{lost}", {"dueAt": due}),
        Update(f"jobs/{late}", {"dueAt": due, "createdAt": old}),
    )
    done = counting.sweeper.run()
    assert (done["requeued"], done["timed_out"]) == (1, 1)
    assert queue.names == ["count"]
    counting.deliver_all()
    assert counting.result(lost)["total"] == sum(MANY)
    assert counting.result(late) == {"status": "failed"}


def test_the_sweep_forgets_old_parts_with_the_cleanup_of_their_kind(own_db: Database) -> None:
    counting = Counting(own_db, HeldQueue())
    job_id = counting.start("one", MANY)
    counting.deliver_all()
    paths = [f"jobs/{job_id}/parts/{number}" for number in range(4)]
    own_db.commit(*(Update(path, {"expiresAt": now()}) for path in paths[:3]))
    own_db.commit(Update(paths[3], {"expiresAt": now() + timedelta(days=1)}))
    assert counting.sweeper.run()["parts"] == 3
    assert sorted(counting.cleanup.parts) == [(job_id, str(number)) for number in range(3)]
    assert [own_db.get(path).exists for path in paths] == [False, False, False, True]


def test_the_same_key_makes_one_job(db: Database) -> None:
    counting, uid, key = Counting(db, HeldQueue()), new_user(db), secrets.token_hex(8)
    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(lambda _: counting.start(uid, FEW, key=key), range(6))) == {key}
    counting.deliver_all()
    assert counting.start(uid, FEW, key=key) == key
    assert counting.result(key)["total"] == 3
    with pytest.raises(KeyReused):
        counting.start(uid, MANY, key=key)


def test_erasing_a_user_deletes_their_jobs(db: Database) -> None:
    counting, uid = Counting(db, HeldQueue()), new_user(db)
    done, waiting = counting.start(uid, MANY), counting.start(uid, MANY)
    for task in counting.queue.take():
        if task["jobId"] == done:
            counting.deliver(task)
    counting.deliver_all()
    forget = counting.services.forget_part
    assert erase(uid, 10, database=db, jobs=counting.jobs, forget_part=forget) == 2
    assert not any(db.get(f"jobs/{job_id}").exists for job_id in (done, waiting))
    assert db.find(f"jobs/{done}/parts", limit=10) == []
    assert {job_id for job_id, _ in counting.cleanup.parts} == {done}
    assert audit_user(db, uid) == []
