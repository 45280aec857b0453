"""Calls to other services: retries after transient errors, and bounded reads."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def retry(
    attempt: Callable[[], T],
    again: Callable[[Exception, float], float | None],
    waits: Iterable[float],
    *,
    deadline: float = math.inf,
) -> T:
    """Calls `attempt`, and retries it after each of `waits` (seconds); returns its result.

    `again(error, wait)` returns how long to wait after an error, given the planned `wait`, or None
    if the error is permanent. Raises the last error, also when the wait would reach `deadline` (of
    time.monotonic).
    """
    for planned in waits:
        try:
            return attempt()
        except Exception as error:
            wait = again(error, planned)
            if wait is None or time.monotonic() + wait >= deadline:
                raise
        time.sleep(wait)
    return attempt()


def after(*kinds: type[Exception]) -> Callable[[Exception, float], float | None]:
    """For `retry`: errors of these types are transient."""
    return lambda error, wait: wait if isinstance(error, kinds) else None


def bounded(
    chunks: Iterable[bytes],
    *,
    deadline: float,
    limit: int,
    late: Callable[[], Exception],
    large: Callable[[], Exception],
) -> Iterator[bytes]:
    """The chunks of a response, with total limits: a read timeout only limits the time between
    bytes.

    Raises `late()` once `deadline` (of time.monotonic) has passed, and `large()` after more than
    `limit` bytes.
    """
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if time.monotonic() > deadline:
            raise late()
        if size > limit:
            raise large()
        yield chunk
