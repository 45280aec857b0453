"""The caller of a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["user", "admin"]
CompanyRole = Literal["owner", "admin", "member"]


@dataclass(frozen=True, slots=True)
class Device:
    """What a request tells about the device it came from. `address`: the network address, or the
    network of one subscriber for IPv6; None if it is not counted, as on the emulators."""

    user_agent: str = ""
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A signed-in caller. `session_id`: the session, or the sign-in of the Firebase SDK;
    `request_id` identifies the request's log lines; `companies` maps company ids to the caller's
    role."""

    uid: str
    role: Role
    guest: bool
    email: str | None
    session_id: str | None = None
    request_id: str | None = None
    companies: Mapping[str, CompanyRole] = field(default_factory=dict)
