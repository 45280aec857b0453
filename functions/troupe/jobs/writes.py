"""Jobs in the store: reads, and the writes of every transition."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from troupe.adapters.firestore import (
    DELETE_FIELD,
    Create,
    Database,
    Delete,
    Document,
    Update,
    Write,
)
from troupe.jobs.records import (
    STEPS,
    TRANSITIONS,
    Job,
    JobError,
    JobStatus,
    Part,
    StepState,
    job_path,
)
from troupe.wallet.ledger import release_writes, settle_writes


class IllegalTransition(Exception):
    """A state that cannot follow; always a mistake in the code, never of a user."""


def part_path(job_id: str, number: int) -> str:
    return f"jobs/{job_id}/parts/{number}"


def create_write(job: Job) -> Write:
    return Create(job_path(job.id), job.stored())


def move_write(
    job: Job, seen: Document, status: JobStatus, at: datetime, fields: Mapping[str, Any]
) -> Update:
    """The job in its next state; Stale when anybody touched it since `seen`."""
    if status not in TRANSITIONS[job.status]:
        raise IllegalTransition(f"{job.status} cannot become {status}")
    changes: dict[str, Any] = {"status": status, "updatedAt": at, **fields}
    if status.ended:
        changes |= {"completedAt": at, "leaseUntil": None, "dueAt": None}
    return Update(job_path(job.id), changes, seen=seen)


def completed_writes(
    job: Job, seen: Document, charge: int, at: datetime
) -> tuple[Update, list[Write]]:
    """The job's end, and the settlement of its hold."""
    fields: dict[str, Any] = {"charge.charged": charge}
    for step, _ in STEPS[job.kind]:
        state = job.steps.get(step, StepState())
        fields |= {
            f"steps.{step}.startedAt": state.started_at or at,
            f"steps.{step}.completedAt": state.completed_at or at,
        }
    return move_write(job, seen, JobStatus.COMPLETED, at, fields), settle_writes(
        job.uid, job.id, job.charge.meter, job.charge.held, charge, str(job.kind), at
    )


def ended_writes(
    job: Job, seen: Document, status: JobStatus, at: datetime, error: JobError | None = None
) -> list[Write]:
    """A job that failed or was cancelled: nothing is charged, the hold is released."""
    fields: dict[str, Any] = {"charge.charged": 0}
    if error is not None:
        fields["error"] = error.stored()
    return [
        move_write(job, seen, status, at, fields),
        *release_writes(
            job.uid, job.id, job.charge.meter, job.charge.held, error.code if error else status, at
        ),
    ]


def part_numbers(db: Database, job_id: str, total: int) -> set[int]:
    """The parts that are done."""
    found = db.find(f"jobs/{job_id}/parts", limit=max(total, 1), select=[])
    return {int(document.id) for document in found}


def parts(db: Database, job_id: str, total: int) -> list[Part]:
    """All parts in their order; there are `total` of them."""
    found = db.find(f"jobs/{job_id}/parts", limit=max(total, 1))
    return sorted((Part.of(document) for document in found), key=lambda part: int(part.id))


def erase_writes(job: Job, done: list[Part]) -> list[Write]:
    """Forgets a job's input and parts. Its shell stays: it remembers the charge and the key."""
    return [
        *(Delete(part_path(job.id, int(part.id))) for part in done),
        Update(job_path(job.id), {"input": DELETE_FIELD}),
    ]
