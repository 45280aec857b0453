"""The kind of job that exports a company's data. It is free."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from troupe.company_exports.cleanup import CompanyExportCleanup
from troupe.company_exports.records import KIND, ExportInput, Nothing
from troupe.company_exports.writes import status_writes
from troupe.jobs.cleanup import Cleanup
from troupe.jobs.specs import JobSpec, Step


def _cleanup(services: Any) -> Cleanup:
    return CompanyExportCleanup(services.database, services.files)


COMPANY_EXPORT = JobSpec(
    kind=KIND,
    steps=(Step("preparation", 5), Step("table", 95, "Collecting the rows")),
    parts_step="preparation",
    parts_message="Preparing the export",
    input=ExportInput,
    payload=Nothing,
    worker=attrgetter("company_export_worker"),
    cleanup=_cleanup,
    subject_writes=status_writes,
    link="/api/companies/{company}/exports/{id}",
)
