"""What follows a failure: another try, or the end of the job."""

from __future__ import annotations

from typing import Any

from troupe.adapters.firestore import Database, Increment, Update, contend
from troupe.adapters.queue import QueueUnavailable
from troupe.errors import WorkError
from troupe.jobs.admission import Admission
from troupe.jobs.charges import CHARGED
from troupe.jobs.ending import end
from troupe.jobs.errors import TryAgain
from troupe.jobs.leftovers import Leftovers
from troupe.jobs.parts import released_fields
from troupe.jobs.records import Job, JobError, JobStatus, job_path
from troupe.jobs.sender import TaskSender
from troupe.jobs.specs import JobSpecs
from troupe.jobs.writes import present, present_whole
from troupe.logs import log

WORKER_DIED = JobError(
    code="worker_died",
    message=f"The worker crashed on every attempt. {CHARGED}",
    retryable=True,
)


def job_error(error: Exception) -> JobError:
    if isinstance(error, WorkError):
        return JobError(code=error.code, message=str(error), retryable=error.retryable)
    message = f"Something went wrong on our side. {CHARGED} Please try again."
    return JobError(code="internal_error", message=message, retryable=True)


class Failures:
    def __init__(
        self,
        db: Database,
        sender: TaskSender,
        specs: JobSpecs,
        admission: Admission,
        leftovers: Leftovers,
        max_attempts: int,
    ) -> None:
        self._db = db
        self._sender = sender
        self._specs = specs
        self._admission = admission
        self._leftovers = leftovers
        self._max_attempts = max_attempts

    def retry_or_fail(self, job: Job, error: Exception, part: int | None = None) -> None:
        """Fails the job if the error is final or this was the last try. Otherwise releases it and
        raises TryAgain. `part`: the part that failed in a task of its own."""
        if isinstance(error, QueueUnavailable):
            # Only parts were to be enqueued, so trying again costs nothing. An outage of the queue
            # lasts longer than the tries do.
            log.warning("parts_not_enqueued", jobId=job.id, attempt=job.attempt)
            self._release(job, part, counted=False)
            raise TryAgain("queue_unavailable") from None
        if not isinstance(error, WorkError):
            log.error("job_stumbled", error, jobId=job.id, part=part, attempt=job.attempt)
        failure = job_error(error)
        tries = job.tries if part is None else job.failures.get(str(part), 0) + 1
        if not failure.retryable or tries >= self._max_attempts:
            self.fail(job, failure, fenced=part is None)
            return
        self._release(job, part)
        raise TryAgain(failure.code)

    def fail(self, job: Job, error: JobError, *, fenced: bool = True) -> None:
        """Fails the job, and settles its hold with what was spoken in the same commit. `fenced`:
        only if no later attempt has begun."""

        def attempt() -> bool:
            """Whether other jobs may wait for the place of this one."""
            current, document = present_whole(self._db, job.id)
            if current.status.ended:
                return True  # perhaps by our own commit, whose response was lost
            if fenced and current.attempt != job.attempt:
                return False
            spec = self._specs[job.kind]
            ended = end(self._db, self._sender, spec, current, document, JobStatus.FAILED, error)
            facts = {"code": error.code, "attempt": job.attempt, "charged": ended.charged}
            log.warning("job_failed", jobId=job.id, **facts)
            return ended.more

        if contend(attempt):
            self._admission.fill(job.uid)
        self._leftovers.tidy_if_ended(job)

    def _release(self, job: Job, part: int | None, *, counted: bool = True) -> None:
        """Releases the lease, or counts the part's failure, so that the next delivery can try.
        `counted`: as a try of the job."""

        def attempt() -> None:
            current, document = present(self._db, job.id)
            if current.status.ended or (part is None and current.attempt != job.attempt):
                return
            fields: dict[str, Any] = {"leaseUntil": None}
            if not counted:
                fields["tries"] = current.tries - 1
            if part is not None:
                fields = {f"failures.`{part}`": Increment(1), **released_fields(job, part)}
            self._db.commit(Update(job_path(job.id), fields, seen=document))

        contend(attempt)
