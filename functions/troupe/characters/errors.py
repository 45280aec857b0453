"""What can go wrong with characters, in the words of the API."""

from __future__ import annotations

from typing_extensions import TypedDict

from troupe.errors import FileSizeDetails, Forbidden, NotFound, TroupeError, Unprocessable


class CharacterNotFoundDetails(TypedDict):
    """The ids that lead to no character."""

    missing: list[str]


class CharacterNotFound(NotFound):
    code = "character_not_found"
    details_type = CharacterNotFoundDetails
    message = "There is no such character."


class NotOwner(Forbidden):
    code = "not_owner"
    message = "Only who made this character may change or delete it."


class ConsentRequiredDetails(TypedDict):
    field: str


class ConsentRequired(Unprocessable):
    code = "consent_required"
    details_type = ConsentRequiredDetails
    message = (
        "A voice sample needs a statement in `consent` that the person who speaks in it agrees "
        "to the use of this voice."
    )


class FileTooLarge(TroupeError):
    status = 413
    code = "file_too_large"
    details_type = FileSizeDetails
    message = "A file is too large."


class TooManyImagesDetails(TypedDict):
    images: int
    maximum: int


class TooManyImages(Unprocessable):
    code = "too_many_images"
    details_type = TooManyImagesDetails
    message = "A character has at most 10 images."


class UnknownImageDetails(TypedDict):
    """The keys that lead to no image, and those that there are."""

    unknown: list[str]
    images: list[str]


class UnknownImage(Unprocessable):
    code = "unknown_image"
    details_type = UnknownImageDetails
    message = "`removeImageKeys` names an image that the character does not have."
