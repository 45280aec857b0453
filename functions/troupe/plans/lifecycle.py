"""Erases the subscription of a deleted user, and exports that of any user."""

from __future__ import annotations

from collections.abc import Iterator

from troupe.adapters.firestore import Database, Delete
from troupe.exported import Exported
from troupe.plans.writes import subscription_path


def erase(uid: str, limit: int, *, database: Database) -> int:
    """Deletes it; its grants go with the wallet. Returns how many were deleted, 0 or 1."""
    document = database.get(subscription_path(uid))
    if document.exists:
        database.commit(Delete(document.path))
    return int(document.exists)


def export(uid: str, *, database: Database) -> Iterator[Exported]:
    document = database.get(subscription_path(uid))
    if document.exists:
        yield document
