"""What deleting the history of a room takes and answers."""

from __future__ import annotations

from pydantic import Field

from troupe.jobs.schemas import JobView
from troupe.web.schema import Schema, Time


class ClearQuery(Schema):
    before: Time | None = Field(
        None, description="Deletes what was sent up to then; by default up to now."
    )


class ClearingData(Schema):
    job: JobView
