"""Who makes a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["user", "admin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A signed-in caller. `session_id` is None for a Firebase ID token; `request_id` leads to the
    log line of the request."""

    uid: str
    role: Role
    guest: bool
    email: str | None
    session_id: str | None = None
    request_id: str | None = None
