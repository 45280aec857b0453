"""Jobs in Firestore: reads, and the writes of every status change."""

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
from troupe.jobs.errors import IllegalTransition, Lost
from troupe.jobs.records import (
    TRANSITIONS,
    Job,
    JobError,
    JobStatus,
    Part,
    StepState,
    job_path,
)
from troupe.jobs.specs import JobSpec
from troupe.wallet.budgets import budget_path, key_month_path, settled_write
from troupe.wallet.ledger import release_writes, settle_writes


def part_path(job_id: str, number: int) -> str:
    return f"jobs/{job_id}/parts/{number}"


def present(db: Database, job_id: str) -> tuple[Job, Document]:
    """The job as it is now. Raises Lost if it is gone, because its owner was erased."""
    document = db.get(job_path(job_id))
    if not document.exists:
        raise Lost(job_id)
    return Job.of(document), document


def create_write(job: Job) -> Write:
    return Create(job_path(job.id), job.stored())


def move_write(
    job: Job, seen: Document, status: JobStatus, at: datetime, fields: Mapping[str, Any]
) -> Update:
    """The job's next status. The commit raises Stale if the job changed after `seen`. Raises
    IllegalTransition."""
    if status not in TRANSITIONS[job.status]:
        raise IllegalTransition(f"{job.status} cannot become {status}")
    changes: dict[str, Any] = {"status": status, "updatedAt": at, **fields}
    if status.ended:
        changes |= {
            "completedAt": at,
            "leaseUntil": None,
            "dueAt": None,
            "waiting": False,
        }
    return Update(job_path(job.id), changes, seen=seen)


def completed_writes(
    job: Job, spec: JobSpec[Any, Any], seen: Document, charge: int, at: datetime
) -> tuple[Update, list[Write]]:
    """The write that completes the job, and those that settle its hold. Raises ValueError if
    `charge` exceeds the hold."""
    fields: dict[str, Any] = {}
    for step in spec.step_names:
        state = job.steps.get(step, StepState())
        fields |= {
            f"steps.{step}.startedAt": state.started_at or at,
            f"steps.{step}.completedAt": state.completed_at or at,
        }
    settled: list[Write] = []
    if job.charge is not None:
        fields["charge.charged"] = charge
        meter, held = job.charge.meter, job.charge.held
        settled = settle_writes(
            job.payer, job.id, meter, held, charge, job.kind, at, by=job.spender
        )
        settled += _budget_writes(job, charge)
    elif charge:
        raise ValueError(f"a job without a hold cannot be charged {charge}")
    return move_write(job, seen, JobStatus.COMPLETED, at, fields), settled


def ended_writes(
    job: Job, seen: Document, status: JobStatus, at: datetime, error: JobError | None = None
) -> list[Write]:
    """Fails or cancels the job. Settles its hold with what it is charged (see charges.ended), or
    releases it if that is nothing."""
    fields: dict[str, Any] = {}
    if error is not None:
        fields["error"] = error.stored()
    settled: list[Write] = []
    if job.charge is not None:
        meter, held, charged = job.charge.meter, job.charge.held, job.charge.charged or 0
        fields |= {
            "charge.charged": charged,
            "usage.interrupted": job.usage.interrupted,
            "usage.worked": job.usage.worked,
        }
        reason = error.code if error else status
        settled = (
            settle_writes(job.payer, job.id, meter, held, charged, reason, at, by=job.spender)
            if charged
            else release_writes(job.payer, job.id, meter, held, reason, at, by=job.spender)
        )
        settled += _budget_writes(job, charged)
    return [move_write(job, seen, status, at, fields), *settled]


def _budget_writes(job: Job, charged: int) -> list[Write]:
    """Counts what the job cost in the budget of the member who spent it, and of the API key."""
    if job.charge is None:
        return []
    budgets = list[str]()
    if job.company_id is not None:
        budgets.append(budget_path(job.company_id, job.uid, job.created_at))
    if job.key_id is not None:
        budgets.append(key_month_path(job.key_id, job.created_at))
    meter, held = job.charge.meter, job.charge.held
    return [settled_write(path, job.uid, meter, held, charged, job.created_at) for path in budgets]


def part_numbers(db: Database, job_id: str, total: int) -> set[int]:
    """The numbers of the finished parts."""
    found = db.find(f"jobs/{job_id}/parts", limit=max(total, 1), select=[])
    return {int(document.id) for document in found}


def parts(db: Database, job_id: str, total: int) -> list[Part]:
    """All finished parts, in order. `total`: how many parts the job has."""
    found = db.find(f"jobs/{job_id}/parts", limit=max(total, 1))
    return sorted((Part.of(document) for document in found), key=lambda part: int(part.id))


def erase_writes(job: Job, done: list[Part]) -> list[Write]:
    """Deletes a job's input and parts, for the commit that deletes its subject. The shell stays, to
    record the charge and the key."""
    return [
        *(Delete(part_path(job.id, int(part.id))) for part in done),
        Update(job_path(job.id), {"input": DELETE_FIELD}),
    ]
