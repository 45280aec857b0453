"""What the job needs that deletes the history of a room."""

from __future__ import annotations

from troupe.records import Record


class ClearingInput(Record):
    """How far the history goes that is deleted is in the room's document."""

    room_id: str


class Cleared(Record):
    messages: int
