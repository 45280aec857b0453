"""The companies in a user's own view."""

from __future__ import annotations

from troupe.accounts.companies import UserCompany
from troupe.accounts.records import UserRecord
from troupe.adapters.firestore import Database
from troupe.companies.writes import company_path
from troupe.wallet.budgets import member_path

_SHOWN = ["name", "slug", "logoUrl", "deletedAt", "licenseType"]


def companies_of(db: Database, user: UserRecord) -> list[UserCompany]:
    """By name; one call. Without those that are being deleted, or where the user is suspended."""
    roles = user.roles
    paths = [company_path(each) for each in roles]
    members = [member_path(each, user.id) for each in roles]
    found = db.get_all([*paths, *members], select=_SHOWN)
    made = [
        UserCompany(
            id=company.id,
            name=company.data["name"],
            slug=company.data["slug"],
            logo_url=company.data.get("logoUrl", ""),
            role=roles[company.id],
            license_type=member.data.get("licenseType") or "",
        )
        for company, member in zip(found[: len(paths)], found[len(paths) :], strict=True)
        if company.exists and not company.data.get("deletedAt")
    ]
    return sorted(made, key=lambda company: (company.name.casefold(), company.id))
