"""Shared by the translators that are REST services: one request, its retries, and its failures."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import requests

from troupe.deadlines import charged, seconds_left
from troupe.outbound import bounded, retry
from troupe.translation.translator import TranslationError, bad_answer, timed_out, unavailable

_MAX_BYTES = 4 << 20
_WAITS = (0.5, 1.0)  # seconds before the second and the third attempt, without Retry-After
_CONNECT_SECONDS = 5.0
# 456: DeepL's quota is used up. 429 is worth another try, unlike these.
_NO_ACCESS = {401: "rejected our key", 403: "rejected our key", 456: "has no quota left for us"}


class _Failed(Exception):
    """An attempt failed. `wait`: seconds that the server asks for, if it does."""

    def __init__(self, error: TranslationError, wait: float | None = None) -> None:
        self.error = error
        self.wait = wait
        super().__init__(str(error))


def call(
    session: requests.Session,
    method: str,
    url: str,
    *,
    deadline: float,
    headers: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
) -> Any:
    """The JSON that the server answers. Retried after a retryable failure until `deadline` (of
    time.monotonic). Raises TranslationError."""

    def attempt() -> Any:
        left = deadline - time.monotonic()
        if left <= 0:
            raise _Failed(timed_out())
        # Half of what is left, so that a server that hangs can be asked again.
        read = seconds_left(max(0.1, left / 2))
        timeout = (min(_CONNECT_SECONDS, read), read)
        try:
            with (
                charged(_Failed, requests.RequestException),
                session.request(
                    method, url, json=body, headers=headers, timeout=timeout, stream=True
                ) as response,
            ):
                if response.status_code != 200:
                    raise _refused(response)
                return _json(response, deadline)
        except requests.Timeout as error:
            raise _Failed(timed_out()) from error
        except requests.RequestException as error:
            raise _Failed(unavailable()) from error

    def again(error: Exception, planned: float) -> float | None:
        if not isinstance(error, _Failed) or not error.error.retryable:
            return None
        return planned if error.wait is None else error.wait

    try:
        return retry(attempt, again, _WAITS, deadline=deadline)
    except _Failed as failure:
        raise failure.error from failure


def _json(response: requests.Response, deadline: float) -> Any:
    chunks = bounded(
        response.iter_content(1 << 16),
        deadline=deadline,
        limit=_MAX_BYTES,
        late=lambda: _Failed(timed_out()),
        large=lambda: _Failed(bad_answer("The translation service sent too much data.")),
    )
    try:
        return json.loads(b"".join(chunks))
    except (ValueError, RecursionError) as error:
        raise _Failed(bad_answer("The translation service did not send JSON.")) from error


def _refused(response: requests.Response) -> _Failed:
    """The server's own message is not passed on, since it may contain the text."""
    status = response.status_code
    if status in _NO_ACCESS:
        message = f"The translation service {_NO_ACCESS[status]} ({status})."
        return _Failed(TranslationError("translator_auth_failed", message, retryable=False))
    if status == 429:
        message = "The translation service is receiving too many requests (429)."
        error = TranslationError("translator_rate_limited", message, retryable=True)
        return _Failed(error, _retry_after(response))
    if status in (408, 409) or status >= 500:
        failed = unavailable(f"The translation service failed ({status}).")
        return _Failed(failed, _retry_after(response))
    message = f"The translation service rejected the request ({status})."
    return _Failed(TranslationError("translator_refused", message, retryable=False))


def _retry_after(response: requests.Response) -> float | None:
    try:
        return max(0.0, float(response.headers["retry-after"]))
    except (KeyError, ValueError):  # absent, or a date
        return None


def strings(found: Any, count: int) -> list[str]:
    """`found` if it is a list of so many strings. Raises TranslationError."""
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise bad_answer("The translation service did not send texts.")
    if len(found) != count:
        raise bad_answer("The translation service sent another number of texts.")
    return found


def entries(found: Any, *path: str) -> list[dict[str, Any]]:
    """The list of objects at `path` in an answer. Raises TranslationError."""
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise bad_answer("The translation service's answer has another form.")
    return found
