"""Responses of characters."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

from pydantic import Field, field_serializer

from troupe.characters.records import Character, Purpose, Relationship, Visibility
from troupe.speech.catalogue import capabilities
from troupe.speech.choice import known_language
from troupe.speech.engine import VoiceType
from troupe.web.media import MediaUrl, linked
from troupe.web.schema import Schema


class ConsentView(Schema):
    """Consents from before there was a fixed wording have no version, speaker or relationship."""

    statement: str
    version: str
    speaker: str
    relationship: Relationship | None
    purposes: list[Purpose]
    at: datetime
    sample_sha256: str
    revoked_at: datetime | None


class ConfigView(Schema):
    speed: float
    nfe_steps: int
    cross_fade_duration: float
    remove_silences: bool
    dictionary_id: str | None = Field(description="Only its owner gets it.")
    voice_id: str | None


class QualityView(Schema):
    """Levels in dBFS; shares from 0 to 1."""

    seconds: float
    level_db: float
    peak_db: float
    clipped_share: float
    silence_share: float
    verdict: Literal["good", "fair", "poor"]
    advice: list[str]


class CharacterView(Schema):
    """A character. Only its owner gets `consent`, `audioFile` and `sampleText`; for others the last
    two are empty. Once the consent has been revoked, there is no sample."""

    id: str
    display_name: str
    visibility: Visibility
    allow_use: bool = Field(description="Whether others who can see it may cast it.")
    hidden: bool = Field(description="Whether an administrator has made it private.")
    audio_file: MediaUrl
    config: ConfigView
    images: dict[str, str]
    output_prefix: str
    language: str
    voice_type: VoiceType
    sample_text: str
    sample_quality: QualityView | None
    voice_cloned: bool = Field(description="Whether the speech engine clones this voice.")
    voice_note: str = Field(description="Which voice speaks instead, or empty if cloned.")
    consent: ConsentView | None
    has_audio: bool
    image_count: int
    created_by: str
    created_by_name: str
    is_owner: bool
    starred: int
    is_starred: bool
    created_at: datetime
    updated_at: datetime

    @field_serializer("images", when_used="json")
    def _linked(self, images: dict[str, str]) -> dict[str, str]:
        """Adds tokens to the URLs of private pictures."""
        if self.visibility is not Visibility.PRIVATE:
            return images
        return {key: linked(url) for key, url in images.items()}

    @classmethod
    def of(
        cls, character: Character, *, uid: str, is_starred: bool, engines: tuple[str, ...]
    ) -> Self:
        """The character as the user `uid` sees it; `engines`: the names of the speech engines."""
        is_owner = character.uid == uid
        consent = character.consent if is_owner else None
        sample = character.sample
        cloned = (
            character.clonable
            and character.config.voice_id is None
            and any(capabilities(name).cloning for name in engines)
        )
        return cls(
            **character.model_dump(
                include={
                    "id",
                    "display_name",
                    "output_prefix",
                    "language",
                    "voice_type",
                    "visibility",
                    "created_by_name",
                    "starred",
                    "created_at",
                    "updated_at",
                }
            ),
            allow_use=character.shared,
            hidden=character.hidden_at is not None,
            audio_file=f"/api/static/audio_files/{sample.name}" if sample and is_owner else "",
            config=_config(character, is_owner=is_owner),
            images={
                key: f"/api/static/images/{character.images[key].name}"
                for key in sorted(character.images, key=int)
            },
            sample_text=sample.text if sample and is_owner else "",
            sample_quality=QualityView(**sample.quality.model_dump()) if sample else None,
            voice_cloned=cloned,
            voice_note="" if cloned else _note(character, engines),
            consent=None if consent is None else ConsentView(**consent.model_dump()),
            has_audio=sample is not None,
            image_count=len(character.images),
            created_by=character.uid,
            is_owner=is_owner,
            is_starred=is_starred,
        )


def _config(character: Character, *, is_owner: bool) -> ConfigView:
    fields = character.config.model_dump()
    return ConfigView(**fields if is_owner else fields | {"dictionary_id": None})


def _note(character: Character, engines: tuple[str, ...]) -> str:
    if character.config.voice_id:
        return f"The voice {character.config.voice_id} speaks for this character, as chosen."
    language = known_language(character.language, engines)
    known = f"{_article(character.voice_type)} {character.voice_type} voice"
    spoken = f" in {language.name}" if language else ""
    reason = "There is no consent to clone this voice"
    if character.clonable:
        reason = "The speech engine does not clone voices"
    return f"{reason}: {known}{spoken} speaks for this character."


def _article(word: str) -> str:
    return "an" if word[:1] in "aeiou" else "a"


class CharacterData(Schema):
    character: CharacterView


class CharactersData(Schema):
    characters: list[CharacterView]


class DeletedData(Schema):
    deleted_files: list[str] = Field(description="Paths in Cloud Storage.")


class StarData(Schema):
    """The star count of a character, and whether you have starred it."""

    character_id: str
    starred: int
    is_starred: bool
