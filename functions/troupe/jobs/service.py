"""Submits and cancels jobs, each in one commit. The task is enqueued after the commit."""

from __future__ import annotations

from collections.abc import Sequence

from troupe import tokens
from troupe.adapters.firestore import (
    COMMIT_WRITES,
    DELETE_FIELD,
    AlreadyExists,
    Database,
    Document,
    Missing,
    Update,
    Write,
    contend,
)
from troupe.adapters.queue import Queue, QueueUnavailable
from troupe.idempotency import KeyReused
from troupe.jobs import charges
from troupe.jobs.charges import Price, Quote
from troupe.jobs.ending import ending
from troupe.jobs.errors import InputChanged
from troupe.jobs.records import Job, JobStatus, Part, job_path
from troupe.jobs.specs import JobSpecs
from troupe.jobs.writes import create_write, erase_writes, parts
from troupe.logs import log
from troupe.wallet.ledger import hold_writes, wallet_path
from troupe.wallet.records import Wallet

TASK_TOKEN_HEADER = "X-Troupe-Task"  # noqa: S105 (the name of a header)
TASK_TOKEN_SECONDS = 30 * 86400  # as long as Cloud Tasks keeps a task at most


class TaskSender:
    """Enqueues tasks in the queue of their job's kind. A task holds only ids and a token that
    authenticates it."""

    def __init__(self, queue: Queue, specs: JobSpecs) -> None:
        self._queue = queue
        self._specs = specs

    def send(self, job: Job, part: int | None = None) -> None:
        """Raises QueueUnavailable."""
        payload = {"jobId": job.id} if part is None else {"jobId": job.id, "part": part}
        token = tokens.encode(purpose="task", subject=job.id, ttl=TASK_TOKEN_SECONDS)
        self._queue.enqueue(self._specs[job.kind].queue, payload, {TASK_TOKEN_HEADER: token})


class JobService:
    def __init__(self, db: Database, sender: TaskSender, specs: JobSpecs) -> None:
        self._db = db
        self._sender = sender
        self._specs = specs

    def submit(
        self,
        job: Job,
        quote: Quote | None,
        writes: Sequence[Write],
        *,
        keyed: bool,
        watched: Sequence[Document] = (),
        max_tokens: int | None = None,
    ) -> Job:
        """Commits the job, its hold and `writes` together, then enqueues its task.

        Sets `job.charge`; without a quote the job is free and no wallet is read. Makes at most one
        read and one commit. With `keyed`, an existing job with this id is returned as it is.
        `watched`: the documents the job was created from; `writes` should have them as their
        preconditions. `max_tokens`: what the job may cost; 0 lets it use voice seconds only.

        Raises NotEnoughTokens, CostAboveMax, KeyReused, InputChanged.
        """
        paths = [document.path for document in watched]
        paths += [job_path(job.id)] if keyed else []
        paths += [wallet_path(job.uid)] if quote else []

        def attempt() -> tuple[Job, bool]:
            found = {document.path: document for document in self._db.get_all(paths)}
            if keyed and (earlier := found[job_path(job.id)]).exists:
                return self._earlier(earlier, job), False
            for before in watched:
                if before.update_time != found[before.path].update_time:
                    raise InputChanged(before.path)
            held, hold = job, list[Write]()
            if quote is not None:
                wallet = found[wallet_path(job.uid)]
                charge = charges.hold(Wallet.of(wallet), quote, max_tokens)
                held = job.model_copy(update={"charge": charge})
                hold = hold_writes(
                    wallet, job.id, charge.meter, charge.held, job.kind, job.created_at
                )
            self._db.commit(create_write(held), *hold, *writes)
            return held, True

        try:
            committed, fresh = contend(attempt, on=wallet_path(job.uid) if quote else None)
        except AlreadyExists:
            # Two concurrent requests with one key; or the client library retried our own commit
            # because its response was lost.
            committed, fresh = self._earlier(self._db.get(job_path(job.id)), job), True
        if fresh:
            try:
                self._sender.send(committed)
            except QueueUnavailable as error:
                log.warning("job_not_enqueued", jobId=committed.id, reason=str(error))
        return committed

    def price(self, uid: str, quote: Quote) -> Price:
        """What a job would cost the user now. Holds nothing; one read."""
        return charges.price(Wallet.of(self._db.get(wallet_path(uid))), quote)

    def get(self, job_id: str) -> tuple[Job, Document]:
        document = self._db.get(job_path(job_id))
        return Job.of(document), document

    def cancel(self, job_id: str) -> Job:
        """Cancels the job, and charges what was spoken (see charges.ended); a job that has ended is
        returned unchanged."""

        def attempt() -> Job:
            job, document = self.get(job_id)
            if job.status.ended:
                return job
            spec = self._specs[job.kind]
            end = ending(self._db, spec, job, document, JobStatus.CANCELLED)
            try:
                self._db.commit(*end.writes, *end.subject)
            except Missing:  # the subject is gone, but the hold must still be settled
                self._db.commit(*end.writes)
            log.info("job_cancelled", jobId=job_id, charged=end.charged)
            return end.job

        return contend(attempt)

    def parts(self, job: Job) -> list[Part]:
        """The finished parts, in order."""
        return parts(self._db, job.id, job.parts_total)

    def erase_writes(self, job: Job, done: list[Part]) -> list[Write]:
        """Writes that delete the input and the parts, for the commit that deletes the subject."""
        return erase_writes(job, done)

    def forget_inputs(self, subject: str) -> None:
        """Deletes the inputs of all jobs about a document, before the document itself is deleted;
        in bounded commits. The jobs stay as shells that record the charge and the key."""
        after = None
        while True:
            found = self._db.find(
                "jobs",
                where=[("subject", "==", subject)],
                order=[("__name__", False)],
                limit=COMMIT_WRITES,
                after=after,
                select=["status"],
            )
            if found:
                forgotten = {"input": DELETE_FIELD}
                self._db.commit(*(Update(document.path, forgotten) for document in found))
            if len(found) < COMMIT_WRITES:
                return
            after = [found[-1].id]

    @staticmethod
    def _earlier(document: Document, job: Job) -> Job:
        earlier = Job.of(document)
        if earlier.uid != job.uid or earlier.request_hash != job.request_hash:
            raise KeyReused
        return earlier
