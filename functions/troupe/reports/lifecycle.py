"""Erases the reports by and about a deleted user, and exports those by any user."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from troupe.adapters.firestore import Database
from troupe.exported import Exported
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


def export(uid: str, *, database: Database) -> Iterator[Exported]:
    """Not those about the user, which would show who reported them, nor who decided."""
    for document in database.walk(COLLECTION, where=[("uid", "==", uid)]):
        shown = {name: value for name, value in document.data.items() if name != "decidedBy"}
        yield replace(document, data=shown)
