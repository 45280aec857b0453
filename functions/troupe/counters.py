"""What this instance counts, by minute, until it is stored (troupe.metrics).

Counting takes a lock and some microseconds, and never fails. Names are of this program, never of a
client, so there are only so many.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

MINUTE = 60  # seconds
# The upper bounds of the histogram's buckets, in milliseconds: each is √2 times the one before. The
# last bucket, with the number len(BOUNDS), has what took longer.
BOUNDS = tuple(round(5 * 2 ** (step / 2)) for step in range(29))
# If they cannot be stored for so long, the oldest minutes are forgotten.
_MOST_MINUTES = 15


@dataclass(slots=True)
class Tally:
    """What was counted under one name in one minute. All but `count` are of requests: `ms` is the
    sum, and `buckets` counts requests by their bucket."""

    count: int = 0
    errors: int = 0
    ms: int = 0
    longest: int = 0
    buckets: Counter[int] = field(default_factory=Counter)

    def request(self, ms: int, *, failed: bool) -> None:
        self.count += 1
        self.errors += failed
        self.ms += ms
        self.longest = max(self.longest, ms)
        self.buckets[bisect_left(BOUNDS, ms)] += 1

    def add(self, other: Tally) -> None:
        self.count += other.count
        self.errors += other.errors
        self.ms += other.ms
        self.longest = max(self.longest, other.longest)
        self.buckets.update(other.buckets)


Minutes = dict[int, dict[str, Tally]]  # minutes since 1970, and names


class Counters:
    """Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """`clock`: seconds since 1970."""
        self._clock = clock
        self._minutes: Minutes = {}
        self._lock = threading.Lock()

    def add(self, name: str, amount: int = 1) -> None:
        with self._lock:
            self._tally(name).count += amount

    def request(self, function: str, operation: str | None, ms: float, *, failed: bool) -> None:
        """Counts a request, of its function and of its operation, if it has one."""
        took = max(0, round(ms))
        names = [f"requests.{function}"]
        if operation is not None:
            names.append(f"requests.{function}.{operation}")
        with self._lock:
            for name in names:
                self._tally(name).request(took, failed=failed)

    def take(self) -> Minutes:
        """Removes and returns everything, oldest first."""
        with self._lock:
            taken, self._minutes = self._minutes, {}
        return dict(sorted(taken.items()))

    def _tally(self, name: str) -> Tally:
        minute = int(self._clock()) // MINUTE
        if minute not in self._minutes and len(self._minutes) >= _MOST_MINUTES:
            del self._minutes[min(self._minutes)]  # nobody stores them
        return self._minutes.setdefault(minute, {}).setdefault(name, Tally())


COUNTERS = Counters()
