"""The kind of job that does a bulk operation. It is free."""

from __future__ import annotations

from operator import attrgetter

from troupe.bulk.records import KIND, BulkInput, Results
from troupe.bulk.writes import status_writes
from troupe.jobs.specs import JobSpec, Step

BULK = JobSpec(
    kind=KIND,
    steps=(Step("items", 99), Step("results", 1)),
    parts_step="items",
    parts_message="{done} of {total} done",
    input=BulkInput,
    payload=Results,
    worker=attrgetter("bulk_worker"),
    subject_writes=status_writes,
    link="/api/bulk/{job}",
)
