"""Declarations of domains. They name everything by strings, so that loading one imports nothing
else: `troupe.app` resolves the names when they are needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limit:
    """`default` is in the format of `RateLimit.parse`; `meaning` is for the table in the README."""

    default: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """`endpoints`: for each Cloud Function, the modules whose `api` it serves.

    `erasers`: by name, functions `module:function` that erase at most `limit` items of a deleted
    user, `(uid, limit, *, services...) -> int`, and return how many; 0 when none are left.
    `chores`: by name, methods `service.method` that the sweep calls with a maximum number of items,
    and that return how many they processed. `exporters`: by name, functions `module:function` that
    hand over what belongs to a user, `(uid, *, services...) -> Iterator[Exported]`; everything that
    has an eraser has one. `job_specs`: by kind, `module:NAME` of its JobSpec. `limits`: rate limits
    for routes, by name; the environment variable `NAME_LIMIT` overrides the default.
    """

    name: str
    endpoints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    erasers: Mapping[str, str] = field(default_factory=dict)
    exporters: Mapping[str, str] = field(default_factory=dict)
    chores: Mapping[str, str] = field(default_factory=dict)
    job_specs: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, Limit] = field(default_factory=dict)
