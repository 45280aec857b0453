"""API keys as they are stored."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import Field

from troupe.caller import KeyUse
from troupe.records import Record
from troupe.wallet.budgets import Cap
from troupe.wallet.records import Meter

COLLECTION = "apiKeys"
MOST_KEYS = 20  # of a user, and of a company
MOST_ADDRESSES = 20
WARNING = timedelta(days=7)  # before a key expires


class ApiKey(Record):
    """`apiKeys/{id}`. `uid`: who made it, and for whom its requests are made. `company_id`: the
    company that it belongs to, and that pays; None for a user's own. `owner_id` is one or the
    other. `hash`: of the secret; `previous_hash` is accepted until `previous_until`, after a
    rotation. `cap`: what it may spend in a month. `warn_at`: when webhooks are told that it
    expires soon; None if it does not expire, or if they have been told."""

    id: str
    uid: str
    company_id: str | None = None
    owner_id: str
    name: str
    last4: str
    hash: str
    previous_hash: str | None = None
    previous_until: datetime | None = None
    scopes: list[str]
    expires_at: datetime | None = None
    warn_at: datetime | None = None
    ip_allow: list[str] = Field(default_factory=list)
    cap: Cap = Cap()
    per_minute: int | None = None
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None

    @property
    def use(self) -> KeyUse:
        caps = {meter.value: self.cap.meter(meter) for meter in Meter}
        cap = {meter: most for meter, most in caps.items() if most is not None}
        return KeyUse(self.id, frozenset(self.scopes), self.per_minute, self.company_id, cap)


def key_path(key_id: str) -> str:
    return f"{COLLECTION}/{key_id}"


def warning_of(expires_at: datetime | None) -> datetime | None:
    """When webhooks are told; a time that has passed for a key that expires sooner."""
    return expires_at - WARNING if expires_at else None


def owner_path(uid: str, company_id: str | None) -> str:
    """The document that counts the keys of an owner in `apiKeys`."""
    return f"companies/{company_id}" if company_id else f"users/{uid}"
