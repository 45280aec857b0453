"""Erases the activities of a deleted account, and exports those of any account."""

from __future__ import annotations

from collections.abc import Iterator

from troupe.activities.service import Activities, activities_path
from troupe.adapters.firestore import Database
from troupe.exported import Exported


def erase(uid: str, limit: int, *, activities: Activities) -> int:
    """Deletes all of them in bounded commits, regardless of `limit`; returns how many."""
    return activities.clear(uid)


def export(uid: str, *, database: Database) -> Iterator[Exported]:
    yield from database.walk(activities_path(uid))
