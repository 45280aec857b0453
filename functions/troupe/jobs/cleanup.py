"""What deletes the files that jobs leave behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.jobs.records import Job, Part

if TYPE_CHECKING:
    from troupe.jobs.worker import Outcome


class Cleanup:
    """Deletes the files that jobs of one kind leave behind; by itself none, for kinds without
    files. Loads nothing heavy: the sweep uses it too. Every method may be called again."""

    def discard(self, outcome: Outcome) -> None:
        """Deletes the files of an outcome that was not recorded."""

    def forget(self, job: Job, part: Part) -> None:
        """Deletes the files to which this part alone leads; its document is gone or goes next."""

    def tidy(self, job: Job) -> None:
        """Deletes what an ended job has left behind or made obsolete. Comes after the end, and
        again with every late delivery, for a worker may die in between."""
