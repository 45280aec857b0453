"""How long a request waits for services that do not answer.

A request gets ten seconds for all its calls that fail: more than one service, or one that is asked
again, must not add up. Calls that succeed cost nothing, because an event stream and `Prefer: wait`
make them for longer than that. Outside a request (a worker, the sweep, a command) each call has a
limit of its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

REQUEST_SECONDS = 10.0
# Once the time is used up, further calls get this much, for a request that goes on without the
# service that failed.
_LEAST_SECONDS = 0.5


@dataclass(slots=True)
class _Patience:
    left: float  # seconds


_patience: ContextVar[_Patience | None] = ContextVar("patience", default=None)


def begin(seconds: float | None) -> None:
    """Sets the time of all further calls in this context that fail; None: each has its own."""
    _patience.set(None if seconds is None else _Patience(seconds))


def seconds_left(longest: float) -> float:
    """How long the next call may take; `longest` outside a request."""
    patience = _patience.get()
    return longest if patience is None else min(longest, max(_LEAST_SECONDS, patience.left))


@contextmanager
def charged(*failures: type[Exception]) -> Iterator[None]:
    """Takes the duration of the block from the time of the request, if it raises a failure."""
    started = time.monotonic()
    try:
        yield
    except failures:
        if patience := _patience.get():
            patience.left -= time.monotonic() - started
        raise
