"""Administrators must not run out: two that leave at once would each see the other one stay."""

from __future__ import annotations

from troupe.accounts.errors import LastAdmin
from troupe.adapters.firestore import Create, Database, Update, Write, now

_GUARD = "guards/admins"


def leave_writes(db: Database) -> list[Write]:
    """What has to be committed with the change by which one administrator is one no more; it makes
    such changes follow one another. Raises LastAdmin where there is only one.

    A commit that loses the race raises Stale or AlreadyExists: read everything again.
    """
    guard = db.get(_GUARD)
    if db.count("users", where=[("role", "==", "admin")]) <= 1:
        raise LastAdmin
    if guard.exists:
        return [Update(_GUARD, {"leftAt": now()}, seen=guard)]
    return [Create(_GUARD, {"leftAt": now()})]
