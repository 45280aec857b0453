"""Dashboards of a year of a company with many calls: documents read, and the time over HTTP, beside
a function that reads one document."""

from __future__ import annotations

import os
import random
import statistics
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.http import asker, row
from bench.operations import Counter
from bench.serving import served
from troupe.analytics.views import View

_CALLS = 200  # a day
_MEMBERS = 20
_DAYS = 800  # the longest period that can be asked for, and as many days before
_REQUESTS = 15
_VIEWS: tuple[View, ...] = ("overview", "calls", "users", "satisfaction", "revenue")


def measure(env: Mapping[str, str]) -> list[dict[str, Any]]:
    from google.cloud import firestore

    from tests.support.companies import a_firm
    from troupe.adapters.firestore import Database
    from troupe.analytics.service import Asked, Dashboards
    from troupe.app.functions import container

    firm = a_firm(container().database)
    last = datetime.now(UTC)
    _fill(firm, last)
    year = Asked(last - timedelta(days=364), last, "Europe/Oslo")
    client = firestore.Client(project=os.environ["GCLOUD_PROJECT"])
    counter = Counter(client)
    shown = Dashboards(Database(client), lambda: container().audit_log)
    read = []
    for view in _VIEWS:
        counter.read = 0
        made = shown.view(firm.owner.caller, firm.id, view, year, "day")
        read.append(counter.read)
        calls = made.totals.get("calls") or 0
        if view == "calls" and abs(calls - 365 * _CALLS) > _CALLS:
            raise RuntimeError(f"the year has {calls} calls")
    since = f"{year.since:%Y-%m-%d}"
    query = f"from={since}&to={last:%Y-%m-%d}&timezone=Europe/Oslo"
    rows = [row("documents of a dashboard of a year", max(read), "documents", 1500)]
    first = f"/api/dashboard/overview/{firm.id}?{query}"
    with (
        served("bare", "/", env) as bare,
        served("companies", first, env, firm.owner.headers) as ours,
    ):
        ask_bare = asker(bare, "/", {})
        for view in _VIEWS:
            path = f"/api/dashboard/{view}/{firm.id}?{query}"
            ask = asker(ours, path, firm.owner.headers)
            for _ in range(3):
                ask_bare(), ask()
            pairs = [(ask_bare(), ask()) for _ in range(_REQUESTS)]
            times = [ours_ for _, ours_ in pairs]
            ratio = statistics.median(ours_ / bare_ for bare_, ours_ in pairs)
            name = f"dashboard {view} of a year with {365 * _CALLS} calls"
            rows.append(row(name, statistics.median(times) * 1000, "ms", 300))
            rows.append(row(f"dashboard {view} of a year ÷ bare function", ratio, "ratio"))
    return rows


def _fill(firm: Any, last: datetime) -> None:
    """Calls as they would have been counted, and folded."""
    from troupe.adapters.firestore import Create
    from troupe.dashboards.counts import no_cells, packed, slot_of, start_of
    from troupe.dashboards.days import days_path

    chance = random.Random(1)
    months: dict[str, Any] = {}
    for day in range(_DAYS):
        midnight = (last - timedelta(days=day)).replace(hour=0, minute=0, second=0, microsecond=0)
        month = f"{midnight:%Y%m}"
        cells = months.setdefault(month, no_cells())
        for _ in range(_CALLS):
            # All hours, so that the days of Oslo have as many calls as those of UTC.
            slot = slot_of(midnight) - start_of(month) + chance.randrange(96)
            mine = cells[f"member-{chance.randrange(_MEMBERS)}"]
            for name in ("callsStarted", "callsEnded", "joins", "ratings", "durations1", "solved"):
                mine[name][slot] += 1
            for name in ("callSeconds", "participantSeconds", "ratingSum"):
                mine[name][slot] += chance.randrange(1, 900)
    for month, cells in months.items():
        path = f"{days_path(firm.id)}/{month}-0"
        firm.db.commit(Create(path, {"day": month, **packed(cells)}))
