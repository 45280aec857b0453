"""A kind of job for tests, which adds numbers."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.support.deliveries import Deliveries
from tests.support.factories import HeldQueue, test_settings
from troupe.adapters.firestore import Create, Database, Update, Write, now
from troupe.app.container import Container
from troupe.idempotency import request_hash
from troupe.jobs.charges import Quote
from troupe.jobs.cleanup import Cleanup
from troupe.jobs.records import Job, JobError, JobStatus, Part, Usage
from troupe.jobs.specs import JobSpec, Step, registry
from troupe.jobs.worker import Outcome, Watch, WorkPlan
from troupe.records import Record
from troupe.wallet.payers import Payer
from troupe.wallet.records import Owner

NUMBERS_PER_PART = 3
CHARACTERS = 400


class Numbers(Record):
    """The input of a count."""

    numbers: list[int]


class Sum(Record):
    """The result of one part of a count. A number counts as CHARACTERS characters and as many
    milliseconds."""

    total: int
    count: int = 0


@dataclass
class CountWorker:
    """Adds numbers, NUMBERS_PER_PART per part. Calls `before` before each part."""

    before: Callable[[int], None] = lambda number: None
    parts_made: list[int] = field(default_factory=list)

    def plan(self, job: Job, given: Numbers) -> WorkPlan:
        many = len(given.numbers)
        cuts = [*range(0, many, NUMBERS_PER_PART), many]
        characters = [CHARACTERS * (end - first) for first, end in itertools.pairwise(cuts)]
        notes = {"reading": f"Read {many} numbers"}
        return WorkPlan(cuts, units=many, notes=notes, characters=characters)

    def run_part(self, job: Job, given: Numbers, number: int, folder: Path, watch: Watch) -> Sum:
        self.before(number)
        watch.check()
        assert job.cuts is not None
        self.parts_made.append(number)
        numbers = given.numbers[job.cuts[number] : job.cuts[number + 1]]
        return Sum(total=sum(numbers), count=len(numbers))

    def assemble(
        self, job: Job, given: Numbers, done: Sequence[Sum], folder: Path, watch: Watch
    ) -> Outcome:
        watch.report("result", 0.5)
        total = sum(part.total for part in done)
        fields = {"total": total, "status": JobStatus.COMPLETED}
        charge = 1 if job.charge else 0
        if job.charge is not None and job.charge.tariff is not None:
            charge = job.charge.of_seconds(sum(part.count for part in done) * CHARACTERS / 1000)
        return Outcome([Update(job.subject, fields)], charge=charge)


def _count_writes(job: Job, status: JobStatus, error: JobError | None, at: datetime) -> list[Write]:
    return [Update(job.subject, {"status": status})]


def _no_worker(services: Any) -> CountWorker:
    raise AssertionError("the test has set no worker")


def _usage(part: Sum) -> Usage:
    return Usage(characters=CHARACTERS * part.count, milliseconds=CHARACTERS * part.count)


COUNT = JobSpec(
    kind="count",
    steps=(Step("reading", 10), Step("adding", 60), Step("result", 30, "Adding the sums")),
    parts_step="adding",
    parts_message="Added {done} of {total} numbers",
    input=Numbers,
    payload=Sum,
    worker=_no_worker,
    subject_writes=_count_writes,
    usage=_usage,
    queue="count",
    link="/api/counts/{id}",
)


class RecordedCleanup(Cleanup):
    """Records the cleanups requested."""

    def __init__(self) -> None:
        self.discarded: list[Outcome] = []
        self.parts: list[tuple[str, str]] = []
        self.tidied: list[str] = []

    def discard(self, outcome: Outcome) -> None:
        self.discarded.append(outcome)

    def forget(self, job: Job, part: Part) -> None:
        self.parts.append((job.id, part.id))

    def tidy(self, job: Job) -> None:
        self.tidied.append(job.id)


class Counting(Deliveries):
    """The services around one database, with counting as the only kind of job."""

    def __init__(
        self,
        db: Database,
        queue: HeldQueue,
        worker: CountWorker | None = None,
        *,
        lease_seconds: int = 30,
        max_attempts: int = 3,
        prompt: bool = False,
        **changes: Any,
    ) -> None:
        self.db, self.queue = db, queue
        self.worker = worker or CountWorker()
        self.cleanup = RecordedCleanup()
        self.spec = replace(
            COUNT, worker=lambda _: self.worker, cleanup=lambda _: self.cleanup, prompt=prompt
        )
        settings = test_settings(LEASE_SECONDS=lease_seconds, MAX_ATTEMPTS=max_attempts, **changes)
        self.services = Container(
            settings, database=db, queue=queue, job_specs=registry(self.spec), chores={}
        )
        self.jobs = self.services.jobs
        self.runner = self.services.runner
        self.sweeper = self.services.sweeper

    def start(
        self,
        uid: str,
        numbers: Sequence[int],
        quote: Quote | None = None,
        key: str | None = None,
        payer: Owner | None = None,
    ) -> str:
        """Submits a job; returns its id, which its subject has too."""
        job_id = key or secrets.token_hex(16)
        job = self.spec.job(
            id=job_id,
            uid=uid,
            subject=f"counts/{job_id}",
            given=Numbers(numbers=list(numbers)),
            request_hash=request_hash("count", {"numbers": list(numbers)}),
            at=now(),
            payer=Payer(payer) if payer else None,
        )
        subject = Create(job.subject, {"status": JobStatus.QUEUED})
        return self.jobs.submit(job, quote, [subject], keyed=key is not None).id

    def job(self, job_id: str) -> Job:
        return self.jobs.get(job_id)[0]

    def result(self, job_id: str) -> dict[str, Any]:
        return self.db.get(f"counts/{job_id}").data
