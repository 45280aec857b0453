"""Growing delays between attempts, across instances.

A document holds when the next attempt is admitted. An attempt that comes too early is refused and
changes nothing, so whoever keeps trying cannot postpone it for others. Of several that come in
time, one is admitted.
"""

from __future__ import annotations

import math
from datetime import timedelta

from troupe.adapters.firestore import AlreadyExists, Create, Database, Missing, Stale, Update, now

FIRST = 15  # seconds
LONGEST = 60
# How long after the last delay the next one starts at FIRST again.
_FORGOTTEN_AFTER = timedelta(hours=1)


class Backoff:
    def __init__(self, db: Database) -> None:
        self._db = db

    def wait(self, path: str, longest: int | None = None) -> int:
        """Seconds to wait before the next attempt; 0 if this one is admitted. The delays double up
        to `longest` seconds."""
        document, at = self._db.get(path), now()
        until, delay = document.data.get("until"), int(document.data.get("delay", 0))
        if until is not None and until > at:
            return math.ceil(float((until - at).total_seconds()))
        fresh = until is None or at - until > _FORGOTTEN_AFTER
        delay = FIRST if fresh else min(delay * 2, longest or LONGEST)
        until = at + timedelta(seconds=delay)
        fields = {"until": until, "delay": delay, "expiresAt": until + _FORGOTTEN_AFTER}
        try:
            if document.exists:
                self._db.commit(Update(path, fields, seen=document))
            else:
                self._db.commit(Create(path, fields))
        except (Stale, AlreadyExists, Missing):  # another attempt was admitted, or began the delay
            return delay
        return delay if fresh else 0
