"""Requests for speech."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from troupe.borders import LONGEST_PAUSE, Border
from troupe.generations.choices import DEFAULT_SPEED, DEFAULT_VOICE_TYPE, GenerationRequest
from troupe.jobs.schemas import CompanyId, MaxTokens, PaidHeaders
from troupe.media.formats import AudioFormat, LiveFormat
from troupe.settings import MOST_CHARACTERS
from troupe.speech.catalogue import DEFAULT_STYLE
from troupe.speech.engine import VoiceType
from troupe.speech.text.forms import TextType
from troupe.web.schema import Id, Schema, VoiceId, WarnsOfUnknown, example

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


class SpeechBody(WarnsOfUnknown):
    """What to say, and in which voice."""

    text: SpeakableText
    voice_id: VoiceId | None = Field(
        None,
        description="An id from `GET /api/voice/voices`, or a blend of voices of one engine, such "
        "as `af_heart:0.7+am_michael:0.3`. It goes before `voiceType` and before the character's "
        "voice.",
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
    text_type: TextType = Field(
        TextType.TEXT,
        description="`text`: plain text or Markdown, with the marks `[pause 500ms]`, "
        "`[spell: ABC]` and `[say: word|ipa]`. `ssml`: a document of SSML with `break`, `say-as`, "
        "`sub`, `phoneme`, `emphasis`, `prosody`, `p` and `s`. What the engine cannot do is "
        "reported in `warnings`.",
    )
    pauses: Pauses | None = Field(
        None, description="The silence after each kind of border, instead of the usual one."
    )
    max_tokens: MaxTokens = None
    company_id: CompanyId = None
    target_language: str | None = Field(
        None,
        max_length=40,
        description="The language to speak, if the text is in another: a code that both "
        "`GET /api/voice/languages` and `GET /api/translation/languages` have. A text of at most "
        "10,000 characters is translated, and the spoken text is charged. `language` is then the "
        "language of the text, and detected if absent; voice, style and dictionary apply to "
        "`targetLanguage`. "
        "Answers 422 `not_offered` where the server does not translate, and for SSML.",
    )

    def _command(
        self, language: str | None, form: AudioFormat, own_voice: str
    ) -> GenerationRequest:
        """The request, with None for the choices that were left to the character."""
        chosen = self.model_fields_set
        return GenerationRequest(
            text=self.text,
            language=language,
            voice_id=self.voice_id,
            voice_type=self.voice_type if "voice_type" in chosen else None,
            voice_style=self.voice_style,
            character_id=self.character_id,
            dictionary_id=self.dictionary_id,
            speed=self.speed if "speed" in chosen else None,
            format=form,
            target_language=self.target_language or None,
            text_type=self.text_type,
            pauses={
                Border(name): value
                for name, value in (self.pauses.model_dump() if self.pauses else {}).items()
                if value is not None
            },
            own_voice=own_voice,
        )


class GenerateVoice(SpeechBody):
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
    language: str | None = Field(
        None,
        max_length=40,
        validate_default=True,
        description="A code from `GET /api/voice/languages`. Required without `targetLanguage`.",
        examples=["en-us"],
    )
    format: AudioFormat = AudioFormat.MP3

    @field_validator("language")
    @classmethod
    def _known(cls, language: str | None, info: ValidationInfo) -> str | None:
        if language is None and not info.data.get("target_language"):
            raise PydanticCustomError("missing", "Field required")
        return language

    def command(self, own_voice: str = "") -> GenerationRequest:
        """The request, with None for the choices that were left to the character."""
        return self._command(self.language, self.format, own_voice)


class StreamVoice(SpeechBody):
    model_config = example({"text": "Good evening, and welcome to the show.", "language": "en-US"})

    text: SpeakableText = Field(
        description="The text to speak, up to 4,096 characters.",
        examples=["Good evening, and welcome to the show."],
        json_schema_extra={"maxLength": MOST_CHARACTERS},
    )
    language: str | None = Field(
        None,
        max_length=40,
        description="A code from `GET /api/voice/languages`; by default, that of the voice or the "
        "character, or with `targetLanguage` the one that is detected.",
    )
    format: LiveFormat = Field(
        LiveFormat.MP3,
        description="`pcm`: mono, 16 bits, little-endian, at the rate of the voice, which "
        "`Content-Type` tells. It is kept as a WAV file, and so is `aac`, which is in ADTS.",
    )

    def command(self, own_voice: str = "") -> GenerationRequest:
        """The request, with None for the choices that were left to the character."""
        return self._command(self.language, self.format.stored, own_voice)


class GenerateHeaders(PaidHeaders):
    prefer: str | None = Field(
        None,
        max_length=200,
        description="`wait=N`: wait up to N seconds (maximum 30) for the audio.",
    )
