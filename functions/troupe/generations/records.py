"""A generation: the text a user wanted spoken, and the result."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field, model_validator

from troupe.borders import Border
from troupe.dictionaries.records import DictionaryRef
from troupe.jobs.records import JobError, JobStatus
from troupe.recording.records import VoiceSnapshot
from troupe.records import Record
from troupe.speech.text.forms import TextType
from troupe.text import prefixes


class AudioFile(Record):
    """The finished audio. `size` in bytes, `seconds` of sound, `rate` in samples per second.
    `cues_path`: the captions as JSON. `peaks_path`: its waveform, None for older audio. Audio made
    before 27 November 2026 has the timings of its words at `words_path` instead of captions, and
    expires within RETENTION_DAYS."""

    path: str
    cues_path: str | None = None
    words_path: str | None = None
    peaks_path: str | None = None
    size: int
    seconds: float
    rate: int
    timing_source: str


class DictionaryUse(Record):
    """The version of a dictionary that was applied."""

    id: str
    version: int

    @classmethod
    def of_ref(cls, used: DictionaryRef | None) -> DictionaryUse | None:
        return None if used is None else cls(id=used.id, version=used.version)


class Translation(Record):
    """`text`: what was sent, in the language `source_language`; `translated_text`: what is spoken.
    `engine`: the translator."""

    text: str
    translated_text: str
    source_language: str
    engine: str


class Generation(Record):
    """`generations/{id}`. Its job has the same id and holds the text while it is needed.
    `characters`: the length of the spoken text."""

    id: str
    uid: str
    title: str
    characters: int
    language: str
    voice_id: str | None = None
    voice_type: str
    voice_style: str
    speed: float
    format: str
    engine: str
    character_id: str | None = None
    dictionary: DictionaryUse | None = None
    voice_cloned: bool = False
    favourite: bool = False
    translation: Translation | None = None
    status: JobStatus = JobStatus.QUEUED
    tokens_used: int = 0
    voice_seconds_used: int = 0
    audio: AudioFile | None = None
    error: JobError | None = None
    created_at: datetime
    completed_at: datetime | None = None
    updated_at: datetime
    expires_at: datetime

    def stored(self) -> dict[str, Any]:
        """Adds what a search compares."""
        return super().stored() | {"starts": prefixes(self.title)}


class SpokenText(VoiceSnapshot):
    """The input of a voice job: a text, and the voice that speaks it. `format`: of the audio.
    `pauses`: those that the request asked for, in milliseconds."""

    text: str
    text_type: TextType = TextType.TEXT
    format: str
    pauses: dict[Border, int] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _flatten_character(cls, data: Any) -> Any:
        """Jobs created before 26 November 2026 hold the recording in `character`, and can still run
        for a day."""
        if isinstance(data, dict) and isinstance(data.get("character"), dict):
            return data["character"] | data
        return data
