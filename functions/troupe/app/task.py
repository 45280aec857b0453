"""The edge of a task function: authorizes the call, and tells Cloud Tasks whether to retry."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeGuard

from firebase_functions.https_fn import CallableRequest, FunctionsErrorCode, HttpsError

from troupe import deadlines, logs, tokens
from troupe.adapters.queue import QueueUnavailable
from troupe.app.container import Container
from troupe.counters import COUNTERS
from troupe.errors import Unauthorized
from troupe.jobs.errors import TryAgain
from troupe.tokens import TASK_TOKEN_HEADER
from troupe.webhooks.errors import NotYet

_UID = re.compile(r"[^/]{1,128}")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


def handle(request: CallableRequest[Any], services: Container, function: str) -> None:
    """Handles one delivery to `function`. A 2xx response ends the task; Cloud Tasks retries after
    any other.

    In production, IAM admits only the service account of Cloud Tasks. The token is checked as
    well, for the emulators and in case of a wrong IAM policy.
    """
    job_id, part, uid = _task(request.data)
    _authorize(request, job_id)
    _begin(request, services, jobId=job_id, part=part, uid=uid)
    try:
        with _counted(function):
            services.runner.run(job_id, part, uid)
    except (TryAgain, QueueUnavailable) as again:
        # Not 503, for which Cloud Tasks slows down the whole queue.
        raise HttpsError(FunctionsErrorCode.ABORTED, str(again)) from None


def handle_delivery(request: CallableRequest[Any], services: Container, function: str) -> None:
    """The same for events of webhooks: creates the deliveries of one, or makes an attempt."""
    event_id, webhook_id = _delivery(request.data)
    _authorize(request, event_id)
    _begin(request, services, eventId=event_id, webhookId=webhook_id)
    try:
        with _counted(function):
            if webhook_id is None:
                services.webhook_deliverer.fan_out(event_id)
            else:
                services.webhook_deliverer.deliver(webhook_id, event_id)
    except NotYet as again:
        raise HttpsError(FunctionsErrorCode.ABORTED, str(again)) from None


def _authorize(request: CallableRequest[Any], subject: str) -> None:
    try:
        claims = tokens.decode(
            request.raw_request.headers.get(TASK_TOKEN_HEADER, ""), purpose="task"
        )
    except Unauthorized:
        raise HttpsError(
            FunctionsErrorCode.UNAUTHENTICATED, "Only Cloud Tasks may call this."
        ) from None
    if claims.subject != subject:
        raise HttpsError(
            FunctionsErrorCode.PERMISSION_DENIED, "This token belongs to another task."
        )


def _begin(request: CallableRequest[Any], services: Container, **about: Any) -> None:
    trace = logs.trace_fields(request.raw_request.headers, lambda: services.settings.project_id)
    logs.begin(**about, **trace)
    deadlines.begin(None)


@contextmanager
def _counted(function: str) -> Iterator[None]:
    """Counts the delivery for the metrics. One that has to come again has not failed."""
    started, failed = time.perf_counter(), True
    try:
        yield
        failed = False
    except (TryAgain, NotYet, QueueUnavailable):
        failed = False
        raise
    finally:
        COUNTERS.request(function, None, (time.perf_counter() - started) * 1000, failed=failed)


def _task(data: object) -> tuple[str, int | None, str | None]:
    if isinstance(data, dict):
        job_id, part, uid = data.get("jobId"), data.get("part"), data.get("uid")
        if (
            isinstance(job_id, str)
            and job_id.isalnum()
            and (part is None or type(part) is int)
            and (uid is None or (isinstance(uid, str) and _UID.fullmatch(uid)))
        ):
            return job_id, part, uid
    message = "Send {jobId, uid} or {jobId, uid, part}."
    raise HttpsError(FunctionsErrorCode.INVALID_ARGUMENT, message)


def _delivery(data: object) -> tuple[str, str | None]:
    """The ids of the event and of the webhook; without one, the deliveries are to be created."""
    if isinstance(data, dict):
        event_id, delivery_id = data.get("eventId"), data.get("deliveryId")
        webhook_id = data.get("webhookId")
        if delivery_id is None and webhook_id is None and _is_id(event_id):
            return event_id, None
        if event_id is None and _is_id(delivery_id) and _is_id(webhook_id):
            return delivery_id, webhook_id
    message = "Send {eventId} or {webhookId, deliveryId}."
    raise HttpsError(FunctionsErrorCode.INVALID_ARGUMENT, message)


def _is_id(given: object) -> TypeGuard[str]:
    return isinstance(given, str) and bool(_ID.fullmatch(given))
