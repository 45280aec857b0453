"""Random histories of a user's jobs, whose charges are compared with a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.audits import audit_user
from tests.support.deliveries import Killed, Saboteur
from tests.support.factories import HeldQueue, new_user
from tests.support.jobs import CHARACTERS, Counting, CountWorker, Numbers, Sum
from tests.support.plans import give_seconds
from troupe.adapters.firestore import Database, Update
from troupe.errors import WorkError
from troupe.jobs.charges import Quote, speech_tariff
from troupe.jobs.progress import view_of
from troupe.jobs.records import Job, JobStatus
from troupe.jobs.worker import Watch
from troupe.settings import Prices
from troupe.wallet.errors import NotEnoughTokens
from troupe.wallet.records import Meter, Wallet

SPEECH = speech_tariff(Prices())
HELD_SECONDS, LIKELY_SECONDS = 400, 100
ACTIONS = ("deliver", "twice", "fail", "refuse", "kill before", "kill after", "cancel within")

# An action; the place of the job or of the waiting task it happens to; how many numbers a new job
# has; at which commit a kill strikes.
steps = st.lists(
    st.tuples(
        st.sampled_from((*ACTIONS, "deliver", "deliver", "submit", "cancel")),
        st.integers(0, 20),
        st.integers(1, 12),
        st.integers(1, 4),
    ),
    min_size=1,
    max_size=16,
)


class Actor(CountWorker):
    """Does to each part what the history says."""

    def __init__(self, history: History) -> None:
        super().__init__()
        self._history = history

    def run_part(self, job: Job, given: Numbers, number: int, folder: Path, watch: Watch) -> Sum:
        self._history.at_work.add((job.id, number))
        action = self._history.action
        if action in ("fail", "refuse"):
            raise WorkError("engine_unavailable", "Not now.", retryable=action == "fail")
        if action == "cancel within":
            self._history.cancel(job.id)
        return super().run_part(job, given, number, folder, watch)


class History:
    """The jobs of one user, and what the test itself saw: the parts between start and end, and
    those that were when it cancelled their job."""

    def __init__(self, db: Database, tokens: int, seconds: int) -> None:
        self.db, self.uid = db, new_user(db, tokens)
        self.tokens, self.seconds = tokens, seconds
        self.jobs = Counting(db, HeldQueue(), Actor(self), max_attempts=100)
        self.ids: list[str] = []
        self.waiting: list[dict[str, Any]] = []
        self.at_work: set[tuple[str, int]] = set()
        self.interrupted: dict[str, set[int]] = {}
        self.action = "deliver"
        if seconds:
            give_seconds(db, self.uid, seconds)

    def submit(self, numbers: int) -> None:
        """Submits a job, which is accepted if the model says that it can be paid for."""
        quote = Quote.of(SPEECH, CHARACTERS * numbers, HELD_SECONDS, LIKELY_SECONDS)
        tokens, seconds = self.available(Meter.TOKENS), self.available(Meter.VOICE_SECONDS)
        affordable = seconds >= HELD_SECONDS or tokens >= quote.tokens
        try:
            self.ids.append(self.jobs.start(self.uid, list(range(numbers)), quote))
        except NotEnoughTokens:
            assert not affordable
        else:
            assert affordable

    def available(self, meter: Meter) -> int:
        """By the model: what was given, less what the jobs hold or were charged."""
        left = self.tokens if meter is Meter.TOKENS else self.seconds
        for job_id in self.ids:
            job = self.jobs.job(job_id)
            assert job.charge is not None
            if job.charge.meter is meter:
                left -= self.expected(job) if job.status.ended else job.charge.held
        return left

    def cancel(self, job_id: str) -> None:
        job = self.jobs.job(job_id)
        if not job.status.ended:
            mine = {number for each, number in self.at_work if each == job_id}
            self.interrupted[job_id] = mine - self._recorded(job)
            self.jobs.jobs.cancel(job_id)

    def step(self, action: str, which: int, numbers: int, call: int) -> None:
        self.waiting += self.jobs.queue.take()
        if action == "submit":
            self.submit(numbers)
        elif action == "cancel":
            if self.ids:
                self.cancel(self.ids[which % len(self.ids)])
        elif self.waiting:
            task = self.waiting[which % len(self.waiting)]
            self.action = action
            if self._deliver(task, call):
                self.waiting.remove(task)
            self.at_work.clear()

    def _deliver(self, task: dict[str, Any], call: int) -> bool:
        """Whether the queue is done with the task."""
        commit = self.db.commit
        if self.action.startswith("kill"):
            Saboteur(call, after=self.action == "kill after").around(self.db, "commit")
        try:
            done = self.jobs.deliver(task)
            return self.jobs.deliver(task) if self.action == "twice" else done
        except Killed:
            if not self.jobs.job(task["jobId"]).status.ended:  # later: nobody is at work any more
                commit(Update(f"jobs/{task['jobId']}", {"leaseUntil": None, "running": {}}))
            return False
        finally:
            self.db.commit = commit  # type: ignore[method-assign]

    def _recorded(self, job: Job) -> set[int]:
        return {int(part.id) for part in self.jobs.jobs.parts(job)}

    def expected(self, job: Job) -> int:
        """The charge of an ended job by the model."""
        assert job.charge is not None
        parts, in_seconds = job.part_characters, job.charge.meter is Meter.VOICE_SECONDS
        if job.status is JobStatus.COMPLETED:
            return -(-CHARACTERS * job.units // 1000) if in_seconds else job.charge.held
        spoken = sum(parts[number] for number in self._recorded(job))
        interrupted = sum(parts[number] for number in self.interrupted.get(job.id, ()))
        if in_seconds:
            share = LIKELY_SECONDS * 1000 * interrupted // sum(parts) if interrupted else 0
            return min(-(-(spoken + share) // 1000), HELD_SECONDS)
        return SPEECH.tokens(spoken + interrupted) if spoken + interrupted else 0

    def check(self) -> None:
        assert audit_user(self.db, self.uid) == []
        wallet = Wallet.of(self.db.get(f"wallets/{self.uid}"))
        for meter in Meter:
            assert wallet.meter(meter).available == self.available(meter) >= 0
        for job_id in self.ids:
            job = self.jobs.job(job_id)
            assert job.charge is not None
            assert job.view == view_of(job, self.jobs.spec)
            if job.status.ended:
                assert job.charge.charged == self.expected(job), job.status


@pytest.mark.slow
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    steps=steps,
    numbers=st.integers(1, 12),
    tokens=st.integers(5, 12),
    seconds=st.sampled_from([0, HELD_SECONDS, 2 * HELD_SECONDS]),
)
def test_any_history_is_charged_as_by_the_model(
    db: Database, steps: list[tuple[str, int, int, int]], numbers: int, tokens: int, seconds: int
) -> None:
    history = History(db, tokens, seconds)
    history.submit(numbers)
    for step in steps:
        history.step(*step)
        history.check()
    for job_id in history.ids:
        history.cancel(job_id)
    history.check()
    before = db.get(f"wallets/{history.uid}").data
    while tasks := history.waiting + history.jobs.queue.take():
        history.waiting = []
        assert all(history.jobs.deliver(each) for each in tasks), "late deliveries do nothing"
    assert db.get(f"wallets/{history.uid}").data == before
