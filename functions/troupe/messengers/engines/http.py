"""Shared by the messengers that are REST services: one request, and what its failures mean."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from troupe.deadlines import charged, seconds_left
from troupe.messengers.messenger import (
    MessageError,
    rate_limited,
    rejected_key,
    unavailable,
    uncertain,
)
from troupe.outbound import bounded, retry

_MAX_BYTES = 1 << 20
_WAITS = (0.5, 1.0)  # seconds before the second and the third attempt, without Retry-After
_CONNECT_SECONDS = 5.0
# A connection of its own for each message: if one that was kept open breaks, nobody knows whether
# the request arrived.
_HEADERS = {"Connection": "close"}
# Failures of urllib3 before the request is sent.
_BEFORE = (ConnectTimeoutError, NewConnectionError)

Refused = Callable[[int, Any], MessageError]


class _Failed(Exception):
    """An attempt failed. `wait`: seconds that the server asks for, if it does."""

    def __init__(self, error: MessageError, wait: float | None = None) -> None:
        self.error = error
        self.wait = wait
        super().__init__(str(error))


def post(
    url: str,
    *,
    deadline: float,
    refusal: Refused,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
    form: Mapping[str, str] | None = None,
) -> Any:
    """What the server answers: JSON, or None if it is none. Tried again until `deadline` (of
    time.monotonic), but only if the server has not got the request, or has refused it for now.
    `refusal`: the error for the status and the answer of any other refusal. Raises MessageError."""

    def attempt() -> Any:
        left = deadline - time.monotonic()
        if left <= 0:
            raise _Failed(unavailable())
        read = seconds_left(left)
        try:
            with (
                charged(_Failed, requests.RequestException),
                requests.post(
                    url,
                    json=body,
                    data=form,
                    headers={**_HEADERS, **(headers or {})},
                    auth=auth,
                    timeout=(min(_CONNECT_SECONDS, read), read),
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                return _answer(response, deadline, refusal)
        except requests.RequestException as error:
            raise _Failed(unavailable() if _was_before(error) else uncertain()) from error

    def again(error: Exception, planned: float) -> float | None:
        if not isinstance(error, _Failed) or not error.error.retryable:
            return None
        return planned if error.wait is None else error.wait

    try:
        return retry(attempt, again, _WAITS, deadline=deadline)
    except _Failed as failure:
        raise failure.error from failure


def _answer(response: requests.Response, deadline: float, refusal: Refused) -> Any:
    status = response.status_code
    if 200 <= status < 300:
        try:
            return _json(response, deadline)
        except (requests.RequestException, _Failed):
            return None  # it has the message, whatever it says about it
    if status == 429:
        raise _Failed(rate_limited(), _retry_after(response))
    if status in (401, 403):
        raise _Failed(rejected_key(status))
    if status == 408 or status >= 500:
        raise _Failed(uncertain())
    raise _Failed(refusal(status, _json(response, deadline)))


def _json(response: requests.Response, deadline: float) -> Any:
    """None if it is no JSON."""
    chunks = bounded(
        response.iter_content(1 << 16),
        deadline=deadline,
        limit=_MAX_BYTES,
        late=lambda: _Failed(uncertain()),
        large=lambda: _Failed(uncertain()),
    )
    try:
        return json.loads(b"".join(chunks))
    except (ValueError, RecursionError):
        return None


def _was_before(error: requests.RequestException) -> bool:
    """Whether a request failed before it was sent."""
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    return isinstance(reason, _BEFORE)


def _retry_after(response: requests.Response) -> float | None:
    try:
        return max(0.0, float(response.headers["retry-after"]))
    except (KeyError, ValueError):  # absent, or a date
        return None


def field(answer: Any, name: str) -> str:
    """A text or number in an answer; "" if it is not there."""
    found = answer.get(name) if isinstance(answer, dict) else None
    return str(found) if isinstance(found, str | int) else ""
