"""Calls to a server with OpenAI's API: deadlines, retries, bounded answers, and failures."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import httpx2
import openai

from troupe.adapters.model import Failure, ModelError
from troupe.outbound import bounded, retry

T = TypeVar("T")

_MAX_BYTES = 4 << 20  # sixty lines of a script are about 20 kB
# Seconds before the second and the third attempt, unless the server sends Retry-After.
_WAITS = (0.5, 1.0)
_LONGEST_WAIT = 10.0  # seconds; if the server asks for more, the caller gets Failure.BUSY
# While a body is streamed, the SDK does not wrap the transport's errors.
_FAILURES = (openai.APIStatusError, openai.APIConnectionError, httpx2.TransportError)
_REJECTED = (400, 415, 422, 501)  # from servers that do not support something in the request


class RequestRejected(Exception):
    """The server does not accept the request, perhaps because of one of its parameters."""


def client(api_key: str, base_url: str | None) -> openai.OpenAI:
    # Retries are done here, within the caller's deadline. The SDK requires a key even for servers
    # that need none.
    return openai.OpenAI(api_key=api_key or "not-needed", base_url=base_url, max_retries=0)


def retried(attempt: Callable[[bool], T], deadline: float) -> T:
    """Calls `attempt(last)` up to three times until `deadline` (of time.monotonic). Raises
    ModelError, RequestRejected."""
    left = itertools.count(len(_WAITS), -1)
    try:
        return retry(lambda: attempt(next(left) == 0), _pause, _WAITS, deadline=deadline)
    except _FAILURES as error:
        raise _failure(error) from error


def read_body(resource: Any, request: Mapping[str, Any], deadline: float, *, last: bool) -> bytes:
    """Posts `request` to a resource of the SDK's client, once, and returns the answer's body.
    Unless this is the `last` attempt, gives up on a hanging server while there is time for
    another."""
    seconds = max(0.1, deadline - time.monotonic())
    read = seconds if last else seconds * 2 / 3
    timeout = httpx2.Timeout(seconds, connect=min(5.0, seconds), read=read)
    # The SDK's types require a class for each role and format.
    create: Any = resource.with_streaming_response.create
    with create(**request, timeout=timeout) as response:
        chunks = bounded(
            response.iter_bytes(),
            deadline=deadline,
            limit=_MAX_BYTES,
            late=lambda: httpx2.ReadTimeout("the answer is too slow"),
            large=lambda: ModelError(Failure.BAD_ANSWER, "the answer is too long"),
        )
        return b"".join(chunks)


def _pause(error: Exception, planned: float) -> float | None:
    """Seconds to wait before the next attempt; None if another attempt is useless."""
    if not isinstance(error, _FAILURES):
        return None
    said = _retry_after(error) if isinstance(error, openai.APIStatusError) else None
    wait = planned if said is None else said
    passing = _failure(error).failure in (Failure.UNAVAILABLE, Failure.BUSY)
    return wait if passing and wait <= _LONGEST_WAIT else None


def _failure(error: Exception) -> ModelError:
    """The ModelError for an exception of the client. Raises RequestRejected."""
    if isinstance(error, openai.APIStatusError):
        return _refusal(error)
    return ModelError(Failure.UNAVAILABLE, "no answer")


def _refusal(error: openai.APIStatusError) -> ModelError:
    """The ModelError for an HTTP error. Does not pass on the server's message, which may contain
    the prompt. Raises RequestRejected."""
    status = error.status_code
    if error.code in ("content_filter", "content_policy_violation"):
        return ModelError(Failure.REFUSED, "the server's content filter refused")
    # "insufficient_quota" is a 429 too, but waiting does not help.
    if status in (401, 402, 403, 404) or error.code == "insufficient_quota":
        message = f"the server rejected the key or the model ({status})"
        return ModelError(Failure.MISCONFIGURED, message)
    if status == 429:
        wait = _retry_after(error)
        seconds = None if wait is None else max(1, math.ceil(wait))
        return ModelError(Failure.BUSY, "too many requests (429)", seconds)
    if status in (408, 409) or (status >= 500 and status != 501):
        return ModelError(Failure.UNAVAILABLE, f"the server failed ({status})")
    if status in _REJECTED:
        raise RequestRejected from error
    return ModelError(Failure.BAD_ANSWER, f"the server rejected the request ({status})")


def _retry_after(error: openai.APIStatusError) -> float | None:
    try:
        seconds = float(error.response.headers["retry-after"])
    except (KeyError, ValueError):  # absent, or a date
        return None
    return min(max(0.0, seconds), 3600.0)
