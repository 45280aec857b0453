"""What accounts know of companies: the ones in a user's view, and the one that comes with a
registration. `troupe.companies`, which depends on accounts, implements both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from troupe.accounts.records import UserRecord
from troupe.adapters.firestore import Write
from troupe.caller import CompanyRole


@dataclass(frozen=True, slots=True)
class UserCompany:
    """A company in the view of its member. `license_type`: empty without an active license."""

    id: str
    name: str
    slug: str
    logo_url: str
    role: CompanyRole
    license_type: str


# Reads nothing for a user without companies.
UserCompanies = Callable[[UserRecord], Sequence[UserCompany]]


@dataclass(frozen=True, slots=True)
class NewCompany:
    """`org_number` comes with a `country`."""

    name: str
    org_number: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Founded:
    """The user with the new company, and the writes that create it."""

    user: UserRecord
    writes: Sequence[Write]


class Founder(Protocol):
    def check(self, company: NewCompany) -> None:
        """Raises OrgNumberTaken."""
        ...

    def found(self, user: UserRecord, company: NewCompany) -> Founded:
        """Of a user who is created in the same commit. If that raises AlreadyExists, start again
        from here. Raises OrgNumberTaken."""
        ...

    def found_for(self, uid: str, company: NewCompany) -> UserRecord:
        """Commits a company of an existing user. Raises OrgNumberTaken, TooManyCompanies."""
        ...
