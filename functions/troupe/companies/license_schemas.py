"""What the operations on licenses take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from troupe.companies.licenses import LicenseFilter
from troupe.companies.records import BillingPeriod, License, LicenseStatus, LicenseType
from troupe.companies.schemas import CompanyQuery, Currency
from troupe.web.schema import Id, Schema, Time, example

MOST_AT_ONCE = 100
Feature = Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Count = Annotated[int, Field(ge=0, le=10**9)]


class LicensePath(Schema):
    license_id: Id


class LicenseFields(Schema):
    expires_at: Time | None = None
    minutes_included: Count | None = None
    calls_per_month: Count | None = None
    features: Annotated[list[Feature], Field(max_length=50)] | None = None
    auto_renew: bool | None = None
    billing_period: BillingPeriod | None = None
    price_cents: Count | None = None
    currency: Currency | None = None

    def given(self) -> dict[str, Any]:
        """The given fields of a `License`."""
        names = self.model_fields_set & (License.model_fields.keys() - {"user_id", "company_id"})
        values = {name: getattr(self, name) for name in names}
        nullable = {"expires_at", "minutes_included", "calls_per_month"}
        return {
            name: value for name, value in values.items() if value is not None or name in nullable
        }


class CreateLicense(LicenseFields):
    model_config = example({"type": "standard", "count": 1})

    type: LicenseType
    count: Annotated[int, Field(ge=1, le=MOST_AT_ONCE)] = 1
    company_id: Id | None = None
    user_id: Id | None = Field(
        None, description="The member to assign it to. `count` must then be 1."
    )
    valid_from: Time | None = None
    status: Literal["active", "inactive"] = "active"

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.user_id is not None and self.count != 1:
            raise PydanticCustomError("count", "`userId` needs a `count` of 1")
        return self

    def given(self) -> dict[str, Any]:
        return super().given() | {"type": self.type, "status": LicenseStatus(self.status)}


class UpdateLicense(LicenseFields):
    """Omitted fields stay unchanged."""

    model_config = example({"callsPerMonth": 500})

    type: LicenseType | None = None
    status: LicenseStatus | None = None
    valid_from: Time | None = None


class AssignLicense(Schema):
    model_config = example({"userId": "ID_OF_A_MEMBER"})

    user_id: Id


class AssignUserLicense(Schema):
    model_config = example({"licenseId": "ID_OF_A_LICENSE"})

    license_id: Id


class LicensesQuery(CompanyQuery):
    status: LicenseStatus | None = None
    type: LicenseType | None = None
    assigned: bool | None = None
    expiring: bool = Field(
        False,
        description="Lists only active licenses that expire within 30 days, the soonest first.",
    )
    user_id: Id | None = None

    def filter(self) -> LicenseFilter:
        return LicenseFilter(self.status, self.type, self.assigned, self.user_id, self.expiring)


class AssignmentView(Schema):
    user_id: str
    assigned_at: datetime
    unassigned_at: datetime | None
    by: str
    reason: str


class LicenseView(Schema):
    id: str
    company_id: str
    type: LicenseType
    status: LicenseStatus
    assigned: bool
    held: bool = Field(description="Whether a pending invitation holds it.")
    user_id: str | None
    assigned_at: datetime | None
    valid_from: datetime
    expires_at: datetime | None
    auto_renew: bool
    billing_period: BillingPeriod
    minutes_included: int | None
    calls_per_month: int | None
    calls_used: int
    features: list[str]
    price_cents: int
    currency: str
    source: Literal["admin", "stripe"]
    last_used_at: datetime | None
    total_calls: int
    total_seconds: int
    history: list[AssignmentView] = Field(description="The last 20 assignments.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, license: License) -> Self:
        states = {"assigned": license.user_id is not None, "held": license.held_for is not None}
        return cls.model_validate(license.model_dump() | states)


class LicenseData(Schema):
    license: LicenseView

    @classmethod
    def of(cls, license: License) -> Self:
        return cls(license=LicenseView.of(license))


class CreatedLicenses(Schema):
    license: LicenseView = Field(description="The first of `licenses`.")
    licenses: list[LicenseView]


class LicensesData(Schema):
    licenses: list[LicenseView]
