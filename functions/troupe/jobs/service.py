"""Submitting and cancelling jobs: one commit decides, the task is enqueued after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from troupe import tokens
from troupe.adapters.firestore import (
    COMMIT_WRITES,
    DELETE_FIELD,
    AlreadyExists,
    Database,
    Document,
    Update,
    Write,
    contend,
    now,
)
from troupe.adapters.queue import Queue, QueueUnavailable
from troupe.idempotency import KeyReused
from troupe.jobs.errors import InputChanged
from troupe.jobs.records import Charge, Job, JobStatus, Part, job_path
from troupe.jobs.specs import JobSpecs
from troupe.jobs.writes import create_write, ended_writes, erase_writes, parts
from troupe.logs import log
from troupe.wallet.errors import NotEnoughTokens
from troupe.wallet.ledger import hold_writes, wallet_path
from troupe.wallet.records import Meter, Wallet

TASK_TOKEN_HEADER = "X-Troupe-Task"  # noqa: S105 (a header's name)
TASK_TOKEN_SECONDS = 30 * 86400  # the longest that Cloud Tasks keeps a task


@dataclass(frozen=True, slots=True)
class Quote:
    """What a job costs on either meter: exact tokens, and the most seconds it may last.

    None: the job cannot be paid on that meter.
    """

    tokens: int
    voice_seconds: int | None = None


class TaskSender:
    """Enqueues the tasks of jobs, each in the queue of its kind: ids only, and a token that proves
    they are ours."""

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
    ) -> Job:
        """Commits the job, its hold and `writes` together, then enqueues its task.

        `job.charge` is filled in here; without a quote the job costs nothing, and no wallet is
        read. One read, where there is something to read, and one commit; with `keyed`, a job that
        is there already under this id is returned as it is. `watched` are the documents that the
        job was made from: `writes` should name them as seen.

        Raises NotEnoughTokens, KeyReused, InputChanged.
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
                charge = _charge(Wallet.of(wallet), quote)
                held = job.model_copy(update={"charge": charge})
                hold = hold_writes(
                    wallet, job.id, charge.meter, charge.held, job.kind, job.created_at
                )
            self._db.commit(create_write(held), *hold, *writes)
            return held, True

        try:
            committed, fresh = contend(attempt, on=wallet_path(job.uid) if quote else None)
        except AlreadyExists:
            # The same key twice at once; or our own commit, whose answer was lost and which the
            # client library sent again.
            committed, fresh = self._earlier(self._db.get(job_path(job.id)), job), True
        if fresh:
            try:
                self._sender.send(committed)
            except QueueUnavailable as error:
                log.warning("job_not_enqueued", jobId=committed.id, reason=str(error))
        return committed

    def get(self, job_id: str) -> tuple[Job, Document]:
        document = self._db.get(job_path(job_id))
        return Job.of(document), document

    def cancel(self, job_id: str) -> Job:
        """Cancels a job that has not ended, and releases its hold; an ended one stays as it is."""

        def attempt() -> Job:
            job, document = self.get(job_id)
            if job.status.ended:
                return job
            at = now()
            self._db.commit(
                *ended_writes(job, document, JobStatus.CANCELLED, at),
                *self._specs[job.kind].subject_writes(job, JobStatus.CANCELLED, None, at),
            )
            log.info("job_cancelled", jobId=job_id)
            return job.model_copy(
                update={"status": JobStatus.CANCELLED, "completed_at": at, "updated_at": at}
            )

        return contend(attempt)

    def parts(self, job: Job) -> list[Part]:
        """The parts that are done, in their order."""
        return parts(self._db, job.id, job.parts_total)

    def erase_writes(self, job: Job, done: list[Part]) -> list[Write]:
        """Forgets a job's input and parts, in the commit that deletes its subject."""
        return erase_writes(job, done)

    def forget_inputs(self, subject: str) -> None:
        """Forgets what the jobs about a document were given, before it is deleted; in bounded
        commits. The jobs stay as shells: they remember the charge and the key."""
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


def _charge(wallet: Wallet, quote: Quote) -> Charge:
    """Voice minutes first when the plan grants them and they suffice, else tokens."""
    tokens = wallet.tokens.available
    seconds = quote.voice_seconds
    if seconds is not None and 0 < seconds <= wallet.voice_seconds.available:
        return Charge(meter=Meter.VOICE_SECONDS, held=seconds, remaining_tokens=tokens)
    if tokens < quote.tokens:
        raise NotEnoughTokens.of(quote.tokens, tokens)
    return Charge(meter=Meter.TOKENS, held=quote.tokens, remaining_tokens=tokens - quote.tokens)
