"""Support: help, contact, health and documentation."""

from troupe.domain import Domain

DOMAIN = Domain(
    name="support",
    endpoints={"support": ("troupe.support.endpoints",)},
    limits={"contact": "5/3600, 20/3600"},
)
