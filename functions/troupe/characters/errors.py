"""The errors of characters."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from troupe.characters.records import Purpose, Relationship
from troupe.characters.wording import STATEMENT, VERSION
from troupe.errors import FileSizeDetails, Forbidden, NotFound, TroupeError, Unprocessable


class CharacterNotFoundDetails(TypedDict):
    """The ids without a character."""

    missing: list[str]


class CharacterNotFound(NotFound):
    code = "character_not_found"
    details_type = CharacterNotFoundDetails
    message = "There is no character with this id."


def not_found(*ids: str) -> CharacterNotFound:
    return CharacterNotFound(details={"missing": list(ids)})


class NotOwner(Forbidden):
    code = "not_owner"
    message = "Only the character's creator can change or delete it."


class CharacterHidden(Forbidden):
    code = "character_hidden"
    message = "An administrator has hidden this character. It stays private."


class GuestsPublishNothing(Forbidden):
    code = "guests_publish_nothing"
    message = "Characters of guests are private. Create an account to share one."


class VoiceNotSharedDetails(TypedDict):
    """The ids of the characters that only their owners may cast."""

    characters: list[str]


class VoiceNotShared(Forbidden):
    code = "voice_not_shared"
    details_type = VoiceNotSharedDetails
    message = "The owner of this character does not allow others to use its voice."


class ConsentRequiredDetails(TypedDict):
    """What to send as `consent`: `statement` word for word, its `version`, and one of the
    relationships and some of the purposes."""

    field: str
    statement: Annotated[str, Field(json_schema_extra={"const": STATEMENT})]
    version: Annotated[str, Field(json_schema_extra={"const": VERSION})]
    relationships: list[Relationship]
    purposes: list[Purpose]


class ConsentRequired(Unprocessable):
    code = "consent_required"
    details_type = ConsentRequiredDetails
    message = (
        "A voice sample requires `consent`: the statement in `details`, word for word, that the "
        "speaker agrees to the use of this voice."
    )

    def __init__(self) -> None:
        super().__init__(
            details={
                "field": "consent",
                "statement": STATEMENT,
                "version": VERSION,
                "relationships": list(Relationship),
                "purposes": list(Purpose),
            }
        )


class ConsentTooNarrow(Unprocessable):
    code = "consent_too_narrow"
    message = (
        "`allowUse` requires a consent whose purposes include `use_by_others`, and which has not "
        "been revoked."
    )


class SampleMissing(Unprocessable):
    code = "sample_missing"
    message = "The character has no voice sample. Send `audioFile` with the consent."


class FileTooLarge(TroupeError):
    status = 413
    code = "file_too_large"
    details_type = FileSizeDetails
    message = "The file is too large."


class TooManyImagesDetails(TypedDict):
    images: int
    maximum: int


class TooManyImages(Unprocessable):
    code = "too_many_images"
    details_type = TooManyImagesDetails
    message = "A character can have at most 10 images."


class UnknownImageDetails(TypedDict):
    """`unknown`: the keys without an image; `images`: the existing keys."""

    unknown: list[str]
    images: list[str]


class UnknownImage(Unprocessable):
    code = "unknown_image"
    details_type = UnknownImageDetails
    message = "`removeImageKeys` contains a key that the character does not have."
