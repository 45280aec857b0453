"""Stores the log lines of this instance that belong to a scope that is switched on.

Logging only puts a line into memory. The thread of the upkeep reads which scopes are on, at most
every 30 seconds and only if something is logged, and stores the lines that belong to them.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from troupe import deadlines, logs
from troupe.adapters.firestore import Create, Database
from troupe.counters import MINUTE
from troupe.debugging.cleaning import cleaned
from troupe.debugging.records import COLLECTION, KEPT, KINDS, SWITCHES, DebugLine, switches_of
from troupe.logs import log

FRESH = 30.0  # seconds
# Of an instance, in a minute: a client that causes many lines causes no more documents than this.
MOST_STORED = 300
_MOST_WAITING = 500  # lines in memory
_SECONDS = 3.0
_DROPPED = "debug_logs_dropped"


@dataclass(frozen=True, slots=True)
class _Line:
    at: float
    level: str
    event: str
    fields: Mapping[str, Any]


class DebugCapture:
    def __init__(
        self,
        database: Callable[[], Database],
        function: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`function`: that this process serves."""
        self._database = database
        self._function = function
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: list[_Line] = []
        self._overflown: Counter[str] = Counter()  # by scope, as far as it was known
        self._on: dict[str, tuple[float, float]] = {}  # by scope: since when, until when
        self._read_again = 0.0
        self._minute, self._stored = 0, 0
        self._dropped: Counter[str] = Counter()  # by scope
        self._thread: int | None = None  # while it stores

    def begin(self) -> None:
        """Gets the lines of this process from now on."""
        logs.tee(self.offer)

    def offer(self, level: str, event: str, fields: Mapping[str, Any]) -> None:
        """Takes a line. Reads nothing."""
        if threading.get_ident() == self._thread:
            return  # our own lines, such as that nothing can be read
        line = _Line(self._clock(), level, event, fields)
        if line.at < self._read_again and not self._scopes(line):
            return
        with self._lock:
            if len(self._waiting) < _MOST_WAITING:
                self._waiting.append(line)
            else:
                self._overflown.update(self._scopes(line))

    def run(self, closing: bool) -> None:
        """Stores what is waiting. Never raises. Lines that cannot be stored are lost: they are
        in Cloud Logging, too."""
        with self._lock:
            lines, self._waiting = self._waiting, []
            overflown, self._overflown = self._overflown, Counter()
        if not lines and not self._dropped:
            return
        deadlines.begin(_SECONDS)
        self._thread = threading.get_ident()
        try:
            if lines and self._clock() >= self._read_again:
                self._read()
            self._store(lines, overflown, closing)
        except Exception as error:
            self._read_again = self._clock() + FRESH
            log.warning("debug_logs_not_stored", reason=type(error).__name__, lines=len(lines))
        finally:
            self._thread = None

    def _read(self) -> None:
        switches = switches_of(self._database().get(SWITCHES))
        self._on = {
            each.scope: (each.since.timestamp(), each.until.timestamp()) for each in switches
        }
        self._read_again = self._clock() + FRESH

    def _scopes(self, line: _Line) -> list[str]:
        """The scopes that are on and that a line belongs to."""
        if not self._on:
            return []
        ids = {"function": self._function, **line.fields}
        scopes = [f"{kind}:{ids.get(field)}" for kind, field in KINDS.items()]
        found = []
        for scope in scopes:
            since, until = self._on.get(scope, (0.0, 0.0))
            if since <= line.at < until:
                found.append(scope)
        return found

    def _store(self, lines: list[_Line], overflown: Counter[str], closing: bool) -> None:
        writes = []
        now = self._clock()
        if (minute := int(now) // MINUTE) != self._minute or closing:
            if self._dropped:
                log.warning(_DROPPED, dropped=self._dropped.total())
                writes.append(self._told(now))
                self._dropped.clear()
            self._minute, self._stored = minute, 0
        for line in lines:
            scopes = self._scopes(line)
            if scopes and self._stored < MOST_STORED:
                self._stored += 1
                writes.append(self._write(line, scopes))
            elif scopes:
                self._dropped.update(scopes)
        self._dropped.update(overflown)
        if writes:
            self._database().commit(*writes)

    def _told(self, at: float) -> Create:
        line = _Line(at, "WARNING", _DROPPED, {"dropped": max(self._dropped.values())})
        return self._write(line, sorted(self._dropped))

    def _write(self, line: _Line, scopes: list[str]) -> Create:
        given = dict(line.fields)
        at = datetime.fromtimestamp(line.at, UTC)
        stored = DebugLine(
            id=secrets.token_hex(10),
            at=at,
            level=line.level.lower(),
            event=line.event,
            function=self._function,
            uid=given.pop("uid", None),
            room_id=given.pop("roomId", None),
            call_id=given.pop("callId", None),
            request_id=given.pop("requestId", None),
            scopes=scopes,
            fields=cleaned(given),
            expires_at=at + KEPT,
        )
        return Create(f"{COLLECTION}/{stored.id}", stored.stored())
