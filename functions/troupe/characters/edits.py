"""New characters and updated ones: turns what users submit into records; stores nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from troupe import text
from troupe.accounts.records import AccountCaller
from troupe.adapters.firestore import now
from troupe.characters.consent import GivenConsent, required_consent
from troupe.characters.errors import SampleMissing
from troupe.characters.records import Character, Config, Image, Sample, Visibility
from troupe.characters.sharing import allowed_use, shows_again
from troupe.idempotency import Asked
from troupe.media.uploads.checks import File
from troupe.orphans import NewFile
from troupe.settings import Settings
from troupe.text import name_key


@dataclass(frozen=True, slots=True)
class CharacterDraft:
    """What a user submits for a new character; None stands for the default. `consent` is about
    `audio`."""

    display_name: str
    audio: File
    consent: GivenConsent | None
    sample_text: str
    images: Sequence[File]
    config: Config
    language: str
    voice_type: str
    visibility: Visibility | None = None
    allow_use: bool | None = None


@dataclass(frozen=True, slots=True)
class CharacterUpdate:
    """What a user submits to change a character; None leaves a value as it is. `config` holds the
    changed settings only."""

    display_name: str | None = None
    audio: File | None = None
    consent: GivenConsent | None = None
    sample_text: str | None = None
    new_images: Sequence[File] = ()
    removed_image_keys: Sequence[str] = ()
    config: dict[str, Any] = field(default_factory=dict)
    language: str | None = None
    voice_type: str | None = None
    visibility: Visibility | None = None
    allow_use: bool | None = None


def new_character(
    asked: Asked,
    caller: AccountCaller,
    draft: CharacterDraft,
    language: str,
    sample: Sample,
    images: Sequence[Image],
    settings: Settings,
) -> Character:
    """`asked`: the request. `language`: the engine's code for it. Raises ConsentRequired and
    ConsentTooNarrow."""
    at = now()
    given = required_consent(draft.consent)
    consent = given.record(caller.user.name, sample.sha256, settings.jwt_secret, at)
    default = Visibility.PRIVATE if caller.guest else Visibility(settings.character_visibility)
    shared = settings.character_allow_use and not caller.guest
    return Character(
        id=asked.id,
        uid=caller.uid,
        display_name=draft.display_name,
        name_key=name_key(draft.display_name),
        config=draft.config,
        language=language,
        voice_type=draft.voice_type,
        visibility=draft.visibility or default,
        allow_use=allowed_use(draft.allow_use, shared, consent),
        sample=sample,
        consent=consent,
        images={str(number): image for number, image in enumerate(images)},
        next_image=len(images),
        output_prefix=slug(draft.display_name, asked.id),
        created_by_name=caller.user.public_name,
        created_by=asked.created_by,
        created_at=at,
        updated_at=at,
    )


@dataclass(frozen=True, slots=True)
class PreparedUpdate:
    """An update with its language looked up and its sample decoded, without the images.
    `consent` is set with `sample`, or alone for the present sample; `files` are the new files to
    store."""

    fields: dict[str, Any]
    config: dict[str, Any]
    sample_text: str | None
    sample: Sample | None
    consent: GivenConsent | None
    allow_use: bool | None
    files: list[NewFile]

    def applied(
        self,
        before: Character,
        caller: AccountCaller,
        removed: Sequence[str],
        added: Sequence[Image],
        secret: str,
    ) -> Character:
        """`removed` may include keys that another update has already removed; `secret` keys the
        hash of the client's address. Raises CharacterHidden, ConsentTooNarrow, SampleMissing."""
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
        sample = self.sample or before.sample
        if sample is not None and self.sample is None and self.sample_text is not None:
            sample = sample.model_copy(update={"text": self.sample_text})
        fields["sample"] = sample
        consent = before.consent
        if self.consent is not None:
            if sample is None:
                raise SampleMissing
            # An administrator may have sent it.
            owner = caller.user.name if caller.uid == before.uid else before.created_by_name
            consent = self.consent.record(owner, sample.sha256, secret, at)
            fields["consent"] = consent
        fields["allow_use"] = allowed_use(self.allow_use, before.allow_use, consent)
        if shows_again(before, self.fields.get("visibility"), caller):
            fields["hidden_at"] = None
        return before.model_copy(update=fields)


def slug(name: str, character_id: str) -> str:
    """The prefix for the names of audio files in the character's voice."""
    return text.slug(name).replace("-", "_") or f"character_{character_id[:8]}"
