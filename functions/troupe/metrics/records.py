"""Metrics as they are stored: a document for each name and hour.

`metrics/{name}-{yyyymmddhh}` has `expiresAt`, and `minutes`: what was counted in each minute (`00`
to `59`) that had something. Field names are short, because there are many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from troupe.adapters.firestore import Increment, Maximum, Merge
from troupe.counters import MINUTE, Minutes, Tally

COLLECTION = "metrics"
KEPT = timedelta(days=35)
MINUTES = 60  # in an hour


def metric_path(name: str, hour: int) -> str:
    """`hour`: since 1970."""
    return f"{COLLECTION}/{name}-{_start(hour):%Y%m%d%H}"


def flush_writes(minutes: Minutes) -> list[Merge]:
    """Adds minutes to what is stored: increments, so that instances need not know of each other."""
    documents: dict[tuple[str, int], dict[str, Any]] = {}
    for minute, tallies in minutes.items():
        hour, within = divmod(minute, MINUTES)
        for name, tally in tallies.items():
            documents.setdefault((name, hour), {})[f"{within:02}"] = _added(tally)
    return [
        Merge(
            metric_path(name, hour),
            {"minutes": fields, "expiresAt": _start(hour + 1) + KEPT},
        )
        for (name, hour), fields in documents.items()
    ]


def marker_fields(now: float) -> dict[str, Any]:
    """Of a document whose existence shows that a batch was stored."""
    return {"expiresAt": datetime.fromtimestamp(now, UTC) + timedelta(days=1)}


def tallies_of(data: Mapping[str, Any]) -> dict[int, Tally]:
    """What is stored of an hour, by the minute in it."""
    return {
        int(within): Tally(
            count=stored.get("n", 0),
            errors=stored.get("e", 0),
            ms=stored.get("ms", 0),
            longest=stored.get("max", 0),
            buckets=Counter({int(number): n for number, n in stored.get("b", {}).items()}),
        )
        for within, stored in data.get("minutes", {}).items()
    }


def _start(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * MINUTES * MINUTE, UTC)


def _added(tally: Tally) -> dict[str, Any]:
    sums = {"n": tally.count, "e": tally.errors, "ms": tally.ms}
    fields: dict[str, Any] = {name: Increment(amount) for name, amount in sums.items() if amount}
    if tally.buckets:
        fields["max"] = Maximum(tally.longest)
        fields["b"] = {str(number): Increment(n) for number, n in tally.buckets.items()}
    return fields
