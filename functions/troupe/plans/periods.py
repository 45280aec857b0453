"""Periods of the calendar: a plan had since the 31st renews on the last day of shorter months."""

from __future__ import annotations

import calendar
from datetime import date, datetime

from troupe.plans.records import BillingPeriod


def period_at(
    started_at: datetime, billing: BillingPeriod, at: datetime
) -> tuple[datetime, datetime]:
    """The period, counted from `started_at`, that holds `at`: its first moment, and the first one
    behind it. What begins after `at` is in its first period."""
    whole = (at.year - started_at.year) * 12 + at.month - started_at.month
    number = max(0, whole // billing.months)
    if number and _after(started_at, number * billing.months) > at:
        number -= 1  # the month has come, its day not yet
    first = number * billing.months
    return _after(started_at, first), _after(started_at, first + billing.months)


def _after(start: datetime, months: int) -> datetime:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    # Not `replace`: of Firestore's own kind of datetime it makes one that cannot be stored.
    return datetime.combine(date(year, month + 1, day), start.timetz())
