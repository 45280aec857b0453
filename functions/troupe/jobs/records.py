"""A job and its parts: their documents, the states of a job and what may follow what."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, model_validator
from pydantic.alias_generators import to_camel

from troupe.records import Record
from troupe.wallet.records import Meter

# Text, for this package knows no kind; the API's document lists those that domains have declared.
JobKind = Annotated[str, Field(json_schema_extra={"x-registered": "JobKind"})]
StepName = Annotated[str, Field(json_schema_extra={"x-registered": "StepName"})]
# The step that a job is at: a name, "" before the first, or "completed".
CurrentStep = Annotated[str, Field(json_schema_extra={"x-registered": "CurrentStep"})]


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

    def of_seconds(self, seconds: float) -> int:
        """What to charge for so many seconds of voice: those, where they are what is held, else
        all that is held. At most what is held."""
        if self.meter is Meter.VOICE_SECONDS:
            return min(math.ceil(seconds), self.held)
        return self.held


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

    `kind` names its JobSpec. `input` is what the work needs, set once. `subject` is the path of the
    document that the job is about, "" for none. `charge` is None for a job that costs nothing.
    `lease_until` keeps a second worker
    out; `attempt` is the fencing number of the worker that holds it. `due_at` is when the sweep
    looks at the job, if nothing has touched it by then. `cuts` are where the input was cut in
    parts (None until planned); part n is cuts[n] to cuts[n + 1].
    """

    id: str
    kind: str
    uid: str
    subject: str = ""
    status: JobStatus = JobStatus.QUEUED
    input: dict[str, Any] = Field(default_factory=dict)
    request_hash: str
    charge: Charge | None = None
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


class Part(Record):
    """`jobs/{jobId}/parts/{n}`: what one part came to. Created once; that it exists means done.

    `payload` is of the type that the job's spec names. `units`: how many it counts for in the
    progress.
    """

    id: str
    payload: dict[str, Any]
    units: int = 1
    expires_at: datetime

    @model_validator(mode="before")
    @classmethod
    def _gather_payload(cls, data: Any) -> Any:
        """In parts written before 26 November 2026 the payload stands among the part's own fields.
        They expire within a week."""
        if not isinstance(data, dict) or "payload" in data:
            return data
        own = {"id", "units", "expiresAt"}
        payload = {name: value for name, value in data.items() if name not in own}
        return {name: value for name, value in data.items() if name in own} | {"payload": payload}
