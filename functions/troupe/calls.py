"""Calls of other services: made again after a passing failure, and read within bounds."""

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
    """What `attempt` returns. It is made once, and once more after each of `waits` (seconds).

    `again(error, wait)` says how long to wait after an error, where `wait` is what is planned;
    None: the error will not pass. Raises the last error, also when the wait would reach `deadline`
    (of time.monotonic).
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
    """For `retry`: errors of these kinds pass."""
    return lambda error, wait: wait if isinstance(error, kinds) else None


def bounded(
    chunks: Iterable[bytes],
    *,
    deadline: float,
    limit: int,
    late: Callable[[], Exception],
    large: Callable[[], Exception],
) -> Iterator[bytes]:
    """The chunks of an answer. A read time-out counts from byte to byte: this bounds the whole.

    Raises `late()` once `deadline` (of time.monotonic) has passed, and `large()` when there are
    more than `limit` bytes.
    """
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if time.monotonic() > deadline:
            raise late()
        if size > limit:
            raise large()
        yield chunk
