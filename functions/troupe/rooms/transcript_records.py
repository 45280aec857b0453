"""The job that writes down what is said in a message."""

from __future__ import annotations

from troupe.transcriptions.records import Sound


class TranscriptInput(Sound):
    """The sound of a message. `tab_id`, `milliseconds`: what is reserved for it."""

    room_id: str
    message_id: str
    tab_id: str
    milliseconds: int
