"""Calendar periods."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troupe.plans.periods import period_at
from troupe.plans.records import BillingPeriod

MONTHLY, YEARLY = BillingPeriod.MONTHLY, BillingPeriod.YEARLY


NAIVE_2020 = datetime.fromisoformat("2020-01-01")  # hypothesis takes naive bounds


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("began", "billing", "at", "start", "end"),
    [
        ("2026-03-10", MONTHLY, "2026-03-10", "2026-03-10", "2026-04-10"),
        ("2026-03-10", MONTHLY, "2026-04-09", "2026-03-10", "2026-04-10"),
        ("2026-03-10", MONTHLY, "2026-04-10", "2026-04-10", "2026-05-10"),
        ("2026-01-31", MONTHLY, "2026-02-27", "2026-01-31", "2026-02-28"),
        ("2026-01-31", MONTHLY, "2026-02-28", "2026-02-28", "2026-03-31"),
        ("2026-01-31", MONTHLY, "2026-12-31", "2026-12-31", "2027-01-31"),
        ("2024-02-29", YEARLY, "2025-02-27", "2024-02-29", "2025-02-28"),
        ("2024-02-29", YEARLY, "2028-02-29", "2028-02-29", "2029-02-28"),
        ("2026-03-10", MONTHLY, "2026-01-01", "2026-03-10", "2026-04-10"),
    ],
)
def test_a_period_starts_on_the_same_day_of_the_month(
    began: str, billing: BillingPeriod, at: str, start: str, end: str
) -> None:
    assert period_at(day(began), billing, day(at)) == (day(start), day(end))


@given(
    st.datetimes(NAIVE_2020, NAIVE_2020 + timedelta(days=7300)),
    st.sampled_from(BillingPeriod),
    st.integers(0, 40_000),
)
def test_periods_cover_time_without_gaps_or_overlaps(
    began: datetime, billing: BillingPeriod, hours: int
) -> None:
    began = began.replace(tzinfo=UTC)
    at = began + timedelta(hours=hours)
    start, end = period_at(began, billing, at)
    assert start <= at < end
    assert period_at(began, billing, end)[0] == end
