"""The sweep: requeues jobs that lost their task, fails those that are too old, and deletes what is
past its retention. Each run does a bounded amount of work; the next run continues."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta

from troupe.adapters.firestore import Database, Delete, Document, Stale, Update, now
from troupe.adapters.queue import QueueUnavailable
from troupe.jobs.admission import Admission
from troupe.jobs.charges import CHARGED
from troupe.jobs.ending import end
from troupe.jobs.records import SHOWN_FIELDS, Job, JobError, JobStatus, Part, job_path
from troupe.jobs.sender import TaskSender
from troupe.jobs.shares import frontier
from troupe.jobs.specs import JobSpecs
from troupe.jobs.writes import part_numbers, read_whole
from troupe.logs import log

BATCH = 100  # documents per run and kind of work
LONGEST_WAIT = timedelta(minutes=15)
_TIMED_OUT = JobError(
    code="timed_out",
    message=f"The work was not finished in time. {CHARGED} Please try again.",
    retryable=True,
)


class Sweeper:
    def __init__(
        self,
        db: Database,
        sender: TaskSender,
        specs: JobSpecs,
        admission: Admission,
        *,
        hold_hours: int,
        forget: Callable[[Job, Part], None],
        tidy: Callable[[Job], None],
        chores: Mapping[str, Callable[[int], int]],
    ) -> None:
        """`forget`: see Cleanup; for expired parts. `tidy`: see Leftovers; for jobs that are too
        old, whose tasks may never come. `chores`: periodic work of the domains (such as retention)
        by name; each takes a limit and returns how many items it processed."""
        self._db = db
        self._sender = sender
        self._specs = specs
        self._admission = admission
        self._longest_hold = timedelta(hours=hold_hours)
        self._forget = forget
        self._tidy = tidy
        self._chores = chores

    def run(self) -> dict[str, int]:
        """Returns the counts: requeued, waiting, timed_out, shares, parts, and one per chore."""
        done: Counter[str] = Counter(requeued=0, timed_out=0)
        live = [("status", "in", [JobStatus.QUEUED, JobStatus.IN_PROGRESS])]
        due = self._db.due("jobs", BATCH, where=live, select=SHOWN_FIELDS)
        for document in due:
            try:
                done[self._bring_back(Job.of(document), document)] += 1
            except Stale:
                continue  # a worker has it after all
            except QueueUnavailable as error:
                log.warning("sweep_cannot_enqueue", jobId=document.id, reason=str(error))
            except Exception as error:  # one document must not block the others
                log.error("sweep_stumbled", error, jobId=document.id)
        own = {"shares": self._admission.sweep, "parts": self._delete_old_parts}
        for name, chore in {**own, **self._chores}.items():
            try:
                done[name] = chore(BATCH)
            except Exception as error:  # one chore must not block the others either
                log.error("sweep_stumbled", error, chore=name)
        log.info("sweep_done", **done)
        return dict(done)

    def _bring_back(self, job: Job, document: Document) -> str:
        at = now()
        if at - job.created_at > self._longest_hold:
            whole = read_whole(self._db, job.id)
            if whole.update_time != document.update_time:
                raise Stale
            ended = end(
                self._db,
                self._sender,
                self._specs[job.kind],
                Job.of(whole),
                whole,
                JobStatus.FAILED,
                _TIMED_OUT,
            )
            if ended.more:
                self._admission.fill(job.uid)
            self._tidy(Job.of(whole))
            return "timed_out"
        # Back off: the queue may be paused, or simply long.
        wait = min(timedelta(minutes=1) * 2**job.sweeps, LONGEST_WAIT)
        fields = {"sweeps": job.sweeps + 1, "dueAt": at + wait}
        self._db.commit(Update(job_path(job.id), fields, seen=document))
        if job.waiting:  # normally its share is checked instead
            self._admission.repair(job.uid)
            return "waiting"
        if job.fanned_out and job.parts_done < job.parts_total:
            done = part_numbers(self._db, job.id, job.parts_total)
            for number in frontier(done, job.parts_total, job.window):
                if number not in job.at_work(at):  # it would be spoken twice
                    self._sender.send(job, number)
        else:
            self._sender.send(job)
        return "requeued"

    def _delete_old_parts(self, limit: int) -> int:
        """Deletes expired parts. They are kept for a while so that unchanged work is not redone."""
        old = self._db.due("parts", limit, field="expiresAt", group=True)
        paths = {part.path: part.path.partition("/parts/")[0] for part in old}
        jobs = {
            document.path: Job.of(document)
            for document in self._db.get_all(sorted(set(paths.values())), select=SHOWN_FIELDS)
            if document.exists
        }
        deleted = 0
        for document in old:
            try:
                job = jobs.get(paths[document.path])
                if job is not None:  # else the files were deleted with the user
                    self._forget(job, Part.of(document))
                self._db.commit(Delete(document.path))
                deleted += 1
            except Exception as error:
                log.error("sweep_stumbled", error, path=document.path)
        return deleted
