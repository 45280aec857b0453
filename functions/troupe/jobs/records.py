"""A job: its states, what may follow what, and the document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from troupe.records import Record
from troupe.wallet.records import Meter


class JobKind(StrEnum):
    VOICE = "voice"
    SCRIPT_AUDIO = "script_audio"
    VIDEO = "video"


class JobStatus(StrEnum):
    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return not TRANSITIONS[self]


TRANSITIONS: Mapping[JobStatus, frozenset[JobStatus]] = {
    JobStatus.QUEUED: frozenset({JobStatus.IN_PROGRESS, JobStatus.FAILED, JobStatus.CANCELLED}),
    # in_progress follows itself: a redelivery claims what a dead worker left.
    JobStatus.IN_PROGRESS: frozenset(
        {JobStatus.IN_PROGRESS, JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED}
    ),
    JobStatus.COMPLETED: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.CANCELLED: frozenset(),
}


class Charge(Record):
    """The hold that pays for the job; `charged` is known once the job ended."""

    meter: Meter
    held: int
    charged: int | None = None
    remaining_tokens: int  # available right after the hold, so that a repeat answers the same

    @property
    def tokens_held(self) -> int:
        return self.held if self.meter is Meter.TOKENS else 0


class JobError(Record):
    code: str
    message: str
    retryable: bool


class StepTimes(Record):
    started_at: datetime | None = None
    completed_at: datetime | None = None


def job_path(job_id: str) -> str:
    return f"jobs/{job_id}"


class Job(Record):
    """`jobs/{jobId}`.

    `input` is what the kind needs to do the work, set once. `lease_until` keeps a second worker
    out; `attempt` is the fencing number of the worker that holds it. `due_at` is when the sweep
    looks at the job, if nothing has touched it by then. `cuts` are where the input was cut in
    parts (None until planned); part n is cuts[n] to cuts[n + 1].
    """

    id: str
    kind: JobKind
    uid: str
    subject: str
    status: JobStatus = JobStatus.QUEUED
    input: dict[str, Any] = Field(default_factory=dict)
    request_hash: str
    charge: Charge
    attempt: int = 0
    tries: int = 0  # claims of the present stage; the fencing number only ever grows
    lease_until: datetime | None = None
    due_at: datetime | None = None
    cuts: list[int] | None = None
    parts_done: int = 0
    fanned_out: bool = False
    failures: dict[str, int] = Field(default_factory=dict)
    sweeps: int = 0
    steps: dict[str, StepTimes] = Field(default_factory=dict)
    error: JobError | None = None
    created_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None
    updated_at: datetime

    @property
    def parts_total(self) -> int:
        return len(self.cuts) - 1 if self.cuts else 0


class Part(Record):
    """`jobs/{jobId}/parts/{n}`: one part's audio, mono 16 bit WAV at `path`, and its words beside
    it. `samples` and `rate` say how long it is. Created once; that it exists means done."""

    id: str
    path: str
    samples: int
    rate: int
    timing_source: str
    expires_at: datetime

    @property
    def words_path(self) -> str:
        return f"{self.path}.words.json"


class StepView(Record):
    """A step as people see it; `progress` 0 to 100."""

    step_name: str
    status: str
    progress: int
    message: str
    started_at: datetime | None
    completed_at: datetime | None
    error_message: str | None


# The steps of each kind, with the share of the whole work that each one is.
STEPS: Mapping[JobKind, tuple[tuple[str, int], ...]] = {
    JobKind.VOICE: (("speech", 80), ("assembly", 20)),
}


def view_steps(job: Job) -> list[StepView]:
    """The steps of a job, derived from its times, its parts and its status."""
    views = []
    for name, _ in STEPS[job.kind]:
        times = job.steps.get(name, StepTimes())
        status, progress, message, error = "pending", 0, "", None
        if times.completed_at:
            status, progress = "completed", 100
        elif times.started_at:
            status = "in_progress" if not job.status.ended else str(job.status)
            error = job.error.message if job.error else None
        if name == "speech" and times.started_at and job.parts_total:
            done = job.parts_total if times.completed_at else job.parts_done
            progress = 100 * done // job.parts_total
            message = f"Speaking the text ({done}/{job.parts_total} parts completed)"
        elif name == "assembly" and times.started_at:
            message = "Joining and encoding the audio"
        views.append(
            StepView(
                step_name=name,
                status=status,
                progress=progress,
                message=message,
                started_at=times.started_at,
                completed_at=times.completed_at,
                error_message=error,
            )
        )
    return views


def overall_progress(job: Job) -> int:
    """0 to 100; it only grows, and is 100 when the job is completed and only then."""
    if job.status is JobStatus.COMPLETED:
        return 100
    weights = dict(STEPS[job.kind])
    done = sum(weights[view.step_name] * view.progress for view in view_steps(job))
    return min(done // 100, 99)
