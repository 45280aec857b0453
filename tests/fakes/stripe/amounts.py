"""Arithmetic of money and of months."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.fakes.stripe.world import DAY


def rounded(numerator: int, denominator: int) -> int:
    """To the nearest integer, halves away from zero."""
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))


def cost(price: dict[str, Any], quantity: int) -> int:
    """In whole units of the currency, though a price may have parts of them."""
    exact = Decimal(price["unit_amount_decimal"]) * quantity * 10**12
    return rounded(int(exact), 10**12)


def next_end(anchor: int, start: int, recurring: dict[str, Any]) -> int:
    """The end of the period that begins at `start`: the anchor plus whole intervals, so that one
    of 31 January goes on to 28 February and to 31 March."""
    interval, step = recurring["interval"], int(recurring["interval_count"])
    if interval in ("day", "week"):
        seconds = step * DAY * (7 if interval == "week" else 1)
        return anchor + ((start - anchor) // seconds + 1) * seconds
    months, count = step * (12 if interval == "year" else 1), 0
    while True:
        count += 1
        end = plus_months(anchor, count * months)
        if end > start:
            return end


def plus_months(moment: int, months: int) -> int:
    at = datetime.fromtimestamp(moment, UTC)
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    day = min(at.day, calendar.monthrange(year, month + 1)[1])
    return int(at.replace(year=year, month=month + 1, day=day).timestamp())
