"""Requests and responses of the voice operations."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field

from troupe.borders import LONGEST_PAUSE, Border
from troupe.generations.choices import DEFAULT_SPEED, DEFAULT_VOICE_TYPE, GenerationRequest
from troupe.generations.records import Generation
from troupe.jobs.records import JobStatus
from troupe.jobs.schemas import ErrorView, JobView, MaxTokens
from troupe.media.formats import AudioFormat
from troupe.settings import MOST_CHARACTERS
from troupe.speech.catalogue import DEFAULT_STYLE
from troupe.speech.engine import TimingSource, VoiceType
from troupe.speech.text.forms import TextType
from troupe.web.media import MediaUrl
from troupe.web.schema import Id, KeyHeader, Schema, WarnsOfUnknown, example

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def _speakable(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    if _CONTROLS.search(text):
        raise ValueError("must not contain control characters")
    return text


SpeakableText = Annotated[str, Field(min_length=1), AfterValidator(_speakable)]


Milliseconds = Annotated[int | None, Field(ge=0, le=LONGEST_PAUSE)]


class Pauses(Schema):
    """Silence in milliseconds at normal speed. A kind that is left out keeps its usual pause."""

    model_config = example({"paragraph": 700, "scene": 2000})

    clause: Milliseconds = None
    sentence: Milliseconds = None
    item: Milliseconds = None
    paragraph: Milliseconds = None
    heading: Milliseconds = None
    scene: Milliseconds = None


class GenerateVoice(WarnsOfUnknown):
    model_config = example(
        {
            "text": "Good evening, and welcome to the show.",
            "language": "en-US",
            "voiceType": "female",
        }
    )

    text: SpeakableText = Field(
        description="The text to speak, up to 200,000 characters and about 24 hours of speech. "
        "Markdown marks are not spoken.",
        examples=["Good evening, and welcome to the show."],
        # The service checks it, and answers `text_too_long` with the maximum of the deployment.
        json_schema_extra={"maxLength": MOST_CHARACTERS},
    )
    language: str = Field(
        max_length=40, description="A code from `GET /api/voice/languages`.", examples=["en-us"]
    )
    voice_type: VoiceType = DEFAULT_VOICE_TYPE
    voice_style: str = Field(
        DEFAULT_STYLE, max_length=40, description="An id from `GET /api/voice/styles`."
    )
    character_id: str | None = Field(
        None,
        max_length=128,
        description="The character whose voice to use. Its voice type and speed apply unless the "
        "request sets them.",
    )
    dictionary_id: Id | None = Field(
        None,
        description="One of your pronunciation dictionaries, for the language of the text. It is "
        "used instead of the character's.",
    )
    speed: float = Field(
        DEFAULT_SPEED, ge=0.5, le=2.0, description="1 is the voice's normal speed."
    )
    format: AudioFormat = AudioFormat.MP3
    text_type: TextType = Field(
        TextType.TEXT,
        description="`text`: plain text or Markdown, with the marks `[pause 500ms]`, "
        "`[spell: ABC]` and `[say: word|ipa]`. `ssml`: a document of SSML with `break`, `say-as`, "
        "`sub`, `phoneme`, `emphasis`, `prosody`, `p` and `s`. What the engine cannot do is told "
        "in `warnings`.",
    )
    pauses: Pauses | None = Field(
        None, description="The silence after each kind of border, instead of the usual one."
    )
    target_language: str | None = Field(
        None, max_length=40, description="Not offered yet: answers 422 `not_offered`."
    )
    max_tokens: MaxTokens = None

    def command(self) -> GenerationRequest:
        """The request, with None for the choices that were left to the character."""
        chosen = self.model_fields_set
        return GenerationRequest(
            text=self.text,
            language=self.language,
            voice_type=self.voice_type if "voice_type" in chosen else None,
            voice_style=self.voice_style,
            character_id=self.character_id,
            dictionary_id=self.dictionary_id,
            speed=self.speed if "speed" in chosen else None,
            format=self.format,
            target_language=self.target_language,
            text_type=self.text_type,
            pauses={
                Border(name): value
                for name, value in (self.pauses.model_dump() if self.pauses else {}).items()
                if value is not None
            },
        )


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


class LanguageView(Schema):
    code: str
    name: str
    flag: str


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


class GenerationView(Schema):
    """A generation. `audioUrl` and `captionsUrl` are set once it is completed."""

    id: str
    title: str
    characters: int
    language: str
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
    voice_type: VoiceType
    seconds: float | None

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
            voice_type=view.voice_type,
            seconds=view.seconds,
        )


class History(Schema):
    history: list[HistoryItem]


class DownloadAudio(Schema):
    model_config = example({"audioId": "ID_OF_A_GENERATION"})

    audio_id: Id = Field(description="The id of a generation.")


class GenerationPath(Schema):
    generation_id: Id


class GenerateHeaders(KeyHeader):
    prefer: str | None = Field(
        None,
        max_length=200,
        description="`wait=N`: wait up to N seconds (maximum 30) for the audio.",
    )
