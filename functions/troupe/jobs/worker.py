"""What a worker is: the work of one kind of job, as the runner asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from troupe.adapters.firestore import Write
from troupe.jobs.records import Job, Part


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
    the job that the plan settles (such as the text as it will be spoken); `units`: how many the
    progress counts, if not the parts; `notes`: what the steps before the parts found, by step."""

    cuts: list[int]
    changes: Mapping[str, Any] = field(default_factory=dict)
    units: int = 0
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished job: writes that record the result, the amount to charge (at most what is held)
    and the files it made, which are deleted if the result cannot be recorded."""

    writes: Sequence[Write]
    charge: int
    files: Sequence[str]


class Worker(Protocol):
    """Does the work of one kind of job. Its `watch` raises Lost when that would be for nothing."""

    def plan(self, job: Job) -> WorkPlan: ...

    def run_part(self, job: Job, number: int, folder: Path, watch: Watch) -> Part:
        """Makes part `number`; may leave its file in `folder` for the assembly."""
        ...

    def assemble(self, job: Job, done: Sequence[Part], folder: Path, watch: Watch) -> Outcome: ...

    def discard(self, outcome: Outcome) -> None: ...

    def forget(self, part: Part) -> None:
        """Deletes the files of a part that no document will ever lead to."""
        ...

    def tidy(self, job: Job) -> None:
        """Deletes what an ended job has left behind or made obsolete. Comes after the end, and
        again with every late delivery, for a worker may die in between."""
        ...
