"""Metrics: what all instances count, by minute."""

from troupe.domain import Domain

DOMAIN = Domain(
    name="metrics",
    endpoints={"admin": ("troupe.metrics.endpoints",)},
    chores={"metrics": "metrics_report.expire"},
)
