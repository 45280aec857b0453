"""Random histories of a job: whatever happens to it, it is charged what a model says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.deliveries import Killed, Saboteur
from tests.support.factories import HeldQueue, new_user
from tests.support.jobs import CHARACTERS, Counting, CountWorker, Numbers, Sum
from troupe.adapters.firestore import Database, Update, now
from troupe.commands.ledger_audit import audit_user
from troupe.errors import WorkError
from troupe.jobs.charges import Quote, speech_tariff
from troupe.jobs.records import Job, JobStatus
from troupe.jobs.worker import Watch
from troupe.settings import Prices
from troupe.wallet.ledger import grant_writes
from troupe.wallet.records import Meter

SPEECH = speech_tariff(Prices())
HELD_SECONDS = 400
ACTIONS = ("deliver", "twice", "fail", "refuse", "kill before", "kill after", "cancel within")

# An action, which of the waiting tasks it happens to, and for a kill, at which commit.
steps = st.lists(
    st.tuples(st.sampled_from((*ACTIONS, "cancel")), st.integers(0, 20), st.integers(1, 4)),
    min_size=1,
    max_size=14,
)


class Actor(CountWorker):
    """Does to each part what the history says."""

    def __init__(self, history: History) -> None:
        super().__init__()
        self._history = history

    def run_part(self, job: Job, given: Numbers, number: int, folder: Path, watch: Watch) -> Sum:
        self._history.at_work.add(number)
        action = self._history.action
        if action in ("fail", "refuse"):
            raise WorkError("engine_unavailable", "Not now.", retryable=action == "fail")
        if action == "cancel within":
            self._history.cancel()
        return super().run_part(job, given, number, folder, watch)


class History:
    """One job, and what the test itself saw: the parts between start and end, and those which were
    when it cancelled the job."""

    def __init__(self, db: Database, numbers: int, meter: Meter) -> None:
        self.db, self.meter, self.uid = db, meter, new_user(db)
        self.jobs = Counting(db, HeldQueue(), Actor(self), max_attempts=100)
        self.waiting: list[dict[str, Any]] = []
        self.at_work: set[int] = set()
        self.interrupted: set[int] = set()
        self.action = "deliver"
        in_seconds = meter is Meter.VOICE_SECONDS
        if in_seconds:
            granted = grant_writes(self.uid, "seconds", meter, HELD_SECONDS, "test", now())
            db.commit(*granted)
        quote = Quote.of(SPEECH, CHARACTERS * numbers, HELD_SECONDS if in_seconds else None)
        self.id = self.jobs.start(self.uid, list(range(numbers)), quote)

    @property
    def job(self) -> Job:
        return self.jobs.job(self.id)

    @property
    def recorded(self) -> set[int]:
        return {int(part.id) for part in self.jobs.jobs.parts(self.job)}

    def cancel(self) -> None:
        if not self.job.status.ended:
            self.interrupted = self.at_work - self.recorded
            self.jobs.jobs.cancel(self.id)

    def step(self, action: str, which: int, call: int) -> None:
        self.waiting += self.jobs.queue.take()
        if action == "cancel":
            self.cancel()
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
            if not self.job.status.ended:  # later: nobody is at work any more
                commit(Update(f"jobs/{self.id}", {"leaseUntil": None, "running": {}}))
            return False
        finally:
            self.db.commit = commit  # type: ignore[method-assign]

    def expected(self) -> int:
        """The charge by the model."""
        job = self.job
        assert job.charge is not None
        parts, in_seconds = job.part_characters, self.meter is Meter.VOICE_SECONDS
        if job.status is JobStatus.COMPLETED:
            return -(-CHARACTERS * job.units // 1000) if in_seconds else job.charge.held
        spoken = sum(parts[number] for number in self.recorded)
        interrupted = sum(parts[number] for number in self.interrupted)
        if in_seconds:
            share = HELD_SECONDS * 1000 * interrupted // sum(parts) if interrupted else 0
            return min(-(-(spoken + share) // 1000), HELD_SECONDS)
        return SPEECH.tokens(spoken + interrupted) if spoken + interrupted else 0


@pytest.mark.slow
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=steps, numbers=st.integers(1, 12), meter=st.sampled_from(Meter))
def test_any_history_of_a_job_is_charged_as_the_model_says(
    db: Database, steps: list[tuple[str, int, int]], numbers: int, meter: Meter
) -> None:
    history = History(db, numbers, meter)
    for step in steps:
        history.step(*step)
        assert audit_user(db, history.uid) == []
    history.cancel()
    job, expected = history.job, history.expected()
    assert job.charge is not None
    assert job.charge.charged == expected, job.status
    wallet = db.get(f"wallets/{history.uid}").data[meter]
    assert (wallet["used"], wallet["held"]) == (expected, 0)
    assert audit_user(db, history.uid) == []
    while task := history.waiting + history.jobs.queue.take():
        history.waiting = []
        assert all(history.jobs.deliver(each) for each in task), "late deliveries do nothing"
    assert db.get(f"wallets/{history.uid}").data[meter] == wallet
