"""How far a job is: its steps as the API shows them, and the view for clients that listen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from troupe.jobs.records import Job, JobStatus, StepState, View
from troupe.jobs.specs import JobSpec


class StepStatus(StrEnum):
    """The status of a step. Once started, a step has the status of its job until it completes."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class StepProgress:
    """`progress`: 0 to 100."""

    step_name: str
    status: StepStatus
    progress: int
    message: str
    started_at: datetime | None
    completed_at: datetime | None
    error_message: str | None


def steps_of(job: Job, spec: JobSpec[Any, Any]) -> list[StepProgress]:
    """The steps of a job, derived from the reports, the parts and the status."""
    steps = []
    for step in spec.steps:
        state = job.steps.get(step.name, StepState())
        status, progress, message, error = StepStatus.PENDING, 0, "", None
        if job.waiting and step is spec.steps[0]:
            message = "Waiting for another of your jobs to end"
        if state.started_at:
            status = StepStatus(job.status) if job.status.ended else StepStatus.IN_PROGRESS
            progress, message = state.progress, state.message or step.message
            error = job.error.message if job.error else None
        if state.completed_at:
            status, progress, error = StepStatus.COMPLETED, 100, None
        done, total = _made(job, spec)
        if step.name == spec.parts_step and state.started_at and total:
            progress = 100 * done // total
            message = spec.parts_message.format(done=done, total=total)
        steps.append(
            StepProgress(
                step_name=step.name,
                status=status,
                progress=progress,
                message=message,
                started_at=state.started_at,
                completed_at=state.completed_at,
                error_message=error,
            )
        )
    return steps


def overall_progress(job: Job, spec: JobSpec[Any, Any]) -> int:
    """0 to 100. Never decreases; 100 if and only if the job is completed."""
    if job.status is JobStatus.COMPLETED:
        return 100
    steps = steps_of(job, spec)
    done = sum(step.weight * state.progress for step, state in zip(spec.steps, steps, strict=True))
    return min(done // 100, 99)


def view_of(job: Job, spec: JobSpec[Any, Any]) -> View:
    steps = steps_of(job, spec)
    idle = (StepStatus.COMPLETED, StepStatus.PENDING)
    current = next((step for step in reversed(steps) if step.status not in idle), None)
    done, total = _made(job, spec)
    view = View(progress=overall_progress(job, spec), done=done, total=total)
    if job.status is JobStatus.COMPLETED:
        return view.model_copy(update={"step": "completed", "step_progress": 100})
    if current is None:
        return view.model_copy(update={"message": steps[0].message if job.waiting else ""})
    return view.model_copy(
        update={
            "step": current.step_name,
            "step_progress": current.progress,
            "message": current.message,
        }
    )


def _made(job: Job, spec: JobSpec[Any, Any]) -> tuple[int, int]:
    """How many units or parts are made, and of how many."""
    state = job.steps.get(spec.parts_step, StepState())
    total = job.units or job.parts_total
    done = total if state.completed_at else job.units_done or job.parts_done
    # The worker of a single part reports progress within the part.
    return max(done, state.progress * total // 100), total
