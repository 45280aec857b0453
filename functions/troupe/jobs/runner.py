"""Runs one task of one job.

A task claims the job in one commit (lease, fencing token), works, then records the result and
settles the hold in one commit. A single part runs in the claiming task; several parts get a task
each, and the last to finish enqueues the assembly. Every task may be delivered more than once, so
the documents decide what is left to do.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from troupe.accounts.writes import user_path
from troupe.adapters.firestore import (
    AlreadyExists,
    Create,
    Database,
    Document,
    Missing,
    Stale,
    Update,
    Write,
    now,
)
from troupe.counters import COUNTERS
from troupe.errors import WorkError
from troupe.jobs.admission import Admission
from troupe.jobs.errors import Lost, TryAgain
from troupe.jobs.events import event_writes
from troupe.jobs.failures import WORKER_DIED, Failures, job_error
from troupe.jobs.lease import Lease, PartWatch
from troupe.jobs.leftovers import Leftovers
from troupe.jobs.notices import notices
from troupe.jobs.parts import (
    PATIENCE,
    claim_part,
    new_part,
    record_part,
    recorded_fields,
)
from troupe.jobs.records import Job, JobStatus, Part, StepState, input_path, job_path
from troupe.jobs.sender import TaskSender
from troupe.jobs.shares import frontier, is_barred, leave_write, still_waiting
from troupe.jobs.specs import JobSpecs
from troupe.jobs.worker import Outcome, Worker, WorkPlan
from troupe.jobs.writes import (
    applied,
    completed_writes,
    move_write,
    part_numbers,
    part_path,
    parts,
    present,
    whole,
)
from troupe.logs import log


class Runner:
    def __init__(
        self,
        db: Database,
        sender: TaskSender,
        specs: JobSpecs,
        admission: Admission,
        services: Any,
        *,
        lease_seconds: int,
        max_attempts: int,
    ) -> None:
        """`services`: the container, passed to the factories of the specs."""
        self._db = db
        self._sender = sender
        self._specs = specs
        self._admission = admission
        self._services = services
        self._lease_seconds = lease_seconds
        self._max_attempts = max_attempts
        self._leftovers = Leftovers(db, specs, services)
        self._failures = Failures(db, sender, specs, admission, self._leftovers, max_attempts)

    def run(
        self,
        job_id: str,
        part: int | None = None,
        uid: str | None = None,
        worker: Worker[Any, Any] | None = None,
    ) -> None:
        """Handles one delivery. Returns when nothing is left to do for this task; raises TryAgain
        if it should be delivered again. `uid`: the job's owner, as named by the task. `worker`:
        does the work of a whole job instead of the one of its kind."""
        paths = [job_path(job_id), input_path(job_id), user_path(uid or "unknown")]
        if part is not None:
            paths.append(part_path(job_id, part))
        document, given, user, *found = self._db.get_all(paths)
        if not document.exists:
            log.warning("task_without_job", jobId=job_id)
            return
        document = whole(document, given)
        job = Job.of(document)
        if job.status.ended:
            self._admission.fill(job.uid)  # its worker may have died before that
            self._leftovers.tidy(job)
            return
        if job.waiting:
            log.warning("task_of_a_waiting_job", jobId=job_id)
            return
        if job.uid != uid:  # tasks from before 26 November 2026 name no owner
            user = self._db.get(user_path(job.uid))
        if is_barred(user.data):
            self._admission.cancel(job_id)
            self._leftovers.tidy(job)
            return
        try:
            if part is None:
                window = self._admission.parts_at_once(user)
                worker = worker or self._specs[job.kind].worker(self._services)
                self._run_job(job, document, window, worker)
            elif not 0 <= part < job.parts_total:
                log.warning("task_without_part", jobId=job_id, part=part)
            elif not found[0].exists:
                self._run_part(job, document, part)
            else:  # done, but its worker may have died before enqueueing what follows
                self._pass_on_again(job, part, found[0])
        except Lost:
            log.info("job_lost", jobId=job_id, part=part, attempt=job.attempt)
            self._leftovers.tidy_if_ended(job)

    def _run_job(self, job: Job, document: Document, window: int, worker: Worker[Any, Any]) -> None:
        if job.fanned_out and job.parts_done < job.parts_total:
            return  # parts are still running; the last one enqueues this task again
        if job.lease_until is not None and job.lease_until > now():
            raise TryAgain("another worker holds the lease")
        if job.tries >= self._max_attempts:
            # No earlier claim reported an error: the worker died every time.
            self._failures.fail(job, WORKER_DIED)
            return
        spec = self._specs[job.kind]
        plan = None
        if job.cuts is None:
            try:
                plan = worker.plan(job, spec.input_of(job))
            except Exception as error:
                # Planning is pure and would fail again, so the job ends here.
                if not isinstance(error, WorkError):
                    log.error("job_not_planned", error, jobId=job.id)
                self._failures.fail(job, job_error(error))
                return
        try:
            job, document = self._claim(job, document, plan, window)
        except Stale:
            raise TryAgain("another worker claimed the job") from None
        try:
            with (
                tempfile.TemporaryDirectory(prefix="troupe-") as folder,
                Lease(self._db, job, spec, document, self._lease_seconds) as lease,
            ):
                if job.parts_done < job.parts_total > 1:
                    self._fan_out(job, lease)
                else:
                    self._finish(job, lease, worker, Path(folder))
        except Lost:
            raise
        except Exception as error:
            self._failures.retry_or_fail(job, error)

    def _claim(
        self, job: Job, document: Document, plan: WorkPlan | None, window: int
    ) -> tuple[Job, Document]:
        at = now()
        until = at + timedelta(seconds=self._lease_seconds)
        spec = self._specs[job.kind]
        parts_step = spec.parts_step
        fields: dict[str, Any] = {
            "attempt": job.attempt + 1,
            "tries": job.tries + 1,
            "leaseUntil": until,
            "dueAt": until + timedelta(seconds=self._lease_seconds),
        }
        subject: list[Write] = []
        if plan is not None:
            fields |= {"cuts": plan.cuts, "units": plan.units, "startedAt": at, "window": window}
            if job.charge is not None and job.charge.tariff is not None:
                fields["partCharacters"] = plan.characters
            fields |= plan.changes
            for step in spec.steps_before:
                note = StepState(
                    started_at=at, completed_at=at, progress=100, message=plan.notes.get(step, "")
                )
                fields[f"steps.{step}"] = note.stored()
            fields[f"steps.{parts_step}.startedAt"] = at
            subject = spec.subject_writes(job, JobStatus.IN_PROGRESS, None, at)
        if job.fanned_out:
            fields[f"steps.{parts_step}.completedAt"] = at
            fields[f"steps.{spec.assembly_step}.startedAt"] = at
        write = move_write(job, spec, document, JobStatus.IN_PROGRESS, at, fields)
        result = self._db.commit(write, *subject)
        claimed = replace(
            document,
            data=applied(document.data, write.data),
            update_time=result.update_times[0],
        )
        log.info("job_claimed", jobId=job.id, attempt=job.attempt + 1)
        return Job.of(claimed), claimed

    def _fan_out(self, job: Job, lease: Lease) -> None:
        done = part_numbers(self._db, job.id, job.parts_total)
        for number in frontier(done, job.parts_total, job.window):
            lease.check()
            self._sender.send(job, number)
        at = now()
        fields = {
            "fannedOut": True,
            "tries": 0,
            "leaseUntil": None,
            "dueAt": at + PATIENCE,
            "updatedAt": at,
        }
        lease.commit(Update(job_path(job.id), fields, seen=lease.seen))
        log.info("job_fanned_out", jobId=job.id, parts=job.parts_total - len(done))

    def _finish(self, job: Job, lease: Lease, worker: Worker[Any, Any], folder: Path) -> None:
        spec = self._specs[job.kind]
        given = spec.input_of(job)
        if job.parts_total > 1:
            done = [spec.payload_of(part) for part in parts(self._db, job.id, job.parts_total)]
            self._settle(job, lease, worker.assemble(job, given, done, folder, lease))
            return
        payload = worker.run_part(job, given, 0, folder, lease)
        part = new_part(job, 0, payload, spec.parts_kept)
        try:
            outcome = worker.assemble(job, given, [payload], folder, lease)
            self._settle(job, lease, outcome, part)
        except Lost:
            self._leftovers.forget(job, part)
            raise

    def _settle(self, job: Job, lease: Lease, outcome: Outcome, part: Part | None = None) -> None:
        """Completes the job. `part`: the only part, recorded in the same commit."""
        at, extra = now(), list[Write]()
        try:
            as_reported = job.model_copy(update={"steps": lease.steps})
            spec = self._specs[job.kind]
            completed, settled = completed_writes(as_reported, spec, lease.seen, outcome.charge, at)
            if part is not None:
                completed = replace(
                    completed, data=completed.data | recorded_fields(job, spec, part)
                )
                extra = [Create(part_path(job.id, 0), part.stored())]
            committed = lease.commit(
                completed,
                [
                    *settled,
                    *extra,
                    *outcome.writes,
                    *notices(job, spec, JobStatus.COMPLETED, at),
                    *event_writes(job, spec, JobStatus.COMPLETED, at, charged=outcome.charge),
                    leave_write(job),
                ],
            )
            more = still_waiting(committed)
        except (Lost, AlreadyExists):
            if not self._is_completed_by(job):
                self._leftovers.discard(job, outcome)
                raise Lost(job.id) from None
            more = True  # our own commit succeeded, but its response was lost
        self._sender.tell(job, JobStatus.COMPLETED)
        COUNTERS.add("jobsCompleted")
        log.info("job_completed", jobId=job.id, attempt=job.attempt, charged=outcome.charge)
        if more:
            self._admission.fill(job.uid)
        self._leftovers.tidy(job)

    def _is_completed_by(self, job: Job) -> bool:
        document = self._db.get(job_path(job.id))
        if not document.exists:  # its owner was erased
            return False
        current = Job.of(document)
        return current.status is JobStatus.COMPLETED and current.attempt == job.attempt

    def _run_part(self, job: Job, document: Document, number: int) -> None:
        spec, part = self._specs[job.kind], None
        if job.part_characters:
            claimed = claim_part(self._db, job.id, document, number)
            if claimed is None:
                raise TryAgain("another worker has just finished the part")
            document = claimed
        worker, watch = spec.worker(self._services), PartWatch(self._db, job.id)
        try:
            with tempfile.TemporaryDirectory(prefix="troupe-") as folder:
                given = spec.input_of(job)
                payload = worker.run_part(job, given, number, Path(folder), watch)
            part = new_part(job, number, payload, spec.parts_kept)
            done = record_part(self._db, spec, job, document, part)
        except Lost:
            if part is not None:
                self._leftovers.forget(job, part)
            raise
        except AlreadyExists:
            # Delivered twice at once: then the other worker passes the job on. Or our own commit
            # was retried: the time shows it, because it is that of this attempt.
            stored = self._db.get(part_path(job.id, number))
            if part is None or not stored.exists or Part.of(stored).expires_at != part.expires_at:
                return
            done = present(self._db, job.id)[0].parts_done
        except Exception as error:
            self._failures.retry_or_fail(job, error, number)
            return
        self._pass_on(job, number, done)

    def _pass_on(self, job: Job, number: int, done: int) -> None:
        """Enqueues what follows a finished part: the assembly after the last one, else the part
        whose turn it is (see `frontier`). `done`: how many parts are."""
        following = number + job.window
        if done == job.parts_total:
            self._sender.send(job)
        elif job.window and following < job.parts_total:
            self._sender.send(job, following)

    def _pass_on_again(self, job: Job, number: int, part: Document) -> None:
        """Once per part, and only if needed: otherwise, as every delivery of a finished part would
        enqueue another one, second deliveries would multiply from part to part."""
        if job.parts_done < job.parts_total:
            following = part_path(job.id, number + job.window)
            if part.data.get("passedOnAgain") or self._db.get(following).exists:
                return
            try:
                self._db.commit(Update(part.path, {"passedOnAgain": True}, seen=part))
            except (Stale, Missing):
                return
        self._pass_on(job, number, job.parts_done)
