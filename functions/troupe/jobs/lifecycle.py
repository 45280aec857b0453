"""Erases the jobs of a deleted user."""

from __future__ import annotations

from collections.abc import Callable

from troupe.adapters.firestore import Database, Delete, Missing, now
from troupe.jobs.records import Job, JobStatus, Part, job_path
from troupe.jobs.service import JobService
from troupe.jobs.writes import ended_writes, part_path


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
        job = _ended(database, jobs, document.id)
        done = jobs.parts(job)
        for part in done:
            forget_part(job, part)
        database.delete_all([part_path(job.id, int(part.id)) for part in done])
        database.commit(Delete(document.path))
    return len(found)


def _ended(db: Database, jobs: JobService, job_id: str) -> Job:
    try:
        return jobs.cancel(job_id)
    except Missing:  # its subject is gone, but the hold must still be released
        document = db.get(job_path(job_id))
        job = Job.of(document)
        db.commit(*ended_writes(job, document, JobStatus.CANCELLED, now()))
        return job
