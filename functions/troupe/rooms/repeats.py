"""Short messages that were translated lately: people say "ok" and "thanks" all day."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from troupe.rooms.records import Room
from troupe.translation.service import Translated

_LONGEST = 200  # characters
_KEPT = 5000  # translations of an instance
_SECONDS = 3600.0

_Key = tuple[str, str, str, str, str]


class Repeats:
    """The translations of short messages, in the memory of an instance: a database would cost a
    read for each message. Each room has its own, by the version of its glossary."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[_Key, tuple[float, Translated]] = OrderedDict()

    def find(
        self, room: Room, text: str, source: str, targets: Sequence[str]
    ) -> dict[str, Translated]:
        """By target, those that are known."""
        at, found = time.monotonic(), {}
        with self._lock:
            for target in targets:
                key = _key(room, text, source, target)
                ends, made = self._kept.get(key, (0.0, None))
                if made is not None and at < ends:
                    self._kept.move_to_end(key)
                    found[target] = made
        return found

    def keep(self, room: Room, text: str, source: str, made: Mapping[str, Translated]) -> None:
        """Keeps what was translated whole."""
        if len(text) > _LONGEST:
            return
        ends = time.monotonic() + _SECONDS
        with self._lock:
            for target, each in made.items():
                if not each.kept:
                    key = _key(room, text, source, target)
                    self._kept[key] = ends, each
                    self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)


def _key(room: Room, text: str, source: str, target: str) -> _Key:
    return room.id, room.glossary_version, source, target, text
