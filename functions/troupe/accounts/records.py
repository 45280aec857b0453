"""What is stored of a user, and the caller that a request is made by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import Field

from troupe.caller import Caller, CompanyRole, Role
from troupe.records import Record
from troupe.text import name_key
from troupe.wallet.records import Balance


class Session(Record):
    """One sign-in. `refresh_hash` is the SHA-256 of the one refresh token that is good now."""

    refresh_hash: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    user_agent: str = ""
    kept_at: datetime | None = None  # when it outlived an end of all the others


class SubscriptionSummary(Record):
    """What a user's document shows of the subscription, which is a document of its own."""

    plan_id: str
    name: str
    price_cents: int = 0
    billing_period: str = "monthly"
    voice_minutes: int = 0  # that the plan gives in each period, and tokens likewise
    tokens: int = 0
    status: str
    started_at: datetime
    ends_at: datetime


class UserRecord(Record):
    """`users/{uid}`: the one document that an authenticated request reads."""

    id: str
    name: str = ""
    username: str | None = None
    email: str | None = None
    email_verified: bool = False
    profile_picture: str = ""
    avatar_path: str | None = None  # in storage, where the picture was uploaded here
    language: str | None = None
    role: Role = "user"
    companies: dict[str, CompanyRole] = Field(default_factory=dict)  # by the id of the company
    guest: bool = False
    suspended: bool = False
    deleted_at: datetime | None = None  # nobody's any more: see `deletion`
    valid_after: datetime | None = None  # tokens of an earlier sign-in are void
    sessions: dict[str, Session] = Field(default_factory=dict)
    tokens: int = 0  # granted less used; the wallet writes it in the commit of each change
    voice_seconds: Balance = Balance()  # the wallet's meter, likewise
    plan: str | None = None  # the id of the plan; None without one
    subscription: SubscriptionSummary | None = None
    plan_status: str = "active"  # of the subscription, and before the first one
    created_at: datetime
    updated_at: datetime

    def stored(self) -> dict[str, Any]:
        """With `nameKey`, by which administrators search."""
        return super().stored() | {"nameKey": name_key(self.name)}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCaller(Caller):
    """A caller with the stored user, which authentication has read."""

    user: UserRecord
