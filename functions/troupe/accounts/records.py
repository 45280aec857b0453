"""What is stored of a user, and the caller that a request is made by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import Field

from troupe.records import Record

Role = Literal["user", "admin"]


class Session(Record):
    """One sign-in. `refresh_hash` is the SHA-256 of the one refresh token that is good now."""

    refresh_hash: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    user_agent: str = ""


class UserRecord(Record):
    """`users/{uid}`: the one document that an authenticated request reads."""

    id: str
    name: str = ""
    username: str | None = None
    email: str | None = None
    email_verified: bool = False
    profile_picture: str = ""
    role: Role = "user"
    guest: bool = False
    suspended: bool = False
    valid_after: datetime | None = None  # tokens of an earlier sign-in are void
    sessions: dict[str, Session] = Field(default_factory=dict)
    tokens: int = 0  # granted less used; the wallet writes it in the commit of each change
    plan: str | None = None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request; `session_id` is None for a Firebase ID token."""

    uid: str
    role: Role
    guest: bool
    session_id: str | None
    email: str | None
    user: UserRecord
