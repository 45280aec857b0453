"""Takes a deleted user out of recordings of calls, and exports those that a user has made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from troupe.access import belongs
from troupe.adapters.firestore import Database, Stale, Update
from troupe.call_recordings.records import COLLECTION
from troupe.exported import Exported

# The film is the company's, and everybody else's who can be heard in it.
_EXPORTED = ("callId", "state", "startedAt", "endedAt")


def erase(uid: str, limit: int, *, database: Database) -> int:
    """Removes the id and the name of the user from up to `limit` recordings; returns from how many.
    The recordings stay the company's, until its time for them is over."""
    agreed = database.find(COLLECTION, where=_agreed(uid), limit=limit)
    for document in agreed:
        others = [each for each in document.data["consented"] if each != uid]
        fields: dict[str, Any] = {"consented": others}
        if belongs(document, uid):
            fields |= {"uid": "", "name": ""}
        with suppress(Stale):  # it is changing: found again
            database.commit_or_stale(Update(document.path, fields, seen=document))
    return len(agreed)


def export(uid: str, *, database: Database) -> Iterator[Exported]:
    """The recordings that the user has agreed to; who records has, too."""
    yield from database.walk(COLLECTION, where=_agreed(uid), select=_EXPORTED)


def _agreed(uid: str) -> list[tuple[str, str, str]]:
    return [("consented", "array_contains", uid)]
