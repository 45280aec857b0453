"""Administration: users, statistics, plans, FAQ and contact messages."""

from troupe.domain import Domain

DOMAIN = Domain(
    name="admin",
    endpoints={
        "admin": (
            "troupe.admin.endpoints",
            "troupe.admin.catalogue",
            "troupe.admin.usage_endpoints",
        )
    },
    exporters={"audit": "troupe.admin.lifecycle:export"},
)
