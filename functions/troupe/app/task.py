"""The edge of a task function: who may call it, and what Cloud Tasks should do next."""

from __future__ import annotations

from typing import Any

from firebase_functions.https_fn import CallableRequest, FunctionsErrorCode, HttpsError

from troupe import logs, tokens
from troupe.adapters.queue import QueueUnavailable
from troupe.app.container import Container
from troupe.errors import Unauthorized
from troupe.jobs.errors import TryAgain
from troupe.jobs.service import TASK_TOKEN_HEADER


def handle(request: CallableRequest[Any], services: Container) -> None:
    """Runs one delivery. A 2xx answer ends the task; any other brings it back later.

    Deployed, the platform lets only Cloud Tasks' own service account in. The token is checked
    besides, so that a stranger is refused on the emulators and behind a mistaken IAM policy too.
    """
    job_id, part = _task(request.data)
    try:
        claims = tokens.decode(
            request.raw_request.headers.get(TASK_TOKEN_HEADER, ""), purpose="task"
        )
    except Unauthorized:
        raise HttpsError(FunctionsErrorCode.UNAUTHENTICATED, "Only Cloud Tasks may.") from None
    if claims.subject != job_id:
        raise HttpsError(FunctionsErrorCode.PERMISSION_DENIED, "This token is for another job.")
    trace = logs.trace_fields(request.raw_request.headers, lambda: services.settings.project_id)
    logs.begin(jobId=job_id, part=part, **trace)
    try:
        services.runner.run(job_id, part)
    except (TryAgain, QueueUnavailable) as again:
        # Not 503: Cloud Tasks would slow the whole queue down for it.
        raise HttpsError(FunctionsErrorCode.ABORTED, str(again)) from None


def _task(data: object) -> tuple[str, int | None]:
    if isinstance(data, dict):
        job_id, part = data.get("jobId"), data.get("part")
        if isinstance(job_id, str) and job_id.isalnum() and (part is None or type(part) is int):
            return job_id, part
    raise HttpsError(FunctionsErrorCode.INVALID_ARGUMENT, "Send {jobId} or {jobId, part}.")
