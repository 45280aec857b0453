"""Requests and responses of the operations on dictionaries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from troupe.dictionaries.records import (
    MAX_ALIAS,
    MAX_ENTRIES,
    MAX_IPA,
    MAX_TERM,
    DictionaryWithEntries,
    UserDictionary,
)
from troupe.speech.text.entry import Entry
from troupe.web.schema import Id, Line, OneLine, Schema, WarnsOfUnknown, example


def _absent(value: Any) -> Any:
    """An empty string, which answers have, counts as absent."""
    return None if value == "" else value


class DictionaryEntry(Schema):
    """Exactly one of `alias` and `ipa`."""

    term: Annotated[OneLine, Field(max_length=MAX_TERM)] = Field(
        description="What is written. Found as a whole word or words, in any normal form."
    )
    alias: Annotated[
        Annotated[OneLine, Field(max_length=MAX_ALIAS)] | None, BeforeValidator(_absent)
    ] = Field(
        None,
        description="What is said instead, in words. The other entries are applied to it; it must "
        "not lead back to its own term.",
    )
    ipa: Annotated[
        Annotated[OneLine, Field(max_length=MAX_IPA)] | None, BeforeValidator(_absent)
    ] = Field(None, description="How it sounds, in the International Phonetic Alphabet.")
    case_sensitive: bool = Field(
        False, description="Whether the term is only what is written in the same letter case."
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.alias is None) == (self.ipa is None):
            raise PydanticCustomError("alias_or_ipa", "must have either alias or ipa")
        return self


Entries = Annotated[list[DictionaryEntry], Field(max_length=MAX_ENTRIES)]
_EXAMPLE = [
    {"term": "Nguyen", "ipa": "ŋwiən"},
    {"term": "SQL", "alias": "sequel", "caseSensitive": True},
]


def rules_of(entries: Sequence[DictionaryEntry]) -> list[Entry]:
    return [Entry(**entry.model_dump()) for entry in entries]


class CreateDictionary(WarnsOfUnknown):
    model_config = example({"name": "Company names", "language": "en-US", "entries": _EXAMPLE})

    name: Line
    language: str = Field(
        max_length=40,
        description="A code from `GET /api/voice/languages`. The dictionary is for all texts in "
        "this language, whatever their region.",
        examples=["en-us"],
    )
    entries: Entries


class UpdateDictionary(WarnsOfUnknown):
    """Absent fields stay unchanged."""

    model_config = example({"name": "Names", "entries": _EXAMPLE})

    name: Line | None = None
    entries: Entries | None = None
    version: int | None = Field(
        None,
        ge=1,
        le=2**53,
        description="The version that you have changed: 409 `dictionary_changed` if it is no "
        "longer the current one.",
    )


class DictionaryEntryView(Schema):
    term: str
    alias: str = Field(description="Empty if there is an `ipa`.")
    ipa: str = Field(description="Empty if there is an `alias`.")
    case_sensitive: bool


class DictionarySummary(Schema):
    id: str
    name: str
    language: str
    version: int = Field(description="1, and one more with every change of the entries.")
    entry_count: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, dictionary: UserDictionary) -> Self:
        return cls(**dictionary.model_dump(exclude={"uid", "sha256"}))


class DictionaryView(DictionarySummary):
    entries: list[DictionaryEntryView]

    @classmethod
    def with_entries(cls, found: DictionaryWithEntries) -> Self:
        return cls(
            **found.dictionary.model_dump(exclude={"uid", "sha256"}),
            entries=[
                DictionaryEntryView(
                    term=entry.term,
                    alias=entry.alias or "",
                    ipa=entry.ipa or "",
                    case_sensitive=entry.case_sensitive,
                )
                for entry in found.entries
            ],
        )


class DictionaryData(Schema):
    dictionary: DictionaryView


class DictionaryList(Schema):
    dictionaries: list[DictionarySummary]


class DictionaryPath(Schema):
    dictionary_id: Id
