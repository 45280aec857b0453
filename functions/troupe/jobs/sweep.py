"""The sweep: brings back jobs that lost their task, ends those that are past saving, and deletes
what is past its retention. Bounded work per run; what is left is the next run's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta

from troupe.adapters.firestore import Database, Delete, Document, Stale, Update, now
from troupe.adapters.queue import QueueUnavailable
from troupe.jobs.records import SHOWN_FIELDS, Job, JobError, JobKind, JobStatus, Part, job_path
from troupe.jobs.service import SubjectWrites, TaskSender
from troupe.jobs.writes import ended_writes, part_numbers
from troupe.logs import log

BATCH = 100  # documents per run and kind of work
LONGEST_WAIT = timedelta(minutes=15)
_TIMED_OUT = JobError(
    code="timed_out",
    message="The work was not done in time. Nothing was charged; please try again.",
    retryable=True,
)


class Sweeper:
    def __init__(
        self,
        db: Database,
        sender: TaskSender,
        subjects: Mapping[JobKind, SubjectWrites],
        *,
        hold_hours: int,
        forget: Callable[[Part], None],
        chores: Mapping[str, Callable[[int], int]],
    ) -> None:
        """`forget` deletes the files that an expired part alone leads to. `chores` are what the
        domains have to do from time to time (such as retention), by name: each does at most so
        many and returns how many it did."""
        self._db = db
        self._sender = sender
        self._subjects = subjects
        self._longest_hold = timedelta(hours=hold_hours)
        self._forget = forget
        self._chores = chores

    def run(self) -> dict[str, int]:
        """Returns how many of each it did: requeued, timed_out, parts, and each chore."""
        done: Counter[str] = Counter(requeued=0, timed_out=0)
        live = [("status", "in", [JobStatus.QUEUED, JobStatus.IN_PROGRESS])]
        due = self._db.due("jobs", BATCH, where=live, select=SHOWN_FIELDS)
        for document in due:
            try:
                done[self._bring_back(Job.of(document), document)] += 1
            except Stale:
                continue  # somebody is at work on it after all
            except QueueUnavailable as error:
                log.warning("sweep_cannot_enqueue", jobId=document.id, reason=str(error))
            except Exception as error:  # one document must not hold up all others
                log.error("sweep_stumbled", error, jobId=document.id)
        for name, chore in {"parts": self._delete_old_parts, **self._chores}.items():
            try:
                done[name] = chore(BATCH)
            except Exception as error:  # nor one chore the others
                log.error("sweep_stumbled", error, chore=name)
        log.info("sweep_done", **done)
        return dict(done)

    def _bring_back(self, job: Job, document: Document) -> str:
        at = now()
        if at - job.created_at > self._longest_hold:
            self._db.commit(
                *ended_writes(job, document, JobStatus.FAILED, at, _TIMED_OUT),
                *self._subjects[job.kind](job, JobStatus.FAILED, _TIMED_OUT, at),
            )
            return "timed_out"
        # The next look is later each time: a queue may be paused, or simply long.
        wait = min(timedelta(minutes=1) * 2**job.sweeps, LONGEST_WAIT)
        fields = {"sweeps": job.sweeps + 1, "dueAt": at + wait}
        self._db.commit(Update(job_path(job.id), fields, seen=document))
        if job.fanned_out and job.parts_done < job.parts_total:
            done = part_numbers(self._db, job.id, job.parts_total)
            for number in set(range(job.parts_total)) - done:
                self._sender.send(job.id, number)
        else:
            self._sender.send(job.id)
        return "requeued"

    def _delete_old_parts(self, limit: int) -> int:
        """Parts are kept a while so that unchanged text is not spoken again, then deleted."""
        old = self._db.due("parts", limit, field="expiresAt", group=True)
        deleted = 0
        for document in old:
            try:
                self._forget(Part.of(document))
                self._db.commit(Delete(document.path))
                deleted += 1
            except Exception as error:
                log.error("sweep_stumbled", error, path=document.path)
        return deleted
