"""Submits and cancels jobs, each in one commit. The task is enqueued after the commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from troupe.accounts.writes import user_path
from troupe.adapters.firestore import (
    COMMIT_WRITES,
    AlreadyExists,
    Database,
    Document,
    Stale,
    Write,
    contend,
    now,
)
from troupe.adapters.queue import QueueUnavailable
from troupe.caller import KeyUse
from troupe.idempotency import KeyReused
from troupe.jobs import charges
from troupe.jobs.admission import Admission
from troupe.jobs.charges import Price, Quote
from troupe.jobs.errors import InputChanged, TooManyJobs
from troupe.jobs.holding import hold_for, left_of
from troupe.jobs.records import SHOWN_FIELDS, Job, JobStatus, Part, job_path
from troupe.jobs.sender import TaskSender
from troupe.jobs.shares import share_path
from troupe.jobs.writes import create_writes, forget_writes, parts
from troupe.logs import log
from troupe.notifications.records import muted
from troupe.wallet.budgets import KeySpender, Spender, key_month_path
from troupe.wallet.ledger import wallet_path
from troupe.wallet.payers import Payer
from troupe.wallet.records import Owner, Wallet
from troupe.webhook_events import has_webhooks
from troupe.webhooks.records import counted_path

_REPEATED_WITHIN = timedelta(minutes=10)
_WITHOUT_RESULT = (JobStatus.FAILED, JobStatus.CANCELLED)


class JobService:
    def __init__(self, db: Database, sender: TaskSender, admission: Admission) -> None:
        self._db = db
        self._sender = sender
        self._admission = admission

    def submit(
        self,
        job: Job,
        quote: Quote | None,
        writes: Sequence[Write],
        *,
        keyed: bool,
        watched: Sequence[Document] = (),
        max_tokens: int | None = None,
        run_here: bool = False,
        key: KeyUse | None = None,
    ) -> Job:
        """Commits the job, its hold and `writes` together, then enqueues its task, unless the user
        has no share of the queue left: then it waits (`job.waiting`). With `run_here`, the caller
        runs the job at once: it cannot wait, and gets no task. If the caller dies, the sweep
        enqueues it.

        Sets `job.charge`; without a quote the job is free and no wallet is read. Makes at most one
        read and one commit. With `keyed`, an existing job with this id is returned as it is.
        `watched`: the documents the job was created from; `writes` should have them as their
        preconditions. `max_tokens`: what the job may cost; 0 lets it use voice seconds only. `key`:
        the API key that the job names.

        Raises NotEnoughTokens, CostAboveMax, KeyReused, InputChanged, TooManyJobs,
        AccountSuspended, and for a company that pays the PAYER_ERRORS.
        """
        if job.key_id != (key.id if key else None):
            raise ValueError("the job is charged to another API key than its request")
        share, user = share_path(job.uid), user_path(job.uid)
        paths = [document.path for document in watched]
        paths += [job_path(job.id)] if keyed else []
        paths += [wallet_path(job.payer.id)] if quote else []
        spends = Spender.paths(job.company_id, job.uid, job.created_at) if job.company_id else []
        paths += spends
        month = key_month_path(key.id, job.created_at) if key and quote else None
        paths += [month] if month else []
        paths += [share, user]

        def attempt() -> tuple[Job, bool]:
            found = {document.path: document for document in self._db.get_all(paths)}
            if keyed and (earlier := found[job_path(job.id)]).exists:
                return self._repeated(earlier, job.uid, job.company_id, job.request_hash), False
            for before in watched:
                if before.update_time != found[before.path].update_time:
                    raise InputChanged(before.path)
            held, joined = self._admission.join(job, found[share], found[user])
            payer = found[counted_path(job.uid, job.company_id)]
            told = {"muted": muted(found[user].data), "hooked": has_webhooks(payer.data)}
            held = held.model_copy(update=told)
            if run_here and held.waiting:
                raise TooManyJobs.at_once()
            hold = list[Write]()
            if quote is not None:
                wallet = found[wallet_path(job.payer.id)]
                spender = Spender(*(found[path] for path in spends)) if spends else None
                if spender is not None:
                    spender.check()
                of_key = KeySpender(key, found[month]) if key and month else None
                held, hold = hold_for(held, quote, wallet, payer.data, spender, of_key, max_tokens)
            try:
                self._db.commit(*create_writes(held), *hold, *writes, joined)
            except AlreadyExists:
                earlier = self._db.get(job_path(job.id))
                # Another request has just submitted the user's first job, or the first of a month.
                if not earlier.exists:
                    raise Stale from None
                # Two concurrent requests with one key; or the client library retried our own commit
                # because its response was lost.
                return self._repeated(earlier, job.uid, job.company_id, job.request_hash), True
            return held, True

        committed, fresh = contend(attempt, on=share)
        if fresh and not committed.waiting and not run_here:
            try:
                self._sender.send(committed)
            except QueueUnavailable as error:
                log.warning("job_not_enqueued", jobId=committed.id, reason=str(error))
        return committed

    def earlier(self, job_id: str, uid: str, payer: Payer | None, request_hash: str) -> Job | None:
        """The job that an earlier request under the same idempotency key has made, without its
        input. A service asks before it reads what the request names: that may have been deleted
        since, and a repeat gets the first answer all the same. Raises KeyReused."""
        document = self._db.get_all([job_path(job_id)], select=SHOWN_FIELDS)[0]
        if not document.exists:
            return None
        return self._repeated(document, uid, payer.company_id if payer else None, request_hash)

    def price(self, uid: str, payer: Payer, quote: Quote) -> Price:
        """What a job of the user would cost the payer now. Holds nothing; one call. For a company,
        raises the PAYER_ERRORS, except that a cap only makes it insufficient."""
        at = now()
        paths = [wallet_path(payer.owner.id)]
        paths += [key_month_path(payer.key.id, at)] if payer.key else []
        paths += Spender.paths(payer.company_id, uid, at) if payer.company_id else []
        wallet, *others = self._db.get_all(paths)
        of_key = KeySpender(payer.key, others.pop(0)) if payer.key else None
        spender = Spender(*others) if others else None
        if spender is not None:
            spender.check()
        return charges.price(Wallet.of(wallet), quote, left_of(spender, of_key))

    def repeated(
        self,
        uid: str,
        payer: Payer | None,
        request_hash: str,
        ended_within: timedelta | None = None,
    ) -> Job | None:
        """The last job that the same request of this user, payer and API key made in the last ten
        minutes, unless it failed or was cancelled: for a client that asks again without an
        idempotency key. `ended_within`: how long ago the job may have ended, for clients that do
        not say that they ask again. One query."""
        payer = payer or Payer(Owner.user(uid))
        found = self._db.find(
            "jobs",
            where=[("uid", "==", uid), ("requestHash", "==", request_hash)],
            order=[("createdAt", True)],
            limit=10,
            select=SHOWN_FIELDS,
        )
        mine = (payer.company_id, payer.key_id)
        for job in map(Job.of, found):
            recent = now() - job.created_at < _REPEATED_WITHIN
            if recent and (job.company_id, job.key_id) == mine:
                too_late = (
                    ended_within is not None
                    and job.completed_at is not None
                    and now() - job.completed_at > ended_within
                )
                return None if too_late or job.status in _WITHOUT_RESULT else job
        return None

    def get(self, job_id: str) -> tuple[Job, Document]:
        """The job without its input."""
        document = self._db.get(job_path(job_id))
        return Job.of(document), document

    def cancel(self, job_id: str) -> Job:
        """Cancels the job, and charges what was spoken (see charges.ended); a job that has ended is
        returned unchanged."""
        return self._admission.cancel(job_id)[0]

    def parts(self, job: Job) -> list[Part]:
        """The finished parts, in order."""
        return parts(self._db, job.id, job.parts_total)

    def forget_inputs(self, subject: str) -> None:
        """Deletes the inputs of all jobs about a document, before the document itself is deleted;
        in bounded commits. The jobs stay as shells that record the charge and the key."""
        after, most = None, COMMIT_WRITES // 2
        while True:
            found = self._db.find(
                "jobs",
                where=[("subject", "==", subject)],
                order=[("__name__", False)],
                limit=most,
                after=after,
                select=["status"],
            )
            if found:
                self._db.commit(*(write for each in found for write in forget_writes(each.id)))
            if len(found) < most:
                return
            after = [found[-1].id]

    @staticmethod
    def _repeated(document: Document, uid: str, company_id: str | None, request_hash: str) -> Job:
        job = Job.of(document)
        if not job.repeats(uid, company_id, request_hash):
            raise KeyReused
        return job
