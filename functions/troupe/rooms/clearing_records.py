"""The input and the result of the job that deletes the history of a room."""

from __future__ import annotations

from troupe.records import Record


class ClearingInput(Record):
    """Up to when messages are deleted is in the room's document."""

    room_id: str


class Cleared(Record):
    messages: int
