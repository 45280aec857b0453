"""Bulk operations: what single operations do, for up to 500 people, licenses or accounts."""

from troupe.domain import Domain, Limit

DOMAIN = Domain(
    name="bulk",
    endpoints={
        "companies": ("troupe.bulk.endpoints",),
        "calls": ("troupe.bulk.call_endpoints",),
        "admin": ("troupe.bulk.admin_endpoints",),
    },
    job_specs={"bulk": "troupe.bulk.specs:BULK"},
    limits={"bulk": Limit("2000/3600, 5000/3600", "items of bulk operations")},
)
