"""Erases the jobs of a deleted user, and exports those of any user."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from troupe.adapters.firestore import Database, Delete, now
from troupe.exported import Exported
from troupe.jobs.records import SHOWN_FIELDS, Job, Part, input_path
from troupe.jobs.service import JobService
from troupe.jobs.shares import share_path
from troupe.jobs.specs import PARTS_KEPT, JobSpecs
from troupe.jobs.writes import part_path

# Not the inputs, which can hold what belongs to others, such as the voices of a script; the domains
# of the kinds export what the user wrote.
_EXPORTED = [name for name in SHOWN_FIELDS if name not in ("requestHash", "leaseUntil", "view")]
_PARTS_EXIST = PARTS_KEPT + timedelta(days=1)


def erase(
    uid: str,
    limit: int,
    *,
    database: Database,
    jobs: JobService,
    forget_part: Callable[[Job, Part], None],
) -> int:
    """Cancels up to `limit` jobs if they have not ended, and deletes them with their parts and
    files; returns how many jobs. `forget_part`: see Cleanup.forget."""
    found = database.find("jobs", where=[("uid", "==", uid)], limit=limit, select=["uid"])
    for document in found:
        job = jobs.cancel(document.id)
        done = jobs.parts(job)
        for part in done:
            forget_part(job, part)
        mine = [part_path(job.id, int(part.id)) for part in done]
        database.delete_all([*mine, input_path(job.id)])
        database.commit(Delete(document.path))
    if not found:
        database.commit(Delete(share_path(uid)))
    return len(found)


def export(uid: str, *, database: Database, job_specs: JobSpecs) -> Iterator[Exported]:
    """With the parts of recent jobs, because older ones have none left, and the place in the
    queue. Without what others have caused: it holds their words."""
    for document in database.walk("jobs", where=[("uid", "==", uid)], select=_EXPORTED):
        if job_specs[document.data["kind"]].caused:
            continue
        yield document
        if document.data["updatedAt"] > now() - _PARTS_EXIST:
            yield from database.walk(f"{document.path}/parts", batch=50)
    share = database.get(share_path(uid))
    if share.exists:
        yield share
