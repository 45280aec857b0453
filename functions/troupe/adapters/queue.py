"""Cloud Tasks: hands work to the `generate` function."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import firebase_admin
from firebase_admin import functions
from firebase_admin.exceptions import FirebaseError
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession

from troupe.calls import after, retry

# Cloud Tasks' own limit for HTTP targets; parts are cut so that none comes near it.
DISPATCH_DEADLINE_SECONDS = 1800
_WAITS = (0.2, 0.4)  # seconds before the second try, and before the third
# Besides its own errors the SDK raises TypeError and ValueError for an outage of the metadata
# server, or for an answer without a name.
_FAILURES = (FirebaseError, GoogleAuthError, OSError, TypeError, ValueError)
_CHECK_TIMEOUT = 4.0  # seconds


class QueueUnavailable(Exception):
    """The task could not be handed over. The sweep finds what was meant to be done."""


class Queue(Protocol):
    def enqueue(self, payload: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        """Hands over one task. Raises QueueUnavailable."""
        ...

    def check(self) -> None:
        """One cheap call that raises when the queue is not there or nobody answers for it."""
        ...


@dataclass(frozen=True)
class CloudTasksQueue:
    """The queue that the Firebase CLI makes for a function of `on_task_dispatched`.

    No task names are given: Cloud Tasks forgets them after an hour and delivers twice anyhow, so
    the job document decides; and `TaskQueue.enqueue` of firebase-admin 7.7 raises under the
    emulator when a name is given, after the task was accepted.
    """

    app: firebase_admin.App
    region: str
    function: str = "generate"
    api: str = "https://cloudtasks.googleapis.com"

    def check(self) -> None:
        """One cheap call that raises when the queue is not there or nobody answers for it."""
        emulator = os.environ.get("CLOUD_TASKS_EMULATOR_HOST")
        if emulator:
            host, _, port = emulator.rpartition(":")
            socket.create_connection((host, int(port)), timeout=_CHECK_TIMEOUT).close()
            return
        # Its REST API: the client library would cost every cold start a tenth of a second.
        session = AuthorizedSession(self.app.credential.get_credential())  # type: ignore[no-untyped-call]
        queue = f"projects/{self.app.project_id}/locations/{self.region}/queues/{self.function}"
        with session:
            answer = session.get(f"{self.api}/v2/{queue}", timeout=_CHECK_TIMEOUT)
            answer.raise_for_status()

    def enqueue(self, payload: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        queue = functions.task_queue(
            f"locations/{self.region}/functions/{self.function}", app=self.app
        )
        options = functions.TaskOptions(
            dispatch_deadline_seconds=DISPATCH_DEADLINE_SECONDS, headers=dict(headers)
        )
        # `on_task_dispatched` demands the `data` wrapper that this SDK does not add.
        body = {"data": dict(payload)}
        json.dumps(body)  # ids only: anything else is a mistake of ours, not an outage
        try:
            retry(lambda: queue.enqueue(body, options), after(*_FAILURES), _WAITS)
        except _FAILURES as error:
            raise QueueUnavailable(str(error)) from error
