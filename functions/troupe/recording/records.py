"""Recorded sounds and the voices that speak them, as stored in documents."""

from __future__ import annotations

from troupe.dictionaries.records import DictionaryRef
from troupe.records import Record
from troupe.speech.catalogue import DEFAULT_STYLE


def part_name(job_id: str, number: int) -> str:
    """Names a part of a job, whichever attempt makes it."""
    return f"{job_id}-{number}"


class Sound(Record):
    """Stored speech: a mono 16-bit WAV file at `path`, `samples` long at `rate` samples per second.
    `words`: the word timings as JSON, stored here so that the assembly has one file less to fetch
    for each sound. `made_for`: the part of a job that spoke it (see `part_name`)."""

    path: str
    samples: int
    rate: int
    timing_source: str
    words: str | None = None
    made_for: str | None = None

    @property
    def seconds(self) -> float:
        return self.samples / self.rate

    @property
    def milliseconds(self) -> int:
        return round(1000 * self.seconds)

    @staticmethod
    def facts_path(path: str) -> str:
        """The path of this record as a JSON file, next to the sound."""
        return f"{path}.json"

    @property
    def files(self) -> list[str]:
        return [self.path, self.facts_path(self.path)]


class Segment(Record):
    """The picture of a part of a long video, stored at `path` until the job ends."""

    path: str
    frames: int
    size: int


class Recorded(Record):
    """The result of one part of a job that speaks: its sounds, in order; for a long video also its
    picture. `characters` and `milliseconds` are what was spoken for it, by any attempt; sounds that
    were spoken for something else do not count."""

    sounds: list[Sound]
    segment: Segment | None = None
    characters: int = 0
    milliseconds: int = 0

    @property
    def files(self) -> list[str]:
        """The files that outlive the job."""
        return [path for sound in self.sounds for path in sound.files]


class VoiceSnapshot(Record):
    """A voice as it was when the job was created, so that edits do not change work in progress.

    `engine`: its name; jobs created before 28 November 2026 have none and are spoken by the
    preferred one. `voice_id` names one of its voices. Without, engines that can clone use the
    recording at `sample_path`; without one, and with other engines, language, type and style select
    the voice. `nfe_steps` and the two fields after it are settings of F5-TTS. `dictionary`: the
    pronunciations to apply.
    """

    engine: str = ""
    voice_id: str = ""
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
    dictionary_id: str | None = None
    dictionary_version: int | None = None
    dictionary_sha256: str | None = None

    @property
    def dictionary(self) -> DictionaryRef | None:
        if self.dictionary_id is None:
            return None
        return DictionaryRef(
            self.dictionary_id, self.dictionary_version or 1, self.dictionary_sha256 or ""
        )
