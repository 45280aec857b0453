"""Empties the comments of a deleted user, and exports those of any user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from troupe.adapters.firestore import Database, Stale, Update
from troupe.comments.records import COLLECTION
from troupe.comments.service import emptied_fields
from troupe.exported import Exported


def erase(uid: str, limit: int, *, database: Database) -> int:
    """Empties up to `limit` comments, whose places stay for the answers to them; returns how many
    were found."""
    found = database.find(COLLECTION, where=[("uid", "==", uid)], limit=limit, select=[])
    fields = emptied_fields() | {"uid": "", "name": ""}
    for document in found:
        with suppress(Stale):  # it is changing: found again
            database.commit_or_stale(Update(document.path, fields, seen=document))
    return len(found)


def export(uid: str, *, database: Database) -> Iterator[Exported]:
    yield from database.walk(COLLECTION, where=[("uid", "==", uid)])
