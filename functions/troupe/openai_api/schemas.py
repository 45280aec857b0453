"""Requests and responses in OpenAI's form, in snake_case:
https://developers.openai.com/api/reference/resources/audio"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, RootModel, model_validator

from troupe.generations.choices import GenerationRequest
from troupe.generations.request_schemas import SpeakableText
from troupe.jobs.schemas import MaxTokens, PaidHeaders
from troupe.media.formats import AudioFormat, LiveFormat
from troupe.openai_api import names
from troupe.openai_api.errors import ModelNotFound
from troupe.recognition.transcriber import Segment
from troupe.speech.choice import offered_languages
from troupe.speech.voices import NamedVoice
from troupe.transcriptions.service import TranscriptionWithJob
from troupe.web.schema import Headers, Limit, Schema
from troupe.web.upload import Form, Upload

MOST_CHARACTERS = 4_096
_CREATED = 1_795_824_000  # 28 November 2026: for every model, as nothing here depends on it
_SNAKE = ConfigDict(alias_generator=None)


class OpenAISchema(Schema):
    model_config = _SNAKE


class OpenAIRefusalError(OpenAISchema):
    message: str
    type: str = Field(description="`invalid_request_error`, `insufficient_quota`, `requests`, …")
    param: str | None = Field(description="The field of the request that is wrong.")
    code: str


class OpenAIRefusal(OpenAISchema):
    """A failure in OpenAI's form."""

    error: OpenAIRefusalError


class OpenAIHeaders(PaidHeaders):
    x_stainless_retry_count: Annotated[int, Field(ge=0, le=1000)] = Field(
        0,
        description="How often OpenAI's clients have sent this request before. A repeat within ten "
        "minutes gets what the first request made, and costs nothing.",
    )


class SpeechFormat(StrEnum):
    MP3 = "mp3"
    OPUS = "opus"  # in Ogg
    AAC = "aac"  # in ADTS
    FLAC = "flac"
    WAV = "wav"
    PCM = "pcm"  # 16 bits, little-endian, mono, 24 kHz, without a header

    @property
    def live(self) -> LiveFormat | None:
        """The format of audio that is sent as it is made; None if its header has the length."""
        if self in (SpeechFormat.FLAC, SpeechFormat.WAV):
            return None
        return LiveFormat.OGG if self is SpeechFormat.OPUS else LiveFormat(self.value)

    @property
    def stored(self) -> AudioFormat:
        return self.live.stored if self.live else AudioFormat(self.value)

    @property
    def mime_type(self) -> str:
        return SPEECH_TYPES[self]


SPEECH_TYPES = {
    SpeechFormat.MP3: "audio/mpeg",
    SpeechFormat.OPUS: "audio/ogg",
    SpeechFormat.AAC: "audio/aac",
    SpeechFormat.FLAC: "audio/flac",
    SpeechFormat.WAV: "audio/wav",
    SpeechFormat.PCM: "audio/pcm",
}


class VoiceObject(OpenAISchema):
    id: Annotated[str, Field(max_length=200)]


Language = Annotated[str, Field(max_length=40)]


class Speech(OpenAISchema):
    """Unknown fields are ignored: clients have some of their own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"model": "tts-1", "voice": "alloy", "input": "Good evening.", "speed": 1.0}
            ]
        }
    )

    input: Annotated[SpeakableText, Field(max_length=MOST_CHARACTERS)]
    model: Annotated[str, Field(max_length=100)] = Field(
        names.ANY, description="One of `GET /v1/models`; OpenAI's names also with a date."
    )
    voice: Annotated[str, Field(max_length=200)] | VoiceObject | None = Field(
        None,
        description="One of `GET /v1/audio/voices`, a blend of them such as "
        "`af_heart:0.7+am_michael:0.3`, `female`, `male` or `kids`, or the id of a character. "
        "Without one, the voice of your profile speaks.",
    )
    response_format: SpeechFormat = SpeechFormat.MP3
    speed: float = Field(1.0, ge=0.25, le=4.0)
    instructions: Annotated[str, Field(max_length=MOST_CHARACTERS)] | None = Field(
        None, description="No engine follows them: `X-Troupe-Ignored` says so."
    )
    stream_format: Literal["audio", "sse"] = "audio"
    language: Language | None = Field(
        None,
        description="A code of `GET /api/voice/languages`. By default that of the voice or the "
        "character; for OpenAI's voices, what the script of the text tells, or English.",
    )
    lang_code: Language | None = Field(None, description="Another name for `language`.")
    max_cost: MaxTokens = Field(
        None, description="Refuses what costs more tokens than this: 400 `cost_above_max`."
    )

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, sent: Any) -> Any:
        if not isinstance(sent, dict):
            return sent
        return {name: value for name, value in sent.items() if value is not None}

    @property
    def ignored(self) -> list[str]:
        """Home Assistant writes "None"."""
        return ["instructions"] if (self.instructions or "None") != "None" else []

    def command(self, own_voice: str, engines: tuple[str, ...]) -> GenerationRequest:
        """Raises ModelNotFound."""
        if not names.speaks(self.model, engines):
            raise ModelNotFound
        engine = names.engine_of(self.model, engines)
        voice = self.voice.id if isinstance(self.voice, VoiceObject) else self.voice
        chosen = names.chosen_voice(voice, engines)
        language = self.language or self.lang_code
        if not language and not (chosen.voice_id or chosen.character_id):
            language = names.language_of(self.input, (engine,) if engine else engines)
        return GenerationRequest(
            text=self.input,
            language=language or None,
            # One that is left out is left to the character.
            speed=self.speed if "speed" in self.model_fields_set else None,
            format=self.response_format.stored,
            own_voice=own_voice,
            engine=engine,
            **chosen._asdict(),
        )


class Transcribe(Form):
    """Unknown fields are ignored."""

    model_config = _SNAKE

    file: Upload = Field(
        description="WAV, MP3, M4A, AAC, Ogg, FLAC, WebM, AIFF, CAF or AMR audio: at most 32 MB."
    )
    model: Annotated[str, Field(max_length=100)] = Field(
        names.ANY, description="One of `GET /v1/models`; OpenAI's names also with a date."
    )
    language: Language | None = Field(
        None, description="The language that is spoken, such as `en`. Detected if it is left out."
    )
    response_format: Literal["json", "text", "srt", "verbose_json", "vtt"] = "json"
    timestamp_granularities: Annotated[list[Literal["word", "segment"]], Field(max_length=10)] = (
        Field(default_factory=list, description="For `verbose_json`; `segment` by default.")
    )
    stream: bool = Field(
        False, description="Sends the text as events, when the transcription is completed."
    )


class SpeechUsage(OpenAISchema):
    """`input_tokens` is what was charged."""

    input_tokens: int
    output_tokens: int = 0
    total_tokens: int
    characters: int
    seconds: float


class SpeechDelta(OpenAISchema):
    type: str = "speech.audio.delta"
    audio: str


class SpeechDone(OpenAISchema):
    type: str = "speech.audio.done"
    usage: SpeechUsage


class Duration(OpenAISchema):
    """`seconds` of the sound, rounded up."""

    type: str = "duration"
    seconds: int


class TextDelta(OpenAISchema):
    type: str = "transcript.text.delta"
    delta: str


class TextDone(OpenAISchema):
    type: str = "transcript.text.done"
    text: str
    usage: Duration


class SpokenWord(OpenAISchema):
    word: str
    start: float
    end: float


class SpokenSegment(OpenAISchema):
    """`tokens` is empty, and `temperature`, `seek`, `compression_ratio` and `no_speech_prob` have
    no meaning: not every transcriber has such things."""

    id: int
    seek: int = 0
    start: float
    end: float
    text: str
    tokens: list[int] = Field(default_factory=list)
    temperature: float = 0.0
    avg_logprob: float = Field(description="Over the words.")
    compression_ratio: float = 1.0
    no_speech_prob: float = 0.0

    @classmethod
    def of(cls, number: int, segment: Segment) -> Self:
        sure = [word.probability for word in segment.words if word.probability]
        average = sum(map(math.log, sure)) / len(sure) if sure else 0.0
        return cls(
            id=number,
            start=segment.start,
            end=segment.end,
            text=segment.text,
            avg_logprob=round(average, 3),
        )


class OpenAITranscription(OpenAISchema):
    """`json`: only `text` and `usage`; the others are of `verbose_json`."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    text: str
    usage: Duration
    task: str | None = None
    language: str | None = Field(None, description="In English, in small letters.")
    duration: float | None = Field(None, description="Seconds.")
    segments: list[SpokenSegment] | None = None
    words: list[SpokenWord] | None = None

    @classmethod
    def of(cls, found: TranscriptionWithJob) -> Self:
        return cls(text=text_of(found), usage=duration_of(found))

    @classmethod
    def verbose(cls, found: TranscriptionWithJob, wanted: Sequence[str], language: str) -> Self:
        segments = found.segments or []
        words = [
            SpokenWord(word=word.text.strip(), start=word.start, end=word.end)
            for segment in segments
            for word in segment.words
        ]
        shown = [SpokenSegment.of(*each) for each in enumerate(segments)]
        return cls(
            text=text_of(found),
            usage=duration_of(found),
            task="transcribe",
            language=language,
            duration=found.transcription.seconds,
            segments=shown if "segment" in wanted or not wanted else None,
            words=words if "word" in wanted else None,
        )


def text_of(found: TranscriptionWithJob) -> str:
    return " ".join(segment.text for segment in found.segments or ())


def duration_of(found: TranscriptionWithJob) -> Duration:
    return Duration(seconds=math.ceil(found.transcription.seconds))


class ModelView(OpenAISchema):
    id: str
    object: str = "model"
    created: int = _CREATED
    owned_by: str = "troupe"
    shutdown_date: str | None = None


class ModelList(OpenAISchema):
    object: str = "list"
    data: list[ModelView]


class ModelsHeaders(Headers):
    xi_api_key: Annotated[str, Field(max_length=8000)] | None = Field(
        None, description="Sent by ElevenLabs' clients. The list is public, so any value will do."
    )


class ElevenLabsLanguage(OpenAISchema):
    language_id: str
    name: str


class ElevenLabsModel(OpenAISchema):
    """As ElevenLabs' clients read it."""

    model_id: str
    name: str
    can_do_text_to_speech: bool = True
    maximum_text_length_per_request: int = MOST_CHARACTERS
    languages: list[ElevenLabsLanguage]

    @classmethod
    def of(cls, model: str, engines: tuple[str, ...]) -> Self:
        languages = [
            ElevenLabsLanguage(language_id=each.code, name=each.name)
            for each in offered_languages(engines)
        ]
        return cls(model_id=model, name=model, languages=languages)


class AnyModels(RootModel[ModelList | list[ElevenLabsModel]]):
    """OpenAI's list, or ElevenLabs'."""


class ModelPath(OpenAISchema):
    model: Annotated[str, Field(max_length=100)]


class AudioModel(OpenAISchema):
    id: str
    name: str


class AudioModels(OpenAISchema):
    """The models that speak. `models` is what Open WebUI reads."""

    models: list[AudioModel]
    object: str = "list"
    data: list[ModelView]


class AudioVoice(OpenAISchema):
    id: str
    name: str
    language: str = Field(description="The one it speaks best; `mul` for OpenAI's, which adapt.")

    @classmethod
    def of(cls, voice: NamedVoice) -> Self:
        return cls(id=voice.id, name=voice.name, language=voice.languages[0])


class AudioVoices(OpenAISchema):
    """The same list twice: programs look for either name."""

    object: str = "list"
    voices: list[AudioVoice]
    data: list[AudioVoice]


class AudioVoicesQuery(OpenAISchema):
    limit: Limit | None = Field(None, description="All by default. Values above 100 count as 100.")
    model: Annotated[str, Field(max_length=100)] = Field(
        names.ANY, description="Only voices of the engine that `troupe-…` names."
    )
