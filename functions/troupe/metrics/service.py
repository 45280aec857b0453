"""Metrics as a series of points."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from troupe.adapters.firestore import Database
from troupe.counters import BOUNDS, MINUTE, Tally
from troupe.errors import UnknownChoice
from troupe.metrics.records import COLLECTION, MINUTES, metric_path, tallies_of

# What is counted besides requests, and how many stored units make one that is shown.
COUNTED = {
    "messages": 1,
    "captions": 1,
    "translatedCharacters": 1,
    "recognisedSeconds": 1000,
    "jobsCompleted": 1,
    "jobsFailed": 1,
    "streams": 1,
    "streamsOpen": 1,
}
# Not counted but read: of several minutes, the largest value is shown.
GAUGES = frozenset({"streamsOpen"})
_REQUESTS = "requests"
_AT_ONCE = 100  # documents of one read


@dataclass(frozen=True, slots=True)
class Point:
    """What was counted in a step that begins at `at`. The times are in milliseconds, and None
    unless requests are counted and there were some."""

    at: datetime
    count: int
    errors: int = 0
    average: int | None = None
    longest: int | None = None
    p50: int | None = None
    p95: int | None = None


class MetricsReport:
    def __init__(
        self,
        db: Database,
        functions: Collection[str],
        operations: Callable[[str], Collection[str]],
    ) -> None:
        """`functions`: the names of all; `operations`: those that a function serves."""
        self._db = db
        self._functions = functions
        self._operations = operations

    def series(self, name: str, since: datetime, until: datetime, step: timedelta) -> list[Point]:
        """A point for each step, also for empty ones. The first one begins at the
        multiple of `step` since 1970 at or before `since`. Reads one document for each hour.
        Raises UnknownChoice."""
        self._check(name)
        width = int(step.total_seconds()) // MINUTE
        first = int(since.timestamp()) // MINUTE // width
        last = -(-int(until.timestamp()) // MINUTE // width)
        points = {number: Tally() for number in range(first, last)}
        for minute, tally in self._minutes(name, first * width, last * width):
            point = points[minute // width]
            if name in GAUGES:
                tally.count = max(0, tally.count - point.count)
            point.add(tally)
        return [
            _point(number * width, tally, COUNTED.get(name, 1)) for number, tally in points.items()
        ]

    def expire(self, limit: int) -> int:
        """Deletes what was kept long enough; returns how many documents. Firestore's TTL policy
        does the same where it is enabled."""
        old = self._db.due(COLLECTION, limit, field="expiresAt", select=[])
        self._db.delete_all([document.path for document in old])
        return len(old)

    def _minutes(self, name: str, first: int, end: int) -> Iterator[tuple[int, Tally]]:
        """What is stored of the minutes from `first` to before `end`."""
        hours = range(first // MINUTES, -(-end // MINUTES))
        for start in range(0, len(hours), _AT_ONCE):
            some = hours[start : start + _AT_ONCE]
            documents = self._db.get_all([metric_path(name, hour) for hour in some])
            for hour, document in zip(some, documents, strict=True):
                for within, tally in tallies_of(document.data).items():
                    if first <= (minute := hour * MINUTES + within) < end:
                        yield minute, tally

    def _check(self, name: str) -> None:
        kind, _, rest = name.partition(".")
        if name in COUNTED:
            return
        allowed = [*COUNTED, *(f"{_REQUESTS}.{each}" for each in sorted(self._functions))]
        function, _, operation = rest.partition(".")
        if kind == _REQUESTS and function in self._functions:
            if not operation:
                return
            operations = self._operations(function)
            if operation in operations:
                return
            allowed = [f"{_REQUESTS}.{function}.{each}" for each in sorted(operations)]
        raise UnknownChoice(details={"fields": [UnknownChoice.field("name", allowed)]})


def percentile(tally: Tally, share: float) -> int:
    """The time that a `share` of the requests did not exceed, in milliseconds, to within the width
    of a bucket. The tally has requests."""
    wanted, before = share * tally.count, 0
    for number in sorted(tally.buckets):
        within = tally.buckets[number]
        if before + within >= wanted:
            low = BOUNDS[number - 1] if number else 0
            high = BOUNDS[number] if number < len(BOUNDS) else tally.longest
            high = min(high, tally.longest)
            return min(tally.longest, round(low + (high - low) * (wanted - before) / within))
        before += within
    return tally.longest


def _point(minute: int, tally: Tally, scale: int) -> Point:
    at = datetime.fromtimestamp(minute * MINUTE, UTC)
    count = round(tally.count / scale)
    if not tally.buckets:
        return Point(at, count)
    return Point(
        at=at,
        count=count,
        errors=tally.errors,
        average=round(tally.ms / tally.count),
        longest=tally.longest,
        p50=percentile(tally, 0.5),
        p95=percentile(tally, 0.95),
    )
