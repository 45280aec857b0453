"""Companies, their members, licenses and invitations as they are stored."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, time
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field, field_serializer
from pydantic.alias_generators import to_camel

from troupe.caller import CompanyRole
from troupe.records import Record
from troupe.text import name_key, prefixes
from troupe.wallet.budgets import Cap
from troupe.wallet.records import Balance

COLLECTION = "companies"
Industry = Literal["telecom", "it", "finance", "retail", "healthcare", "education", "other"]
Size = Literal["startup", "small", "medium", "large", "enterprise"]
Channel = Literal["email", "sms"]
RecordingPolicy = Literal["off", "ask", "always"]
BillingPeriod = Literal["monthly", "yearly"]


class CompanyStatus(StrEnum):
    TRIAL = "trial"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class MemberStatus(StrEnum):
    """A suspended member keeps the license, and has no access."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class LicenseType(StrEnum):
    STANDARD = "standard"
    PREMIUM = "premium"
    ENTERPRISE = "enterprise"


class LicenseStatus(StrEnum):
    ACTIVE = "active"
    INACTIVE = "inactive"
    SUSPENDED = "suspended"
    EXPIRED = "expired"


class InvitationStatus(StrEnum):
    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    REVOKED = "revoked"
    EXPIRED = "expired"


class Address(Record):
    street: str = ""
    city: str = ""
    postal_code: str = ""
    country: str = ""


class BrandColors(Record):
    """As `#rrggbb`; empty for the default."""

    primary: str = ""
    secondary: str = ""


class WorkingHours(Record):
    """In the company's time zone. `days`: 1 is Monday."""

    start: time
    end: time
    days: list[int]

    @field_serializer("start", "end")
    def _minutes(self, at: time) -> str:
        return f"{at:%H:%M}"


class AfterCall(Record):
    """The message to a guest after a call."""

    enabled: bool = False
    channel: Channel = "email"
    text: str = ""


class CallLimits(Record):
    """None: no limit."""

    per_day: int | None = None
    per_month: int | None = None


class CompanySettings(Record):
    """What a company sets itself. `cost_per_solved_call`: in units of `currency`; `domains`: whose
    addresses may be invited, all if empty."""

    currency: str = "NOK"
    working_hours: WorkingHours | None = None
    after_call: AfterCall = AfterCall()
    call_limits: CallLimits = CallLimits()
    cost_per_solved_call: int = 2000
    guests_allowed: bool = True
    lobby: bool = False
    recording_policy: RecordingPolicy = "off"
    retention_days: int = 90
    domains: list[str] = Field(default_factory=list)
    invitation_days: int = 7
    default_license_type: LicenseType = LicenseType.STANDARD
    onboarding: dict[str, Any] = Field(default_factory=dict)  # the client's own


class Seats(Record):
    """Licenses of status active: all, those that a member has, and those that an invitation holds.
    Changed in the commit of the license."""

    total: int = 0
    assigned: int = 0
    held: int = 0

    @property
    def free(self) -> int:
        return self.total - self.assigned - self.held

    def plus(self, other: Seats, sign: int = 1) -> Seats:
        return Seats(
            total=self.total + sign * other.total,
            assigned=self.assigned + sign * other.assigned,
            held=self.held + sign * other.held,
        )

    def minus(self, other: Seats) -> Seats:
        return self.plus(other, -1)


class Totals(Record):
    calls: int = 0
    seconds: int = 0
    solved: int = 0
    rating_sum: int = 0
    rating_count: int = 0


class Company(Record):
    """`companies/{id}`. The id is `co` and 20 hexadecimal digits.

    Every commit that changes who belongs to the company, or who has a license, names the version of
    this document that it read, so they take effect one after the other.
    """

    id: str
    name: str
    slug: str
    org_number: str | None = None
    country: str | None = None
    language: str = ""
    timezone: str = ""
    email: str = ""
    phone: str = ""
    website: str = ""
    address: Address = Address()
    industry: Industry | None = None
    size: Size | None = None
    brand_colors: BrandColors = BrandColors()
    logo_url: str = ""
    logo_path: str | None = None  # in Cloud Storage
    status: CompanyStatus = CompanyStatus.ACTIVE
    trial_ends_at: datetime | None = None
    owner_uid: str
    member_count: int = 1
    seats: Seats = Seats()
    plan: str | None = None
    addons: list[str] = Field(default_factory=list)  # features that it pays for
    license_features: dict[str, int] = Field(default_factory=dict)  # with how many active licenses
    settings: CompanySettings = CompanySettings()
    totals: Totals = Totals()
    tokens: int = 0  # granted minus used; every change of the wallet updates it in its commit
    voice_seconds: Balance = Balance()  # copied from the wallet likewise
    created_by: str | None = None  # the request that created it, if that had an idempotency key
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None
    due_at: datetime | None = None  # when the sweep continues to erase it

    def stored(self) -> dict[str, Any]:
        starts = prefixes(self.name, self.slug, self.org_number or "")
        return super().stored() | {"nameKey": name_key(self.name), "starts": starts}


class Member(Record):
    """`companies/{id}/members/{uid}`: the company's own entry of a person. Name, phone and language
    are the company's to change, and leave the account alone; the address is the account's when the
    person joined."""

    id: str
    company_id: str
    role: CompanyRole
    status: MemberStatus = MemberStatus.ACTIVE
    name: str = ""
    email: str = ""
    phone: str = ""
    language: str = ""
    timezone: str = ""
    license_id: str | None = None
    license_type: LicenseType | None = None  # None also while the license is not active
    cap: Cap | None = None
    invited_by: str | None = None
    joined_at: datetime
    updated_at: datetime

    @property
    def access(self) -> CompanyRole | Literal["suspended"]:
        """The entry in `users/{uid}.companies`."""
        return "suspended" if self.status is MemberStatus.SUSPENDED else self.role

    def stored(self) -> dict[str, Any]:
        key = name_key(self.name)
        return super().stored() | {"nameKey": key, "starts": prefixes(self.name, self.email)}


class Assignment(Record):
    """An entry in the history of a license."""

    user_id: str
    assigned_at: datetime
    unassigned_at: datetime | None = None
    by: str
    reason: str = ""


class License(Record):
    """`companies/{id}/licences/{id}`: the right of one member at a time to host calls. Its id names
    its company. `held_for`: the pending invitation that gets it. `lapses_at`: `expires_at` while
    the status is active."""

    id: str
    company_id: str
    type: LicenseType
    status: LicenseStatus = LicenseStatus.ACTIVE
    user_id: str | None = None
    held_for: str | None = None
    assigned_at: datetime | None = None
    valid_from: datetime
    expires_at: datetime | None = None
    lapses_at: datetime | None = None
    auto_renew: bool = False
    billing_period: BillingPeriod = "monthly"
    minutes_included: int | None = None
    calls_per_month: int | None = None
    calls_used: int = 0
    features: list[str] = Field(default_factory=list)
    price_cents: int = 0
    currency: str = "NOK"
    source: Literal["admin", "stripe"] = "admin"
    last_used_at: datetime | None = None
    total_calls: int = 0
    total_seconds: int = 0
    history: list[Assignment] = Field(default_factory=list)
    created_by: str | None = None  # the request that created it, if that had an idempotency key
    created_at: datetime
    updated_at: datetime

    @property
    def counted(self) -> Seats:
        """What it adds to the seats of its company."""
        if self.status is not LicenseStatus.ACTIVE:
            return Seats()
        return Seats(total=1, assigned=int(bool(self.user_id)), held=int(bool(self.held_for)))

    @property
    def counted_features(self) -> Counter[str]:
        active = self.status is LicenseStatus.ACTIVE
        return Counter(set(self.features) if active else ())

    def stored(self) -> dict[str, Any]:
        lapses = self.expires_at if self.status is LicenseStatus.ACTIVE else None
        return super().stored() | {"lapsesAt": lapses, "assigned": self.user_id is not None}


class Invitation(Record):
    """`companies/{id}/invitations/{id}`: one document per address, so a new invitation replaces the
    one before. `token_hash`: the SHA-256 of the token while it is pending. `lapses_at`: when the
    sweep ends a pending one, or deletes one that has ended."""

    id: str
    company_id: str
    email: str
    name: str = ""
    phone: str = ""
    role: Literal["admin", "member"] = "member"
    license_id: str | None = None  # held for it while it is pending
    token_hash: str | None = None
    status: InvitationStatus = InvitationStatus.PENDING
    invited_by: str
    accepted_by: str | None = None
    accepted_at: datetime | None = None
    expires_at: datetime
    lapses_at: datetime | None = None
    created_at: datetime

    def is_pending(self, at: datetime) -> bool:
        return self.status is InvitationStatus.PENDING and self.expires_at > at

    def status_at(self, at: datetime) -> InvitationStatus:
        """Expired as soon as its time has passed, before the sweep has written that."""
        if self.status is InvitationStatus.PENDING and not self.is_pending(at):
            return InvitationStatus.EXPIRED
        return self.status


def listed_fields(kind: type[Record]) -> list[str]:
    """What a list reads: everything but the search index, which is most of a document."""
    return [*(to_camel(name) for name in kind.model_fields if name != "id"), "nameKey"]
