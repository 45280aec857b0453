"""Searching everything that a company has."""

from troupe.domain import Domain, Limit

DOMAIN = Domain(
    name="search",
    endpoints={"companies": ("troupe.search.endpoints",)},
    limits={"search": Limit("120/60, 600/60", "searches in companies")},
)
