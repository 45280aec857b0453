"""What the operation on the configuration answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import Field

from troupe.web.schema import Schema

if TYPE_CHECKING:
    from troupe.settings import Settings


class PricesView(Schema):
    """In tokens. Speech can be paid for in voice seconds instead."""

    characters_per_token: int = Field(description="A started so many characters cost a token.")
    tokens_per_video: int
    video_included_characters: int = Field(
        description="The speech that the tokens of a video pay for; more is charged as speech is."
    )
    transcribed_seconds_per_token: int
    dubbed_characters_per_second: int = Field(
        description="The most of a translation that a dubbing is charged for, for each second of "
        "the original."
    )
    tokens_of_new_account: int
    tokens_of_guest: int


class LimitsView(Schema):
    text_characters: int
    audio_seconds: int
    video_seconds: int
    script_lines: int
    script_characters: int
    line_characters: int
    written_lines: int = Field(description="The most lines that the language model writes.")
    cast: int = Field(description="Characters of a script.")
    file_bytes: int
    recording_seconds: int = Field(description="Of a sound to transcribe, or an uploaded file.")
    dubbed_seconds: int = Field(description="Of a recording or a film to dub.")
    dubbed_bytes: int
    sample_bytes: int = Field(description="Of the recording of a character.")
    image_bytes: int
    images: int = Field(description="Pictures of a character.")
    avatar_bytes: int = Field(description="Of the picture of a user.")
    password_characters: int = Field(description="The shortest password.")
    retention_days: int = Field(description="How long generations and uploaded files are kept.")
    guest_days: int = Field(
        description="How long a guest who does not come back is kept; 0: for ever."
    )
    export_days: int = Field(description="How long the archive of an export is kept.")


class EngineView(Schema):
    name: str
    cloning: bool = Field(description="Whether it speaks with the voice of a recording.")
    word_timings: bool = Field(description="False: the times of words are estimated.")
    styles: list[str]
    languages: int = Field(description="How many it speaks: see `GET /api/voice/languages`.")

    @classmethod
    def of(cls, name: str) -> Self:
        from troupe.speech.catalogue import capabilities

        can = capabilities(name)
        return cls(
            name=name,
            cloning=can.cloning,
            word_timings=can.word_timings,
            styles=list(can.styles),
            languages=len(can.languages),
        )


class FeaturesView(Schema):
    payments: bool = Field(description="Whether plans are bought: see `GET /api/payments/config`.")
    script_writer: bool = Field(description="Whether a language model writes scripts.")
    translation: bool
    transcription: bool = Field(description="And dubbing, and captions of what rooms hear.")
    moderation: bool
    google: bool = Field(description="Whether `GET /api/auth/google` signs people in.")
    google_client_id: str = Field(description="For Google's script; empty without.")
    email_enumeration: bool = Field(
        description="Whether registering an address that has an account says so."
    )
    push: bool
    sms: bool
    mail: bool
    api_keys: bool = Field(description="Whether `POST /api/keys` makes API keys.")
    webhooks: bool = Field(description="Whether `POST /api/webhooks` makes webhooks.")


class EmulatorsView(Schema):
    """HOST:PORT, for the Firebase SDK; empty for those that do not run."""

    auth: str
    firestore: str


class ConfigurationData(Schema):
    project_id: str
    prices: PricesView
    limits: LimitsView
    engines: list[EngineView] = Field(description="The preferred one first.")
    features: FeaturesView
    emulators: EmulatorsView | None = Field(description="Null on a deployed server.")

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(
            project_id=settings.project_id,
            prices=_prices(settings),
            limits=_limits(settings),
            engines=[EngineView.of(name) for name in settings.speech_engines],
            features=_features(settings),
            emulators=EmulatorsView(
                auth=settings.auth_emulator, firestore=settings.firestore_emulator
            )
            if settings.emulated
            else None,
        )


def _prices(settings: Settings) -> PricesView:
    from troupe.dubbing.pricing import CHARACTERS_PER_SECOND

    return PricesView(
        **settings.prices.model_dump(),
        dubbed_characters_per_second=CHARACTERS_PER_SECOND,
        video_included_characters=settings.video_included_characters,
        tokens_of_new_account=settings.tokens_to_give,
        tokens_of_guest=settings.guest_tokens_to_give,
    )


def _limits(settings: Settings) -> LimitsView:
    # Their domains are loaded with the first request, not with the function.
    from troupe.accounts.profile import MAX_AVATAR_BYTES
    from troupe.characters.intake import MAX_IMAGE_BYTES, MAX_IMAGES, MAX_SAMPLE_BYTES
    from troupe.dubbing.records import MAX_SECONDS as MAX_DUBBED_SECONDS
    from troupe.files.errors import MAX_BYTES
    from troupe.media.uploads.proofs import MAX_RECORDING_SECONDS
    from troupe.scripts.records import (
        MAX_CHARACTERS,
        MAX_LINE_CHARACTERS,
        MAX_LINES,
        MAX_WRITTEN,
        MOST_CAST,
    )
    from troupe.web.body import FORM_LIMIT

    return LimitsView(
        text_characters=settings.max_text_characters,
        audio_seconds=settings.max_audio_seconds,
        video_seconds=settings.max_video_seconds,
        script_lines=MAX_LINES,
        script_characters=MAX_CHARACTERS,
        line_characters=MAX_LINE_CHARACTERS,
        written_lines=MAX_WRITTEN,
        cast=MOST_CAST,
        file_bytes=MAX_BYTES,
        recording_seconds=MAX_RECORDING_SECONDS,
        dubbed_seconds=MAX_DUBBED_SECONDS,
        dubbed_bytes=FORM_LIMIT,
        sample_bytes=MAX_SAMPLE_BYTES,
        image_bytes=MAX_IMAGE_BYTES,
        images=MAX_IMAGES,
        avatar_bytes=MAX_AVATAR_BYTES,
        password_characters=settings.password_min_length,
        retention_days=settings.retention_days,
        guest_days=settings.guest_days,
        export_days=settings.export_days,
    )


def _features(settings: Settings) -> FeaturesView:
    return FeaturesView(
        payments=settings.payments == "stripe",
        script_writer=settings.writes_scripts,
        translation=settings.translator != "off",
        transcription=settings.transcriber != "off",
        moderation=settings.moderation != "off",
        google=bool(settings.google_redirect_url),
        google_client_id=settings.google_client_id,
        email_enumeration=settings.email_enumeration == "visible",
        push=settings.push != "off",
        sms=settings.sms != "off",
        mail=settings.mail != "off",
        api_keys=settings.api_keys == "on",
        webhooks=settings.webhooks == "on",
    )
