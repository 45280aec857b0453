"""The lease of one worker on one job: renewed while it works; once lost, it blocks all writes."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

from troupe.adapters.firestore import (
    Committed,
    Database,
    Document,
    Missing,
    Stale,
    Update,
    Write,
    contend,
    now,
)
from troupe.errors import Unavailable
from troupe.jobs.errors import Lost
from troupe.jobs.records import Job, JobStatus, StepState, job_path
from troupe.jobs.specs import JobSpec
from troupe.jobs.writes import applied, viewed
from troupe.logs import log

# Each report is a write, and clients poll about this often.
REPORT_EVERY = timedelta(seconds=2)
# How often a part, which holds no lease, checks that its job has not ended.
PART_CHECK = timedelta(seconds=10)


class Lease:
    """Within the context, a thread renews the lease after every third of its length, so short work
    makes no call at all. Every write has the version last seen as its precondition. Once the job
    has ended or has a different attempt number, the lease is lost and nothing more is written."""

    def __init__(
        self, db: Database, job: Job, spec: JobSpec[Any, Any], document: Document, seconds: int
    ) -> None:
        self._db = db
        self._spec = spec
        self._job = job
        self._seen = document
        self._seconds = seconds
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._lost = False
        self._thread = threading.Thread(target=self._renew, daemon=True)
        self._steps = dict(job.steps)
        self._reported = (now() - REPORT_EVERY, "")

    @property
    def steps(self) -> dict[str, StepState]:
        """The steps as reported so far."""
        return self._steps

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def seen(self) -> Document:
        """The job as this worker last wrote it, which is the precondition of its next write."""
        return self._seen

    def check(self) -> None:
        """Raises Lost. Cheap: call it between pieces of work."""
        if self._lost:
            raise Lost(self._job.id)

    def report(self, step: str, share: float, message: str = "") -> None:
        """See Watch. Progress reported by an earlier attempt is never lowered."""
        self.check()
        at, (before, last) = now(), self._reported
        if step == last and at - before < REPORT_EVERY:
            return
        self._reported = (at, step)
        fields: dict[str, Any] = {"updatedAt": at}
        for name in self._spec.step_names[: self._spec.step_names.index(step)]:
            state = self._steps.get(name, StepState())
            if state.completed_at is None:
                done = {"started_at": state.started_at or at, "completed_at": at, "progress": 100}
                self._steps[name] = state.model_copy(update=done)
                fields[f"steps.{name}"] = self._steps[name].stored()
        state = self._steps.get(step, StepState())
        present = {
            "started_at": state.started_at or at,
            "progress": max(state.progress, int(100 * share)),
            "message": message or state.message,
        }
        self._steps[step] = state.model_copy(update=present)
        fields[f"steps.{step}"] = self._steps[step].stored()
        try:
            self.commit(Update(job_path(self._job.id), viewed(self._spec, self._seen, fields)))
        except Lost:
            raise
        except Exception as error:  # a failed report must not stop the work
            log.warning("progress_not_reported", jobId=self._job.id, reason=repr(error))

    def commit(self, first: Update, rest: Sequence[Write] = ()) -> Committed:
        """Commits the write to the job (made with `seen`) together with `rest`. Raises Lost."""
        with self._lock:
            self.check()
            return self._write(first, rest)

    def _write(self, first: Update, rest: Sequence[Write] = ()) -> Committed:
        """Call with the lock held. Stale alone does not mean Lost: a part may have been counted, or
        our own commit sent twice. Status and attempt show whether the job is still ours."""

        def attempt() -> Committed:
            try:
                result = self._db.commit(replace(first, seen=self._seen), *rest)
            except (Stale, Missing):
                document = self._db.get(job_path(self._job.id))
                if not document.exists or not self._is_ours(Job.of(document)):
                    self._lost = True
                    raise Lost(self._job.id) from None
                self._seen = document
                raise
            data = applied(self._seen.data, first.data)
            self._seen = replace(self._seen, data=data, update_time=result.update_times[0])
            return result

        return contend(attempt)

    def _is_ours(self, present: Job) -> bool:
        return not present.status.ended and present.attempt == self._job.attempt

    def _renew(self) -> None:
        while not self._stop.wait(self._seconds / 3):
            until = now() + timedelta(seconds=self._seconds)
            fields = {"leaseUntil": until, "dueAt": until + timedelta(seconds=self._seconds)}
            with self._lock:
                if self._stop.is_set():
                    return
                try:
                    self._write(Update(job_path(self._job.id), fields))
                except Lost:
                    return
                except Exception as error:
                    log.warning("lease_not_prolonged", jobId=self._job.id, reason=repr(error))


class PartWatch:
    """The watch of a part, which holds no lease: checks now and then that the job has not ended.
    Ignores progress, since the number of finished parts shows it."""

    def __init__(self, db: Database, job_id: str) -> None:
        self._db = db
        self._job_id = job_id
        self._asked = now()

    def check(self) -> None:
        if now() - self._asked <= PART_CHECK:
            return
        self._asked = now()
        try:
            (document,) = self._db.get_all([job_path(self._job_id)], select=["status"])
        except Unavailable as error:  # what was spoken so far must not be lost
            log.warning("part_not_checked", jobId=self._job_id, reason=repr(error))
            return
        if not document.exists or JobStatus(document.data["status"]).ended:
            raise Lost(self._job_id)

    def report(self, step: str, share: float, message: str = "") -> None:
        self.check()
