"""The languages of a service, asked for once an hour."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from troupe.translation.translator import Languages, timed_out

_SECONDS = 3600.0


class OnceAnHour:
    """Thread-safe."""

    def __init__(self, ask: Callable[[float], Languages]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._found: Languages | None = None
        self._until = 0.0

    def get(self, deadline: float) -> Languages:
        """Raises TranslationError."""
        if not self._lock.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise timed_out()
        try:
            if self._found is None or time.monotonic() >= self._until:
                self._found = self._ask(deadline)
                self._until = time.monotonic() + _SECONDS
            return self._found
        finally:
            self._lock.release()
