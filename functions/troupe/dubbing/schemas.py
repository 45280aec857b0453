"""Requests and responses of the dubbing operations."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from troupe.dubbing.records import Dubbed, Dubbing
from troupe.dubbing.service import DubbingWithJob
from troupe.dubbing.specs import DUBBING
from troupe.jobs.records import JobStatus
from troupe.jobs.schemas import CompanyId, ErrorView, JobView
from troupe.media.captions import CaptionFormat
from troupe.web.media import MediaUrl
from troupe.web.schema import Id, Notice, Schema
from troupe.web.upload import Form, Upload

Code = Annotated[str, Field(max_length=40)]


class DubForm(Form):
    media: Upload | None = Field(
        None,
        description="A recording in any format that `/api/audio/transcribe` accepts, or an MP4 or "
        "QuickTime film (H.264 or HEVC): at most 32 MB and 30 minutes.",
    )
    file_id: Id | None = Field(
        None,
        description="An uploaded recording, instead of `media`. An API key needs the scope `files` "
        "for it, too.",
    )
    script_id: Annotated[str, Field(max_length=64)] | None = Field(
        None, description="Not offered yet: answers 422 `not_offered`."
    )
    target_language: Code = Field(description="The language to speak, such as `pt-BR`.")
    source_language: Code | None = Field(
        None, description="The language of the original. Detected if absent."
    )
    voice_id: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="An id from `GET /api/voice/voices`. By default a female voice."
    )
    company_id: CompanyId = None
    keep_voice: bool = Field(
        False, description="`true` is not offered yet: answers 422 `not_offered`."
    )

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        given = [self.media, self.file_id, self.script_id]
        if sum(each is not None for each in given) != 1:
            raise PydanticCustomError("one_source", "send either `media` or `fileId`")
        return self


class DubbingView(Schema):
    """A dubbing. What depends on the work is null until it is completed."""

    id: str
    name: str
    status: JobStatus
    seconds: float = Field(description="The length of the original in seconds.")
    film: bool = Field(description="Whether it has a picture.")
    source_language: str = Field(description="As requested, or as detected; empty until then.")
    target_language: str
    engine: str
    voice_id: str
    voice_type: str
    lines: int | None = Field(description="How many lines are spoken.")
    faster_lines: int | None = Field(description="How many are spoken faster, so that they fit.")
    speech_seconds: float | None = Field(
        description="For how many seconds somebody speaks in the original."
    )
    spoken_seconds: float | None = Field(description="The same in the new sound.")
    tokens_used: int
    voice_seconds_used: int
    audio_url: MediaUrl | None
    video_url: MediaUrl | None
    captions_url: MediaUrl | None
    error: ErrorView | None
    created_at: datetime
    completed_at: datetime | None
    expires_at: datetime = Field(description="When the files are deleted.")

    @classmethod
    def of(cls, found: Dubbing) -> Self:
        hidden = {"uid", "asked", "result", "error", "updated_at"}
        made, url = found.result, f"/api/dubbing/{found.id}/media"
        return cls(
            **found.model_dump(exclude=hidden),
            source_language=made.source_language if made else found.asked,
            lines=made.lines if made else None,
            faster_lines=made.faster if made else None,
            speech_seconds=made.heard if made else None,
            spoken_seconds=made.spoken if made else None,
            audio_url=f"{url}?kind=audio" if made else None,
            video_url=f"{url}?kind=video" if made and made.video else None,
            captions_url=f"{url}?kind=captions" if made else None,
            error=ErrorView.of(found.error),
        )


class DubbingList(Schema):
    dubbings: list[DubbingView]


class DubbingAndJob(Schema):
    dubbing: DubbingView
    job: JobView

    @classmethod
    def of(cls, found: DubbingWithJob) -> Self:
        return cls(dubbing=DubbingView.of(found.dubbing), job=JobView.of(found.job, DUBBING))


class DubbingPath(Schema):
    dubbing_id: Id


class MediaQuery(Schema):
    kind: Literal["audio", "video", "captions"] = Field(
        "audio", description="The sound (MP3), the film (MP4), or the captions of the new sound."
    )
    format: CaptionFormat = Field(
        "vtt", description="Of captions: WebVTT, SubRip, or JSON with the times of all words."
    )


def notices_of(made: Dubbed | None) -> list[Notice]:
    """What a listener may notice."""
    if made is None:
        return []
    late = [
        Notice(
            field=f"lines[{each.line}]",
            code="line_late",
            message=f"Starts {each.seconds:.1f} s after its original (at {each.start:.1f} s): "
            "the line before it is too long.",
        )
        for each in made.late
    ]
    if not made.untranslated:
        return late
    message = "Some of what is said could not be translated, and is spoken untranslated."
    return [*late, Notice(field="lines", code="partly_translated", message=message)]
