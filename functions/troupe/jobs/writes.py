"""Jobs in Firestore: reads, and the writes of every status change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from troupe.adapters.firestore import (
    DELETE_FIELD,
    Create,
    Database,
    Delete,
    Document,
    Increment,
    Update,
    Write,
)
from troupe.jobs.errors import IllegalTransition, Lost
from troupe.jobs.progress import view_of
from troupe.jobs.records import (
    TRANSITIONS,
    Job,
    JobError,
    JobStatus,
    Part,
    StepState,
    input_path,
    job_path,
)
from troupe.jobs.specs import JobSpec
from troupe.wallet.budgets import budget_path, key_month_path, settled_write
from troupe.wallet.ledger import release_writes, settle_writes


def part_path(job_id: str, number: int) -> str:
    return f"jobs/{job_id}/parts/{number}"


def present(db: Database, job_id: str) -> tuple[Job, Document]:
    """The job as it is now, without its input. Raises Lost if it is gone, because its owner was
    erased."""
    return _existing(db.get(job_path(job_id)))


def present_whole(db: Database, job_id: str) -> tuple[Job, Document]:
    """The same with its input."""
    return _existing(read_whole(db, job_id))


def _existing(document: Document) -> tuple[Job, Document]:
    if not document.exists:
        raise Lost(document.id)
    return Job.of(document), document


def read_whole(db: Database, job_id: str) -> Document:
    """The job's document with its input."""
    return whole(*db.get_all([job_path(job_id), input_path(job_id)]))


def whole(document: Document, given: Document) -> Document:
    """The job's document with the input of the other one."""
    if not (document.exists and given.exists):  # the input of an older job is in its document
        return document
    return replace(document, data={**document.data, **given.data})


def create_writes(job: Job) -> tuple[Create, Create]:
    fields = job.stored()
    given = {"input": fields.pop("input")}
    return Create(job_path(job.id), fields), Create(input_path(job.id), given)


def viewed(spec: JobSpec[Any, Any], seen: Document, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an update of the job that was read as `seen`, with what clients see after
    it."""
    after = Job.of(replace(seen, data=applied(seen.data, fields)))
    return {**fields, "view": view_of(after, spec).stored()}


def applied(data: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A document's data after an update with dotted names."""
    result = dict(data)
    for name, value in changes.items():
        *maps, last = (part.strip("`") for part in name.split("."))
        target = result
        for part in maps:
            target[part] = dict(target.get(part) or {})
            target = target[part]
        if value is DELETE_FIELD:
            target.pop(last, None)
        elif isinstance(value, Increment):
            target[last] = target.get(last, 0) + value.value
        else:
            target[last] = value
    return result


def move_write(
    job: Job,
    spec: JobSpec[Any, Any],
    seen: Document,
    status: JobStatus,
    at: datetime,
    fields: Mapping[str, Any],
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
    return Update(job_path(job.id), viewed(spec, seen, changes), seen=seen)


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
    return move_write(job, spec, seen, JobStatus.COMPLETED, at, fields), settled


def ended_writes(
    job: Job,
    spec: JobSpec[Any, Any],
    seen: Document,
    status: JobStatus,
    at: datetime,
    error: JobError | None = None,
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
    return [move_write(job, spec, seen, status, at, fields), *settled]


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
        *forget_writes(job.id),
    ]


def forget_writes(job_id: str) -> list[Write]:
    """Deletes the input of a job that exists."""
    # The input of a job from before 28 November 2026 is in its document.
    return [Delete(input_path(job_id)), Update(job_path(job_id), {"input": DELETE_FIELD})]
