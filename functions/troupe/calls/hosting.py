"""Who may host calls, and how many: the license of the host, and the limits of the company."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from troupe.adapters.firestore import Create, Database, Document, Increment, Update, Write
from troupe.calls.errors import CallLimitReached, HostNotFound, LicenseExpired
from troupe.calls.records import CallCounters
from troupe.calls.writes import counters_path
from troupe.companies.records import (
    Company,
    CompanyStatus,
    License,
    LicenseStatus,
    Member,
    MemberStatus,
)
from troupe.companies.writes import company_path, license_path
from troupe.errors import CompanyNotFound
from troupe.wallet.budgets import member_path
from troupe.wallet.errors import CompanySuspended, LicenseRequired


@dataclass(frozen=True, slots=True)
class Hosting:
    """A company, one of its members, their license, and the counters of its calls, as read."""

    company: Company
    member: Member
    license: License
    license_document: Document
    counters: CallCounters
    counters_document: Document

    def numbered(self) -> tuple[int, Write]:
        """The next number of a call, and the write that takes it."""
        number = self.counters.number + 1
        return number, self._counted({"number": number})

    def start_writes(self, at: datetime) -> list[Write]:
        """Counts a call that starts. Raises CallLimitReached."""
        day, month = f"{at:%Y-%m-%d}", f"{at:%Y-%m}"
        used, limits = self.license, self.company.settings.call_limits
        today = self.counters.day_calls if self.counters.day == day else 0
        this_month = self.counters.month_calls if self.counters.month == month else 0
        last = used.last_used_at
        of_license = used.calls_used if last and f"{last:%Y-%m}" == month else 0
        for limit, count, maximum in (
            ("license", of_license, used.calls_per_month),
            ("day", today, limits.per_day),
            ("month", this_month, limits.per_month),
        ):
            if maximum is not None and count >= maximum:
                raise CallLimitReached(details={"limit": limit, "maximum": maximum})
        return [
            self._counted(
                {
                    "day": day,
                    "dayCalls": today + 1,
                    "month": month,
                    "monthCalls": this_month + 1,
                }
            ),
            Update(
                self.license_document.path,
                {
                    "callsUsed": of_license + 1,
                    "totalCalls": Increment(1),
                    "lastUsedAt": at,
                },
                seen=self.license_document,
            ),
        ]

    def _counted(self, fields: dict[str, Any]) -> Write:
        path = self.counters_document.path
        if self.counters_document.exists:
            return Update(path, fields, seen=self.counters_document)
        return Create(path, CallCounters().stored() | fields)


def hosting_paths(company_id: str, uid: str) -> list[str]:
    """Of everything but the license, to read with other documents."""
    return [company_path(company_id), member_path(company_id, uid), counters_path(company_id)]


def open_company(document: Document) -> Company:
    """A company that may have calls, and send messages about them. Raises CompanyNotFound,
    CompanySuspended."""
    company = Company.of(document) if document.exists else None
    if company is None or company.deleted_at:
        raise CompanyNotFound
    if company.status in (CompanyStatus.SUSPENDED, CompanyStatus.CLOSED):
        raise CompanySuspended
    return company


def hosting(
    db: Database, found: dict[str, Document], company_id: str, uid: str, at: datetime
) -> Hosting:
    """`found`: the documents of `hosting_paths`. Raises CompanyNotFound, CompanySuspended,
    HostNotFound, LicenseRequired, LicenseExpired."""
    document, entry, counted = (found[path] for path in hosting_paths(company_id, uid))
    company = open_company(document)
    member = Member.of(entry) if entry.exists else None
    if member is None or member.status is not MemberStatus.ACTIVE:
        raise HostNotFound
    if member.license_id is None:
        raise LicenseRequired
    licensed = db.get(license_path(member.license_id))
    license = License.of(licensed) if licensed.exists else None
    if license is None or license.user_id != uid:
        raise LicenseRequired
    lapsed = license.expires_at is not None and license.expires_at <= at
    if license.status is not LicenseStatus.ACTIVE or lapsed or license.valid_from > at:
        raise LicenseExpired
    return Hosting(
        company=company,
        member=member,
        license=license,
        license_document=licensed,
        counters=CallCounters.of(counted) if counted.exists else CallCounters(),
        counters_document=counted,
    )
