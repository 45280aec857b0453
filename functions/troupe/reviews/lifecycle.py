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
    """Takes the name and the text from up to `limit` of the user's reviews, and the user from their
    answers for companies; returns how many were found."""
    mine = database.find(COLLECTION, where=[("uid", "==", uid)], limit=limit, select=[])
    answered = database.find(
        COLLECTION, where=[("response.by", "==", uid)], limit=limit, select=[]
    )
    fields = _EMPTY | {"revision": Increment(1), "updatedAt": now()}
    for document in mine:
        with suppress(Stale):  # it is changing: found again
            database.commit_or_stale(Update(document.path, fields, seen=document))
    for document in answered:
        with suppress(Stale):
            database.commit_or_stale(Update(document.path, {"response.by": ""}, seen=document))
    return len(mine) + len(answered)


def export(uid: str, *, database: Database) -> Iterator[Exported]:
    """What the user has said in reviews, and answered for companies."""
    yield from database.walk(COLLECTION, where=[("uid", "==", uid)])
    for document in database.walk(
        COLLECTION, where=[("response.by", "==", uid)], select=["subject", "response"]
    ):
        yield document
