"""Deletes the files of dubbing jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.dubbing.writes import work_prefix
from troupe.jobs.cleanup import Cleanup
from troupe.jobs.records import Job
from troupe.jobs.worker import Outcome

if TYPE_CHECKING:
    from troupe.adapters.storage import Files


class DubbingCleanup(Cleanup):
    """The recording that was sent, the translation and the spoken lines are kept no longer than
    their job needs them."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def discard(self, outcome: Outcome) -> None:
        self._files.delete(outcome.files)

    def tidy(self, job: Job) -> None:
        self._files.delete(self._files.list(work_prefix(job.uid, job.id)))
