"""Deletes the files of voice jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.jobs.cleanup import Cleanup
from troupe.jobs.records import Job, Part
from troupe.jobs.worker import Outcome
from troupe.recording.records import Recorded

if TYPE_CHECKING:
    from troupe.adapters.storage import Files


class GenerationCleanup(Cleanup):
    """Parts outlive their job for a while, so that the same words need not be spoken again."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def discard(self, outcome: Outcome) -> None:
        self._files.delete(outcome.files)

    def forget(self, job: Job, part: Part) -> None:
        self._files.delete(Recorded.model_validate(part.payload).files)
