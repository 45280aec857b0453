"""Exports what administrators did to a user, and when they read their data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from troupe.accounts.writes import user_path
from troupe.adapters.firestore import Database
from troupe.audit.service import COLLECTION
from troupe.exported import Exported

# Not who did it, and not who else was in a list: they are people too.
_EXPORTED = ("operation", "target", "before", "after", "at")


def export(uid: str, *, database: Database) -> Iterator[Exported]:
    for document in database.walk(COLLECTION, where=[("about", "array_contains", user_path(uid))]):
        shown = {name: value for name, value in document.data.items() if name in _EXPORTED}
        yield replace(document, data=shown)
