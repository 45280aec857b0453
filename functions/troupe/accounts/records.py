"""Stored users and sessions, and the authenticated caller."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import Field

from troupe.caller import Caller, CompanyRole, KeyUse, Role
from troupe.records import Record
from troupe.text import name_key
from troupe.wallet.records import Balance

_KEY_SESSION = "key-"  # sessions of ours begin with `s`, those of the Firebase SDK with `f`


class Session(Record):
    """One sign-in: a session of ours, or a sign-in of the Firebase SDK, which has no hashes.

    `refresh_hash` is the SHA-256 of the current refresh token, `previous_hash` that of the one
    before, and `device` identifies the device that exchanged it, at `last_used_at`.
    """

    refresh_hash: str = ""
    previous_hash: str = ""
    device: str = ""
    created_at: datetime
    signed_in_at: datetime | None = None  # by Firebase's clock, in whole seconds
    last_used_at: datetime
    expires_at: datetime
    user_agent: str = ""
    kept_at: datetime | None = None  # when it was last kept while all others were ended


class SubscriptionSummary(Record):
    """A copy of the subscription's main fields in the user's document."""

    plan_id: str
    name: str
    price_cents: int = 0
    billing_period: str = "monthly"
    voice_minutes: int = 0  # granted per billing period
    tokens: int = 0  # likewise
    status: str
    started_at: datetime
    ends_at: datetime


class UserRecord(Record):
    """`users/{uid}`: the only document that authentication reads."""

    id: str
    name: str = ""
    username: str | None = None
    email: str | None = None
    email_verified: bool = False
    profile_picture: str = ""
    avatar_path: str | None = None  # in Cloud Storage, if the picture was uploaded here
    phone: str = ""  # E.164
    language: str | None = None
    timezone: str = ""  # an IANA name
    voice_id: str = ""  # the default for the user's requests; "" for none
    role: Role = "user"
    # The role by company id. One who is suspended in a company has no access to it.
    companies: dict[str, CompanyRole | Literal["suspended"]] = Field(default_factory=dict)
    guest: bool = False
    suspended: bool = False
    deleted_at: datetime | None = None  # set once only the shell is left: see `deletion`
    valid_after: datetime | None = None  # sign-ins before this are void
    # Sign-ins of the Firebase SDK up to this are void unless `sessions` lists them.
    sign_ins_after: datetime | None = None
    sessions: dict[str, Session] = Field(default_factory=dict)
    tokens: int = 0  # granted minus used; every change of the wallet updates it in its commit
    voice_seconds: Balance = Balance()  # copied from the wallet likewise
    plan: str | None = None  # the id of the plan; None without one
    subscription: SubscriptionSummary | None = None
    plan_status: str = "active"  # the subscription's status; `active` before the first one
    created_at: datetime
    updated_at: datetime

    @property
    def roles(self) -> dict[str, CompanyRole]:
        """By the id of each company that the user has access to."""
        return {each: role for each, role in self.companies.items() if role != "suspended"}

    @property
    def owns_company(self) -> bool:
        return "owner" in self.companies.values()

    @property
    def public_name(self) -> str:
        """The name that other users see: never the email address, nor the part before its @."""
        address = self.email or ""
        private = {address, address.partition("@")[0]}
        for name in (self.name, self.username or ""):
            if name and "@" not in name and name not in private:
                return name
        return default_name(guest=self.guest)

    def signed_in_since(self, session_id: str, at: datetime) -> UserRecord:
        """The user whose session counts as signed in at `at`, unless it was later."""
        session = self.sessions[session_id]
        later = max(at, session.signed_in_at or at)
        changed = session.model_copy(update={"signed_in_at": later})
        return self.model_copy(update={"sessions": {**self.sessions, session_id: changed}})

    def stored(self) -> dict[str, Any]:
        """Adds `nameKey`, which the administrators' search uses."""
        return super().stored() | {"nameKey": name_key(self.name)}


def default_name(*, guest: bool) -> str:
    """The name of a user who has given none. Not made from the address, which others may not
    see."""
    return "Guest" if guest else "User"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCaller(Caller):
    """A caller with the user record that authentication has read."""

    session_id: str
    user: UserRecord

    @classmethod
    def of(cls, user: UserRecord, session_id: str) -> Self:
        return cls(
            uid=user.id,
            role=user.role,
            guest=user.guest,
            email=user.email,
            companies=user.roles,
            session_id=session_id,
            user=user,
        )

    @classmethod
    def by_key(cls, user: UserRecord, key: KeyUse) -> Self:
        """The user for whom an API key acts: never as an administrator, and of no company but the
        key's."""
        companies = {each: role for each, role in user.roles.items() if each == key.company_id}
        return cls(
            uid=user.id,
            role="user",
            guest=user.guest,
            email=user.email,
            companies=companies,
            session_id=f"{_KEY_SESSION}{key.id}",
            user=user,
            key=key,
        )


def key_of_session(session_id: str) -> str | None:
    """The id of the API key whose requests have this session id."""
    return session_id.removeprefix(_KEY_SESSION) if session_id.startswith(_KEY_SESSION) else None
