"""Debug logs for administrators: switching them on and off, and reading them."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from troupe.adapters.firestore import Create, Database, Update, Write, contend, now
from troupe.audit.records import Actor
from troupe.audit.service import entry_writes
from troupe.debugging.errors import DebugScopeNotFound, TooManyDebugScopes
from troupe.debugging.records import (
    COLLECTION,
    KINDS,
    SWITCHES,
    DebugLine,
    Switch,
    remembered,
    switches_of,
)
from troupe.errors import InvalidInput
from troupe.paging import PageOf, PageRequest, newest_first

MOST_SCOPES = 50  # at once: every instance reads them all
_ID = re.compile(r"(?!__)[A-Za-z0-9_-]{1,128}")  # Firestore reserves names like __this__
# Kinds whose documents are in a collection of that name, with an s.
_STORED = frozenset({"user", "room"})
# Part of every query, so that there are fewer kinds of them. It is before all.
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DebugFilter:
    """None selects all."""

    scope: str | None = None
    level: str | None = None
    request_id: str | None = None
    since: datetime | None = None

    def where(self) -> list[tuple[str, str, Any]]:
        given: list[tuple[str, str, Any]] = [
            ("level", "==", self.level),
            ("requestId", "==", self.request_id),
            ("scopes", "array_contains", self.scope),
            ("at", ">=", self.since or _EVER),
        ]
        return [each for each in given if each[2] is not None]


class DebugLogs:
    def __init__(self, db: Database, functions: Collection[str]) -> None:
        """`functions`: the names of all."""
        self._db = db
        self._functions = functions

    def switch(self, actor: Actor, scope: str, minutes: int) -> Switch:
        """Stores the log lines of a scope for so many minutes; 0 ends that. Instances follow within
        30 seconds. Raises InvalidInput, DebugScopeNotFound, TooManyDebugScopes."""
        kind, subject = self.checked(scope)
        paths = [SWITCHES]
        if kind in _STORED and minutes:
            paths.append(f"{kind}s/{subject}")

        def attempt() -> Switch:
            document, *named = self._db.get_all(paths)
            if not all(each.exists for each in named):
                raise DebugScopeNotFound
            at = now()
            switches = {each.scope: each for each in remembered(switches_of(document), at)}
            before = switches.get(scope)
            was_on = before is not None and before.is_on(at)
            if not minutes and not was_on:
                return before or Switch(scope=scope, since=at, until=at)
            since = before.since if before is not None and was_on else at
            after = Switch(scope=scope, since=since, until=at + timedelta(minutes=minutes))
            switches[scope] = after
            if sum(each.is_on(at) for each in switches.values()) > MOST_SCOPES:
                raise TooManyDebugScopes
            fields = {"scopes": [each.model_dump(by_alias=True) for each in switches.values()]}
            write: Write = Create(SWITCHES, fields)
            if document.exists:
                write = Update(SWITCHES, fields, seen=document)
            left = {"debugUntil": before.until} if before is not None and was_on else {}
            right = {"debugUntil": after.until} if minutes else {}
            entry = entry_writes(actor, "setDebug", f"{kind}s/{subject}", left, right)
            self._db.commit_or_stale(write, *entry)
            return after

        return contend(attempt, on=SWITCHES)

    def active(self) -> list[Switch]:
        """Those that are on, by scope."""
        at = now()
        found = switches_of(self._db.get(SWITCHES))
        return sorted((each for each in found if each.is_on(at)), key=lambda each: each.scope)

    def page(self, request: PageRequest, chosen: DebugFilter) -> tuple[list[DebugLine], PageOf]:
        """Newest first. Raises InvalidInput, BadCursor, PageTooDeep."""
        if chosen.scope is not None:
            self.checked(chosen.scope)
        found = newest_first(self._db, COLLECTION, request, field="at", where=chosen.where())
        return [DebugLine.of(document) for document in found.documents], found

    def expire(self, limit: int) -> int:
        """Deletes lines that were kept long enough; returns how many. Firestore's TTL policy
        does the same where it is enabled."""
        old = self._db.due(COLLECTION, limit, field="expiresAt", select=[])
        self._db.delete_all([document.path for document in old])
        return len(old)

    def checked(self, scope: str) -> tuple[str, str]:
        """The kind and the id of a scope. Raises InvalidInput."""
        kind, _, subject = scope.partition(":")
        if kind not in KINDS or not _ID.fullmatch(subject):
            raise _wrong("must be `user:ID`, `room:ID`, `call:ID` or `function:NAME`")
        if kind == "function" and subject not in self._functions:
            raise _wrong("must be an existing function", sorted(self._functions))
        return kind, subject


def _wrong(why: str, allowed: list[str] | None = None) -> InvalidInput:
    field: dict[str, Any] = {"field": "scope", "message": why, "type": "scope"}
    if allowed is not None:
        field["allowed"] = [f"function:{each}" for each in allowed]
    return InvalidInput(f"scope: {why}", details={"fields": [field]})
