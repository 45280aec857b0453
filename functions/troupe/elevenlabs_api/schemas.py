"""Requests and responses in ElevenLabs' form, in snake_case:
https://elevenlabs.io/docs/api-reference/text-to-speech/convert"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from troupe.elevenlabs_api import names
from troupe.elevenlabs_api.alignment import Span
from troupe.elevenlabs_api.forms import Form, OutputFormat
from troupe.generations.choices import GenerationRequest
from troupe.generations.request_schemas import SpeakableText
from troupe.openai_api.errors import ModelNotFound
from troupe.openai_api.names import ANY, engine_of, language_of
from troupe.openai_api.schemas import MOST_CHARACTERS
from troupe.speech.engine import VoiceType
from troupe.web.schema import Limit, Schema, WarnsOfUnknown

if TYPE_CHECKING:
    from troupe.characters.records import Character
    from troupe.plans.subscriptions import SubscriptionStatement
    from troupe.speech.voices import NamedVoice

_SNAKE = ConfigDict(alias_generator=None)


class ElevenLabsSchema(Schema):
    model_config = _SNAKE


class ElevenLabsProblem(ElevenLabsSchema):
    status: str
    message: str


class ElevenLabsWrongField(ElevenLabsSchema):
    loc: list[str] = Field(description="`body`, `query` or `path`, and the field.")
    msg: str
    type: str


class ElevenLabsRefusal(ElevenLabsSchema):
    """A failure in ElevenLabs' form: a list for fields that are wrong (422)."""

    detail: ElevenLabsProblem | list[ElevenLabsWrongField]


class SpeechVoicePath(Schema):
    voice_id: Annotated[str, Field(max_length=200)] = Field(
        description="One of `GET /v1/voices`, a blend of them such as "
        "`af_heart:0.7+am_michael:0.3`, `female`, `male` or `kids`, the id of a character, or one "
        "of the voices that every account of ElevenLabs has, which mean `female` or `male` here."
    )


class SpeechQuery(ElevenLabsSchema):
    output_format: OutputFormat = Field(
        "mp3_44100_128",
        description="Codec, samples per second, kilobits per second. MP3 and Opus have the rate of "
        "the voice and the bits that this server prefers.",
    )

    @property
    def form(self) -> Form:
        return Form.of(self.output_format)


class ElevenLabsBody(WarnsOfUnknown):
    model_config = _SNAKE

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, sent: Any) -> Any:
        if not isinstance(sent, dict):
            return sent
        return {name: value for name, value in sent.items() if value is not None}


class VoiceSettings(ElevenLabsBody):
    """Others have no effect: `X-Troupe-Ignored` names them."""

    speed: float | None = Field(
        None, ge=0.25, le=4.0, description="By default that of the character, or 1."
    )


class TextToSpeech(ElevenLabsBody):
    """Unknown fields have no effect: `X-Troupe-Ignored` names them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "text": "Good evening.",
                    "model_id": "eleven_multilingual_v2",
                    "voice_settings": {"speed": 1.0},
                }
            ]
        }
    )

    text: Annotated[SpeakableText, Field(max_length=MOST_CHARACTERS)]
    model_id: Annotated[str, Field(max_length=100)] = Field(
        ANY, description="One of `GET /v1/models`; all of ElevenLabs' mean the same as `troupe`."
    )
    language_code: Annotated[str, Field(max_length=40)] | None = Field(
        None,
        description="A code of `GET /api/voice/languages`. By default that of the voice or the "
        "character; for ElevenLabs' voices, what the script of the text tells, or English.",
    )
    voice_settings: VoiceSettings | None = None

    @property
    def without_effect(self) -> list[str]:
        of_voice = self.voice_settings.ignored if self.voice_settings else []
        return [
            *(each.field for each in self.ignored),
            *(f"voice_settings.{each.field}" for each in of_voice),
        ]

    def command(self, voice_id: str, form: Form, engines: tuple[str, ...]) -> GenerationRequest:
        """Raises ModelNotFound."""
        if not names.speaks(self.model_id, engines):
            raise ModelNotFound
        engine = engine_of(self.model_id, engines)
        chosen = names.chosen_voice(voice_id, engines)
        language = self.language_code
        if not language and not (chosen.voice_id or chosen.character_id):
            language = language_of(self.text, (engine,) if engine else engines)
        return GenerationRequest(
            text=self.text,
            language=language or None,
            speed=self.voice_settings.speed if self.voice_settings else None,
            format=form.live.stored,
            engine=engine,
            **chosen._asdict(),
        )


class Alignment(ElevenLabsSchema):
    """The characters of the text, each with its times in seconds from the start of the audio."""

    characters: list[str]
    character_start_times_seconds: list[float]
    character_end_times_seconds: list[float]

    @classmethod
    def of(cls, text: str, times: list[Span]) -> Self:
        return cls(
            characters=list(text),
            character_start_times_seconds=[begin for begin, _ in times],
            character_end_times_seconds=[until for _, until in times],
        )


class TimedAudio(ElevenLabsSchema):
    """In a stream, one on each line: the audio as it is made, and last the alignment."""

    audio_base64: str
    alignment: Alignment | None
    normalized_alignment: Alignment | None = Field(
        description="The same as `alignment`: a number or a sign has the time of its words."
    )


def _labels(language: str, type_: str | None) -> dict[str, str]:
    labels = {"language": language}
    if type_ in (VoiceType.FEMALE, VoiceType.MALE):
        labels["gender"] = str(type_)
    elif type_ == VoiceType.KIDS:
        labels["age"] = "child"
    return labels


class ElevenLabsVoice(ElevenLabsSchema):
    voice_id: str
    name: str
    category: str = Field(description="`premade`, or `cloned` for a character.")
    labels: dict[str, str] = Field(description="`language`, `gender` (or `age`), if known.")
    description: str | None = None
    preview_url: str | None = Field(None, description="Null without `APP_URL`.")
    is_owner: bool = False

    @classmethod
    def of(cls, voice: NamedVoice, app_url: str) -> Self:
        preview = f"{app_url}/api/voice/voices/{voice.id}/preview" if app_url else None
        return cls(
            voice_id=voice.id,
            name=voice.name,
            category="premade",
            labels=_labels(voice.languages[0], voice.type),
            description=voice.description,
            preview_url=preview,
        )

    @classmethod
    def of_character(cls, character: Character, uid: str) -> Self:
        return cls(
            voice_id=character.id,
            name=character.display_name,
            category="cloned",
            labels=_labels(character.language, character.voice_type),
            is_owner=character.uid == uid,
        )

    @classmethod
    def of_premade(cls, voice_id: str, voice: names.Premade) -> Self:
        labels = {"gender": str(voice.type)}
        return cls(voice_id=voice_id, name=voice.name, category="premade", labels=labels)

    def fits(self, query: ElevenLabsVoicesQuery) -> bool:
        said = (
            f"{self.name} {self.description or ''} {self.category} {' '.join(self.labels.values())}"
        )
        return (
            (query.search or "").lower() in said.lower()
            and query.category in (None, self.category)
            and query.gender in (None, self.labels.get("gender"))
            and (query.language is None or _is_in(query.language, self.labels.get("language", "")))
        )


def _is_in(language: str, code: str) -> bool:
    """`en` finds `en-us`."""
    return code.lower() == language.lower() or code.lower().startswith(f"{language.lower()}-")


class ElevenLabsVoices(ElevenLabsSchema):
    voices: list[ElevenLabsVoice]


class ElevenLabsVoicesQuery(ElevenLabsSchema):
    page_size: Limit = Field(10, description="Values above 100 count as 100.")
    next_page_token: Annotated[str, Field(max_length=6, pattern=r"^[0-9]+$")] | None = None
    search: Annotated[str, Field(max_length=100)] | None = Field(
        None, description="Part of the name, the description, the category or a label."
    )
    category: Annotated[str, Field(max_length=40)] | None = None
    gender: Annotated[str, Field(max_length=40)] | None = None
    language: Annotated[str, Field(max_length=40)] | None = None


class ElevenLabsVoicesPage(ElevenLabsSchema):
    voices: list[ElevenLabsVoice]
    has_more: bool
    total_count: int
    next_page_token: str | None

    @classmethod
    def of(cls, voices: list[ElevenLabsVoice], query: ElevenLabsVoicesQuery) -> Self:
        found = [voice for voice in voices if voice.fits(query)]
        start = int(query.next_page_token or 0)
        end = start + query.page_size
        more = end < len(found)
        return cls(
            voices=found[start:end],
            has_more=more,
            total_count=len(found),
            next_page_token=str(end) if more else None,
        )


_LIVE = ("active", "past_due")  # the same words as ours
_PERIODS = {"monthly": "monthly_period", "yearly": "annual_period"}


class ElevenLabsSubscription(ElevenLabsSchema):
    """Tokens, as the characters that they pay for. What running jobs hold counts as used."""

    tier: str = Field(description="The id of the plan, or `free`.")
    character_count: int
    character_limit: int
    max_credit_limit_extension: int = 0
    can_extend_character_limit: bool = False
    allowed_to_extend_character_limit: bool = False
    next_character_count_reset_unix: int | None = Field(
        description="The end of the period of the plan."
    )
    voice_slots_used: int = Field(description="Characters of the user.")
    status: str = Field(description="`active`, `past_due` or `free`.")
    billing_period: str | None
    character_refresh_period: str | None
    currency: str

    @classmethod
    def of(
        cls,
        statement: SubscriptionStatement,
        at: datetime,
        *,
        characters_per_token: int,
        voices: int,
        currency: str,
    ) -> Self:
        has, tokens = statement.subscription, statement.wallet.tokens
        if has is not None and has.shown_status(at) not in _LIVE:
            has = None
        period = _PERIODS[has.plan.billing_period] if has else None
        return cls(
            tier=has.plan.id if has else "free",
            character_count=(tokens.used + tokens.held) * characters_per_token,
            character_limit=tokens.granted * characters_per_token,
            next_character_count_reset_unix=int(has.period_end.timestamp()) if has else None,
            voice_slots_used=voices,
            status=str(has.shown_status(at)) if has else "free",
            billing_period=period,
            character_refresh_period=period,
            currency=currency,
        )


class ElevenLabsUser(ElevenLabsSchema):
    user_id: str
    workspace_id: str = Field(description="The user, or the company that pays.")
    first_name: str
    subscription: ElevenLabsSubscription
    is_new_user: bool = False
    is_onboarding_completed: bool = True
    is_onboarding_checklist_completed: bool = True
    can_use_delayed_payment_methods: bool = False
    seat_type: str = "workspace_member"
    created_at: int
