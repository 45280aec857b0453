"""What a domain brings to the whole. Everything is named by strings, so that a declaration loads
nothing but itself: `troupe.app` resolves the names when they are needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limit:
    """`default` is what `RateLimit.parse` reads; `meaning` is for the table in the README."""

    default: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """`endpoints`: by Cloud Function, the modules whose `api` it serves.

    `erasers`: by name, functions `module:function` that erase at most `limit` things of a user who
    leaves, `(uid, limit, *, services...) -> int`, and return how many; 0 when nothing is left.
    `chores`: by name, methods `service.method` that the sweep calls with the most they may do, and
    that return how many they did. `job_specs`: its kinds of job, each the `module:NAME` of a
    JobSpec. `limits`: the rate limits that a route may count against, by name; `NAME_LIMIT` in the
    environment sets another.
    """

    name: str
    endpoints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    erasers: Mapping[str, str] = field(default_factory=dict)
    chores: Mapping[str, str] = field(default_factory=dict)
    job_specs: tuple[str, ...] = ()
    limits: Mapping[str, Limit] = field(default_factory=dict)
