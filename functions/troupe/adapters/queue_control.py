"""Cloud Tasks for operators: a queue's state and tasks, and pause, resume and purge."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, cast

import requests
from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError
from google.cloud import tasks_v2

_TIMEOUT = 20.0  # seconds


class QueueRefused(Exception):
    """Cloud Tasks did not answer, or rejected the request."""


@dataclass(frozen=True, slots=True)
class WaitingTask:
    name: str
    due_at: datetime
    tries: int


class QueueControl:
    """One queue of a real project. Every method raises QueueRefused."""

    def __init__(self, client: tasks_v2.CloudTasksClient, queue: str) -> None:
        self._client = client
        self._path = queue  # projects/P/locations/L/queues/Q

    @classmethod
    def connect(cls, project: str, region: str, queue: str) -> QueueControl:
        """With the Application Default Credentials. Raises QueueRefused."""
        with _translated_errors():
            client = tasks_v2.CloudTasksClient()
        return cls(client, f"projects/{project}/locations/{region}/queues/{queue}")

    @property
    def name(self) -> str:
        return self._path.rsplit("/", 1)[-1]

    def state(self) -> str:
        """RUNNING, PAUSED or DISABLED."""
        with _translated_errors():
            return _state(self._client.get_queue(name=self._path, timeout=_TIMEOUT))

    def tasks(self, limit: int) -> list[WaitingTask]:
        with _translated_errors():
            found = self._client.list_tasks(
                request={"parent": self._path, "page_size": limit}, timeout=_TIMEOUT
            )
            return [_waiting_task(task) for task in islice(found, limit)]

    def pause(self) -> str:
        with _translated_errors():
            return _state(self._client.pause_queue(name=self._path, timeout=_TIMEOUT))

    def resume(self) -> str:
        with _translated_errors():
            return _state(self._client.resume_queue(name=self._path, timeout=_TIMEOUT))

    def purge(self) -> str:
        """Deletes all queued tasks, which can take a minute."""
        with _translated_errors():
            return _state(self._client.purge_queue(name=self._path, timeout=_TIMEOUT))


def emulator_stats() -> dict[str, dict[str, Any]]:
    """Statistics by queue of the emulator: `numberOfTasks` (queued), `runningTasks` and others.
    Raises QueueRefused."""
    host = os.environ.get("CLOUD_TASKS_EMULATOR_HOST")
    if not host:
        raise QueueRefused("CLOUD_TASKS_EMULATOR_HOST is not set")
    try:
        answer = requests.get(f"http://{host}/queueStats", timeout=_TIMEOUT)
        answer.raise_for_status()
        return dict(answer.json())
    except (requests.RequestException, ValueError) as error:
        raise QueueRefused(f"no answer from {host}") from error


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except GoogleAPIError as error:
        raise QueueRefused(str(error)) from error
    except GoogleAuthError as error:
        raise QueueRefused(f"no credentials: {error}") from error


def _state(queue: tasks_v2.Queue) -> str:
    return str(tasks_v2.Queue.State(queue.state).name)


def _waiting_task(task: tasks_v2.Task) -> WaitingTask:
    name = task.name.rsplit("/", 1)[-1]
    # proto-plus makes a datetime of it, of which the stubs of protobuf do not know.
    return WaitingTask(name, cast(datetime, task.schedule_time), task.dispatch_count)
