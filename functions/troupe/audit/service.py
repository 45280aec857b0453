"""Writing the audit log, in the commit of what it tells of, and reading it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from troupe.adapters.firestore import Create, Database, Write, now
from troupe.audit.records import Actor, AuditEntry
from troupe.records import Record, Witness

COLLECTION = "audit"
# Follow from the rest, or are nobody's business: an audit log holds no secrets.
_LEFT_OUT = {"createdAt", "updatedAt", "nameKey", "sessions"}


def entry_writes(
    actor: Actor,
    operation: str,
    target: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> list[Write]:
    """One entry with what differs; nothing when nothing does."""
    names = [name for name in {**before, **after} if name not in _LEFT_OUT]
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
    """Bears witness to the change of a record of a collection."""

    def bear(before: Record | None, after: Record | None) -> Sequence[Write]:
        record: Any = after or before
        stored = [{} if each is None else each.stored() for each in (before, after)]
        return entry_writes(actor, operation, f"{collection}/{record.id}", *stored)

    return bear


class AuditLog:
    def __init__(self, db: Database) -> None:
        self._db = db

    def newest(self, limit: int) -> list[AuditEntry]:
        found = self._db.find(COLLECTION, order=[("at", True)], limit=limit)
        return [AuditEntry.of(document) for document in found]
