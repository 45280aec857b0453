"""Enqueues the tasks of jobs."""

from __future__ import annotations

from typing import Any

from troupe import tokens
from troupe.adapters.queue import Queue
from troupe.jobs.events import event_id, event_of
from troupe.jobs.records import Job, JobStatus
from troupe.jobs.specs import JobSpecs
from troupe.webhooks.sender import WebhookSender


class TaskSender:
    """Enqueues tasks in the queue of their job's kind. A task holds only ids and a token that
    authenticates it."""

    def __init__(self, queue: Queue, specs: JobSpecs) -> None:
        self._queue = queue
        self._specs = specs

    def send(self, job: Job, part: int | None = None) -> None:
        """Raises QueueUnavailable."""
        payload: dict[str, Any] = {"jobId": job.id, "uid": job.uid}
        if part is not None:
            payload["part"] = part
        queue = self._specs[job.kind].queue
        self._queue.enqueue(queue, payload, tokens.task_headers(job.id))

    def tell(self, job: Job, status: JobStatus) -> None:
        """Enqueues the event of a job that has ended as `status`, if it has one. Never raises: the
        sweep finds the event."""
        if event_of(job, self._specs[job.kind], status) is not None:
            WebhookSender(self._queue).event(event_id(job, status))
