"""The sweeps of events and deliveries whose tasks were lost."""

from __future__ import annotations

from datetime import timedelta

from troupe.adapters.firestore import Database, Missing, Stale, Update, now
from troupe.webhook_events import EVENTS
from troupe.webhooks.records import DELIVERIES
from troupe.webhooks.sender import WebhookSender

# Until the sweep enqueues the same again: the task may only be late.
_AGAIN = timedelta(minutes=15)


class WebhookOutbox:
    def __init__(self, db: Database, sender: WebhookSender, *, enabled: bool) -> None:
        """`enabled`: whether this server has webhooks. If not, what is there waits."""
        self._db = db
        self._sender = sender
        self._enabled = enabled

    def sweep_events(self, limit: int) -> int:
        """Enqueues up to `limit` events that were not fanned out; returns how many."""
        return self._sweep(EVENTS, limit, group=False)

    def sweep_deliveries(self, limit: int) -> int:
        """Enqueues up to `limit` attempts that are overdue; returns how many."""
        return self._sweep(DELIVERIES, limit, group=True)

    def _sweep(self, collection: str, limit: int, *, group: bool) -> int:
        if not self._enabled:
            return 0
        sent = 0
        for document in self._db.due(collection, limit, group=group, select=["dueAt"]):
            try:
                self._db.commit(Update(document.path, {"dueAt": now() + _AGAIN}, seen=document))
            except (Stale, Missing):
                continue  # its task came after all
            if group:
                enqueued = self._sender.delivery(document.path.split("/")[1], document.id)
            else:
                enqueued = self._sender.event(document.id)
            if not enqueued:
                break  # the queue is down: the next sweep goes on
            sent += 1
        return sent
