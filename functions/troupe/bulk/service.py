"""Bulk operations: each is a job. Few items are done in the request that asks for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troupe.access import owned
from troupe.accounts.writes import user_path
from troupe.adapters.firestore import Database, now
from troupe.adapters.queue import QueueUnavailable
from troupe.bulk.errors import BulkNotFound, NothingFound, TooManyItems
from troupe.bulk.records import (
    KIND,
    MOST_AT_ONCE,
    MOST_ITEMS,
    Action,
    BulkInput,
    ItemResult,
    Target,
)
from troupe.bulk.specs import BULK
from troupe.bulk.writes import invitation_secret
from troupe.calls.writes import call_path
from troupe.companies.choice import managed
from troupe.companies.invitations import token_of
from troupe.companies.roster import Roster
from troupe.companies.writes import company_path
from troupe.idempotency import keyed_id, request_hash
from troupe.jobs.errors import TooManyJobs, TryAgain
from troupe.jobs.records import Job, job_path
from troupe.jobs.writes import parts
from troupe.logs import log
from troupe.wallet.budgets import member_path

if TYPE_CHECKING:
    from troupe.caller import Caller
    from troupe.companies.members import MemberFilter, Members
    from troupe.jobs.runner import Runner
    from troupe.jobs.sender import TaskSender
    from troupe.jobs.service import JobService


@dataclass(frozen=True, slots=True)
class BulkResult:
    """`token`: of an invitation that the item made."""

    item: ItemResult
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Bulk:
    """A job with the results so far, in the order of the items."""

    job: Job
    results: list[BulkResult]


@dataclass(slots=True)
class _First:
    """A page with as many as a bulk operation may have."""

    page: int = 1
    limit: int = MOST_ITEMS
    cursor: str | None = None


class BulkService:
    def __init__(
        self,
        db: Database,
        jobs: JobService,
        sender: TaskSender,
        runner: Callable[[], Runner],
        members: Callable[[], Members],
        secret: str,
    ) -> None:
        self._db = db
        self._jobs = jobs
        self._sender = sender
        self._runner = runner
        self._members = members
        self._secret = secret

    def of_company(
        self,
        caller: Caller,
        given: BulkInput,
        asked: Mapping[str, Any],
        key: str | None,
        chosen: MemberFilter | None = None,
    ) -> Bulk:
        """`asked`: the body, which identifies the request. `chosen`: instead of ids.

        Raises CompanyNotFound, Forbidden, TooManyItems, NothingFound, KeyReused, TooManyJobs.
        """
        company_id = managed(caller, str(given.company_id))
        Roster(self._db, company_id, [caller.uid]).require_manager(caller)
        subject = company_path(company_id)
        if key is not None and chosen is not None:  # the first request may have removed them
            job_id, hashed = keyed_id(caller.uid, key), _hash(given.target, asked, subject)
            if self._jobs.earlier(job_id, caller.uid, None, hashed):
                return self.get(caller.uid, job_id)
        if chosen is not None:
            found, page = self._members().page(caller, company_id, _First(), chosen)
            if page.total > MOST_ITEMS:
                raise TooManyItems
            if not found:
                raise NothingFound
            given = given.model_copy(update={"ids": [member.id for member in found]})
        if given.action is Action.REMOVE:
            given = self._with_known(given, [member_path(company_id, uid) for uid in given.ids])
        if given.target is Target.CALLS and given.action is Action.DELETE:
            calls = self._db.get_all(list(map(call_path, given.ids)), select=["companyId"])
            known = [each.id for each in calls if each.data.get("companyId") == company_id]
            given = given.model_copy(update={"known": known})
        return self._start(caller.uid, given, asked, key, subject)

    def of_accounts(
        self, caller: Caller, given: BulkInput, asked: Mapping[str, Any], key: str | None
    ) -> Bulk:
        """For administrators of Troupe. Raises KeyReused, TooManyJobs."""
        if given.action is Action.DELETE:
            given = self._with_known(given, [user_path(uid) for uid in given.ids])
        return self._start(caller.uid, given, asked, key, "")

    def get(self, uid: str, job_id: str) -> Bulk:
        """Raises BulkNotFound."""
        job = Job.of(owned(self._db.get(job_path(job_id)), uid, BulkNotFound))
        if job.kind != KIND:
            raise BulkNotFound
        done = [
            item
            for part in parts(self._db, job.id, job.parts_total)
            for item in BULK.payload_of(part).items
        ]
        company_id = job.subject.rpartition("/")[2]
        return Bulk(job, [self._shown(job, company_id, item) for item in done])

    def _shown(self, job: Job, company_id: str, item: ItemResult) -> BulkResult:
        if not item.invited:
            return BulkResult(item)
        secret = invitation_secret(self._secret, job.id, item.id)
        return BulkResult(item, token_of(company_id, item.id, secret))

    def _with_known(self, given: BulkInput, paths: list[str]) -> BulkInput:
        found = self._db.get_all(paths, select=["deletedAt"])
        known = [each.id for each in found if each.exists and not each.data.get("deletedAt")]
        return given.model_copy(update={"known": known})

    def _start(
        self, uid: str, given: BulkInput, asked: Mapping[str, Any], key: str | None, subject: str
    ) -> Bulk:
        at = now()
        job = BULK.job(
            id=keyed_id(uid, key),
            uid=uid,
            subject=subject,
            given=given,
            request_hash=_hash(given.target, asked, subject),
            at=at,
        )
        here = len(given.names) <= MOST_AT_ONCE
        try:
            job = self._jobs.submit(job, None, [], keyed=key is not None, run_here=here)
        except TooManyJobs:
            if not here:
                raise
            here = False  # other jobs of the user are at work: then it waits for them
            job = self._jobs.submit(job, None, [], keyed=key is not None)
        if here and not job.status.ended:
            self._run(job)
        return self.get(uid, job.id)

    def _run(self, job: Job) -> None:
        try:
            self._runner().run(job.id, uid=job.uid)
        except (TryAgain, QueueUnavailable):
            try:
                self._sender.send(job)
            except QueueUnavailable as error:  # the sweep enqueues it
                log.warning("job_not_enqueued", jobId=job.id, reason=str(error))


def _hash(target: Target, asked: Mapping[str, Any], subject: str) -> str:
    """Identifies a request."""
    return request_hash(f"bulk {target}", {**asked, "company": subject})
