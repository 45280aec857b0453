"""Enqueues the tasks of the function `deliver`. A lost one is enqueued again by the sweep."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from troupe import tokens
from troupe.adapters.queue import Queue, QueueUnavailable
from troupe.logs import log

QUEUE = "deliver"


class WebhookSender:
    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def event(self, event_id: str) -> bool:
        """For the event's deliveries to be created. Never raises; returns whether there is a
        task."""
        return self._send({"eventId": event_id}, event_id, None)

    def delivery(self, webhook_id: str, event_id: str, delay: timedelta | None = None) -> bool:
        """For the next attempt. Never raises; returns whether there is a task."""
        task = {"webhookId": webhook_id, "deliveryId": event_id}
        return self._send(task, event_id, delay)

    def _send(self, task: Mapping[str, str], event_id: str, delay: timedelta | None) -> bool:
        try:
            self._queue.enqueue(QUEUE, task, tokens.task_headers(event_id), delay)
        except QueueUnavailable as error:
            log.warning("delivery_not_enqueued", **task, reason=str(error))
            return False
        return True
