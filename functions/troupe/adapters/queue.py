"""Cloud Tasks: enqueues tasks for task functions."""

from __future__ import annotations

import json
import math
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

import firebase_admin
from firebase_admin.exceptions import FirebaseError
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from requests.adapters import HTTPAdapter

from troupe.adapters.lazy import LazyModule
from troupe.deadlines import charged, seconds_left
from troupe.outbound import after, retry

if TYPE_CHECKING:
    from firebase_admin import functions
else:
    # With its HTTP client it costs a cold start some 80 ms, and only submitting a job uses it.
    functions = LazyModule("firebase_admin.functions")

# Cloud Tasks' maximum for HTTP targets; parts are small enough to stay far below it.
DISPATCH_DEADLINE_SECONDS = 1800
_TIMEOUT = 3.0  # seconds, of one attempt
_PATIENCE = 10.0  # seconds, of all attempts
_WAITS = (0.2, 0.4)  # seconds before the second and the third attempt
# Besides its own errors, the SDK raises TypeError and ValueError if the metadata server is down or
# a response has no task name.
_FAILURES = (FirebaseError, GoogleAuthError, OSError, TypeError, ValueError)
_CHECK_TIMEOUT = 4.0  # seconds


class QueueUnavailable(Exception):
    """The task could not be enqueued. The sweep will enqueue the job later."""


class Queue(Protocol):
    def enqueue(
        self,
        queue: str,
        payload: Mapping[str, Any],
        headers: Mapping[str, str],
        delay: timedelta | None = None,
    ) -> None:
        """Enqueues one task for the function named `queue`, to come after `delay`. The emulator
        knows no delays. Raises QueueUnavailable."""
        ...

    def check(self, name: str) -> None:
        """Makes one cheap call, which raises if that queue is missing or does not answer."""
        ...


@dataclass(frozen=True)
class CloudTasksQueue:
    """The queues of a region. The Firebase CLI creates one for each `on_task_dispatched` function,
    and gives it the function's name.

    Tasks have no names: Cloud Tasks forgets names after an hour and may deliver twice anyway, so
    the job document deduplicates. Also, `TaskQueue.enqueue` of firebase-admin 7.7 raises under the
    emulator for a named task, after it was accepted.
    """

    app: firebase_admin.App
    region: str
    api: str = "https://cloudtasks.googleapis.com"

    def check(self, name: str) -> None:
        """Makes one cheap call, which raises if that queue is missing or does not answer."""
        emulator = os.environ.get("CLOUD_TASKS_EMULATOR_HOST")
        if emulator:
            host, _, port = emulator.rpartition(":")
            socket.create_connection((host, int(port)), timeout=_CHECK_TIMEOUT).close()
            return
        # The REST API, because the client library adds 0.1 s to every cold start.
        session = AuthorizedSession(self.app.credential.get_credential())  # type: ignore[no-untyped-call]
        queue = f"projects/{self.app.project_id}/locations/{self.region}/queues/{name}"
        with session:
            answer = session.get(f"{self.api}/v2/{queue}", timeout=_CHECK_TIMEOUT)
            answer.raise_for_status()

    def enqueue(
        self,
        queue: str,
        payload: Mapping[str, Any],
        headers: Mapping[str, str],
        delay: timedelta | None = None,
    ) -> None:
        target = functions.task_queue(f"locations/{self.region}/functions/{queue}", app=self.app)
        options = functions.TaskOptions(
            schedule_delay_seconds=math.ceil(delay.total_seconds()) if delay else None,
            dispatch_deadline_seconds=DISPATCH_DEADLINE_SECONDS,
            headers=dict(headers),
        )
        # `on_task_dispatched` requires the `data` wrapper, which this SDK does not add.
        body = {"data": dict(payload)}
        json.dumps(body)  # fails here on a bug, which must not count as an outage below
        _limit(target._http_client)
        ends = time.monotonic() + seconds_left(_PATIENCE)
        try:
            with charged(*_FAILURES):
                retry(
                    lambda: target.enqueue(body, options),
                    after(*_FAILURES),
                    _WAITS,
                    deadline=ends,
                )
        except _FAILURES as error:
            raise QueueUnavailable(str(error)) from error


def _limit(client: Any) -> None:
    """Limits the SDK's client, which all tasks share: it waits for two minutes, and retries."""
    if client._timeout != _TIMEOUT:
        client.session.mount("https://", HTTPAdapter(max_retries=0))
        client.session.mount("http://", HTTPAdapter(max_retries=0))
        client._timeout = _TIMEOUT
