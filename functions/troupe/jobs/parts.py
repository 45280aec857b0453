"""Parts at work: which parts of a job have been sent to the engine, and what came of them.

A part is claimed before its work begins and counted when it is recorded, so that a job cancelled in
between can be charged for it. Only parts with a price are claimed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from troupe.adapters.firestore import (
    DELETE_FIELD,
    Database,
    Document,
    Increment,
    Update,
    contend,
    now,
)
from troupe.jobs.errors import Lost
from troupe.jobs.records import Job, Part, job_path
from troupe.jobs.specs import JobSpec
from troupe.jobs.writes import part_path

# How long a claimed part counts as being at work: longer than any part should take.
AT_WORK = timedelta(minutes=5)


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
        result = db.commit(Update(before.path, {field: now() + AT_WORK}, seen=before))
        return replace(before, update_time=result.update_times[0])

    # The parts of a job start at about the same time and contend for its document.
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
