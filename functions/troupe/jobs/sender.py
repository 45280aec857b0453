"""Enqueues the tasks of jobs."""

from __future__ import annotations

from typing import Any

from troupe import tokens
from troupe.adapters.queue import Queue
from troupe.jobs.records import Job
from troupe.jobs.specs import JobSpecs

TASK_TOKEN_HEADER = "X-Troupe-Task"  # noqa: S105 (the name of a header)
TASK_TOKEN_SECONDS = 30 * 86400  # as long as Cloud Tasks keeps a task at most


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
        token = tokens.encode(purpose="task", subject=job.id, ttl=TASK_TOKEN_SECONDS)
        self._queue.enqueue(self._specs[job.kind].queue, payload, {TASK_TOKEN_HEADER: token})
