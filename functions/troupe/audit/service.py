"""The audit log. The entry of a change is written in the same commit; that of reading personal data
before the data is returned."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from troupe.adapters.firestore import AlreadyExists, Create, Database, Write, now
from troupe.audit.records import Actor, AuditEntry
from troupe.caller import Caller
from troupe.paging import PageOf, PageRequest, newest_first
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
    left, right = (
        {name: side[name] for name in changed if name in side} for side in (before, after)
    )
    return [_create_write(actor, operation, target, about=[target], before=left, after=right)]


def _create_write(actor: Actor, operation: str, target: str, **fields: Any) -> Write:
    entry = AuditEntry(
        id=secrets.token_hex(10),
        uid=actor.uid,
        email=actor.email,
        operation=operation,
        target=target,
        at=now(),
        request_id=actor.request_id,
        **fields,
    )
    return Create(f"{COLLECTION}/{entry.id}", entry.stored())


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

    def read(
        self, actor: Actor, operation: str, target: str, about: Sequence[str] | None = None
    ) -> None:
        """Records that an administrator reads personal data: of the document `target`, or of those
        in the list `target` whose paths are `about`. Call it before returning them: what cannot be
        recorded is not shown."""
        paths = [target] if about is None else list(dict.fromkeys(about))
        if not paths:
            return
        with suppress(AlreadyExists):  # our own commit, sent again after its response was lost
            self._db.commit(_create_write(actor, operation, target, about=paths))

    def read_user(self, caller: Caller, operation: str, uid: str) -> None:
        """Records that an administrator reads what is another user's; nothing for one's own."""
        if caller.uid != uid:
            self.read(Actor.of(caller), operation, f"users/{uid}")

    def page(
        self, request: PageRequest, *, about: str | None = None, actor: str | None = None
    ) -> tuple[list[AuditEntry], PageOf]:
        """Newest first: all entries, those about a document (a path), those of an administrator (a
        uid), or those that are both. Raises BadCursor, PageTooDeep."""
        where: list[tuple[str, str, Any]] = []
        if about is not None:
            where.append(("about", "array_contains", about))
        if actor is not None:
            where.append(("uid", "==", actor))
        found = newest_first(self._db, COLLECTION, request, field="at", where=where)
        return [AuditEntry.of(document) for document in found.documents], found

    def newest(self, limit: int) -> list[AuditEntry]:
        """The latest entries, newest first."""
        found = self._db.find(COLLECTION, order=[("at", True)], limit=limit)
        return [AuditEntry.of(document) for document in found]
