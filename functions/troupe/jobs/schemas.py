"""Jobs as the API shows them: current step, progress, and the error of a failed job."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field

from troupe.jobs.progress import StepProgress, StepStatus, steps_of, view_of
from troupe.jobs.records import (
    Charge,
    CurrentStep,
    Job,
    JobError,
    JobKind,
    JobStatus,
    StepName,
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


class StepView(Schema):
    """`progress`: 0 to 100."""

    step_name: StepName
    status: StepStatus
    progress: int
    message: str
    started_at: datetime | None
    completed_at: datetime | None
    error_message: str | None

    @classmethod
    def of(cls, step: StepProgress) -> Self:
        return cls(**asdict(step))


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
        view, steps = view_of(job, spec), [StepView.of(step) for step in steps_of(job, spec)]
        return cls(
            job_id=job.id,
            kind=job.kind,
            status=job.status,
            waiting=job.waiting,
            overall_progress=view.progress,
            current_step=view.step,
            steps=steps,
            total_steps=len(steps),
            completed_steps=sum(step.status is StepStatus.COMPLETED for step in steps),
            attempt=job.attempt,
            charge=ChargeView.of(job.charge),
            created_at=job.created_at,
            started_at=job.started_at,
            completed_at=job.completed_at,
            error=ErrorView.of(job.error),
            error_message=job.error.message if job.error else None,
        )
