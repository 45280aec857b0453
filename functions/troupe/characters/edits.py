"""New characters and updated ones: turns what users submit into records; stores nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from troupe import text
from troupe.accounts.records import AccountCaller
from troupe.adapters.firestore import now
from troupe.characters.errors import ConsentRequired
from troupe.characters.records import Character, Config, Consent, Image, Sample
from troupe.media.uploads.checks import File
from troupe.orphans import NewFile
from troupe.text import name_key


@dataclass(frozen=True, slots=True)
class CharacterDraft:
    """What a user submits for a new character. `consent`: the statement about `audio`."""

    display_name: str
    audio: File
    consent: str | None
    sample_text: str
    images: Sequence[File]
    config: Config
    language: str
    voice_type: str


@dataclass(frozen=True, slots=True)
class CharacterUpdate:
    """What a user submits to change a character; None leaves a value as it is. `config` holds the
    changed settings only."""

    display_name: str | None = None
    audio: File | None = None
    consent: str | None = None
    sample_text: str | None = None
    new_images: Sequence[File] = ()
    removed_image_keys: Sequence[str] = ()
    config: dict[str, Any] = field(default_factory=dict)
    language: str | None = None
    voice_type: str | None = None


def new_character(
    character_id: str,
    caller: AccountCaller,
    draft: CharacterDraft,
    language: str,
    sample: Sample,
    images: Sequence[Image],
) -> Character:
    """`language`: the engine's code for it. Raises ConsentRequired."""
    at = now()
    statement = required_consent(draft.consent)
    return Character(
        id=character_id,
        uid=caller.uid,
        display_name=draft.display_name,
        name_key=name_key(draft.display_name),
        config=draft.config,
        language=language,
        voice_type=draft.voice_type,
        sample=sample,
        consent=Consent(statement=statement, at=at, sample_sha256=sample.sha256),
        images={str(number): image for number, image in enumerate(images)},
        next_image=len(images),
        output_prefix=slug(draft.display_name, character_id),
        created_by_name=caller.user.name or caller.user.username or "Guest",
        created_at=at,
        updated_at=at,
    )


@dataclass(frozen=True, slots=True)
class PreparedUpdate:
    """An update with its language looked up and its sample decoded, without the images.
    `statement` is set with `sample`; `files` are the new files to store."""

    fields: dict[str, Any]
    config: dict[str, Any]
    sample_text: str | None
    sample: Sample | None
    statement: str
    files: list[NewFile]

    def applied(
        self, before: Character, removed: Sequence[str], added: Sequence[Image]
    ) -> Character:
        """`removed` may include keys that another update has already removed."""
        at = now()
        first = before.next_image
        images = {key: image for key, image in before.images.items() if key not in removed}
        images |= {str(number): image for number, image in enumerate(added, first)}
        fields = self.fields | {
            "config": before.config.model_copy(update=self.config),
            "images": images,
            "next_image": first + len(added),
            "updated_at": at,
        }
        if self.sample is not None:
            fields["sample"] = self.sample
            fields["consent"] = Consent(
                statement=self.statement, at=at, sample_sha256=self.sample.sha256
            )
        elif self.sample_text is not None:
            fields["sample"] = before.sample.model_copy(update={"text": self.sample_text})
        return before.model_copy(update=fields)


def required_consent(consent: str | None) -> str:
    """The consent statement. Raises ConsentRequired if there is none."""
    if not consent:
        raise ConsentRequired(details={"field": "consent"})
    return consent


def slug(name: str, character_id: str) -> str:
    """The prefix for the names of audio files in the character's voice."""
    return text.slug(name).replace("-", "_") or f"character_{character_id[:8]}"
