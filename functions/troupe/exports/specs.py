"""The kind of job that exports a user's data. It is free."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from troupe.exports.cleanup import ExportCleanup
from troupe.exports.records import KIND, Nothing
from troupe.exports.writes import status_writes
from troupe.jobs.cleanup import Cleanup
from troupe.jobs.specs import JobSpec, Step


def _cleanup(services: Any) -> Cleanup:
    return ExportCleanup(services.database, services.files)


EXPORT = JobSpec(
    kind=KIND,
    steps=(Step("preparation", 5), Step("archive", 95, "Collecting your data")),
    parts_step="preparation",
    parts_message="Preparing the export",
    input=Nothing,
    payload=Nothing,
    worker=attrgetter("export_worker"),
    cleanup=_cleanup,
    subject_writes=status_writes,
    link="/api/auth/export/{job}",
)
