"""What can go wrong with a dictionary, as the API reports it."""

from __future__ import annotations

from typing_extensions import TypedDict

from troupe.errors import Conflict, NotFound, Unprocessable


class DictionaryNotFound(NotFound):
    code = "dictionary_not_found"
    message = "You don't have a dictionary with this id."


class DictionaryChangedDetails(TypedDict):
    """The current version."""

    version: int


class DictionaryChanged(Conflict):
    code = "dictionary_changed"
    details_type = DictionaryChangedDetails
    message = "The dictionary has changed since `version`. Fetch it and change the current version."


class DictionaryLanguageDetails(TypedDict):
    """The language of the dictionary, and that of the text or the character."""

    dictionaryLanguage: str
    language: str


class DictionaryLanguage(Unprocessable):
    code = "dictionary_language"
    details_type = DictionaryLanguageDetails
    message = "The dictionary is for another language."

    @classmethod
    def of(cls, its: str, wanted: str) -> DictionaryLanguage:
        return cls(
            f"The dictionary is for `{its}`, and cannot be used with `{wanted}`.",
            details={"dictionaryLanguage": its, "language": wanted},
        )
