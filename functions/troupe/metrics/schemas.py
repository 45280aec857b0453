"""What the operation on metrics takes and answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from troupe.adapters.firestore import now
from troupe.metrics.records import KEPT
from troupe.metrics.service import Point
from troupe.plans.schemas import Moment
from troupe.web.schema import Schema

MOST_POINTS = 1500
_HOUR = timedelta(hours=1)


def _whole_minutes(step: int) -> int:
    if step % 60:
        raise PydanticCustomError(
            "whole_minutes", "must be a multiple of 60 seconds, such as 60, 300 or 3600"
        )
    return step


class MetricsQuery(Schema):
    name: Annotated[str, StringConstraints(max_length=100)] = Field(
        description="`messages` (sent to rooms, without captions), `captions`, "
        "`translatedCharacters`, `recognisedSeconds`, `jobsCompleted`, `jobsFailed`, `streams`, "
        "`streamsOpen`, `requests.FUNCTION` or `requests.FUNCTION.OPERATION`.",
        examples=["requests.rooms.sendMessage"],
    )
    since: Moment | None = Field(
        None, alias="from", description="Defaults to an hour before `to`; at most 35 days ago."
    )
    until: Moment | None = Field(None, alias="to", description="Defaults to now.")
    step: Annotated[int, AfterValidator(_whole_minutes)] = Field(
        60, ge=60, le=86_400, description="Seconds between two points; whole minutes."
    )

    @model_validator(mode="after")
    def _in_range(self) -> Self:
        since, until = self.range
        if since >= until:
            raise PydanticCustomError("range", "`from` must be before `to`, and not in the future")
        # A minute's grace: whoever asks for all that is kept has computed `from` a moment ago.
        if since < (oldest := now() - KEPT - timedelta(minutes=1)):
            raise PydanticCustomError(
                "too_old",
                "`from` must not be before {oldest}: metrics are kept for {days} days",
                {"oldest": f"{oldest + timedelta(minutes=2):%Y-%m-%dT%H:%MZ}", "days": KEPT.days},
            )
        seconds = (until - since).total_seconds()
        if seconds / self.step > MOST_POINTS:
            fits = -(-int(seconds) // (MOST_POINTS * 60)) * 60
            raise PydanticCustomError(
                "too_many_points",
                "there would be more than {most} points: `step` must be at least {fits}, or the "
                "range shorter",
                {"most": MOST_POINTS, "fits": fits},
            )
        return self

    @property
    def range(self) -> tuple[datetime, datetime]:
        until = min(self.until or now(), now())
        return self.since or until - _HOUR, until


class MetricPointView(Schema):
    at: datetime = Field(description="When the step begins.")
    count: int = Field(
        description="Requests, or what the series is named after. For `streamsOpen`, the number "
        "in the minute of the step that has most."
    )
    errors: int = Field(description="Requests that were answered with a status from 500.")
    average_ms: int | None = Field(description="Null unless requests are counted.")
    max_ms: int | None
    p50_ms: int | None = Field(description="From a histogram with steps of √2.")
    p95_ms: int | None

    @classmethod
    def of(cls, point: Point) -> Self:
        return cls(
            at=point.at,
            count=point.count,
            errors=point.errors,
            average_ms=point.average,
            max_ms=point.longest,
            p50_ms=point.p50,
            p95_ms=point.p95,
        )


class MetricSeriesView(Schema):
    name: str
    step: int
    points: list[MetricPointView] = Field(description="Oldest first, one for each step.")


class MetricSeriesData(Schema):
    series: MetricSeriesView
