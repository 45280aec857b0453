"""The documents of jobs and parts, and the status changes that are allowed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, model_validator
from pydantic.alias_generators import to_camel

from troupe.records import Record
from troupe.wallet.records import Meter, Owner

# Plain strings, since this package knows no kinds; the OpenAPI document lists those that the
# domains declare.
JobKind = Annotated[str, Field(json_schema_extra={"x-registered": "JobKind"})]
StepName = Annotated[str, Field(json_schema_extra={"x-registered": "StepName"})]
# The name of the current step, "" before the first, or "completed".
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
    # in_progress can follow itself: a redelivered task claims the job of a dead worker.
    JobStatus.IN_PROGRESS: frozenset(
        {JobStatus.IN_PROGRESS, JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED}
    ),
    JobStatus.COMPLETED: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.CANCELLED: frozenset(),
}


class Tariff(Record):
    """A price in tokens: `base`, which pays for `included` characters, and a token for every
    started `per_token` characters beyond them."""

    base: int
    included: int
    per_token: int

    def tokens(self, characters: int) -> int:
        beyond = max(0, characters - self.included)
        return self.base - (-beyond // self.per_token)


class Usage(Record):
    """What was spoken for a job: `characters` and `milliseconds` of its recorded parts.
    `interrupted`: characters of the parts that were at work when the job was cancelled. `worked`:
    whether it was at work then, or had been."""

    characters: int = 0
    milliseconds: int = 0
    interrupted: int = 0
    worked: bool = False


class Charge(Record):
    """The hold that pays for the job. `charged` is set once the job has ended.

    `remaining_tokens` and `remaining_budget` are what was left right after the hold, so that a
    repeated request gets the same answer: the payer's tokens, and those that the API key or the
    member of a company might still spend in the month (None without a cap).

    `tariff` is what a job that ends without a result is charged by; without one, such a job is
    charged nothing. `characters` and `likely_seconds` are what it was quoted for.
    """

    meter: Meter
    held: int
    charged: int | None = None
    remaining_tokens: int
    remaining_budget: int | None = None
    tariff: Tariff | None = None
    characters: int = 0
    likely_seconds: int = 0

    @property
    def tokens_held(self) -> int:
        return self.held if self.meter is Meter.TOKENS else 0

    @property
    def tokens_due(self) -> int:
        """What the job costs in tokens: the hold, until it has ended."""
        if self.meter is not Meter.TOKENS:
            return 0
        return self.held if self.charged is None else self.charged

    def of_seconds(self, seconds: float) -> int:
        """The charge for `seconds` of audio: the seconds, rounded up and at most the hold, if voice
        seconds are held; otherwise the whole hold."""
        if self.meter is Meter.VOICE_SECONDS:
            return min(math.ceil(seconds), self.held)
        return self.held

    def seconds_allowed(self, maximum: int) -> int:
        """The longest audio that the hold pays for, and at most `maximum`."""
        return min(maximum, self.held) if self.meter is Meter.VOICE_SECONDS else maximum


class JobError(Record):
    code: str
    message: str
    retryable: bool


class StepState(Record):
    """The reported state of a step. `progress`: 0 to 100."""

    started_at: datetime | None = None
    completed_at: datetime | None = None
    progress: int = 0
    message: str = ""


class View(Record):
    """How far the job is, for clients that listen to it: they cannot know the weights of the steps.

    `step` is the current one, "" before the first, or "completed"; `step_progress` and `progress`
    are percentages, of the step and of the whole. `done` of `total` parts, or units, are made.
    """

    step: str = ""
    step_progress: int = 0
    progress: int = 0
    done: int = 0
    total: int = 0
    message: str = ""


def job_path(job_id: str) -> str:
    return f"jobs/{job_id}"


def input_path(job_id: str) -> str:
    """A document that no client can read: users may listen to the job itself."""
    return f"jobs/{job_id}/private/input"


class Job(Record):
    """`jobs/{jobId}`.

    `kind` names its JobSpec. `input` is what the work needs, set once, in a document of its own
    (`input_path`); jobs from before 28 November 2026 have it in theirs. `subject` is the path of
    the document the job is about, "" for none. `view` repeats the other fields for clients.
    `muted`: the types of notifications that its user did not want when it was submitted.
    `hooked`: whether its payer had webhooks then. `company_id`: the company that pays, None if its
    user does. `key_id`: the API key that spends the money. `charge` is None for a free job.
    `lease_until` keeps other workers out; `attempt` is the fencing token of the lease holder.
    `due_at` is when the sweep looks at the job unless something updates it first. `cuts` are the
    offsets that divide the input into parts (None until planned); part n is cuts[n] to cuts[n + 1].
    While `waiting`, the job has no task, because its user has no share of the queue left. `window`
    is how many parts are in the queue at once, 0 for all.

    `part_characters` are the characters of each part that a tariff counts. `running` has the parts
    at work in tasks of their own, until when each counts as such.
    """

    id: str
    kind: str
    uid: str
    company_id: str | None = None
    key_id: str | None = None
    subject: str = ""
    status: JobStatus = JobStatus.QUEUED
    waiting: bool = False
    input: dict[str, Any] = Field(default_factory=dict)
    request_hash: str
    muted: list[str] = Field(default_factory=list)
    hooked: bool = False
    charge: Charge | None = None
    attempt: int = 0
    tries: int = 0  # claims in the current stage; `attempt` is never reset
    lease_until: datetime | None = None
    due_at: datetime | None = None
    cuts: list[int] | None = None
    window: int = 0
    parts_done: int = 0
    units: int = 0  # what the progress counts, such as lines of a script; 0: parts
    units_done: int = 0
    part_characters: list[int] = Field(default_factory=list)
    running: dict[str, datetime] = Field(default_factory=dict)
    usage: Usage = Usage()
    fanned_out: bool = False
    failures: dict[str, int] = Field(default_factory=dict)
    sweeps: int = 0
    steps: dict[str, StepState] = Field(default_factory=dict)
    error: JobError | None = None
    view: View = View()
    created_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None
    updated_at: datetime

    @property
    def payer(self) -> Owner:
        return Owner.of(self.uid, self.company_id)

    def repeats(self, uid: str, company_id: str | None, request_hash: str) -> bool:
        """Whether a request under the same key, of this user, payer and content, repeats the one
        that made this job."""
        return (self.uid, self.company_id, self.request_hash) == (uid, company_id, request_hash)

    @property
    def spender(self) -> str | None:
        """The member who spends a company's money, for the company's ledger."""
        return self.uid if self.company_id else None

    @property
    def parts_total(self) -> int:
        return len(self.cuts) - 1 if self.cuts else 0

    def at_work(self, at: datetime) -> set[int]:
        """The parts that are being made in tasks of their own."""
        return {int(number) for number, until in self.running.items() if until > at}


# All fields except the input, which older jobs have here, and which can hold a whole book.
SHOWN_FIELDS = [to_camel(name) for name in Job.model_fields if name not in ("id", "input")]


class Part(Record):
    """`jobs/{jobId}/parts/{n}`: the result of one part. Created once; if it exists, the part is
    done.

    `payload` has the type that the job's spec declares. `units`: its share of the job's units.
    """

    id: str
    payload: dict[str, Any]
    units: int = 1
    expires_at: datetime

    @model_validator(mode="before")
    @classmethod
    def _gather_payload(cls, data: Any) -> Any:
        """Parts written before 26 November 2026 have the payload's fields at the top level. They
        expire within a week."""
        if not isinstance(data, dict) or "payload" in data:
            return data
        own = {"id", "units", "expiresAt"}
        payload = {name: value for name, value in data.items() if name not in own}
        return {name: value for name, value in data.items() if name in own} | {"payload": payload}
