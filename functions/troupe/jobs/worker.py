"""What a worker is: the work of one kind of job, as the runner asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from troupe.adapters.firestore import Write
from troupe.jobs.records import Job

InputT_contra = TypeVar("InputT_contra", contravariant=True)
PayloadT = TypeVar("PayloadT")


class Watch(Protocol):
    """What a worker has of its job while it works."""

    def check(self) -> None:
        """Raises Lost. Cheap: call it between pieces of work."""
        ...

    def report(self, step: str, share: float, message: str = "") -> None:
        """Tells how far a step is, 0 to 1; the steps before it are done. Cheap: most reports go
        nowhere. Raises Lost."""
        ...


@dataclass(frozen=True, slots=True)
class WorkPlan:
    """`cuts`: offsets of the parts in the input, from 0 to its end; `changes`: dotted fields of
    the job that the plan settles (such as a part of the input, in its final form); `units`: as
    many as the cuts count, when the progress counts those and not the parts; `notes`: what the
    steps before the parts found, by step."""

    cuts: list[int]
    changes: Mapping[str, Any] = field(default_factory=dict)
    units: int = 0
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished job: writes that record the result, the amount to charge (at most what is held)
    and the files it made, which are deleted if the result cannot be recorded."""

    writes: Sequence[Write]
    charge: int = 0
    files: Sequence[str] = ()


class Worker(Protocol[InputT_contra, PayloadT]):
    """Does the work of one kind of job; `given` is the job's input.

    Each method may raise WorkError, which ends the job or has it tried again; any other error is a
    fault of ours and is tried again. `watch` raises Lost when going on would be for nothing.
    """

    def plan(self, job: Job, given: InputT_contra) -> WorkPlan:
        """Cuts the input into parts. Pure: it is not tried again."""
        ...

    def run_part(
        self, job: Job, given: InputT_contra, number: int, folder: Path, watch: Watch
    ) -> PayloadT:
        """Makes part `number`; may leave its file in `folder` for the assembly."""
        ...

    def assemble(
        self, job: Job, given: InputT_contra, done: Sequence[PayloadT], folder: Path, watch: Watch
    ) -> Outcome:
        """Makes the result of all parts, which come in their order."""
        ...
