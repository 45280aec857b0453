"""What deleting the history of a room takes and answers."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from troupe.jobs.schemas import JobView
from troupe.web.schema import Schema


class ClearQuery(Schema):
    before: AwareDatetime | None = Field(
        None, description="Deletes what was sent up to then; by default up to now."
    )


class ClearingData(Schema):
    job: JobView
