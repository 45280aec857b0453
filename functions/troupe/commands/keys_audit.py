"""The audit of API keys: what a key held and used in a month is what its jobs say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from troupe.adapters.firestore import Database
from troupe.api_keys.records import COLLECTION
from troupe.jobs.records import SHOWN_FIELDS, Job
from troupe.wallet.budgets import Budget, Spent, key_months_path, month_of
from troupe.wallet.records import Meter

Problem = tuple[str, str]


def audit_keys(db: Database) -> list[Problem]:
    """The key, and what is wrong with it; empty if all is well. A change between the reads can look
    like a difference, so it counts only if a second look confirms it."""
    found = []
    for document in db.walk(COLLECTION, select=["uid"]):
        if any(_problems(db, document.id)):
            found += [(document.id, problem) for problem in _problems(db, document.id)]
    return found


def _problems(db: Database, key_id: str) -> Iterator[str]:
    should: dict[tuple[str, Meter], Spent] = defaultdict(Spent)
    for document in db.walk("jobs", where=[("keyId", "==", key_id)], select=SHOWN_FIELDS):
        job = Job.of(document)
        if job.charge is None:
            continue
        place = month_of(job.created_at), job.charge.meter
        before = should[place]
        held = 0 if job.status.ended else job.charge.held
        used = (job.charge.charged or 0) if job.status.ended else 0
        should[place] = Spent(used=before.used + used, held=before.held + held)
    has = {
        (document.id, meter): Budget.of(document).meter(meter)
        for document in db.walk(key_months_path(key_id))
        for meter in Meter
    }
    for month, meter in sorted({*has, *should}):
        counted, right = has.get((month, meter), Spent()), should[month, meter]
        if counted != right:
            yield (
                f"{month} says {meter} used {counted.used}, held {counted.held}; its jobs say "
                f"used {right.used}, held {right.held}"
            )
