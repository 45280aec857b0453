"""Erases the reports by and about a deleted user."""

from __future__ import annotations

from troupe.adapters.firestore import Database
from troupe.reports.records import COLLECTION


def erase(uid: str, limit: int, *, database: Database) -> int:
    """Deletes up to `limit` reports of each kind; returns how many."""
    paths = {
        document.path
        for field in ("uid", "subjectUid")
        for document in database.find(
            COLLECTION, where=[(field, "==", uid)], limit=limit, select=[]
        )
    }
    database.delete_all(sorted(paths))
    return len(paths)
