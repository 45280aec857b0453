"""Dashboards of companies, and series of chosen figures."""

from troupe.domain import Domain

DOMAIN = Domain(
    name="analytics",
    endpoints={"companies": ("troupe.analytics.endpoints",)},
)
