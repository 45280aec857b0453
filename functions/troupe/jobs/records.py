"""A job: its states, what may follow what, and the document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field
from pydantic.alias_generators import to_camel

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


class StepState(Record):
    """What is known of a step beyond what its job tells; `progress` 0 to 100."""

    started_at: datetime | None = None
    completed_at: datetime | None = None
    progress: int = 0
    message: str = ""


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
    units: int = 0  # what people count: lines of a script; 0: the parts themselves
    units_done: int = 0
    fanned_out: bool = False
    failures: dict[str, int] = Field(default_factory=dict)
    sweeps: int = 0
    steps: dict[str, StepState] = Field(default_factory=dict)
    error: JobError | None = None
    created_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None
    updated_at: datetime

    @property
    def parts_total(self) -> int:
        return len(self.cuts) - 1 if self.cuts else 0


# All of a job but its input, which may hold a whole book and is nothing to look at.
SHOWN_FIELDS = [to_camel(name) for name in Job.model_fields if name not in ("id", "input")]


class Sound(Record):
    """Speech as it is kept: mono 16 bit WAV at `path`, its words beside it. `samples` and `rate`
    say how long it is. `words` are the same words as JSON, in a part's document alone: the assembly
    has one file less to fetch for each sound."""

    path: str
    samples: int
    rate: int
    timing_source: str
    words: str | None = None

    @staticmethod
    def facts_path(path: str) -> str:
        """Where all this is kept, beside the sound."""
        return f"{path}.json"

    @property
    def files(self) -> list[str]:
        return [self.path, self.facts_path(self.path)]


class Part(Record):
    """`jobs/{jobId}/parts/{n}`: what one part came to. Created once; that it exists means done.

    `units`: how many it counts for in the progress. `subject`: the document that owns the sounds;
    None when they are the part's own, and end with it.
    """

    id: str
    sounds: list[Sound]
    units: int = 1
    subject: str | None = None
    expires_at: datetime

    @property
    def files(self) -> list[str]:
        return [path for sound in self.sounds for path in sound.files]


class StepView(Record):
    """A step as people see it; `progress` 0 to 100."""

    step_name: str
    status: str
    progress: int
    message: str
    started_at: datetime | None
    completed_at: datetime | None
    error_message: str | None


# The steps of each kind in their order, with the share of the whole work that each one is.
STEPS: Mapping[JobKind, tuple[tuple[str, int], ...]] = {
    JobKind.VOICE: (("speech", 80), ("assembly", 20)),
    JobKind.SCRIPT_AUDIO: (("speech", 80), ("assembly", 20)),
    JobKind.VIDEO: (
        ("audio_validation", 5),
        ("audio_generation", 40),
        ("video_generation", 40),
        ("video_assembly", 5),
        ("upload", 10),
    ),
}
# The step in which the parts are made, and what it says meanwhile. The steps before it are done
# when the job is planned; those after it are reported by the worker that assembles.
PARTS_STEP: Mapping[JobKind, tuple[str, str]] = {
    JobKind.VOICE: ("speech", "Speaking the text ({done}/{total} parts completed)"),
    JobKind.SCRIPT_AUDIO: ("speech", "Speaking the lines... ({done}/{total} completed)"),
    JobKind.VIDEO: ("audio_generation", "Generating audio files... ({done}/{total} completed)"),
}
_MESSAGES = {"assembly": "Joining and encoding the audio"}


def view_steps(job: Job) -> list[StepView]:
    """The steps of a job, derived from what was reported, its parts and its status."""
    parts_step, parts_message = PARTS_STEP[job.kind]
    views = []
    for name, _ in STEPS[job.kind]:
        state = job.steps.get(name, StepState())
        status, progress, message, error = "pending", 0, "", None
        if state.started_at:
            status = "in_progress" if not job.status.ended else str(job.status)
            progress, message = state.progress, state.message or _MESSAGES.get(name, "")
            error = job.error.message if job.error else None
        if state.completed_at:
            status, progress, error = "completed", 100, None
        total = job.units or job.parts_total
        if name == parts_step and state.started_at and total:
            done = total if state.completed_at else job.units_done or job.parts_done
            # A single part is counted by its worker, as it goes.
            done = max(done, state.progress * total // 100)
            progress = 100 * done // total
            message = parts_message.format(done=done, total=total)
        views.append(
            StepView(
                step_name=name,
                status=status,
                progress=progress,
                message=message,
                started_at=state.started_at,
                completed_at=state.completed_at,
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
