"""What was recorded, and the voice it was recorded with, as both are kept in documents."""

from __future__ import annotations

from troupe.records import Record
from troupe.speech.catalogue import DEFAULT_STYLE


class Sound(Record):
    """Speech as it is kept: mono 16 bit WAV at `path`, its words beside it. `samples` and `rate`
    say how long it is. `words` are the same words as JSON, in a part's document alone: the assembly
    has one file less to fetch for each sound."""

    path: str
    samples: int
    rate: int
    timing_source: str
    words: str | None = None

    @staticmethod
    def facts_path(path: str) -> str:
        """Where all this is kept, beside the sound."""
        return f"{path}.json"

    @property
    def files(self) -> list[str]:
        return [self.path, self.facts_path(self.path)]


class Recorded(Record):
    """What a part of a job that speaks comes to: its sounds, in their order."""

    sounds: list[Sound]

    @property
    def files(self) -> list[str]:
        return [path for sound in self.sounds for path in sound.files]


class VoiceSnapshot(Record):
    """A voice as it was when the job was made, so that what is paid for does not change under way.

    With `sample_path`, engines that clone speak with that recording; the others, and all without
    one, choose by language, type and style. The last three are settings of F5-TTS.
    """

    language: str
    voice_type: str
    voice_style: str = DEFAULT_STYLE
    speed: float = 1.0
    sample_path: str | None = None
    sample_sha256: str | None = None
    sample_text: str = ""
    nfe_steps: int = 32
    cross_fade_duration: float = 0.15  # seconds
    remove_silences: bool = False
