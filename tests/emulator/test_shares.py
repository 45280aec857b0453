"""Shares of the queue on the real Firestore emulator: which jobs and parts are enqueued, and what
is left of a share after crashes, cancels and second deliveries."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.support.audits import audit_user
from tests.support.deliveries import Saboteur
from tests.support.factories import CountingDatabase, HeldQueue, new_user
from tests.support.jobs import Counting, CountWorker
from troupe.accounts.errors import AccountSuspended
from troupe.adapters.firestore import Create, Database, Delete, Update, now
from troupe.adapters.queue import QueueUnavailable
from troupe.errors import WorkError
from troupe.jobs.admission import ENDED_AT_ONCE
from troupe.jobs.charges import Quote
from troupe.jobs.errors import TooManyJobs
from troupe.jobs.lifecycle import erase
from troupe.jobs.records import JobStatus
from troupe.jobs.schemas import JobView
from troupe.jobs.shares import MOST_PROMPT, Share, frontier, share_path

FEW, MANY = [1, 2], list(range(1, 16))  # one part; five
PAID = Quote(tokens=1)
QUOTES = pytest.mark.parametrize("quote", [None, PAID], ids=["free", "paid"])


def sharing(db: Database, shares: str = "none=1x1", **changes: Any) -> Counting:
    return Counting(db, HeldQueue(), TASKS_AT_ONCE=20, JOB_SHARES=shares, **changes)


def share(db: Database, uid: str) -> tuple[list[str], int]:
    """The running jobs of a user, and how many wait."""
    found = Share.of(db.get(share_path(uid)))
    return found.running, found.waiting


def is_clean(db: Database, uid: str) -> bool:
    left = Share.of(db.get(share_path(uid)))
    return (left.running, left.waiting) == ([], 0) and audit_user(db, uid) == []


def queued(counting: Counting) -> list[str]:
    return [payload["jobId"] for payload, _ in counting.queue.tasks]


def statuses(counting: Counting, ids: list[str]) -> set[str]:
    return {counting.job(job_id).status for job_id in ids}


def test_prompt_jobs_are_beside_the_share(db: Database) -> None:
    uid, queue = new_user(db), HeldQueue()
    counting = Counting(db, queue, prompt=True, TASKS_AT_ONCE=20, JOB_SHARES="none=1x1/1")
    others = Counting(db, queue, TASKS_AT_ONCE=20, JOB_SHARES="none=1x1/2")
    first = [others.start(uid, FEW) for _ in range(2)]
    ids = [counting.start(uid, FEW, None if n else PAID) for n in range(MOST_PROMPT)]
    assert queued(counting) == [first[0], *ids]  # none of them waits
    assert share(db, uid) == ([first[0]], 1)
    with pytest.raises(TooManyJobs) as refused:
        counting.start(uid, FEW, PAID)
    assert refused.value.retry_after
    before = Share.of(db.get(share_path(uid)))
    assert before.prompt == ids and before.started == 2
    for each in queue.take()[1:]:
        counting.deliver(each)
    assert statuses(counting, ids) == {"completed"}
    left = Share.of(db.get(share_path(uid)))
    assert (left.prompt, left.running, left.waiting) == ([], [first[0]], 1)
    # What was lost of a share is counted anew.
    other = new_user(db)
    ids = [counting.start(other, FEW, PAID) for _ in range(2)]
    db.commit(Update(share_path(other), {"prompt": [], "running": ids}))
    counting.services.admission.repair(other)
    found = Share.of(db.get(share_path(other)))
    assert set(found.prompt) == {*ids} and found.running == []


@QUOTES
def test_jobs_above_the_share_wait_and_follow_in_order(db: Database, quote: Quote | None) -> None:
    counting, uid = sharing(db, "none=2x1"), new_user(db)
    ids = [counting.start(uid, FEW, quote) for _ in range(5)]
    assert queued(counting) == ids[:2]
    assert share(db, uid) == (ids[:2], 3)
    waiting = JobView.of(counting.job(ids[2]), counting.spec)
    assert (waiting.status, waiting.waiting) == ("queued", True)
    assert waiting.steps[0].message == "Waiting for another of your jobs to end"
    assert counting.job(ids[2]).view.message == waiting.steps[0].message
    sent = list(ids[:2])
    while counting.queue.tasks:
        task = counting.queue.take()
        counting.deliver(task[0])
        assert len(queued(counting)) <= 1
        sent += queued(counting)
        counting.queue.tasks = [(each, {}) for each in task[1:]] + counting.queue.tasks
        assert len(counting.queue.tasks) <= 2
    assert sent == ids
    assert statuses(counting, ids) == {"completed"}
    assert is_clean(db, uid)


@pytest.mark.parametrize(
    ("user", "jobs"),
    [
        ({"plan": None}, 2),
        ({"guest": True}, 1),
        ({"guest": True, "plan": "gold", "subscription": {"priceCents": 900}}, 1),
        ({"plan": "free", "subscription": {"priceCents": 0}}, 2),
        ({"plan": "silver", "subscription": {"priceCents": 900}}, 3),
        ({"plan": "gold", "subscription": {"priceCents": 900}}, 4),
        ({"plan": None, "subscription": {"priceCents": 900}}, 2),
    ],
)
def test_the_share_is_that_of_the_plan(db: Database, user: dict[str, Any], jobs: int) -> None:
    counting = sharing(db, "guest=1x1, none=2x1, paid=3x1, gold=4x1")
    uid = new_user(db)
    db.commit(Update(f"users/{uid}", user))
    for _ in range(5):
        counting.start(uid, FEW)
    assert len(queued(counting)) == jobs


def test_no_share_is_more_than_half_of_the_tasks_at_once(db: Database) -> None:
    for tasks, jobs, parts in [(2, 1, 1), (4, 1, 2), (8, 2, 2), (20, 5, 2), (1, 1, 1)]:
        counting = Counting(db, HeldQueue(), TASKS_AT_ONCE=tasks, JOB_SHARES="none=9x2")
        uid = new_user(db)
        for _ in range(10):
            counting.start(uid, MANY)
        assert len(queued(counting)) == jobs, tasks
        counting.deliver(counting.queue.take()[0])
        assert len(queued(counting)) == parts, tasks


def test_one_users_jobs_do_not_count_for_another(db: Database) -> None:
    counting, one, another = sharing(db), new_user(db), new_user(db)
    for _ in range(3):
        counting.start(one, FEW)
    job_id = counting.start(another, FEW)
    assert queued(counting)[-1] == job_id


@QUOTES
def test_jobs_submitted_at_once_never_exceed_the_share(db: Database, quote: Quote | None) -> None:
    counting, uid = sharing(db, "none=2x1"), new_user(db)
    with ThreadPoolExecutor(12) as pool:
        ids = list(pool.map(lambda _: counting.start(uid, FEW, quote), range(12)))
    assert len(queued(counting)) == 2
    running, waiting = share(db, uid)
    assert (sorted(running), waiting) == (sorted(queued(counting)), 10)
    most = 0
    while tasks := counting.queue.take():
        most = max(most, len(tasks))
        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(counting.deliver, tasks))
    assert most <= 2
    assert statuses(counting, ids) == {"completed"}
    assert is_clean(db, uid)


def test_parts_are_enqueued_in_a_window(db: Database) -> None:
    counting, uid = sharing(db, "none=1x2"), new_user(db)
    job_id = counting.start(uid, MANY)
    counting.deliver(counting.queue.take()[0])
    order = []
    while tasks := counting.queue.tasks:
        assert len(tasks) <= 2
        payload, _ = tasks.pop(0)
        order.append(payload.get("part"))
        counting.deliver(payload)
    assert order == [0, 1, 2, 3, 4, None], "the last one is the assembly"
    assert counting.result(job_id)["total"] == sum(MANY)


@pytest.mark.parametrize(
    ("done", "window", "expected"),
    [
        (set(), 2, [0, 1]),
        ({0}, 2, [1, 2]),
        ({0, 2, 4}, 2, [1]),
        ({0, 1, 2}, 2, [3, 4]),
        (set(), 0, [0, 1, 2, 3, 4]),
        ({1}, 0, [0, 2, 3, 4]),
        ({0, 1, 2, 3, 4}, 2, []),
        (set(), 9, [0, 1, 2, 3, 4]),
    ],
)
def test_the_frontier(done: set[int], window: int, expected: list[int]) -> None:
    assert frontier(done, 5, window) == expected


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("numbers", [FEW, MANY], ids=["one part", "parts"])
def test_a_worker_killed_at_any_call_keeps_nobody_waiting(
    own_db: Database, numbers: list[int], after: bool
) -> None:
    """Killed at its first commit or enqueue, then at its second, and so on. The queue redelivers
    what was not acknowledged; no sweep runs."""
    db, number, survived = own_db, 0, False
    while not survived:
        number += 1
        counting, uid = sharing(db, "none=1x2"), new_user(db)
        ids = [counting.start(uid, numbers, PAID) for _ in range(2)]
        saboteur, commit = Saboteur(number, after=after), db.commit
        saboteur.around(db, "commit")
        saboteur.around(counting.queue, "enqueue")
        try:
            while tasks := counting.queue.take():
                for task in tasks:
                    counting.deliver_through_kills(task)
        finally:
            db.commit = commit  # type: ignore[method-assign]
        survived = saboteur.calls < number
        if statuses(counting, ids) != {"completed"}:
            # Killed between admitting the next job and enqueueing it: the sweep enqueues it.
            assert share(db, uid) == ([ids[1]], 0), number
            past = now() - timedelta(seconds=1)
            db.commit(Update(f"jobs/{ids[1]}", {"dueAt": past}))
            counting.sweeper.run()
            counting.deliver_all()
        assert statuses(counting, ids) == {"completed"}, number
        assert is_clean(db, uid), number
    assert number > (5 if numbers is FEW else 15), "nothing was killed"


def test_a_second_delivery_after_the_end_fills_the_share(db: Database) -> None:
    """The worker died between the commit that ended the job and what follows."""
    counting, uid = sharing(db), new_user(db)
    first, second = counting.start(uid, FEW), counting.start(uid, FEW)
    (task,) = counting.queue.take()
    fill = counting.services.admission.fill
    counting.services.admission.fill = lambda uid: None  # type: ignore[method-assign]
    counting.deliver(task)
    assert counting.job(first).status is JobStatus.COMPLETED
    assert queued(counting) == []
    counting.services.admission.fill = fill  # type: ignore[method-assign]
    counting.deliver(task)
    counting.deliver(task)
    assert queued(counting) == [second], "once"


def test_second_deliveries_run_no_part_twice(db: Database) -> None:
    worker = CountWorker()
    counting = Counting(
        db, HeldQueue(), worker, TASKS_AT_ONCE=20, JOB_SHARES="none=1x1", max_attempts=3
    )
    uid, numbers = new_user(db), list(range(60))  # twenty parts
    job_id = counting.start(uid, numbers)
    counting.deliver(counting.queue.take()[0])
    (task,) = counting.queue.take()
    counting.deliver(task)
    delivered = 0
    while tasks := counting.queue.take():
        for each in tasks:
            counting.deliver(each)
            counting.deliver(each)  # every task comes twice
            counting.deliver(task)  # and the first one again and again
            delivered += 1
    assert counting.result(job_id)["total"] == sum(numbers)
    assert worker.parts_made == list(range(20))
    assert delivered < 50


def test_parts_delivered_at_once_do_not_multiply(db: Database) -> None:
    """The loser of two simultaneous deliveries enqueues nothing."""
    counting: Counting
    made = []

    def meanwhile(number: int) -> None:
        made.append(number)
        if made.count(number) == 1:  # a second delivery finishes first
            counting.deliver({"jobId": job_id, "part": number, "uid": uid})

    counting = Counting(
        db, HeldQueue(), CountWorker(meanwhile), TASKS_AT_ONCE=20, JOB_SHARES="none=1x1"
    )
    uid = new_user(db)
    job_id = counting.start(uid, MANY)
    counting.deliver(counting.queue.take()[0])
    total = 0
    while tasks := counting.queue.take():
        assert len(tasks) == 1
        counting.deliver(tasks[0])
        total += 1
    assert total == 6, "five parts and the assembly"
    assert counting.result(job_id)["total"] == sum(MANY)


def test_a_part_whose_commit_was_retried_passes_the_job_on(db: Database) -> None:
    """The response to our own commit was lost, so the client library sent it again."""
    counting, uid = sharing(db), new_user(db)
    job_id = counting.start(uid, MANY)
    counting.deliver(counting.queue.take()[0])
    commit = db.commit

    def lossy(*writes: Any) -> Any:
        commit(*writes)
        return commit(*writes)

    while tasks := counting.queue.take():
        (task,) = tasks
        if "part" in task:
            db.commit = lossy  # type: ignore[method-assign]
        try:
            counting.deliver(task)
        finally:
            db.commit = commit  # type: ignore[method-assign]
    assert counting.result(job_id)["total"] == sum(MANY)


def test_every_way_a_job_ends_frees_its_place(own_db: Database) -> None:
    db = own_db

    def complete(counting: Counting, job_id: str) -> None:
        counting.deliver(counting.queue.take()[0])

    def fail(counting: Counting, job_id: str) -> None:
        def broken(number: int) -> None:
            raise WorkError("abacus_broken", "The abacus is broken.", retryable=False)

        counting.worker.before = broken
        counting.deliver(counting.queue.take()[0])

    def refuse(counting: Counting, job_id: str) -> None:
        counting.worker.plan = lambda *args: 1 / 0  # type: ignore[assignment, method-assign]
        counting.deliver(counting.queue.take()[0])

    def die(counting: Counting, job_id: str) -> None:
        db.commit(Update(f"jobs/{job_id}", {"status": "in_progress", "tries": 3, "attempt": 3}))
        counting.deliver(counting.queue.take()[0])

    def cancel(counting: Counting, job_id: str) -> None:
        counting.queue.take()
        counting.jobs.cancel(job_id)

    def time_out(counting: Counting, job_id: str) -> None:
        counting.queue.take()
        old = now() - timedelta(days=2)
        db.commit(Update(f"jobs/{job_id}", {"dueAt": old, "createdAt": old}))
        counting.sweeper.run()

    def lose_the_subject(counting: Counting, job_id: str) -> None:
        counting.queue.take()
        db.commit(Delete(f"counts/{job_id}"))
        counting.jobs.cancel(job_id)

    ways: list[Callable[[Counting, str], None]] = [
        *(complete, fail, refuse, die, cancel, time_out, lose_the_subject)
    ]
    for end in ways:
        counting, uid = sharing(db), new_user(db)
        first, second = counting.start(uid, FEW, PAID), counting.start(uid, FEW, PAID)
        assert queued(counting) == [first]
        end(counting, first)
        assert counting.job(first).status.ended, end
        assert queued(counting) == [second], end
        assert share(db, uid) == ([second], 0), end
        counting.jobs.cancel(second)
        assert is_clean(db, uid), end


def test_a_cancelled_waiting_job_never_runs(db: Database) -> None:
    counting, uid = sharing(db), new_user(db)
    first, second, third = (counting.start(uid, FEW, PAID) for _ in range(3))
    assert counting.jobs.cancel(second).status is JobStatus.CANCELLED
    assert share(db, uid) == ([first], 1)
    assert not counting.job(second).waiting
    counting.deliver_all()
    assert [counting.job(each).status for each in (first, second, third)] == [
        *("completed", "cancelled", "completed")
    ]
    assert is_clean(db, uid)


@pytest.mark.parametrize(
    "drift",
    [
        {"running": ["gone", "gone-too"], "waiting": 2},
        {"running": [], "waiting": 0},
        {"running": [], "waiting": 7},
        None,
    ],
    ids=["stale ids", "too low", "too high", "lost"],
)
def test_the_sweep_corrects_a_share(own_db: Database, drift: dict[str, Any] | None) -> None:
    counting, uid = sharing(own_db), new_user(own_db)
    ids = [counting.start(uid, FEW) for _ in range(3)]
    counting.jobs.cancel(ids[0])
    counting.queue.take()
    past = {"dueAt": now() - timedelta(seconds=1)}
    if drift is None:  # then only the waiting job leads to it
        own_db.commit(Delete(share_path(uid)), Update(f"jobs/{ids[2]}", past))
    else:
        own_db.commit(Update(share_path(uid), drift | past))
    counting.sweeper.run()
    assert share(own_db, uid) == ([ids[1]], 1)
    counting.deliver({"jobId": ids[1], "uid": uid})
    counting.deliver_all()
    assert statuses(counting, ids[1:]) == {"completed"}
    assert is_clean(own_db, uid)
    assert own_db.due("shares", 10) == []


def test_admitted_jobs_are_enqueued_later_if_the_queue_is_down(own_db: Database) -> None:
    counting, uid = sharing(own_db), new_user(own_db)
    _, second = counting.start(uid, FEW), counting.start(uid, FEW)
    (task,) = counting.queue.take()
    counting.queue.failure = QueueUnavailable("down")
    counting.deliver(task)
    counting.queue.failure = None
    assert share(own_db, uid) == ([second], 0)
    own_db.commit(Update(f"jobs/{second}", {"dueAt": now() - timedelta(seconds=1)}))
    counting.sweeper.run()
    assert queued(counting) == [second]


def test_the_sweep_enqueues_only_the_window(own_db: Database) -> None:
    counting, uid = sharing(own_db, "none=1x2"), new_user(own_db)
    job_id = counting.start(uid, MANY)
    counting.deliver(counting.queue.take()[0])
    first, _ = counting.queue.take()
    counting.deliver(first)
    counting.queue.take()  # all lost
    own_db.commit(Update(f"jobs/{job_id}", {"dueAt": now() - timedelta(seconds=1)}))
    counting.sweeper.run()
    assert [payload["part"] for payload, _ in counting.queue.tasks] == [1, 2]
    counting.deliver_all()
    assert counting.result(job_id)["total"] == sum(MANY)


def test_a_limited_number_of_jobs_may_wait(db: Database) -> None:
    counting, uid = sharing(db, WAITING_JOBS=3), new_user(db)
    for _ in range(4):
        counting.start(uid, FEW, PAID)
    with pytest.raises(TooManyJobs) as refused:
        counting.start(uid, FEW, PAID)
    assert refused.value.details == {"maximum": 3}
    counting.deliver_all()
    assert is_clean(db, uid)


def test_starting_and_cancelling_does_not_go_on_for_ever(db: Database) -> None:
    counting, uid = sharing(db, "none=1x1/3"), new_user(db)
    key, this_hour = secrets.token_hex(8), now().replace(minute=0, second=0, microsecond=0)

    def start_and_cancel(key: str | None = None) -> None:
        counting.jobs.cancel(counting.start(uid, FEW, key=key))

    # The test may run over a full hour.
    db.commit(Create(share_path(uid), {"hour": this_hour + timedelta(hours=1), "started": 0}))
    start_and_cancel(key)
    start_and_cancel(key)  # a repeated request does not count
    start_and_cancel()
    start_and_cancel()
    with pytest.raises(TooManyJobs) as refused:
        counting.start(uid, FEW)
    assert refused.value.details == {"maximum": 3, "per": "hour"}
    assert 3600 <= (refused.value.retry_after or 0) <= 7200
    assert db.count("jobs", where=[("uid", "==", uid)]) == 3
    assert is_clean(db, uid)

    db.commit(Update(share_path(uid), {"hour": this_hour - timedelta(hours=1)}))
    start_and_cancel()
    again = Share.of(db.get(share_path(uid)))
    assert (again.started, again.hour) in [(1, this_hour), (1, this_hour + timedelta(hours=1))]


def test_a_repeated_request_waits_once(db: Database) -> None:
    counting, uid, key = sharing(db), new_user(db), secrets.token_hex(8)
    counting.start(uid, FEW)
    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(lambda _: counting.start(uid, FEW, key=key), range(6))) == {key}
    assert share(db, uid)[1] == 1
    counting.deliver_all()
    assert counting.result(key)["total"] == 3


def test_the_next_job_costs_three_calls_and_nobody_waiting_none(counting: CountingDatabase) -> None:
    jobs, uid = sharing(counting), new_user(counting)
    jobs.start(uid, FEW)
    jobs.start(uid, FEW)
    costs = []
    for _ in range(2):
        counting.calls.clear()
        for task in jobs.queue.take():
            jobs.deliver(task)
        costs.append(dict(counting.calls))
    assert costs == [
        {"batch_get_documents": 2, "run_query": 1, "commit": 4},
        {"batch_get_documents": 1, "commit": 3},
    ]


def test_a_suspended_users_jobs_end_instead_of_running(db: Database) -> None:
    counting, uid = sharing(db, "none=2x1"), new_user(db)
    ids = [counting.start(uid, MANY, PAID) for _ in range(4)]
    first, second = counting.queue.take()
    counting.deliver(first)
    db.commit(Update(f"users/{uid}", {"suspended": True}))
    with pytest.raises(AccountSuspended):
        counting.start(uid, FEW)
    (part,) = counting.queue.take()
    counting.deliver(part)
    assert counting.worker.parts_made == []
    assert statuses(counting, ids) == {"cancelled"}
    counting.deliver(second)
    assert queued(counting) == []
    assert is_clean(db, uid)


def test_a_deleted_user_whose_request_is_under_way_starts_no_job(db: Database) -> None:
    counting, uid = sharing(db), new_user(db)
    db.commit(Update(f"users/{uid}", {"deletedAt": now()}))
    with pytest.raises(AccountSuspended):
        counting.start(uid, FEW, PAID)
    assert is_clean(db, uid)


def test_the_sweep_ends_a_suspended_users_jobs_in_batches(own_db: Database) -> None:
    db, many = own_db, 2 * ENDED_AT_ONCE + 5
    counting, uid = sharing(db), new_user(db, tokens=many)
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda _: counting.start(uid, FEW, PAID), range(many)))
    db.commit(Update(f"users/{uid}", {"suspended": True}))
    counting.services.admission.fill(uid)
    live = [("status", "in", ["queued", "in_progress"]), ("uid", "==", uid)]
    assert db.count("jobs", where=live) == many - ENDED_AT_ONCE
    for _ in range(3):
        counting.sweeper.run()
    assert statuses(counting, ids) == {"cancelled"}
    assert is_clean(db, uid)
    assert db.due("shares", 10) == []


def test_erasing_a_user_erases_the_share(db: Database) -> None:
    counting, uid = sharing(db), new_user(db)
    ids = [counting.start(uid, FEW, PAID) for _ in range(3)]
    db.commit(Update(f"users/{uid}", {"deletedAt": now()}))
    counting.deliver(counting.queue.take()[0])
    assert counting.worker.parts_made == []
    assert statuses(counting, ids) == {"cancelled"}
    forget = counting.services.forget_part
    while erase(uid, 2, database=db, jobs=counting.jobs, forget_part=forget):
        pass
    assert not db.get(share_path(uid)).exists
    assert queued(counting) == []
