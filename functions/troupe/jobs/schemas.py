"""Jobs as the API shows them: current step, progress, and the error of a failed job."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field

from troupe.jobs.records import (
    Charge,
    CurrentStep,
    Job,
    JobError,
    JobKind,
    JobStatus,
    StepName,
    StepState,
)
from troupe.wallet.records import Meter, OwnerKind
from troupe.wallet.schemas import CompanyHeader
from troupe.web.schema import Id, KeyHeader, Schema

if TYPE_CHECKING:
    from troupe.jobs.charges import Price
    from troupe.jobs.specs import JobSpec


class ErrorView(Schema):
    code: str
    message: str
    retryable: bool

    @classmethod
    def of(cls, error: JobError | None) -> Self | None:
        return cls(**error.model_dump()) if error else None


class ChargeView(Schema):
    """What a job costs, in units of the meter. `charged` is null until the job has ended. A job
    that fails or is cancelled is charged for what was spoken."""

    meter: Meter
    held: int
    charged: int | None

    @classmethod
    def of(cls, charge: Charge | None) -> Self | None:
        return cls(meter=charge.meter, held=charge.held, charged=charge.charged) if charge else None


CompanyId = Annotated[
    Id | None,
    Field(
        description="The company that pays, instead of you: one that you belong to. The header "
        "`X-Troupe-Company` says the same."
    ),
]


class PaidHeaders(KeyHeader, CompanyHeader):
    """Those of a paid POST."""


class PayerView(Schema):
    """Whose wallet pays."""

    kind: OwnerKind
    id: str


class PriceData(Schema):
    """What a job would cost now; nothing is held."""

    meter: Meter = Field(description="Voice seconds pay if enough are available, else tokens.")
    tokens: int = Field(description="What it costs in tokens: 0 if voice seconds pay.")
    voice_seconds_at_most: int | None = Field(
        description="The most seconds that can be charged if voice seconds pay; null if they "
        "cannot pay for this."
    )
    available: int = Field(description="What you have, in units of the meter.")
    sufficient: bool
    payer: PayerView

    @classmethod
    def of(cls, price: Price) -> Self:
        return cls(
            meter=price.meter,
            tokens=price.tokens,
            voice_seconds_at_most=price.voice_seconds_at_most,
            available=price.available,
            sufficient=price.sufficient,
            payer=PayerView(kind=price.payer.kind, id=price.payer.id),
        )


MaxTokens = Annotated[
    int | None,
    Field(
        ge=0,
        description="Refuses with 409 `cost_above_max` what costs more tokens than this. 0: only "
        "if voice seconds pay.",
    ),
]


class StepStatus(StrEnum):
    """The status of a step. Once started, a step has the status of its job until it completes."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class StepView(Schema):
    """`progress`: 0 to 100."""

    step_name: StepName
    status: StepStatus
    progress: int
    message: str
    started_at: datetime | None
    completed_at: datetime | None
    error_message: str | None


class JobView(Schema):
    """A job with the progress of each step, 0 to 100. `waiting`: it starts when another job of the
    user has ended."""

    job_id: str
    kind: JobKind
    status: JobStatus
    waiting: bool
    overall_progress: int
    current_step: CurrentStep
    steps: list[StepView]
    total_steps: int
    completed_steps: int
    attempt: int
    charge: ChargeView | None = Field(description="Null for a free job.")
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    error: ErrorView | None
    error_message: str | None

    @classmethod
    def of(cls, job: Job, spec: JobSpec[Any, Any]) -> Self:
        steps = view_steps(job, spec)
        completed = [step for step in steps if step.status == "completed"]
        running = [step.step_name for step in steps if step.status not in ("completed", "pending")]
        return cls(
            job_id=job.id,
            kind=job.kind,
            status=job.status,
            waiting=job.waiting,
            overall_progress=overall_progress(job, spec),
            current_step="completed"
            if job.status is JobStatus.COMPLETED
            else (running or [""])[-1],
            steps=steps,
            total_steps=len(steps),
            completed_steps=len(completed),
            attempt=job.attempt,
            charge=ChargeView.of(job.charge),
            created_at=job.created_at,
            started_at=job.started_at,
            completed_at=job.completed_at,
            error=ErrorView.of(job.error),
            error_message=job.error.message if job.error else None,
        )


def view_steps(job: Job, spec: JobSpec[Any, Any]) -> list[StepView]:
    """The steps of a job, derived from the reports, the parts and the status."""
    views = []
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
        total = job.units or job.parts_total
        if step.name == spec.parts_step and state.started_at and total:
            done = total if state.completed_at else job.units_done or job.parts_done
            # The worker of a single part reports progress within the part.
            done = max(done, state.progress * total // 100)
            progress = 100 * done // total
            message = spec.parts_message.format(done=done, total=total)
        views.append(
            StepView(
                step_name=step.name,
                status=status,
                progress=progress,
                message=message,
                started_at=state.started_at,
                completed_at=state.completed_at,
                error_message=error,
            )
        )
    return views


def overall_progress(job: Job, spec: JobSpec[Any, Any]) -> int:
    """0 to 100. Never decreases; 100 if and only if the job is completed."""
    if job.status is JobStatus.COMPLETED:
        return 100
    views = view_steps(job, spec)
    done = sum(step.weight * view.progress for step, view in zip(spec.steps, views, strict=True))
    return min(done // 100, 99)
