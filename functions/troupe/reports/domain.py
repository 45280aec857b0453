"""Reports of abuse, for administrators."""

from troupe.domain import Domain, Limit

DOMAIN = Domain(
    name="reports",
    endpoints={
        "support": ("troupe.reports.endpoints",),
        "admin": ("troupe.admin.reports",),
    },
    erasers={"reports": "troupe.reports.lifecycle:erase"},
    exporters={"reports": "troupe.reports.lifecycle:export"},
    limits={"report": Limit("10/3600, 30/3600", "reports of abuse")},
)
