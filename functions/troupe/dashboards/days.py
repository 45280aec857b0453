"""Counters of companies, written in the commits that cause them.

`companies/{id}/days/{yyyymmdd}-{shard}` has what was counted on a day (UTC) as `counts.{who}.
{counter}.{quarter}`: `who` is the member it is about, or `-`, and `quarter` the quarter of an hour
of the day, 0 to 95. Every offset of a time zone is a multiple of a quarter of an hour, so days of
any zone can be added up exactly. Each day has several documents, because one takes about one write
per second for long. `troupe.dashboards.folding` moves past days into fewer documents.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from troupe.adapters.firestore import Increment, Merge, Write

DAYS = "days"
SHARDS = 4
QUARTERS = 96  # of an hour, in a day
QUARTER = timedelta(minutes=15)
NOBODY = "-"
# When a day has ended everywhere, and no call of it goes on.
FOLDED_AFTER = timedelta(days=2)

DURATIONS = (5, 15, 30, 60)  # minutes: the upper bounds of durations0 to 3; durations4 is longer
ROUND_TRIPS = (25, 50, 100, 150, 200, 300, 500)  # milliseconds: of roundTrips0 to 6, likewise
COUNTERS = frozenset(
    [
        # Calls. A call is counted as started once, and under one of the four ways to end.
        *("callsStarted", "callsEnded", "callsMissed", "callsFailed", "callsCancelled"),
        *("solved", "unsolved", "participantSeconds", "callSeconds", "guestJoins", "joins"),
        *(f"durations{number}" for number in range(len(DURATIONS) + 1)),
        *("waitingSeconds", "responseSeconds", "recordings"),
        # Connections: joins that never had media, reports of their quality, and those relayed.
        *("failedJoins", "reconnects", "qualityReports", "relayed"),
        *("lossReports", "lossPermille"),  # of the reports that say how much was lost
        *(f"quality{number}" for number in range(4)),
        *(f"roundTrips{number}" for number in range(len(ROUND_TRIPS) + 1)),
        # Reviews.
        *("ratings", "ratingSum", "hostRatings", "hostRatingSum"),
        *("serviceRatings", "serviceRatingSum"),
        *(f"ratings{number}" for number in range(1, 6)),
        # People and licenses.
        *("newMembers", "lostMembers", "newLicenses", "lostLicenses"),
    ]
)
MONEY = ("payments", "gross", "tax", "refunded", "disputed")  # counted for each currency
_OF_MONEY = re.compile(rf"(?:{'|'.join(MONEY)}):[a-z]{{3}}")


def day_writes(
    company_id: str, at: datetime, *, member: str | None = None, **increments: int
) -> list[Write]:
    """The writes that count something: for the commit that causes it, never for one of their own.

    That commit must have a precondition (a Create, or a write with `seen`), so that it cannot be
    made twice. `member`: whose call, review or doing it is, for the table by employee. The hour
    of the day is that of `at`. An increment can be negative, to take back what was counted at the
    same time for the same member. Raises ValueError for what is neither in COUNTERS nor made by
    `of_money`.
    """
    if unknown := [n for n in increments if n not in COUNTERS and not _OF_MONEY.fullmatch(n)]:
        raise ValueError(f"Unknown counters: {sorted(unknown)}")
    at = at.astimezone(UTC)
    quarter = str(at.hour * 4 + at.minute // 15)
    counts: dict[str, Any] = {
        name: {quarter: Increment(amount)} for name, amount in increments.items() if amount
    }
    if not counts:
        return []
    day = f"{at:%Y%m%d}"
    path = f"{days_path(company_id)}/{day}-{random.randrange(SHARDS)}"  # noqa: S311
    fields = {
        "day": day,
        "counts": {member or NOBODY: counts},
        "foldAt": _ends(at) + FOLDED_AFTER,
    }
    return [Merge(path, fields)]


def of_money(currency: str, amounts: Mapping[str, int]) -> dict[str, int]:
    """The counters of amounts of MONEY in a currency."""
    return {f"{name}:{currency.lower()}": amount for name, amount in amounts.items()}


def days_path(company_id: str) -> str:
    return f"companies/{company_id}/{DAYS}"


def duration_counter(seconds: int) -> str:
    """The counter of the calls that take as long."""
    return f"durations{sum(seconds > 60 * minutes for minutes in DURATIONS)}"


def round_trip_counter(milliseconds: float) -> str:
    return f"roundTrips{sum(milliseconds > bound for bound in ROUND_TRIPS)}"


def _ends(at: datetime) -> datetime:
    return datetime.combine(at.date() + timedelta(days=1), time(), UTC)
