"""The caller of a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

Role = Literal["user", "admin"]
CompanyRole = Literal["owner", "admin", "member"]


class Scope(StrEnum):
    """What an API key may be allowed to do."""

    SPEECH = "speech"
    TRANSCRIBE = "transcribe"
    CHARACTERS_READ = "characters:read"
    CHARACTERS_WRITE = "characters:write"
    SCRIPTS = "scripts"
    FILES = "files"
    JOBS_READ = "jobs:read"
    USAGE_READ = "usage:read"
    WEBHOOKS = "webhooks"
    ANY = "any"  # of a route that every key may call; no key has it


@dataclass(frozen=True, slots=True)
class KeyUse:
    """The API key that a request came with. `per_minute`: how many requests it may make, None
    for the default; `cap`: by meter, what it may spend in a month."""

    id: str
    scopes: frozenset[str]
    per_minute: int | None
    company_id: str | None = None
    cap: Mapping[str, int] = field(default_factory=dict)

    def allows(self, scope: Scope | None) -> bool:
        return scope is Scope.ANY or scope in self.scopes


@dataclass(frozen=True, slots=True)
class Source:
    """A network that requests come from. It gets `factor` times the limit of one address."""

    subject: str
    factor: int = 1


@dataclass(frozen=True, slots=True)
class Device:
    """The device that a request came from, by its headers. `sources`: the networks, smallest first;
    empty if they are not counted, as on the emulators."""

    user_agent: str = ""
    sources: tuple[Source, ...] = ()

    @property
    def address(self) -> str | None:
        """The network address, or the network of one subscriber for IPv6."""
        return self.sources[0].subject if self.sources else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A signed-in caller. `session_id`: the session, or the sign-in of the Firebase SDK;
    `request_id` identifies the request's log lines; `companies` maps company ids to the caller's
    role. `key`: the API key, if the request came with one. It never gives the rights of an
    administrator, and only its own company is in `companies`."""

    uid: str
    role: Role
    guest: bool
    email: str | None
    session_id: str | None = None
    request_id: str | None = None
    companies: Mapping[str, CompanyRole] = field(default_factory=dict)
    key: KeyUse | None = None
