"""Limits how many requests wait on purpose, each of which holds a thread of the instance."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Waiters:
    """Places for waiting requests: at most `per_user` for each user, and `in_all`. Thread-safe."""

    def __init__(self, per_user: int, in_all: int) -> None:
        self._per_user = per_user
        self._in_all = in_all
        self._waiting: Counter[str] = Counter()
        self._lock = threading.Lock()

    def enter(self, user: str) -> bool:
        """Takes a place; False if none is free, and then `leave` must not be called."""
        with self._lock:
            full = self._waiting.total() >= self._in_all
            if full or self._waiting[user] >= self._per_user:
                return False
            self._waiting[user] += 1
            return True

    def leave(self, user: str) -> None:
        with self._lock:
            self._waiting[user] -= 1
            if self._waiting[user] <= 0:
                del self._waiting[user]

    @property
    def taken(self) -> int:
        """How many places are taken now."""
        with self._lock:
            return self._waiting.total()

    @contextmanager
    def place(self, user: str) -> Iterator[bool]:
        """A place within the context; False if none is free."""
        entered = self.enter(user)
        try:
            yield entered
        finally:
            if entered:
                self.leave(user)


# Between two polls is a tenth of the time waited so far, within these bounds in seconds: what it
# adds to the work stays small, and so does the number of reads (62 in 30 s).
_SHORTEST, _LONGEST = 0.05, 1.0


def polls(seconds: float) -> Iterator[None]:
    """Sleeps before each poll, for at most `seconds` in all. The caller holds a place."""
    begun = time.monotonic()
    while True:
        waited = time.monotonic() - begun
        pause = min(_LONGEST, max(_SHORTEST, waited / 10))
        if waited + pause > seconds:
            return
        time.sleep(pause)
        yield


# Most functions serve many requests at once. Instances of these serve few (functions/main.py): one
# of their places is for requests that do not wait, so that a few users cannot block all others.
_PLACES = 10
_FEW_PLACES = {
    **dict.fromkeys(("captions", "compat", "language", "stream", "v1"), 3),
    "scripts": 4,
    "files": 6,
    "characters": 7,
}


def places_of(function: str) -> int:
    """How many requests of an instance of this function may wait."""
    return _FEW_PLACES.get(function, _PLACES)


# Those of this instance.
WAITERS = Waiters(per_user=2, in_all=places_of(os.environ.get("FUNCTION_TARGET", "")))
# Streams of events, in a function of their own with 200 threads: some stay free for requests that
# are refused.
STREAMS = Waiters(per_user=6, in_all=180)
