"""A dubbing: the recording or film that a user sent, and the version in another language."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from troupe.jobs.records import JobError, JobStatus
from troupe.recording.records import VoiceSnapshot
from troupe.records import Record
from troupe.transcriptions.records import Sound

MAX_SECONDS = 30 * 60  # of the recording


class Line(Record):
    """What is said without a long pause, mostly a sentence. `start` and `end`: in seconds of the
    original; `said`: the translation."""

    text: str
    start: float
    end: float
    said: str = ""


class Lines(Record):
    """All lines of a dubbing, kept so that another attempt says the same. `untranslated`: how many
    passages could not be translated."""

    lines: list[Line]
    untranslated: int = 0


class Late(Record):
    """A line that begins `seconds` after its original, because the one before needs the time.
    `line` counts from 0; `start`: when the original begins."""

    line: int
    start: float
    seconds: float


class File(Record):
    """A finished file. `size` in bytes."""

    path: str
    size: int


class Dubbed(Record):
    """The result. `seconds`: of the new sound. `heard` and `spoken`: for how many seconds somebody
    speaks, in the original and in the new sound. `characters`: of the translation. `faster`: how
    many lines are spoken faster than usual to fit. `cues_path`: the captions."""

    audio: File
    video: File | None = None
    cues_path: str
    seconds: float
    source_language: str
    lines: int
    characters: int
    heard: float
    spoken: float
    faster: int = 0
    late: list[Late] = Field(default_factory=list)
    untranslated: int = 0


class Dubbing(Record):
    """`dubbings/{id}`. Its job has the same id. `seconds`: of the original. `film`: whether it has
    a picture. `asked`: the source language that the request named, "" for none."""

    id: str
    uid: str
    name: str
    seconds: float
    film: bool
    asked: str = ""
    target_language: str
    voice_id: str = ""
    voice_type: str
    engine: str
    status: JobStatus = JobStatus.QUEUED
    tokens_used: int = 0
    voice_seconds_used: int = 0
    result: Dubbed | None = None
    error: JobError | None = None
    created_at: datetime
    completed_at: datetime | None = None
    updated_at: datetime
    expires_at: datetime


class Original(Sound):
    """The input of a dubbing job: the recording, and the voice that speaks the translation.
    `source`: the translator's code of the language that the request named, "" for none; `target`:
    its code of the language to translate into."""

    film: bool = False
    source: str = ""
    target: str
    voice: VoiceSnapshot
