"""What can go wrong with characters, in the words of the API."""

from __future__ import annotations

from troupe.errors import Forbidden, NotFound, TroupeError, Unprocessable


class CharacterNotFound(NotFound):
    code = "character_not_found"
    message = "There is no such character."


class NotOwner(Forbidden):
    code = "not_owner"
    message = "Only who made this character may change or delete it."


class ConsentRequired(Unprocessable):
    code = "consent_required"
    message = (
        "A voice sample needs a statement in `consent` that the person who speaks in it agrees "
        "to the use of this voice."
    )


class FileTooLarge(TroupeError):
    status = 413
    code = "file_too_large"
    message = "A file is too large."


class TooManyImages(Unprocessable):
    code = "too_many_images"
    message = "A character has at most 10 images."


class UnknownImage(Unprocessable):
    code = "unknown_image"
    message = "`removeImageKeys` names an image that the character does not have."
