"""Calendar periods: a plan started on the 31st renews on the last day of shorter months."""

from __future__ import annotations

import calendar
from datetime import date, datetime

from troupe.plans.records import BillingPeriod


def period_at(
    started_at: datetime, billing: BillingPeriod, at: datetime
) -> tuple[datetime, datetime]:
    """The period that contains `at`, counted from `started_at`: its start (inclusive) and end
    (exclusive). The first period if `started_at` is later than `at`."""
    whole = (at.year - started_at.year) * 12 + at.month - started_at.month
    number = max(0, whole // billing.months)
    if number and months_after(started_at, number * billing.months) > at:
        number -= 1  # the month has been reached, its day has not
    first = number * billing.months
    return months_after(started_at, first), months_after(started_at, first + billing.months)


def months_after(start: datetime, months: int) -> datetime:
    """The same day of another month, or its last; earlier if `months` is negative."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    # Not `replace`: on Firestore's datetime subclass its result cannot be stored.
    return datetime.combine(date(year, month + 1, day), start.timetz())
