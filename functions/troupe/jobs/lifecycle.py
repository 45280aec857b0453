"""Erases the jobs of a deleted user."""

from __future__ import annotations

from collections.abc import Callable

from troupe.adapters.firestore import Database, Delete
from troupe.jobs.records import Job, Part
from troupe.jobs.service import JobService
from troupe.jobs.shares import share_path
from troupe.jobs.writes import part_path


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
        database.delete_all([part_path(job.id, int(part.id)) for part in done])
        database.commit(Delete(document.path))
    if not found:
        database.commit(Delete(share_path(uid)))
    return len(found)
