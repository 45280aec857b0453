"""Counters of companies by day."""

from troupe.domain import Domain

DOMAIN = Domain(name="dashboards", chores={"company_days": "day_folding.fold"})
