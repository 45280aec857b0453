"""A kind of job, as its domain declares it. This is all that `jobs` knows about kinds.

Functions that never do the work import specs too, so a spec loads nothing heavy: a factory imports
and makes the worker when it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from troupe.adapters.firestore import Database, Write
from troupe.jobs.cleanup import Cleanup
from troupe.jobs.records import Job, JobError, JobStatus, Part, Usage
from troupe.records import Record
from troupe.wallet.payers import Payer

if TYPE_CHECKING:
    from troupe.jobs.worker import Worker

DEFAULT_QUEUE = "generate"
# A queued job that no worker has claimed by then has probably lost its task.
QUEUED_PATIENCE = timedelta(seconds=60)
PARTS_KEPT = timedelta(days=7)

InputT = TypeVar("InputT", bound=Record)
PayloadT = TypeVar("PayloadT", bound=Record)

# Copies the job's status to its subject, in the job's own commit.
SubjectWrites = Callable[[Job, JobStatus, JobError | None, datetime], list[Write]]


def no_subject(job: Job, status: JobStatus, error: JobError | None, at: datetime) -> list[Write]:
    return []


# Keeps the results of the parts of a job that ends without one, in that commit.
KeepWrites = Callable[[Job, Sequence[Part]], list[Write]]

# What a job that ends without a result has cost, if its document does not say so, and the writes
# that belong to it.
Unfinished = Callable[[Database, Job], tuple[Job, list[Write]]]


def no_usage(payload: Any) -> Usage:
    return Usage()


def no_files(services: Any) -> Cleanup:
    return Cleanup()


@dataclass(frozen=True, slots=True)
class Step:
    """A step as the API shows it. `weight`: its share of the work, in percent. `message`: shown
    while the step runs, unless the worker reports another one."""

    name: str
    weight: int
    message: str = ""


@dataclass(frozen=True, slots=True)
class JobSpec(Generic[InputT, PayloadT]):
    """One kind of job.

    `steps` are in order, and their weights add up to 100. `parts_step` is the step that makes the
    parts; its message is `parts_message`, with {done} and {total}. The steps before it are done
    when the job is planned. The steps after it, at least one, are reported during assembly.

    `usage` is what the result of a part adds to the job's usage. `kept_writes` (None: nothing is
    kept) gets the recorded parts of a job that fails or is cancelled. `unfinished` (None: its
    document says it) sets what such a job is charged.

    `input` and `payload` are the types of a job's input and of a part's result. `worker` and
    `cleanup` are factories, called with the container. `queue` is the task function that does the
    work. `link` is the path in the API of the result, with {id} of the subject, {job}, and
    {company} of the input, which its user is notified of when the work took long (None: never).
    `event`: how its events for webhooks begin, such as "video" for `video.completed` (None: it has
    none).
    `prompt`: people wait for it, so it does not wait for other jobs of its user, nor they for it.
    `caused`: others cause it, such as members of a room that its user pays for. It takes none of
    the user's places, and is not exported to them. `parts_kept`: for how long the results of its
    parts are, at most.
    """

    kind: str
    steps: tuple[Step, ...]
    parts_step: str
    parts_message: str
    input: type[InputT]
    payload: type[PayloadT]
    worker: Callable[[Any], Worker[InputT, PayloadT]]
    cleanup: Callable[[Any], Cleanup] = no_files
    subject_writes: SubjectWrites = no_subject
    usage: Callable[[PayloadT], Usage] = no_usage
    kept_writes: KeepWrites | None = None
    unfinished: Unfinished | None = None
    queue: str = DEFAULT_QUEUE
    prompt: bool = False
    caused: bool = False
    parts_kept: timedelta = PARTS_KEPT
    link: str | None = None
    event: str | None = None

    def __post_init__(self) -> None:
        if sum(step.weight for step in self.steps) != 100:
            raise ValueError(f"the weights of the steps of {self.kind} must add up to 100")
        if self.parts_step not in self.step_names[:-1]:
            raise ValueError(f"a step of {self.kind} must follow its parts step, {self.parts_step}")

    @property
    def step_names(self) -> list[str]:
        return [step.name for step in self.steps]

    @property
    def steps_before(self) -> list[str]:
        """The steps before the parts are made."""
        return self.step_names[: self.step_names.index(self.parts_step)]

    @property
    def assembly_step(self) -> str:
        """The first step after the parts are made."""
        return self.step_names[self.step_names.index(self.parts_step) + 1]

    def job(
        self,
        *,
        id: str,
        uid: str,
        given: InputT,
        request_hash: str,
        at: datetime,
        subject: str = "",
        payer: Payer | None = None,
    ) -> Job:
        """A new job of this kind, ready to submit. `payer`: None for its user."""
        return Job(
            id=id,
            kind=self.kind,
            uid=uid,
            company_id=payer.company_id if payer else None,
            key_id=payer.key_id if payer else None,
            subject=subject,
            input=given.stored(),
            request_hash=request_hash,
            due_at=at + QUEUED_PATIENCE,
            created_at=at,
            updated_at=at,
        )

    def input_of(self, job: Job) -> InputT:
        return self.input.model_validate(job.input)

    def payload_of(self, part: Part) -> PayloadT:
        return self.payload.model_validate(part.payload)


JobSpecs = Mapping[str, JobSpec[Any, Any]]


def registry(*specs: JobSpec[Any, Any]) -> JobSpecs:
    """The specs by kind. Raises ValueError if two have the same kind."""
    found = {spec.kind: spec for spec in specs}
    if len(found) < len(specs):
        raise ValueError("two specs have the same kind")
    return found
