"""Bulk operations as their jobs store them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from troupe.companies.records import LicenseType
from troupe.records import Record

KIND = "bulk"
MOST_ITEMS = 500
MOST_AT_ONCE = 50  # done in the request itself
PART = 25  # items


class Target(StrEnum):
    """What the items are: users of a company, its licenses, its calls, or accounts."""

    USERS = "users"
    LICENSES = "licenses"
    CALLS = "calls"
    ACCOUNTS = "accounts"


class Action(StrEnum):
    INVITE = "invite"
    SUSPEND = "suspend"
    ACTIVATE = "activate"
    REMOVE = "remove"
    SET_ROLE = "setRole"
    ASSIGN_LICENSE = "assignLicense"
    ASSIGN = "assign"
    UNASSIGN = "unassign"
    RENEW = "renew"
    DELETE = "delete"
    CANCEL = "cancel"


class Row(Record):
    """A person to invite."""

    email: str
    name: str = ""
    role: Literal["admin", "member"] = "member"
    phone: str = ""


class BulkInput(Record):
    """What to do with which items: those with `ids`, or `rows` to invite. Deleted when the job has
    ended, because it has addresses.

    `user_ids`: who gets each of the licenses. `known`: those of `ids` that existed when the job was
    submitted; so a worker that runs again knows which ones it has removed itself.
    """

    target: Target
    action: Action
    company_id: str | None = None
    ids: list[str] = Field(default_factory=list)
    rows: list[Row] = Field(default_factory=list)
    role: Literal["admin", "member"] = "member"
    license_type: LicenseType | None = None
    user_ids: list[str] = Field(default_factory=list)
    expires_at: datetime | None = None
    dry_run: bool = False
    known: list[str] = Field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The ids of the results."""
        return self.ids or [row.email for row in self.rows]


class ItemResult(Record):
    """`code` is that of the single operation's error, None for a success. `invited`: the item's
    invitation has a link."""

    id: str
    code: str | None = None
    message: str = ""
    invited: bool = False


class Results(Record):
    """The result of one part."""

    items: list[ItemResult]
