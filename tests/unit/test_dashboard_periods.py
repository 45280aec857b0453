"""The days of dashboards in time zones, and what they are grouped into."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from troupe.adapters.firestore import Merge
from troupe.analytics.errors import BadRange
from troupe.analytics.figures import figures, growth, money
from troupe.analytics.periods import Period, zone_of
from troupe.dashboards.counts import time_of
from troupe.dashboards.days import (
    COUNTERS,
    day_writes,
    duration_counter,
    of_money,
    round_trip_counter,
)

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


plain = datetime.fromisoformat  # as requests with a date have it


def period(first: str, last: str, zone: str = "UTC") -> Period:
    return Period(date.fromisoformat(first), date.fromisoformat(last), ZoneInfo(zone))


@pytest.mark.parametrize(
    ("zone", "begins"),
    [
        ("UTC", "2026-11-27T00:00"),
        ("Europe/Oslo", "2026-11-26T23:00"),
        ("Asia/Kolkata", "2026-11-26T18:30"),
        ("Asia/Kathmandu", "2026-11-26T18:15"),
        ("America/St_Johns", "2026-11-27T03:30"),
        ("Pacific/Kiritimati", "2026-11-26T10:00"),
    ],
)
def test_a_day_begins_where_the_company_is(zone: str, begins: str) -> None:
    assert f"{time_of(period('2026-11-27', '2026-11-27', zone).since):%Y-%m-%dT%H:%M}" == begins


def test_days_on_which_clocks_change_have_other_lengths() -> None:
    oslo = period("2026-03-28", "2026-03-30", "Europe/Oslo")
    lengths = [end - start for start, end in zip(oslo.starts, oslo.starts[1:], strict=False)]
    assert lengths == [96, 92, 96]
    assert len(oslo.hours) == sum(lengths)
    assert 2 not in oslo.hours[96 : 96 + 92]  # the clocks go from 2 to 3
    autumn = period("2026-10-25", "2026-10-25", "Europe/Oslo")
    assert autumn.hours.count(2) == 8
    lord_howe = period("2026-04-05", "2026-04-05", "Australia/Lord_Howe")  # by half an hour
    assert len(lord_howe.hours) == 98


def test_steps_are_cut_at_both_ends() -> None:
    found = period("2026-10-28", "2026-12-01")
    assert [str(step.first) for step in found.steps("month")] == [
        "2026-10-28",
        "2026-11-01",
        "2026-12-01",
    ]
    weeks = found.steps("week")  # 28 October is a Wednesday
    assert [str(step.first) for step in weeks[:2]] == ["2026-10-28", "2026-11-02"]
    for granularity in ("day", "week", "month"):
        steps = found.steps(granularity)
        assert (steps[0].since, steps[-1].until) == (found.since, found.until)
        assert all(a.until == b.since for a, b in pairwise(steps))


def test_a_period_has_defaults_and_bounds() -> None:
    zone = ZoneInfo("Pacific/Auckland")  # where it is tomorrow already
    found = Period.of(None, None, zone, NOON)
    assert (str(found.first), str(found.last)) == ("2026-10-30", "2026-11-28")
    assert (found.before.last - found.before.first).days == 29
    assert found.before.until == found.since
    whole = Period.of(plain("2025-10-25"), NOON, zone_of("UTC"), NOON)
    assert len(whole.days) == 399
    for since, until in (
        (plain("2025-10-23"), NOON),
        (NOON, NOON - timedelta(days=1)),
        (None, plain("9999-12-31")),
        (plain("0001-01-01"), None),
        (datetime(1, 1, 1, tzinfo=UTC), None),
    ):
        with pytest.raises(BadRange):
            Period.of(since, until, zone, NOON)


def test_an_unknown_zone_is_utc() -> None:
    assert zone_of("").key == zone_of("Nowhere/Town").key == zone_of("../etc").key == "UTC"


def test_only_known_counters_are_written() -> None:
    (write,) = day_writes("co1", NOON, member="ada", callsStarted=1, solved=0)
    assert isinstance(write, Merge)
    assert write.data["counts"].keys() == {"ada"}
    assert write.data["counts"]["ada"].keys() == {"callsStarted"}
    assert write.data["counts"]["ada"]["callsStarted"].keys() == {"48"}
    assert day_writes("co1", NOON, solved=0) == []
    assert len(day_writes("co1", NOON, member=None, **of_money("NOK", {"gross": 1}))) == 1
    for wrong in ("hours13", "gross", "gross:euro", "callsstarted"):
        with pytest.raises(ValueError, match="Unknown counters"):
            day_writes("co1", NOON, member=None, **{wrong: 1})


def test_lengths_and_delays_have_classes() -> None:
    seconds = (0, 299, 301, 1800, 1801, 3600, 3601)
    assert [duration_counter(each)[-1] for each in seconds] == ["0", "0", "1", "2", "3", "3", "4"]
    assert [round_trip_counter(each)[-1] for each in (0, 25, 26, 500, 501)] == [*"00167"]
    assert {duration_counter(9999), round_trip_counter(9999)} <= COUNTERS


def test_figures_of_nothing_are_null() -> None:
    names = ["calls", "successRate", "averageSeconds", "rating", "roundTripP95", "lossPercent"]
    assert figures(names, {}) == dict.fromkeys(names) | {"calls": 0}
    sums = {"callsEnded": 3, "callsMissed": 1, "callSeconds": 100, "roundTrips2": 10}
    assert figures(names[1:], sums) == {
        "successRate": 0.75,
        "averageSeconds": 33.3,
        "rating": None,
        "roundTripP95": 98,
        "lossPercent": None,
    }
    assert growth({"calls": 3, "rating": None}, {"calls": 2, "rating": 4.5}) == {
        "calls": 50.0,
        "rating": None,
    }
    assert growth({"calls": 3}, {"calls": 0}) == {"calls": None}


def test_currencies_are_not_mixed() -> None:
    sums = {"gross:nok": 500, "tax:nok": 100, "gross:usd": 7, "refunded:usd": 2, "solved": 3}
    found = money(sums)
    assert found.keys() == {"nok", "usd"}
    assert (found["nok"]["net"], found["usd"]["net"]) == (400, 5)
