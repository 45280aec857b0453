"""The days of a dashboard in a time zone, and what they are grouped into."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import groupby
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from troupe.analytics.errors import BadRange
from troupe.dashboards.counts import slot_of, time_of
from troupe.dashboards.days import QUARTERS

MOST_DAYS = 400
DEFAULT_DAYS = 30
_YEARS = range(2000, 2101)
_DAY = timedelta(days=1)

Granularity = Literal["day", "week", "month"]


@dataclass(frozen=True, slots=True)
class Step:
    """`first`: its first day within the period. `since` and `until` are slots."""

    first: date
    since: int
    until: int


@dataclass(frozen=True)
class Period:
    """The days from `first` to `last`, both included, in a time zone."""

    first: date
    last: date
    zone: ZoneInfo

    @classmethod
    def of(
        cls, since: datetime | None, until: datetime | None, zone: ZoneInfo, at: datetime
    ) -> Period:
        """`at`: now. Without `until`, today is the last day; without `since`, there are 30. Raises
        BadRange."""
        last = _day(until, zone) if until else at.astimezone(zone).date()
        if last.year not in _YEARS:
            raise BadRange
        first = _day(since, zone) if since else last - (DEFAULT_DAYS - 1) * _DAY
        if first.year not in _YEARS or not 1 <= (last - first).days + 1 <= MOST_DAYS:
            raise BadRange
        return cls(first, last, zone)

    @property
    def since(self) -> int:
        return self.starts[0]

    @property
    def until(self) -> int:
        return self.starts[-1]

    @property
    def before(self) -> Period:
        """As many days, just before."""
        days = (self.last - self.first).days + 1
        return Period(self.first - days * _DAY, self.first - _DAY, self.zone)

    @cached_property
    def days(self) -> list[date]:
        return [self.first + number * _DAY for number in range((self.last - self.first).days + 1)]

    @cached_property
    def starts(self) -> list[int]:
        """The slots in which the days begin, and the one after the last of them."""
        return [self._slot(day) for day in [*self.days, self.last + _DAY]]

    def steps(self, granularity: Granularity) -> list[Step]:
        """Days, weeks from Monday, or months; the first and the last one may be cut."""
        found = []
        numbered = groupby(range(len(self.days)), key=lambda n: _group(self.days[n], granularity))
        for _, numbers in numbered:
            some = list(numbers)
            step = Step(self.days[some[0]], self.starts[some[0]], self.starts[some[-1] + 1])
            found.append(step)
        return found

    @cached_property
    def hours(self) -> list[int]:
        """The local hour of each slot from `since` on."""
        return [hour for day in self._hours_of_days() for hour in day]

    def _hours_of_days(self) -> Iterator[list[int]]:
        plain = [quarter // 4 for quarter in range(QUARTERS)]
        for start, end in zip(self.starts, self.starts[1:], strict=False):
            if end - start == QUARTERS:
                yield plain
            else:  # the clocks were changed
                yield [time_of(slot).astimezone(self.zone).hour for slot in range(start, end)]

    def _slot(self, day: date) -> int:
        return slot_of(datetime.combine(day, time(), self.zone))


def zone_of(name: str) -> ZoneInfo:
    """UTC for an empty name, and for one that this machine does not know."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _day(given: datetime, zone: ZoneInfo) -> date:
    """A time without an offset, such as that of a date, is one of the zone."""
    try:
        return (given.astimezone(zone) if given.tzinfo else given).date()
    except OverflowError:
        raise BadRange from None


def _group(day: date, granularity: Granularity) -> date:
    if granularity == "week":
        return day - day.weekday() * _DAY
    return day.replace(day=1) if granularity == "month" else day
