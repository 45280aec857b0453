"""Deletes the files that jobs leave behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.jobs.records import Job, Part

if TYPE_CHECKING:
    from troupe.jobs.worker import Outcome


class Cleanup:
    """Deletes the files that jobs of one kind leave behind. The base class is for kinds without
    files. Imports nothing heavy, since the sweep uses it too. Every method is idempotent."""

    def discard(self, outcome: Outcome) -> None:
        """Deletes the files of an outcome that could not be recorded."""

    def forget(self, job: Job, part: Part) -> None:
        """Deletes the files that only this part references. Its document is deleted before or
        right after."""

    def tidy(self, job: Job) -> None:
        """Deletes what an ended job has left behind or made obsolete. Called after the end, and
        again on every late delivery, because a worker may die in between."""
