"""Deletes the files that tasks leave behind, with the cleanup of their job's kind."""

from __future__ import annotations

from typing import Any

from troupe.adapters.firestore import Database
from troupe.jobs.cleanup import Cleanup
from troupe.jobs.records import Job, JobStatus, Part, job_path
from troupe.jobs.specs import JobSpecs
from troupe.jobs.worker import Outcome
from troupe.jobs.writes import part_path
from troupe.logs import log


class Leftovers:
    def __init__(self, db: Database, specs: JobSpecs, services: Any) -> None:
        """`services`: the container, passed to the factories of the specs."""
        self._db = db
        self._specs = specs
        self._services = services

    def discard(self, job: Job, outcome: Outcome) -> None:
        self._cleanup(job).discard(outcome)

    def forget(self, job: Job, part: Part) -> None:
        """Deletes the files of a part that nobody recorded, if its job has ended without it. While
        another worker has the job, the files may be that worker's too."""
        paths = [job_path(job.id), part_path(job.id, int(part.id))]
        document, recorded = self._db.get_all(paths)
        gone = (JobStatus.CANCELLED, JobStatus.FAILED)
        if not recorded.exists and (not document.exists or Job.of(document).status in gone):
            self._cleanup(job).forget(job, part)

    def tidy(self, job: Job) -> None:
        """Call when the job has ended. Never raises."""
        try:
            self._cleanup(job).tidy(job)
        except Exception as error:  # leftovers can wait
            log.error("job_not_tidied", error, jobId=job.id)

    def tidy_if_ended(self, job: Job) -> None:
        document = self._db.get(job_path(job.id))
        if not document.exists or Job.of(document).status.ended:
            self.tidy(job)

    def _cleanup(self, job: Job) -> Cleanup:
        return self._specs[job.kind].cleanup(self._services)
