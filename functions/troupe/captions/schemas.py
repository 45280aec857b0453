"""Captions over HTTP, of speech, of videos and of transcriptions."""

from __future__ import annotations

from pydantic import Field

from troupe.media.captions import CaptionFormat
from troupe.web.schema import Schema


class CaptionQuery(Schema):
    format: CaptionFormat = Field(
        "vtt", description="WebVTT, SubRip, or JSON with the times of all words."
    )


class CaptionWord(Schema):
    """A word as written, with its punctuation. Times are in seconds."""

    text: str
    start: float
    end: float


class Cue(Schema):
    """What is shown from `start` to `end`, in seconds: one or two lines."""

    start: float
    end: float
    text: str
    speaker: str | None = Field(description="The name of the speaker, in a script.")
    line: int | None = Field(description="The number of the script's line, from 0.")
    words: list[CaptionWord] = Field(
        description="Empty in captions that were made before words were kept."
    )


class Captions(Schema):
    cues: list[Cue]
