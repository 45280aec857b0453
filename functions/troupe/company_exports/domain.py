"""Exports of a company's data, as one table."""

from troupe.domain import Domain, Limit

DOMAIN = Domain(
    name="company_exports",
    endpoints={"companies": ("troupe.company_exports.endpoints",)},
    chores={"company_exports": "company_exports.expire"},
    job_specs={"company_export": "troupe.company_exports.specs:COMPANY_EXPORT"},
    limits={"company_export": Limit("50/86400, 200/86400", "exports of companies' data")},
)
