"""The errors of characters."""

from __future__ import annotations

from typing_extensions import TypedDict

from troupe.errors import FileSizeDetails, Forbidden, NotFound, TroupeError, Unprocessable


class CharacterNotFoundDetails(TypedDict):
    """The ids without a character."""

    missing: list[str]


class CharacterNotFound(NotFound):
    code = "character_not_found"
    details_type = CharacterNotFoundDetails
    message = "There is no character with this id."


class NotOwner(Forbidden):
    code = "not_owner"
    message = "Only the character's creator can change or delete it."


class ConsentRequiredDetails(TypedDict):
    field: str


class ConsentRequired(Unprocessable):
    code = "consent_required"
    details_type = ConsentRequiredDetails
    message = (
        "A voice sample requires `consent`: a statement that the speaker agrees to the use of this "
        "voice."
    )


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
