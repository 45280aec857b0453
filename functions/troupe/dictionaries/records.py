"""Dictionaries as they are stored: a document for each, and one for each version below it.

A version never changes. A job names the one that it was created with, so that an edit does not
change work in progress.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self

from troupe.records import Record
from troupe.speech.text.entry import Entry

COLLECTION = "dictionaries"
VERSIONS = "versions"
MAX_ENTRIES = 1_000
MAX_TERM, MAX_ALIAS, MAX_IPA = 100, 200, 100  # characters
# Of all terms, aliases and pronunciations, in UTF-8. A version is one document of at most 1 MiB.
MAX_BYTES = 150_000


def dictionary_path(dictionary_id: str) -> str:
    return f"{COLLECTION}/{dictionary_id}"


def versions_path(dictionary_id: str) -> str:
    return f"{dictionary_path(dictionary_id)}/{VERSIONS}"


def version_path(dictionary_id: str, version: int) -> str:
    return f"{versions_path(dictionary_id)}/{version}"


class UserDictionary(Record):
    """`dictionaries/{id}`. `language`: the engine's code. `version` counts the changes of the
    entries, from 1; `sha256` and `entry_count` are of that version."""

    id: str
    uid: str
    name: str
    language: str
    version: int
    sha256: str
    entry_count: int
    created_at: datetime
    updated_at: datetime


class StoredEntry(Record):
    """An entry; exactly one of `alias` and `ipa` is set."""

    term: str
    alias: str | None = None
    ipa: str | None = None
    case_sensitive: bool = False


class Version(Record):
    """`dictionaries/{id}/versions/{n}`. `expires_at`: when a superseded one is deleted."""

    entries: list[StoredEntry]
    sha256: str
    created_at: datetime
    expires_at: datetime | None = None

    @classmethod
    def made(cls, entries: Sequence[Entry], at: datetime) -> Self:
        return cls(
            entries=[StoredEntry(**entry._asdict()) for entry in entries],
            sha256=entries_hash(entries),
            created_at=at,
        )

    def stored(self) -> dict[str, Any]:
        """Without what an entry leaves out: a thousand times the names of its fields are 40 kB."""
        return self.model_dump(by_alias=True, exclude_defaults=True)

    @property
    def rules(self) -> list[Entry]:
        """The entries, for the matcher."""
        return [Entry(**entry.model_dump()) for entry in self.entries]


@dataclass(frozen=True, slots=True)
class DictionaryWithEntries:
    """A dictionary with the entries of its version."""

    dictionary: UserDictionary
    entries: list[Entry]


class DictionaryRef(NamedTuple):
    """A version of a dictionary. `sha256`: of its entries."""

    id: str
    version: int
    sha256: str


class Attachment(NamedTuple):
    """A dictionary that a character of `owner` has, for a text in `language`."""

    owner: str
    dictionary_id: str | None
    language: str


def entries_hash(entries: Sequence[Entry]) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(json.dumps(entries).encode()).hexdigest()
