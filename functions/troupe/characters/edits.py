"""A new character, and what an update makes of one: records from forms, and nothing stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troupe import text
from troupe.accounts.records import AccountCaller
from troupe.adapters.firestore import now
from troupe.characters.errors import ConsentRequired
from troupe.characters.records import Character, Config, Consent, Image, Sample
from troupe.orphans import NewFile
from troupe.text import name_key

if TYPE_CHECKING:
    from troupe.characters.schemas import CreateCharacter


def new_character(
    character_id: str,
    caller: AccountCaller,
    form: CreateCharacter,
    language: str,
    sample: Sample,
    images: Sequence[Image],
) -> Character:
    """`language`: as the engine calls it. Raises ConsentRequired."""
    at = now()
    stated = statement(form.consent)
    return Character(
        id=character_id,
        uid=caller.uid,
        display_name=form.display_name,
        name_key=name_key(form.display_name),
        config=Config(**form.model_dump(include=set(Config.model_fields))),
        language=language,
        voice_type=form.voice_type,
        sample=sample,
        consent=Consent(statement=stated, at=at, sample_sha256=sample.sha256),
        images={str(number): image for number, image in enumerate(images)},
        next_image=len(images),
        output_prefix=slug(form.display_name, character_id),
        created_by_name=caller.user.name or caller.user.username or "Guest",
        created_at=at,
        updated_at=at,
    )


@dataclass(frozen=True, slots=True)
class Change:
    """What an update asks for, apart from images. With `sample` comes the `statement` on it;
    `files` are those that it needs to be stored."""

    fields: dict[str, Any]
    config: dict[str, Any]
    sample_text: str | None
    sample: Sample | None
    statement: str
    files: list[NewFile]

    def applied(
        self, before: Character, removed: Sequence[str], added: Sequence[Image]
    ) -> Character:
        """`removed` may name images that are gone: whoever was faster wanted the same."""
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


def statement(consent: str | None) -> str:
    """Raises ConsentRequired."""
    if not consent:
        raise ConsentRequired(details={"field": "consent"})
    return consent


def slug(name: str, character_id: str) -> str:
    """What the files that the character speaks may be named after."""
    return text.slug(name).replace("-", "_") or f"character_{character_id[:8]}"
