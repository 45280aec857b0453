"""Counts grouped by time or by member."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from troupe.analytics.periods import Period
from troupe.dashboards.counts import Counts

Grouping = Literal["day", "week", "month", "hour", "weekday", "member"]
Groups = dict[str, Counter[str]]


def grouped(counts: Counts, period: Period, grouping: Grouping) -> Groups:
    """By the first day of each step, the hour (0 to 23), the day of the week (1 is Monday) or the
    id of the member."""
    if grouping == "member":
        return counts.by_member(period.since, period.until)
    if grouping == "hour":
        return by_hour(counts, period)
    if grouping == "weekday":
        return by_weekday(counts, period)
    return {
        step.first.isoformat(): counts.sums(step.since, step.until)
        for step in period.steps(grouping)
    }


def by_hour(counts: Counts, period: Period, only: str | None = None) -> Groups:
    """`only`: a counter, None for all."""
    found: Groups = {str(hour): Counter() for hour in range(24)}
    hours, since = period.hours, period.since
    for name, slot, number in counts.cells(since, period.until, only):
        found[str(hours[slot - since])][name] += number
    return found


def by_weekday(counts: Counts, period: Period) -> Groups:
    found: Groups = {str(number): Counter() for number in range(1, 8)}
    for day, since, until in zip(period.days, period.starts, period.starts[1:], strict=False):
        found[str(day.isoweekday())].update(counts.sums(since, until))
    return found
