"""Requests and responses of the transcription operations."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from troupe.jobs.records import JobStatus
from troupe.jobs.schemas import CompanyId, ErrorView, JobView, MaxTokens, PaidHeaders
from troupe.recognition.transcriber import Segment, Word
from troupe.transcriptions.records import Transcription
from troupe.transcriptions.service import TranscriptionWithJob
from troupe.transcriptions.specs import TRANSCRIPTION
from troupe.web.media import MediaUrl
from troupe.web.schema import Id, Page, Schema
from troupe.web.upload import Form, Upload


class TranscribeForm(Form):
    audio: Upload | None = Field(
        None,
        description="WAV, MP3, M4A, AAC, Ogg, FLAC, WebM, AIFF, CAF or AMR audio: at most 32 MB, "
        "and two hours.",
    )
    file_id: Id | None = Field(
        None,
        description="An uploaded recording, instead of `audio`. An API key needs the scope `files` "
        "for it, too.",
    )
    language: Annotated[str, Field(max_length=40)] | None = Field(
        None, description="The language that is spoken, such as `en`. Detected if it is left out."
    )
    max_tokens: MaxTokens = None
    company_id: CompanyId = None

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if (self.audio is None) == (self.file_id is None):
            raise PydanticCustomError("one_source", "send either `audio` or `fileId`")
        return self


class TranscribeHeaders(PaidHeaders):
    prefer: str | None = Field(
        None,
        max_length=200,
        description="`respond-async`: answer 202 at once, also for short sound.",
    )


class WordView(Schema):
    """A word as written, with its punctuation. Times are in seconds; `probability` from 0 to 1."""

    text: str
    start: float
    end: float
    probability: float | None

    @classmethod
    def of(cls, word: Word) -> Self:
        return cls(
            text=word.text.strip(), start=word.start, end=word.end, probability=word.probability
        )


class SegmentView(Schema):
    """What was said without a long pause. Times are in seconds."""

    text: str
    start: float
    end: float
    words: list[WordView]

    @classmethod
    def of(cls, segment: Segment) -> Self:
        words = [WordView.of(word) for word in segment.words]
        return cls(text=segment.text, start=segment.start, end=segment.end, words=words)


class TranscriptionView(Schema):
    """A transcription. `captionsUrl` is set once it is completed."""

    id: str
    name: str
    file_id: str | None = Field(description="The uploaded recording that it was made of.")
    status: JobStatus
    seconds: float = Field(description="The length of the sound in seconds.")
    speech_seconds: float | None = Field(
        description="For how many seconds somebody speaks. Only these are charged."
    )
    language_probability: float | None = Field(
        description="How sure the detection of the language is, from 0 to 1."
    )
    transcriber: str
    tokens_used: int
    voice_seconds_used: int
    captions_url: MediaUrl | None
    error: ErrorView | None
    created_at: datetime
    completed_at: datetime | None
    expires_at: datetime = Field(description="When the text is deleted.")

    @classmethod
    def of(cls, found: Transcription) -> Self:
        text = found.text
        hidden = {"uid", "asked", "text", "error", "updated_at"}
        return cls(
            **found.model_dump(exclude=hidden),
            speech_seconds=text.heard if text else None,
            language_probability=text.language_probability if text else None,
            captions_url=f"/api/audio/transcriptions/{found.id}/captions" if text else None,
            error=ErrorView.of(found.error),
        )


class TranscriptionsQuery(Page):
    file_id: Id | None = Field(None, description="Only those of this uploaded recording.")


class TranscriptionList(Schema):
    transcriptions: list[TranscriptionView]


class Transcribed(Schema):
    """`segments` is null until the transcription is completed. Before, and if nobody speaks, `text`
    and `language` are empty."""

    transcription: TranscriptionView
    text: str
    language: str
    segments: list[SegmentView] | None
    job: JobView

    @classmethod
    def of(cls, found: TranscriptionWithJob) -> Self:
        segments, text = found.segments, found.transcription.text
        return cls(
            transcription=TranscriptionView.of(found.transcription),
            text=" ".join(each.text for each in segments or ()),
            language=text.language if text else "",
            segments=None if segments is None else [SegmentView.of(each) for each in segments],
            job=JobView.of(found.job, TRANSCRIPTION),
        )


class TranscriptionPath(Schema):
    transcription_id: Id
