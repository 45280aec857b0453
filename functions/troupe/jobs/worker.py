"""The worker protocol: the work of one kind of job, as the runner calls it."""

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
    """A worker's link to its job while it works."""

    def check(self) -> None:
        """Raises Lost. Cheap: call it between pieces of work."""
        ...

    def report(self, step: str, share: float, message: str = "") -> None:
        """Reports the progress of a step, 0 to 1; the steps before it count as done. Cheap: most
        reports are not written. Raises Lost."""
        ...


@dataclass(frozen=True, slots=True)
class WorkPlan:
    """How to divide a job into parts.

    `cuts`: offsets of the parts in the input, from 0 to its end. `changes`: job fields to update,
    by dotted name (such as the input in its final form). `units`: what `cuts` count, if the
    progress should count that instead of parts. `notes`: messages of the steps before the parts,
    by step. `characters`: how many characters of each part to charge if the job ends without a
    result; none for work that is charged only as a whole.
    """

    cuts: list[int]
    changes: Mapping[str, Any] = field(default_factory=dict)
    units: int = 0
    notes: Mapping[str, str] = field(default_factory=dict)
    characters: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a job: the writes that record it, the amount to charge (at most the hold), and
    the files it made, which are deleted if the result cannot be recorded."""

    writes: Sequence[Write]
    charge: int = 0
    files: Sequence[str] = ()


class Worker(Protocol[InputT_contra, PayloadT]):
    """Does the work of one kind of job; `given` is the job's input.

    Each method may raise WorkError, which fails the job or is retried. Any other error is a bug on
    our side, and is retried. `watch` raises Lost when the worker should stop.
    """

    def plan(self, job: Job, given: InputT_contra) -> WorkPlan:
        """Divides the input into parts. Pure, so an error is final."""
        ...

    def run_part(
        self, job: Job, given: InputT_contra, number: int, folder: Path, watch: Watch
    ) -> PayloadT:
        """Makes part `number`. May leave its file in `folder` for `assemble`."""
        ...

    def assemble(
        self, job: Job, given: InputT_contra, done: Sequence[PayloadT], folder: Path, watch: Watch
    ) -> Outcome:
        """Makes the result from all parts, given in order."""
        ...
