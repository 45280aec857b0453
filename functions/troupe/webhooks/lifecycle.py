"""Erases the webhooks of a deleted user or company, and exports those of a user."""

from __future__ import annotations

from collections.abc import Iterator

from troupe.adapters.firestore import Database
from troupe.exported import Exported
from troupe.webhook_events import EVENTS
from troupe.webhooks.records import COLLECTION, Webhook, deliveries_path
from troupe.webhooks.service import deleted_writes


def erase(uid: str, limit: int, *, database: Database) -> int:
    """Deletes up to `limit` webhooks with their deliveries, and as many events that wait; returns
    how many. `uid`: the owner, which may be a company. The count goes with the owner."""
    mine = [("ownerId", "==", uid)]
    events = database.find(EVENTS, where=mine, limit=limit, select=[])
    database.delete_all([each.path for each in events])
    webhooks = database.find(COLLECTION, where=mine, limit=limit)
    for document in webhooks:
        # The record stays for deliveries that are being created now.
        database.commit(*deleted_writes(Webhook.of(document)))
        database.clear(deliveries_path(document.id))
    return len(events) + len(webhooks)


def export(uid: str, *, database: Database) -> Iterator[Exported]:
    for document in database.walk(COLLECTION, where=[("uid", "==", uid)]):
        yield document
        yield from database.walk(deliveries_path(document.id))
