"""A kind of job of the tests' own, which adds numbers up, and what delivers the tasks of any."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from troupe.adapters.firestore import Create, Database, Update, Write, now
from troupe.idempotency import request_hash
from troupe.jobs.errors import TryAgain
from troupe.jobs.records import Job, JobError, JobStatus, Part
from troupe.jobs.runner import Runner
from troupe.jobs.service import JobService, Quote, TaskSender
from troupe.jobs.specs import JobSpec, Step, registry
from troupe.jobs.sweep import Sweeper
from troupe.jobs.worker import Cleanup, Outcome, Watch, WorkPlan
from troupe.records import Record

if TYPE_CHECKING:
    from tests.support.factories import HeldQueue

NUMBERS_PER_PART = 3


class Killed(BaseException):
    """Stops a worker without letting it say a word, as a kill does."""


class Deliveries:
    """Delivers the tasks of a queue to a runner, as Cloud Tasks does."""

    db: Database
    queue: HeldQueue
    runner: Runner

    def deliver(self, payload: Mapping[str, Any]) -> bool:
        """One delivery; False when it wants to come again."""
        try:
            self.runner.run(payload["jobId"], payload.get("part"))
        except TryAgain:
            return False
        return True

    def deliver_all(self) -> None:
        """Delivers until the queue is empty, each task until it is done."""
        while tasks := self.queue.take():
            for task in tasks:
                for _ in range(50):
                    if self.deliver(task):
                        break

    def deliver_through_kills(self, task: Mapping[str, Any]) -> None:
        """Delivers one task until it is done, as the queue does: a killed worker's lease is over
        by then."""
        for _ in range(50):
            try:
                done = self.deliver(task)
            except Killed:
                done = False
            if done:
                return
            job_path = f"jobs/{task['jobId']}"
            if self.db.get(job_path).data["leaseUntil"] is not None:
                self.db.commit(Update(job_path, {"leaseUntil": None, "tries": 0}))
        raise AssertionError("the task is never done")


class Saboteur:
    """Kills whoever makes call number `at` to any of the methods that it has taken over, just
    before or just after it; once."""

    def __init__(self, at: int, *, after: bool) -> None:
        self.at, self.after = at, after
        self.calls = 0

    def around(self, target: Any, name: str) -> None:
        original = getattr(target, name)

        def sabotaged(*args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            mine = self.calls == self.at
            if mine and not self.after:
                raise Killed
            answer = original(*args, **kwargs)
            if mine:
                raise Killed
            return answer

        setattr(target, name, sabotaged)


class Numbers(Record):
    """The input of a count."""

    numbers: list[int]


class Sum(Record):
    """What a part of a count comes to."""

    total: int


@dataclass
class CountWorker:
    """Adds numbers up, NUMBERS_PER_PART in a part. `before` is called before each part."""

    before: Callable[[int], None] = lambda number: None
    parts_made: list[int] = field(default_factory=list)

    def plan(self, job: Job, given: Numbers) -> WorkPlan:
        many = len(given.numbers)
        cuts = [*range(0, many, NUMBERS_PER_PART), many]
        return WorkPlan(cuts, units=many, notes={"reading": f"Read {many} numbers"})

    def run_part(self, job: Job, given: Numbers, number: int, folder: Path, watch: Watch) -> Sum:
        self.before(number)
        watch.check()
        assert job.cuts is not None
        self.parts_made.append(number)
        return Sum(total=sum(given.numbers[job.cuts[number] : job.cuts[number + 1]]))

    def assemble(
        self, job: Job, given: Numbers, done: Sequence[Sum], folder: Path, watch: Watch
    ) -> Outcome:
        watch.report("result", 0.5)
        total = sum(part.total for part in done)
        fields = {"total": total, "status": JobStatus.COMPLETED}
        return Outcome([Update(job.subject, fields)], charge=1 if job.charge else 0)


def _count_writes(job: Job, status: JobStatus, error: JobError | None, at: datetime) -> list[Write]:
    return [Update(job.subject, {"status": status})]


def _no_worker(services: Any) -> CountWorker:
    raise AssertionError("nobody has said who counts")


COUNT = JobSpec(
    kind="count",
    steps=(Step("reading", 10), Step("adding", 60), Step("result", 30, "Adding the sums")),
    parts_step="adding",
    parts_message="Added {done} of {total} numbers",
    input=Numbers,
    payload=Sum,
    worker=_no_worker,
    subject_writes=_count_writes,
    queue="count",
)


class Forgotten(Cleanup):
    """Notes what it is told to clean up."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, str]] = []
        self.tidied: list[str] = []

    def forget(self, job: Job, part: Part) -> None:
        self.parts.append((job.id, part.id))

    def tidy(self, job: Job) -> None:
        self.tidied.append(job.id)


class Counting(Deliveries):
    """Everything that jobs need, around one database, with the one kind that counts."""

    def __init__(
        self,
        db: Database,
        queue: HeldQueue,
        worker: CountWorker | None = None,
        *,
        lease_seconds: int = 30,
        max_attempts: int = 3,
    ) -> None:
        self.db, self.queue = db, queue
        self.worker = worker or CountWorker()
        self.cleanup = Forgotten()
        self.spec = replace(COUNT, worker=lambda _: self.worker, cleanup=lambda _: self.cleanup)
        specs = registry(self.spec)
        sender = TaskSender(queue, specs)
        self.jobs = JobService(db, sender, specs)
        self.runner = Runner(
            db, sender, specs, None, lease_seconds=lease_seconds, max_attempts=max_attempts
        )
        self.sweeper = Sweeper(
            db, sender, specs, hold_hours=24, forget=self.cleanup.forget, chores={}
        )

    def start(
        self, uid: str, numbers: Sequence[int], quote: Quote | None = None, key: str | None = None
    ) -> str:
        """The id of the job, and of the document that it is about."""
        job_id = key or secrets.token_hex(16)
        job = self.spec.job(
            id=job_id,
            uid=uid,
            subject=f"counts/{job_id}",
            given=Numbers(numbers=list(numbers)),
            request_hash=request_hash("count", {"numbers": list(numbers)}),
            at=now(),
        )
        subject = Create(job.subject, {"status": JobStatus.QUEUED})
        return self.jobs.submit(job, quote, [subject], keyed=key is not None).id

    def job(self, job_id: str) -> Job:
        return self.jobs.get(job_id)[0]

    def result(self, job_id: str) -> dict[str, Any]:
        return self.db.get(f"counts/{job_id}").data
