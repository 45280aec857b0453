"""Does a bulk operation, item by item: one that fails stops nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from troupe import access
from troupe.accounts.errors import UserNotFound
from troupe.accounts.writes import existing_user, user_path
from troupe.adapters.firestore import Database
from troupe.adapters.rehearsal import Rehearsed
from troupe.bulk.actions import Services
from troupe.bulk.records import (
    MOST_AT_ONCE,
    MOST_ITEMS,
    PART,
    Action,
    BulkInput,
    ItemResult,
    Results,
)
from troupe.caller import Caller
from troupe.calls.errors import CallNotFound
from troupe.errors import TroupeError, WorkError
from troupe.jobs.records import Job
from troupe.jobs.worker import Outcome, Watch, WorkPlan
from troupe.jobs.writes import forget_writes
from troupe.logs import in_context, log

# Each takes 1.5 s, so that its duration does not tell whether the address had an account.
_INTRODUCED_AT_ONCE = 8


class BulkWorker:
    def __init__(
        self,
        db: Database,
        services: Callable[[bool], Services],
        introduce: Callable[[str, str], None],
    ) -> None:
        """`services`: those that do it, or with True, those that only check it. `introduce`: see
        Passwords."""
        self._db = db
        self._services = services
        self._introduce = introduce

    def plan(self, job: Job, given: BulkInput) -> WorkPlan:
        """Parts one after the other: items of a company change the same document. A dry run is one
        part, because it remembers what the items before would have changed."""
        count = len(given.names)
        step = PART if count > MOST_AT_ONCE and not given.dry_run else MOST_ITEMS
        return WorkPlan([*range(0, count, step), count], units=count, changes={"window": 1})

    def run_part(
        self, job: Job, given: BulkInput, number: int, folder: Path, watch: Watch
    ) -> Results:
        assert job.cuts is not None  # noqa: S101 (a job with parts is planned)
        first, end = job.cuts[number : number + 2]
        caller, services = self._caller(job.uid), self._services(given.dry_run)
        done = []
        # What is refused is an item's result, not the request's.
        with access.recorded():
            for item in range(first, end):
                watch.check()
                done.append(_result(given, item, services, caller, job.id))
        if given.action is Action.INVITE and not given.dry_run:
            done = self._introduced(given, first, done)
        return Results(items=done)

    def assemble(
        self, job: Job, given: BulkInput, done: Sequence[Results], folder: Path, watch: Watch
    ) -> Outcome:
        return Outcome(forget_writes(job.id))

    def _caller(self, uid: str) -> Caller:
        """With the rights at present, which the services check again in each commit."""
        user = existing_user(self._db.get(user_path(uid)))
        if user is None or user.suspended:
            raise WorkError(
                "forbidden", "Your account may not do this any longer.", retryable=False
            )
        return Caller(
            uid=uid, role=user.role, guest=user.guest, email=user.email, companies=user.roles
        )

    def _introduced(self, given: BulkInput, first: int, done: list[ItemResult]) -> list[ItemResult]:
        """Gives the invited addresses accounts, if they have none."""

        def introduce(number: int, result: ItemResult) -> ItemResult:
            if result.code is not None:
                return result
            row = given.rows[first + number]
            made = _tried(row.email, partial(self._introduce, row.email, row.name))
            return made.model_copy(update={"invited": made.code is None})

        with ThreadPoolExecutor(_INTRODUCED_AT_ONCE) as pool:
            return list(pool.map(in_context(introduce), range(len(done)), done))


def _result(
    given: BulkInput, item: int, services: Services, caller: Caller, job_id: str
) -> ItemResult:
    name = given.names[item]
    result = _tried(name, lambda: services.do(caller, job_id, given, item))
    if result.code in (UserNotFound.code, CallNotFound.code) and name in given.known:
        return ItemResult(id=name)  # an earlier delivery has removed it
    return result


def _tried(name: str, work: Callable[[], None]) -> ItemResult:
    try:
        work()
    except Rehearsed:
        pass
    except TroupeError as error:
        return ItemResult(id=name, code=error.code, message=error.text)
    except Exception as error:  # a bug on our side must not stop the others
        log.error("bulk_item_stumbled", error)
        return ItemResult(id=name, code=TroupeError.code, message=TroupeError.message)
    return ItemResult(id=name)
