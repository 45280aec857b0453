"""Stores what this instance has counted, with one commit a minute while it is at work."""

from __future__ import annotations

import random
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress

from troupe import deadlines
from troupe.adapters.firestore import AlreadyExists, Create, Database, Write, contend
from troupe.counters import MINUTE, Counters, Tally
from troupe.logs import log
from troupe.metrics.records import COLLECTION, flush_writes, marker_fields

# An instance that is shut down has ten seconds.
_SECONDS = 3.0
_MOST_BATCHES = 15  # that wait
_spread = random.Random()  # noqa: S311 (no secret)


class MetricsFlush:
    def __init__(
        self,
        database: Callable[[], Database],
        counters: Counters,
        gauges: Mapping[str, Callable[[], int]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`gauges`: by name, what is not counted but read once a minute."""
        self._database = database
        self._counters = counters
        self._gauges = gauges
        self._clock = clock
        self._instance, self._number = secrets.token_hex(8), 0
        self._batches: deque[list[Write]] = deque()
        # Instances that start together must not write the same documents at the same time.
        self._due = clock() + _spread.uniform(0, MINUTE)

    def run(self, closing: bool) -> None:
        """Stores what was counted, if the last time was a minute ago, or the instance is `closing`.
        Never raises: what cannot be stored is tried again a minute later, as the same batch. Each
        creates a marker, so that a commit whose answer was lost does not count twice."""
        if not closing and self._clock() < self._due:
            return
        minutes = self._counters.take()
        now = self._clock()
        if gauges := {
            name: Tally(count) for name, read in self._gauges.items() if (count := read())
        }:
            minutes[int(now) // MINUTE] = {**minutes.get(int(now) // MINUTE, {}), **gauges}
        if minutes:
            self._number += 1
            marker = f"{COLLECTION}/flush-{self._instance}-{self._number}"
            self._batches.append([Create(marker, marker_fields(now)), *flush_writes(minutes)])
        if not self._batches:
            return
        self._due = now + MINUTE
        deadlines.begin(_SECONDS)
        try:
            while self._batches:
                self._commit(self._batches[0])
                self._batches.popleft()
        except Exception as error:
            forgotten = max(0, len(self._batches) - _MOST_BATCHES)
            for _ in range(forgotten):
                self._batches.popleft()
            log.warning("metrics_not_flushed", reason=type(error).__name__, forgotten=forgotten)

    def _commit(self, writes: list[Write]) -> None:
        with suppress(AlreadyExists):  # stored before, but the answer was lost
            contend(lambda: self._database().commit(*writes), seconds=_SECONDS)
