"""What companies' bulk operations take."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from troupe.accounts.schemas import Phone
from troupe.bulk.records import MOST_ITEMS, Action, BulkInput, Row, Target
from troupe.companies.members import MemberFilter
from troupe.companies.people_schemas import GivenRole
from troupe.companies.records import LicenseType, MemberStatus
from troupe.companies.schemas import SearchText
from troupe.web.schema import Id, Line, Schema, example

Ids = Annotated[list[Id], Field(max_length=MOST_ITEMS)]
# Checked when its turn comes: one wrong address must not stop the others.
Address = Annotated[
    str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1, max_length=300)
]


class InvitedRow(Schema):
    email: Address
    name: Annotated[Line, Field(max_length=100)] | Literal[""] = ""
    role: GivenRole = "member"
    phone: Phone = ""


class UserFilter(Schema):
    """As in `GET /api/users`."""

    search: SearchText = ""
    role: Literal["owner", "admin", "member"] | None = None
    status: MemberStatus | None = None
    license: LicenseType | Literal["none"] | None = None

    def filter(self) -> MemberFilter:
        return MemberFilter(self.search, self.role, self.status, self.license)


class UserParams(Schema):
    rows: Annotated[list[InvitedRow], Field(max_length=MOST_ITEMS)] | None = Field(
        None, description="Whom to invite."
    )
    role: GivenRole | None = Field(None, description="For `setRole`.")
    license_type: LicenseType | None = Field(
        None, description="For `assignLicense`: only free licenses of this type."
    )


class BulkUsers(Schema):
    """`userIds` or `filter`; for `invite`, `params.rows`. At most 500."""

    model_config = example({"userIds": ["ID_OF_A_MEMBER"], "action": "suspend", "dryRun": True})

    user_ids: Ids | None = None
    filter: UserFilter | None = None
    action: Literal["invite", "suspend", "activate", "remove", "setRole", "assignLicense"]
    params: UserParams = Field(default_factory=UserParams)
    dry_run: bool = Field(
        False,
        description="Validates the items in order, as if the earlier ones had been applied, and "
        "changes nothing.",
    )
    company_id: Id | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        invites = self.action == "invite"
        if invites != bool(self.params.rows):
            raise PydanticCustomError("rows", "`invite`, and nothing else, needs `params.rows`")
        if (bool(self.user_ids), self.filter is not None).count(True) != (0 if invites else 1):
            raise PydanticCustomError(
                "items", "send either `userIds` or `filter`; for `invite` only `params.rows`"
            )
        if (self.action == "setRole") != (self.params.role is not None):
            raise PydanticCustomError("role", "`setRole`, and nothing else, needs `params.role`")
        return self

    @property
    def count(self) -> int:
        return len(self.user_ids or self.params.rows or [None])

    def given(self, company_id: str) -> BulkInput:
        rows = {row.email: row for row in self.params.rows or []}  # the last one of an address
        return BulkInput(
            target=Target.USERS,
            action=Action(self.action),
            company_id=company_id,
            ids=list(dict.fromkeys(self.user_ids or [])),
            rows=[Row(**row.model_dump()) for row in rows.values()],
            role=self.params.role or "member",
            license_type=self.params.license_type,
            dry_run=self.dry_run,
        )


class LicenseParams(Schema):
    user_ids: Ids | None = Field(
        None, description="For `assign`: who gets each of the licenses, in their order."
    )
    expires_at: AwareDatetime | None = Field(
        None, description="For `renew`: until when each is active."
    )


class BulkLicenses(Schema):
    model_config = example({"licenseIds": ["ID_OF_A_LICENSE"], "action": "unassign"})

    license_ids: Annotated[Ids, Field(min_length=1)]
    action: Literal["assign", "unassign", "suspend", "renew"] = Field(
        description="Only administrators of Troupe suspend and renew licenses; others get "
        "`use_portal` for each."
    )
    params: LicenseParams = Field(default_factory=LicenseParams)
    dry_run: bool = Field(
        False,
        description="Validates the items in order, as if the earlier ones had been applied, and "
        "changes nothing.",
    )
    company_id: Id | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if len(set(self.license_ids)) < len(self.license_ids):
            raise PydanticCustomError("duplicates", "`licenseIds` must differ")
        needed = len(self.license_ids) if self.action == "assign" else 0
        if len(self.params.user_ids or []) != needed:
            raise PydanticCustomError(
                "user_ids", "`assign`, and nothing else, needs as many `params.userIds` as licenses"
            )
        if (self.action == "renew") != (self.params.expires_at is not None):
            raise PydanticCustomError(
                "expires_at", "`renew`, and nothing else, needs `params.expiresAt`"
            )
        return self

    @property
    def count(self) -> int:
        return len(self.license_ids)

    def given(self, company_id: str) -> BulkInput:
        return BulkInput(
            target=Target.LICENSES,
            action=Action(self.action),
            company_id=company_id,
            ids=self.license_ids,
            user_ids=self.params.user_ids or [],
            expires_at=self.params.expires_at,
            dry_run=self.dry_run,
        )


class BulkCalls(Schema):
    model_config = example({"callIds": ["ID_OF_A_CALL"], "action": "cancel"})

    call_ids: Annotated[Ids, Field(min_length=1)]
    action: Literal["cancel", "delete"] = Field(
        description="`delete` is for calls that are over, and deletes all that was said in them."
    )
    company_id: Id | None = None

    @property
    def count(self) -> int:
        return len(self.call_ids)

    def given(self, company_id: str) -> BulkInput:
        return BulkInput(
            target=Target.CALLS,
            action=Action(self.action),
            company_id=company_id,
            ids=list(dict.fromkeys(self.call_ids)),
        )
