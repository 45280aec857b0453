"""The parts of a job: claimed before their work begins, and recorded when it is done.

A job that is cancelled in between can be charged for the part. Only parts with a price are claimed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from troupe.adapters.firestore import (
    DELETE_FIELD,
    Create,
    Database,
    Document,
    Increment,
    Update,
    contend,
    now,
)
from troupe.jobs.errors import Lost
from troupe.jobs.records import Job, Part, job_path
from troupe.jobs.specs import PARTS_KEPT, JobSpec
from troupe.jobs.writes import part_path, present, viewed
from troupe.records import Record

# Longer than any part should take: how long a claimed part counts as being at work, and how long
# the sweep waits for the next part to be recorded.
PATIENCE = timedelta(minutes=5)


def new_part(job: Job, number: int, payload: Record, kept: timedelta = PARTS_KEPT) -> Part:
    assert job.cuts is not None  # noqa: S101 (a job with parts is planned)
    return Part(
        id=str(number),
        payload=payload.stored(),
        units=job.cuts[number + 1] - job.cuts[number] if job.units else 1,
        expires_at=now() + kept,
    )


def claim_part(db: Database, job_id: str, document: Document, number: int) -> Document | None:
    """Marks a part as being at work; `document` is the job as read together with the missing part.
    Returns the job after that, or None if the part has been recorded meanwhile. Raises Lost if the
    job has ended.

    A worker whose claim was not committed has sent nothing to the engine yet.
    """
    seen: Document | None = document

    def attempt() -> Document | None:
        nonlocal seen
        if seen is None:
            seen, part = db.get_all([job_path(job_id), part_path(job_id, number)])
            if not seen.exists or Job.of(seen).status.ended:
                raise Lost(job_id)
            if part.exists:
                return None
        before, seen = seen, None  # retries read again
        field = f"running.`{number}`"
        result = db.commit(Update(before.path, {field: now() + PATIENCE}, seen=before))
        return replace(before, update_time=result.update_times[0])

    # The parts of a job start at about the same time and contend for its document.
    return contend(attempt, seconds=60)


def record_part(
    db: Database, spec: JobSpec[Any, Any], job: Job, document: Document, part: Part
) -> int:
    """Creates the part and counts it in one commit; `document` is the job as last seen. Returns how
    many parts are done. Raises Lost if the job has ended, and AlreadyExists."""
    seen: Document | None = document

    def attempt() -> int:
        nonlocal seen
        current = seen or present(db, job.id)[1]
        seen = None  # retries read the job again
        if Job.of(current).status.ended:
            raise Lost(job.id)
        at = now()
        fields = {
            "partsDone": Increment(1),
            "unitsDone": Increment(part.units),
            "dueAt": at + PATIENCE,
            "updatedAt": at,
            **recorded_fields(job, spec, part),
        }
        result = db.commit(
            Update(job_path(job.id), viewed(spec, current, fields), seen=current),
            Create(part_path(job.id, int(part.id)), part.stored()),
        )
        return result.transforms[0][0]

    # The parts of a job finish at about the same time and contend for its document.
    return contend(attempt, seconds=60)


def released_fields(job: Job, number: int) -> dict[str, Any]:
    """For the update of the job: the part is no longer at work."""
    alone = len(job.part_characters) <= 1  # a single part is not claimed
    return {} if alone else {f"running.`{number}`": DELETE_FIELD}


def recorded_fields(job: Job, spec: JobSpec[Any, Any], part: Part) -> dict[str, Any]:
    """For the update of the job in the commit that records the part: adds it to the usage."""
    usage = spec.usage(spec.payload_of(part))
    if not job.part_characters or not usage.characters:
        return released_fields(job, int(part.id))
    return released_fields(job, int(part.id)) | {
        "usage.characters": Increment(usage.characters),
        "usage.milliseconds": Increment(usage.milliseconds),
    }
