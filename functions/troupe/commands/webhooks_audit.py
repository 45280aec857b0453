"""The audit of webhooks: owners count theirs, events tell what happened, and nothing is stuck."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from troupe.adapters.firestore import Database, now
from troupe.jobs.records import job_path
from troupe.webhook_events import EVENTS
from troupe.webhooks.records import COLLECTION, DELIVERIES, counted_path

Problem = tuple[str, str]
# The sweep looks every few minutes, and again after a quarter of an hour.
_STUCK = timedelta(hours=1)
_MOST = 100  # of what is stuck; that there is any says it all
_BATCH = 300


def audit_webhooks(db: Database) -> list[Problem]:
    """The owner, or the document, and what is wrong with it; empty if all is well. A change between
    the reads can look like a difference, so it counts only if a second look confirms it."""
    found = [*_counts(db), *_causes(db), *_stuck(db)]
    return sorted(set(found) & {*_counts(db), *_causes(db), *_stuck(db)}) if found else []


def _counts(db: Database) -> Iterator[Problem]:
    has: Counter[str] = Counter()
    for document in db.walk(COLLECTION, select=["ownerId", "companyId"]):
        has[counted_path(document.data["ownerId"], document.data.get("companyId"))] += 1
    said: Counter[str] = Counter()
    for collection in ("users", "companies"):
        for document in db.walk(collection, select=["webhooks", "deletedAt"]):
            if document.data.get("deletedAt"):
                has.pop(document.path, None)  # they are being erased
            else:
                said[document.path] = document.data.get("webhooks", 0)
    for path in sorted({*has, *said}):
        if has[path] != said[path]:
            yield path, f"counts {said[path]} webhooks, and has {has[path]}"


def _causes(db: Database) -> Iterator[Problem]:
    """Deliveries that tell of another end of a job than it had."""
    told: dict[str, tuple[str, str]] = {}
    for document in db.walk(DELIVERIES, group=True, select=["data"]):
        data = document.data["data"]
        if "jobId" in data:
            told[document.path] = job_path(data["jobId"]), data["status"]
    jobs = sorted({job for job, _ in told.values()})
    ended = {
        job.path: job.data.get("status")
        for start in range(0, len(jobs), _BATCH)
        for job in db.get_all(jobs[start : start + _BATCH], select=["status"])
        if job.exists  # else it was erased with its user
    }
    for path, (job, status) in told.items():
        if ended.get(job, status) != status:
            yield path, f"tells that {job} is {status}, but it is {ended[job]}"


def _stuck(db: Database) -> Iterator[Problem]:
    for collection, group in ((EVENTS, False), (DELIVERIES, True)):
        overdue = db.find(
            collection,
            where=[("dueAt", "<=", now() - _STUCK)],
            order=[("dueAt", False)],
            limit=_MOST,
            select=[],
            group=group,
        )
        for document in overdue:
            yield document.path, "has been due for more than an hour"
