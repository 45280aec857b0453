"""Erases the API keys that a deleted user made, and exports those of any user."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from troupe.adapters.firestore import Database, Delete, Increment, Update, Write
from troupe.api_keys.records import COLLECTION, owner_path
from troupe.exported import Exported
from troupe.wallet.budgets import key_months_path

_SECRET = ("hash", "previousHash")
_MOST_MONTHS = 200


def erase(uid: str, limit: int, *, database: Database) -> int:
    """Deletes up to `limit` keys with what they spent, also those of companies: a key acts as the
    user who made it. Returns how many it found."""
    found = database.find(COLLECTION, where=[("uid", "==", uid)], limit=limit)
    for document in found:
        months = database.find(key_months_path(document.id), limit=_MOST_MONTHS, select=[])
        writes: list[Write] = [Delete(each.path) for each in (*months, document)]
        counted = owner_path(uid, document.data.get("companyId"))
        # The user's own count goes with the user.
        is_counted = document.data.get("companyId") and document.data.get("revokedAt") is None
        if is_counted and database.get(counted).exists:
            writes.append(Update(counted, {"apiKeys": Increment(-1)}))
        database.commit(*writes)
    return len(found)


def export(uid: str, *, database: Database) -> Iterator[Exported]:
    """Without the hashes of their secrets."""
    for document in database.walk(COLLECTION, where=[("uid", "==", uid)]):
        shown = {name: value for name, value in document.data.items() if name not in _SECRET}
        yield replace(document, data=shown)
        yield from database.walk(key_months_path(document.id))
