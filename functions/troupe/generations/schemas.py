"""Responses of the voice operations, and what a path or a query names."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from troupe.borders import Border
from troupe.generations.records import Generation
from troupe.generations.service import HistoryFilter
from troupe.jobs.records import JobStatus
from troupe.jobs.schemas import ErrorView, JobView
from troupe.media.formats import AudioFormat
from troupe.speech.engine import TimingSource, VoiceType
from troupe.speech.text.forms import TextType
from troupe.web.media import MediaUrl
from troupe.web.schema import Id, OneLine, Page, Schema, example

MOST_DELETED = 50  # at once: each takes some calls
_NOT_SHOWN = {"uid", "audio", "error", "updated_at", "expires_at"}


class VoiceStyle(StrEnum):
    """The speaking styles."""

    NEUTRAL = "neutral"
    NARRATION = "narration"
    CONVERSATIONAL = "conversational"
    CHEERFUL = "cheerful"
    CALM = "calm"
    SERIOUS = "serious"
    EXCITED = "excited"
    WHISPER = "whisper"


class VoiceCount(Schema):
    """How many voices an engine has for a language."""

    engine: str
    voices: int


class LanguageView(Schema):
    code: str
    name: str
    flag: str
    engines: list[VoiceCount] = Field(description="The engine that speaks it by default is first.")


class Languages(Schema):
    languages: list[LanguageView]


class StyleView(Schema):
    id: VoiceStyle
    name: str
    description: str


class Styles(Schema):
    styles: list[StyleView]


class DictionaryUseView(Schema):
    id: str
    version: int


class SpokenTranslation(Schema):
    text: str = Field(description="What was sent.")
    translated_text: str = Field(description="What is spoken.")
    source_language: str
    engine: str = Field(description="The translator.")


class GenerationView(Schema):
    """A generation. `audioUrl` and `captionsUrl` are set once it is completed."""

    id: str
    title: str
    characters: int = Field(description="The length of the spoken text.")
    language: str = Field(description="The language that is spoken.")
    voice_id: str | None = Field(description="Null if type, style and language chose the voice.")
    voice_type: VoiceType
    voice_style: VoiceStyle
    speed: float
    format: AudioFormat
    engine: str
    character_id: str | None
    dictionary: DictionaryUseView | None = Field(
        description="The version of the pronunciation dictionary that was applied: that of the "
        "request, or the character's, unless that is for another language or was deleted."
    )
    voice_cloned: bool = Field(
        description="Whether the character's own voice speaks. False when the engine cannot clone "
        "and uses a stock voice of the character's type instead."
    )
    favourite: bool
    translation: SpokenTranslation | None = Field(
        description="Null if the text is spoken as it was sent."
    )
    status: JobStatus
    tokens_used: int
    voice_seconds_used: int
    seconds: float | None = Field(description="The length of the audio in seconds.")
    size: int | None = Field(description="The size of the audio in bytes.")
    timing_source: TimingSource | None = Field(description="Where the word timings come from.")
    audio_url: MediaUrl | None
    captions_url: MediaUrl | None
    error: ErrorView | None
    created_at: datetime
    completed_at: datetime | None

    @classmethod
    def of(cls, generation: Generation) -> Self:
        audio = generation.audio
        base = f"/api/voice/generations/{generation.id}"
        return cls(
            **generation.model_dump(exclude=_NOT_SHOWN),
            seconds=audio.seconds if audio else None,
            size=audio.size if audio else None,
            timing_source=audio.timing_source if audio else None,
            audio_url=f"{base}/audio" if audio else None,
            captions_url=f"{base}/captions" if audio else None,
            error=ErrorView.of(generation.error),
        )


class GenerationStarted(Schema):
    """`audioUrl` and `tokensUsed` are set if the work was done within the requested wait."""

    generation: GenerationView
    job: JobView
    tokens_reserved: int
    remaining_tokens: int
    audio_url: MediaUrl | None = None
    tokens_used: int | None = None


class GenerationAndJob(Schema):
    generation: GenerationView
    job: JobView


class HistoryItem(Schema):
    id: str
    title: str
    tokens: int
    date: datetime
    status: JobStatus
    audio_url: MediaUrl | None
    language: str
    voice_id: str | None
    voice_type: VoiceType
    voice_style: VoiceStyle
    speed: float
    format: AudioFormat
    character_id: str | None
    characters: int
    favourite: bool
    seconds: float | None
    translation: SpokenTranslation | None = Field(
        description="Null if the text is spoken as it was sent."
    )
    error: ErrorView | None

    @classmethod
    def of(cls, generation: Generation) -> Self:
        view = GenerationView.of(generation)
        return cls(
            id=view.id,
            title=view.title,
            tokens=view.tokens_used,
            date=view.created_at,
            status=view.status,
            audio_url=view.audio_url,
            language=view.language,
            voice_id=view.voice_id,
            voice_type=view.voice_type,
            voice_style=view.voice_style,
            speed=view.speed,
            format=view.format,
            character_id=view.character_id,
            characters=view.characters,
            favourite=view.favourite,
            seconds=view.seconds,
            translation=view.translation,
            error=view.error,
        )


class History(Schema):
    history: list[HistoryItem]


class HistoryQuery(Page):
    status: JobStatus | None = None
    language: Annotated[str, StringConstraints(max_length=40)] | None = Field(
        None, description="The language that is spoken, as in `language` of an entry."
    )
    character_id: Id | None = None
    favourite: bool = Field(False, description="`true`: only favourites.")
    search: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] = Field(
        "", description="The beginning of the title or of one of its first words; alone."
    )

    @model_validator(mode="after")
    def _search_alone(self) -> Self:
        filtered = self.status or self.language or self.character_id or self.favourite
        if self.search and filtered:
            raise PydanticCustomError("search_alone", "search cannot be combined with a filter")
        return self

    @property
    def chosen(self) -> HistoryFilter:
        return HistoryFilter(
            self.status, self.language, self.character_id, self.favourite, self.search
        )


class TextData(Schema):
    text: str = Field(description="As it was sent.")
    text_type: TextType
    pauses: dict[Border, int] = Field(
        description="The pauses that were asked for, in milliseconds."
    )


class UpdateGeneration(Schema):
    """At least one of the fields; what is left out stays."""

    model_config = example({"title": "The welcome", "favourite": True})

    title: Annotated[OneLine, Field(max_length=120)] | None = None
    favourite: bool | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.title is None and self.favourite is None:
            raise PydanticCustomError("nothing", "send title or favourite")
        return self


class DeleteGenerations(Schema):
    model_config = example({"ids": ["ID_OF_A_GENERATION"]})

    ids: list[Id] = Field(min_length=1, max_length=MOST_DELETED)


class DeletedGenerations(Schema):
    deleted: list[str]
    missing: list[str] = Field(description="Ids of generations that you do not have.")


class DownloadAudio(Schema):
    model_config = example({"audioId": "ID_OF_A_GENERATION"})

    audio_id: Id = Field(description="The id of a generation.")


class GenerationPath(Schema):
    generation_id: Id
