"""What a kind of job is, as its domain declares it. `jobs` knows of kinds only what stands here.

A spec is imported by functions that never do the work, so it loads nothing heavy: the worker is
made by a function, which imports it when it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from troupe.adapters.firestore import Write
from troupe.jobs.cleanup import Cleanup
from troupe.jobs.records import Job, JobError, JobStatus, Part
from troupe.records import Record

if TYPE_CHECKING:
    from troupe.jobs.worker import Worker

DEFAULT_QUEUE = "generate"
# A queued job that no worker has claimed by then has probably lost its task.
QUEUED_PATIENCE = timedelta(seconds=60)
PARTS_KEPT = timedelta(days=7)

InputT = TypeVar("InputT", bound=Record)
PayloadT = TypeVar("PayloadT", bound=Record)

# How the document that a job is about follows the job's status, in the job's own commit.
SubjectWrites = Callable[[Job, JobStatus, JobError | None, datetime], list[Write]]


def no_subject(job: Job, status: JobStatus, error: JobError | None, at: datetime) -> list[Write]:
    return []


def no_files(services: Any) -> Cleanup:
    return Cleanup()


@dataclass(frozen=True, slots=True)
class Step:
    """A step as people see it. `weight`: its share of the whole work, in percent; `message`: shown
    while it runs, unless the worker reports another one."""

    name: str
    weight: int
    message: str = ""


@dataclass(frozen=True, slots=True)
class JobSpec(Generic[InputT, PayloadT]):
    """One kind of job.

    `steps`, in their order, weigh 100 together. In the step `parts_step` the parts are made, and
    it says `parts_message`, with {done} and {total}. The steps before it are done when the job is
    planned; those after it, at least one, are reported by the worker that assembles.

    `input` and `payload` are the types of a job's input and of what a part comes to. `worker` and
    `cleanup` are called with the services of the process (the container) by whoever does the work.
    `queue` is the task function that does it.
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
    queue: str = DEFAULT_QUEUE
    parts_kept: timedelta = PARTS_KEPT

    def __post_init__(self) -> None:
        if sum(step.weight for step in self.steps) != 100:
            raise ValueError(f"the steps of {self.kind} do not weigh 100")
        if self.parts_step not in self.step_names[:-1]:
            raise ValueError(f"no step of {self.kind} follows {self.parts_step}, where parts are")

    @property
    def step_names(self) -> list[str]:
        return [step.name for step in self.steps]

    @property
    def steps_before(self) -> list[str]:
        """Those before the parts are made."""
        return self.step_names[: self.step_names.index(self.parts_step)]

    @property
    def assembly_step(self) -> str:
        """The first one after the parts are made."""
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
    ) -> Job:
        """A new job of this kind, to be submitted."""
        return Job(
            id=id,
            kind=self.kind,
            uid=uid,
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
    """The specs by kind. Raises ValueError when two are of one kind."""
    found = {spec.kind: spec for spec in specs}
    if len(found) < len(specs):
        raise ValueError("two specs are of one kind")
    return found
