"""Sends waiting jobs when there is room in their user's share, and ends the jobs of users who must
not run any.

Every change of a share is part of the commit that causes it. What follows such a commit is repeated
if it is lost: by the next task of the user, or by the sweep.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
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
    contend,
    now,
)
from troupe.adapters.queue import QueueUnavailable
from troupe.jobs.ending import end
from troupe.jobs.progress import view_of
from troupe.jobs.records import SHOWN_FIELDS, Job, JobStatus
from troupe.jobs.sender import TaskSender
from troupe.jobs.shares import (
    COLLECTION,
    SHARE_PATIENCE,
    Share,
    ShareOf,
    is_barred,
    join,
    share_path,
)
from troupe.jobs.specs import QUEUED_PATIENCE, JobSpecs
from troupe.jobs.writes import read_whole, viewed
from troupe.logs import log

LIVE = [JobStatus.QUEUED, JobStatus.IN_PROGRESS]
ENDED_AT_ONCE = 50  # jobs of a suspended user; the sweep ends the others
_MOST_RUNNING = 500  # no share is larger


def nothing_else(job: Job) -> Sequence[Write]:
    return ()


class Admission:
    def __init__(
        self,
        db: Database,
        sender: TaskSender,
        specs: JobSpecs,
        share_of_user: ShareOf,
        *,
        waiting_jobs: int,
        tidy: Callable[[Job], None],
    ) -> None:
        """`waiting_jobs`: how many jobs of a user may wait. `tidy`: see Leftovers."""
        self._db = db
        self._sender = sender
        self._specs = specs
        self._share_of_user = share_of_user
        self._waiting_jobs = waiting_jobs
        self._tidy = tidy

    def join(self, job: Job, share: Document, user: Document) -> tuple[Job, Write]:
        """See `shares.join`. The job also gets its first view."""
        most, spec = self._share_of_user(user.data), self._specs[job.kind]
        job, write = join(
            job,
            share,
            user.data,
            most,
            self._waiting_jobs,
            prompt=spec.prompt,
            caused=spec.caused,
        )
        return job.model_copy(update={"view": view_of(job, spec)}), write

    def parts_at_once(self, user: Document) -> int:
        return self._share_of_user(user.data).parts

    def fill(self, uid: str) -> None:
        """Enqueues waiting jobs of a user while the share has room; of a suspended or deleted user,
        ends jobs instead. Never raises: the sweep repeats it."""
        try:
            for job in contend(lambda: self._admit(uid)):
                self._sender.send(job)
        except QueueUnavailable as error:  # the sweep enqueues jobs that were admitted
            log.warning("job_not_enqueued", uid=uid, reason=str(error))
        except Exception as error:
            log.error("share_not_filled", error, uid=uid)

    def end_jobs(self, uid: str) -> None:
        """Ends jobs of a user who was suspended in a commit with `shares.check_write`: some now,
        and all others in the next sweeps. Never raises."""
        self.fill(uid)

    def cancel(
        self, job_id: str, also: Callable[[Job], Sequence[Write]] = nothing_else
    ) -> tuple[Job, bool]:
        """Cancels a job in one commit with the writes of `also`, and gives its place to the next. A
        job that has ended is returned unchanged. Also returns whether the job was cancelled.

        Raises Missing if there is no such job.
        """
        job, cancelled, more = contend(lambda: self._cancel(job_id, also))
        if more:
            self.fill(job.uid)
        return job, cancelled

    def sweep(self, limit: int) -> int:
        """Corrects and fills shares with waiting jobs that are due; returns how many."""
        due = self._db.due(COLLECTION, limit, select=[])
        for document in due:
            try:
                self.repair(document.id)
            except Exception as error:  # one share must not block the others
                log.error("sweep_stumbled", error, path=document.path)
        return len(due)

    def repair(self, uid: str) -> None:
        """Counts a user's jobs anew, then fills the share."""
        contend(lambda: self._recount(uid))
        self.fill(uid)

    def _recount(self, uid: str) -> None:
        document = self._db.get(share_path(uid))
        mine = ("uid", "==", uid)
        live = self._db.find(
            "jobs",
            where=[mine, ("status", "in", LIVE), ("waiting", "==", False)],
            limit=_MOST_RUNNING,
            select=["kind"],
        )
        waiting = self._db.count("jobs", where=[mine, ("waiting", "==", True)])
        before = Share.of(document)
        kinds = {each.id: self._specs[each.data["kind"]] for each in live}
        caused = [each for each, spec in kinds.items() if spec.caused]
        prompt = [each for each, spec in kinds.items() if spec.prompt and not spec.caused]
        ids = [each for each in kinds if each not in {*caused, *prompt}]
        found = (set(ids), set(prompt), set(caused), waiting)
        known = (set(before.running), set(before.prompt), set(before.caused), before.waiting)
        if known != found:
            log.warning("share_corrected", uid=uid, running=len(ids), waiting=waiting)
        self._commit_share(document, ids, waiting, now(), prompt=prompt, caused=caused)

    def _admit(self, uid: str) -> list[Job]:
        """Admits as many waiting jobs as fit, oldest first, and returns them."""
        document, user = self._db.get_all([share_path(uid), user_path(uid)])
        if is_barred(user.data):
            self._end_all(uid)
            return []
        share = Share.of(document)
        room = self._share_of_user(user.data).jobs - len(share.running)
        found: list[Document] = []
        if room > 0 and share.waiting:
            found = self._db.find(
                "jobs",
                where=[("uid", "==", uid), ("waiting", "==", True)],
                order=[("createdAt", False)],
                limit=room,
                select=SHOWN_FIELDS,
            )
        # With room left over, nobody waits any longer, whatever the count says.
        left = 0 if len(found) < room else share.waiting - len(found)
        if not found and left == share.waiting and bool(left) == bool(share.due_at):
            return []
        at = now()
        fields = {"waiting": False, "dueAt": at + QUEUED_PATIENCE, "updatedAt": at}
        admitted = [
            Update(each.path, viewed(self._specs[each.data["kind"]], each, fields), seen=each)
            for each in found
        ]
        running = [*share.running, *(each.id for each in found)]
        self._commit_share(document, running, max(0, left), at if left else None, admitted)
        return [Job.of(each) for each in found]

    def _commit_share(
        self,
        document: Document,
        running: list[str],
        waiting: int,
        at: datetime | None,
        more: Sequence[Write] = (),
        **others: list[str],
    ) -> None:
        """The sweep checks the share some time after `at`. `others`: the jobs beside it that have
        changed. Raises Stale if anything changed since it was read."""
        due_at = at + SHARE_PATIENCE if at else None
        fields: dict[str, Any] = {"running": running, "waiting": waiting, "dueAt": due_at, **others}
        share: Write = Create(document.path, fields)
        if document.exists:
            share = Update(document.path, fields, seen=document)
        try:
            self._db.commit(share, *more)
        except (AlreadyExists, Missing):
            raise Stale from None

    def _cancel(
        self, job_id: str, also: Callable[[Job], Sequence[Write]]
    ) -> tuple[Job, bool, bool]:
        """The job, whether this cancelled it, and whether others may wait for its place."""
        document = read_whole(self._db, job_id)
        if not document.exists:
            raise Missing
        job = Job.of(document)
        if job.status.ended:
            return job, False, False
        spec = self._specs[job.kind]
        ended = end(
            self._db, self._sender, spec, job, document, JobStatus.CANCELLED, also=also(job)
        )
        log.info("job_cancelled", jobId=job_id, charged=ended.charged)
        if job.waiting:  # no task will come, which would do it
            self._tidy(job)
        return ended.job, True, ended.more

    def _end_all(self, uid: str) -> None:
        """Cancels jobs of a user who must not run any, those that run first; a large number in
        several sweeps."""
        found = self._db.find(
            "jobs",
            where=[("uid", "==", uid), ("status", "in", LIVE)],
            limit=ENDED_AT_ONCE,
            select=["waiting"],
        )
        for document in sorted(found, key=lambda each: bool(each.data.get("waiting"))):
            with suppress(Missing):  # erased in the meantime
                contend(lambda path=document.id: self._cancel(path, nothing_else))  # type: ignore[misc]
        due_at = now() if len(found) == ENDED_AT_ONCE else None
        with suppress(Missing):
            self._db.commit(Update(share_path(uid), {"dueAt": due_at}))
