"""The audit of tabs: every open one has its hold, no more was used than that, what was used in a
room or a call is what its messages, or the call and its recordings, say, and closed ones were
charged for exactly that. What was charged and not used is there for the next one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from pydantic import ValidationError

from troupe.adapters.firestore import Database, Document, now
from troupe.calls.records import COLLECTION as CALLS
from troupe.calls.records import RECORDINGS
from troupe.jobs.records import Job, input_path, job_path
from troupe.jobs.writes import whole
from troupe.rooms.records import MESSAGES
from troupe.tabs.records import COLLECTION, Tab, TabAccount, TabInput, account_path, cost, tab_path
from troupe.tabs.service import OPEN
from troupe.tabs.specs import TAB
from troupe.wallet.records import Meter

Problem = tuple[str, str]  # the place, and what is wrong there

# Messages are kept for at least a day; those of older tabs, which are open for an hour, or a bit
# more, may be gone. A message can be older than the tab that pays for its transcript.
_RECENT = timedelta(hours=20)
_SAID = timedelta(hours=26)
_LATE = timedelta(hours=1)  # for the sweep to close a tab
_TAB_JOBS = [("kind", "==", TAB.kind)]


_JOBS = 300  # in one read
_ACCOUNTS = 300  # in one read
_MESSAGES = 300  # in one query


class _Rest(NamedTuple):
    """What is left of what was paid with a meter."""

    place: str
    key: str
    payer: str
    meter: Meter


class _Used(NamedTuple):
    """Milliseconds, of a tab that was opened then."""

    milliseconds: int
    opened: datetime


def audit_tabs(db: Database) -> list[Problem]:
    """The problems of all tabs; empty if there are none. What changes between two reads can look
    like a difference, so a problem counts only if a second look finds the same."""
    found = _look(db)
    confirmed = set(_look(db)) if found else set()
    return [each for each in found if each in confirmed]


def _look(db: Database) -> list[Problem]:
    at = now()
    used = dict[str, dict[str, _Used]]()  # by place and tab
    problems: list[Problem] = []
    for document in db.walk(COLLECTION):
        try:
            tab = Tab.of(document)
        except ValidationError as error:
            problems.append((document.path, f"the tab cannot be read: {error}"))
            continue
        used.setdefault(tab.place, {})[tab.id] = _Used(tab.used, tab.closes_at - OPEN)
        problems += [(tab.place, f"tab {tab.id}: {each}") for each in _open(db, tab, at)]
    rests = Counter[_Rest]()
    for document in _tab_jobs(db):
        try:
            job, given = Job.of(document), TabInput.model_validate(document.data["input"])
        except (ValidationError, KeyError) as error:
            problems.append((document.path, f"the job of a tab cannot be read: {error}"))
            continue
        problems += [(given.place, f"tab {job.id}: {each}") for each in _job(db, job, given)]
        if job.status.ended and job.charge is not None:
            rest = (job.charge.charged or 0) * given.unit - job.usage.milliseconds
            rests[_Rest(given.place, given.key, job.payer.id, job.charge.meter)] += rest
        if job.completed_at is not None and at - job.completed_at < _RECENT:
            counted = _Used(job.usage.milliseconds, job.created_at)
            used.setdefault(given.place, {})[job.id] = counted
    for place, tabs in used.items():
        problems += [(place, each) for each in _causes(db, place, tabs, at)]
    return problems + list(_credits(db, rests))


def _tab_jobs(db: Database) -> Iterator[Document]:
    """With their inputs."""
    jobs = db.walk("jobs", where=_TAB_JOBS, batch=_JOBS)
    while batch := list(islice(jobs, _JOBS)):
        inputs = db.get_all([input_path(each.id) for each in batch])
        yield from map(whole, batch, inputs)


def _open(db: Database, tab: Tab, at: datetime) -> Iterator[str]:
    job, account = db.get_all([job_path(tab.id), account_path(tab.place, tab.key)])
    if not job.exists or Job.of(job).status.ended:
        yield "it is open without a job"
        return
    charge = Job.of(job).charge
    if charge is None or (charge.meter, charge.held) != (tab.meter, tab.held):
        yield f"it says {tab.held} {tab.meter} are held, its job {charge}"
    if not 0 <= tab.used <= tab.capacity:
        yield f"{tab.used} ms were used of {tab.capacity}"
    if not tab.used + tab.left <= tab.capacity:  # less while it is reserved, or being closed
        yield f"{tab.left} ms are left of {tab.capacity}, and {tab.used} were used"
    if account.exists and TabAccount.of(account).tab != tab.id:
        yield "it is open beside another one of the same payer"
    if at - tab.closes_at > _LATE:
        yield f"it should have been closed at {tab.closes_at}"


def _job(db: Database, job: Job, given: TabInput) -> Iterator[str]:
    if not job.status.ended:
        if not _exists(db, tab_path(job.id)):
            yield "its job is live, and it is closed"
        return
    used, charge = job.usage.milliseconds, job.charge
    if charge is None:
        yield "its job had no hold"
        return
    paid = charge.held * given.unit + given.credit
    if used > paid:
        yield f"{used} ms were used of {paid}"
    implied = cost(used, given.credit, given.unit)
    if charge.charged != implied:
        yield f"{charge.charged} was charged for {used} ms, which is {implied}"


def _credits(db: Database, rests: Counter[_Rest]) -> Iterator[Problem]:
    """What was charged and not used is the credit of the account, unless it went with its room or
    its user, or somebody else pays now."""
    places = list({account_path(each.place, each.key) for each in rests})
    accounts = dict[str, TabAccount]()
    for start in range(0, len(places), _ACCOUNTS):
        for document in db.get_all(places[start : start + _ACCOUNTS]):
            if document.exists:
                accounts[document.path] = TabAccount.of(document)
    for each, rest in rests.items():
        account = accounts.get(account_path(each.place, each.key))
        if account is None or account.payer.id != each.payer:
            continue
        credit = account.credit.get(each.meter, 0)
        if credit != rest:
            yield each.place, f"{each.key}: {credit} ms of {each.meter} are left, paid were {rest}"


def _causes(db: Database, place: str, tabs: dict[str, _Used], at: datetime) -> Iterator[str]:
    """Compares what was used with what the messages of a room say, or a call and its recordings."""
    (found,) = db.get_all([place], select=["clearedBefore", "used"])
    if not found.exists:  # it was deleted, and so were they
        return
    cleared = found.data.get("clearedBefore")
    said = Counter[str](found.data.get("used", {}))
    of_call = [("callId", "==", place.rpartition("/")[2])]
    recorded = db.walk(RECORDINGS, where=of_call, select=["used"])
    for document in recorded if place.startswith(f"{CALLS}/") else _heard(db, place, at - _SAID):
        said.update(document.data.get("used", {}))
    for tab_id, (used, opened) in tabs.items():
        may_lack = cleared is not None and opened <= cleared
        differs = said[tab_id] > used if may_lack else said[tab_id] != used
        if differs and not _moved(db, tab_id, used):
            yield f"tab {tab_id}: {used} ms were used, {said[tab_id]} are accounted for"


def _heard(db: Database, place: str, since: datetime) -> Iterator[Document]:
    """The messages with sound that were sent since then."""
    where = [("kind", "in", ["caption", "audio"]), ("createdAt", ">=", since)]
    after = None
    while True:
        found = db.find(
            f"{place}/{MESSAGES}",
            where=where,
            order=[("createdAt", False), ("__name__", False)],
            after=after,
            limit=_MESSAGES,
            select=["used", "createdAt"],
        )
        yield from found
        if len(found) < _MESSAGES:
            return
        after = [found[-1].data["createdAt"], found[-1].id]


def _moved(db: Database, tab_id: str, used: int) -> bool:
    """Whether a tab has been used since it was read."""
    tab = db.get(tab_path(tab_id))
    return tab.exists and tab.data["used"] != used


def _exists(db: Database, path: str) -> bool:
    return db.get_all([path], select=[])[0].exists
