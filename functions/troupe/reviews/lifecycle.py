"""What becomes of the reviews of a deleted user, and exports those of any user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from troupe.adapters.firestore import Database, Increment, Stale, Update, now
from troupe.exported import Exported
from troupe.reviews.records import COLLECTION

# What was counted stays, so the numbers of others do not change.
_EMPTY = {"uid": "", "name": "", "title": "", "text": "", "tags": []}


def erase(uid: str, limit: int, *, database: Database) -> int:
    """Takes the name and the text from up to `limit` of the user's reviews, and the user from as
    many answers for companies, and reviews of calls that they have hosted; returns how many were
    found."""
    emptied = _EMPTY | {"revision": Increment(1), "updatedAt": now()}
    count = 0
    for field, fields in (
        ("uid", emptied),
        ("response.by", {"response.by": ""}),
        ("hostUid", {"hostUid": None}),
    ):
        found = database.find(COLLECTION, where=[(field, "==", uid)], limit=limit, select=[])
        for document in found:
            with suppress(Stale):  # it is changing: found again
                database.commit_or_stale(Update(document.path, fields, seen=document))
        count += len(found)
    return count


def export(uid: str, *, database: Database) -> Iterator[Exported]:
    """What the user has said in reviews, and answered for companies."""
    yield from database.walk(COLLECTION, where=[("uid", "==", uid)])
    yield from database.walk(
        COLLECTION, where=[("response.by", "==", uid)], select=["subject", "response"]
    )
