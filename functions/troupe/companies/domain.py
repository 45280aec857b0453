"""Companies: their members, invitations and licenses."""

from troupe.domain import Domain, Limit

DOMAIN = Domain(
    name="companies",
    endpoints={
        "companies": (
            "troupe.companies.endpoints",
            "troupe.companies.people_endpoints",
            "troupe.companies.invitation_endpoints",
            "troupe.companies.license_endpoints",
            "troupe.companies.spending_endpoints",
            "troupe.companies.feature_endpoints",
        )
    },
    erasers={"companies": "troupe.companies.lifecycle:erase"},
    exporters={"companies": "troupe.companies.lifecycle:export"},
    chores={
        "companies": "company_endings.sweep",
        "invitations": "invitations.expire",
        "licenses": "licenses.expire",
    },
    limits={
        "company": Limit("20/86400, 100/86400", "companies created"),
        "invite": Limit("100/3600, 500/3600", "invitations to companies"),
        "invitation": Limit("60/3600, 300/3600", "invitations looked at or answered"),
    },
)
