"""A transcription: the sound a user sent, and what was said in it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from troupe.jobs.records import JobError, JobStatus
from troupe.recognition.transcriber import Segment, Word
from troupe.records import Record

_VERSION = 1  # of stored segments


class Text(Record):
    """The result. `path`: the segments, as `segments_to_json` writes them; `cues_path`: the
    captions. `language`: "" if nobody speaks. `heard`: how many seconds somebody does."""

    path: str
    cues_path: str
    language: str
    language_probability: float | None = None
    heard: float


class Transcription(Record):
    """`transcriptions/{id}`. Its job has the same id. `seconds`: of the sound. `asked`: the
    language that the request named, "" for none. `file_id`: the user's file that it is of, None if
    the sound came with the request."""

    id: str
    uid: str
    name: str
    file_id: str | None = None
    seconds: float
    asked: str = ""
    transcriber: str
    status: JobStatus = JobStatus.QUEUED
    tokens_used: int = 0
    voice_seconds_used: int = 0
    text: Text | None = None
    error: JobError | None = None
    created_at: datetime
    completed_at: datetime | None = None
    updated_at: datetime
    expires_at: datetime


class Sound(Record):
    """The input of a transcription job: where the sound is. One that came with the request is
    deleted when the job ends, a user's file is not. `language`: the
    transcriber's code, None to detect it."""

    path: str
    seconds: float
    language: str | None = None


class Heard(Record):
    """What was said in a part. `segments`: JSON with times from the start of the recording, since
    a document can have only so many fields."""

    segments: str
    language: str = ""
    language_probability: float | None = None
    milliseconds: int = 0


def main_language(done: Iterable[Heard]) -> str:
    """The language that is spoken for the longest time; "" if nobody speaks."""
    spoken: Counter[str] = Counter()
    for part in done:
        spoken[part.language] += part.milliseconds
    return max(spoken, key=lambda code: spoken[code])


def seconds_heard(done: Iterable[Heard]) -> float:
    """For how many seconds somebody speaks."""
    return round(sum(part.milliseconds for part in done) / 1000, 3)


def segments_to_json(segments: Iterable[Segment], shift: float = 0.0) -> str:
    """Compact: `{"version": 1, "segments": [[[text, start, end, probability], ...], ...]}`, in
    whole milliseconds, `shift` seconds later."""
    rows = [
        [
            [
                word.text,
                round((word.start + shift) * 1000),
                round((word.end + shift) * 1000),
                None if word.probability is None else round(word.probability, 3),
            ]
            for word in segment.words
        ]
        for segment in segments
    ]
    stored = {"version": _VERSION, "segments": rows}
    return json.dumps(stored, ensure_ascii=False, separators=(",", ":"))


def segments_from_json(data: str | bytes) -> list[Segment]:
    """Reads the output of `segments_to_json`."""
    return [
        Segment(tuple(Word(text, start / 1000, end / 1000, sure) for text, start, end, sure in row))
        for row in json.loads(data)["segments"]
    ]
