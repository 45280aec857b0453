"""The jobs that speak messages: what they are given, and what they make."""

from __future__ import annotations

from troupe.recording.records import VoiceSnapshot
from troupe.records import Record

# Of one message in one language, as estimated: the longest of usual prose takes four minutes.
MOST_SECONDS = 300
# A voice may be slower than the estimate.
MOST_SPOKEN_SECONDS = 2 * MOST_SECONDS


class SpeechItem(Record):
    """One text to speak."""

    text: str
    voice: VoiceSnapshot


class SpeechInput(Record):
    """The input of a job: each item is a part. `revision`: of the message."""

    revision: int
    items: list[SpeechItem]


class SpokenItem(Record):
    """The result of a part. `size` in bytes; `characters` and `milliseconds` were spoken."""

    path: str
    content_type: str
    size: int
    seconds: float
    characters: int

    @property
    def milliseconds(self) -> int:
        return round(1000 * self.seconds)
