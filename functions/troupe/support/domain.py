"""Support: help, contact, health and documentation."""

from troupe.domain import Domain, Limit

DOMAIN = Domain(
    name="support",
    endpoints={"support": ("troupe.support.endpoints",)},
    exporters={"contacts": "troupe.support.lifecycle:export"},
    limits={"contact": Limit("5/3600, 20/3600", "messages sent with the contact form")},
)
