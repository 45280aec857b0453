"""Which languages a message is translated into."""

from __future__ import annotations

from collections.abc import Mapping

from troupe.rooms.records import MOST_TRANSLATIONS, Room
from troupe.translation.languages import same


def targets_of(room: Room, source: str, present: Mapping[str, int] | None = None) -> list[str]:
    """The languages that are read, without that of the message; if there are too many, those that
    most people read. `present`: how many of those who are there now read each language; None if
    that is not known, which stands for all members."""
    readers = room.languages if present is None else present
    read = sorted(readers, key=lambda code: (-readers[code], code))
    return [code for code in read if not same(code, source)][:MOST_TRANSLATIONS]
