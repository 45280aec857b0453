"""The audit log. Entries are written in the same commit as the change they record."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from troupe.adapters.firestore import Create, Database, Write, now
from troupe.audit.records import Actor, AuditEntry
from troupe.records import Record, Witness

COLLECTION = "audit"
# Derived or secret: an audit log must not hold secrets.
_EXCLUDED = {"createdAt", "updatedAt", "nameKey", "sessions"}


def entry_writes(
    actor: Actor,
    operation: str,
    target: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> list[Write]:
    """Creates an entry with the fields that differ; no writes if none do."""
    names = [name for name in {**before, **after} if name not in _EXCLUDED]
    missing = object()
    changed = [n for n in names if before.get(n, missing) != after.get(n, missing)]
    if not changed:
        return []
    entry = AuditEntry(
        id=secrets.token_hex(10),
        uid=actor.uid,
        email=actor.email,
        operation=operation,
        target=target,
        before={name: before[name] for name in changed if name in before},
        after={name: after[name] for name in changed if name in after},
        at=now(),
        request_id=actor.request_id,
    )
    return [Create(f"{COLLECTION}/{entry.id}", entry.stored())]


def witness(actor: Actor, operation: str, collection: str) -> Witness:
    """Returns a function that makes the audit entry for a change of a record in `collection`."""

    def writes(before: Record | None, after: Record | None) -> Sequence[Write]:
        record: Any = after or before
        stored = [{} if each is None else each.stored() for each in (before, after)]
        return entry_writes(actor, operation, f"{collection}/{record.id}", *stored)

    return writes


class AuditLog:
    def __init__(self, db: Database) -> None:
        self._db = db

    def newest(self, limit: int) -> list[AuditEntry]:
        """The latest entries, newest first."""
        found = self._db.find(COLLECTION, order=[("at", True)], limit=limit)
        return [AuditEntry.of(document) for document in found]
