"""Checks the entries of a dictionary, one by one and together."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import normalize

from troupe.dictionaries.records import MAX_BYTES
from troupe.errors import MOST_FIELDS, InvalidInput, WrongField
from troupe.speech.text.dictionary import (
    MOST_SPOKEN,
    AliasCycle,
    AliasTooLong,
    Dictionary,
    entry_key,
)
from troupe.speech.text.entry import Entry
from troupe.speech.text.ipa import InvalidIPA, parse_ipa


def checked(entries: Sequence[Entry]) -> list[Entry]:
    """The entries with composed letters, and pronunciations in their usual form.

    Raises InvalidInput that names the entries, counted from 0: for a term without a letter or
    digit, a pronunciation that is not in the IPA, two entries with the same term (see
    `entry_key`), aliases that lead back to their own term, and too much text. Nothing of the input
    is in the messages, which are logged.
    """
    size = sum(len((part or "").encode()) for entry in entries for part in entry[:3])
    if size > MAX_BYTES:
        message = f"must have at most {MAX_BYTES:,} bytes of text in UTF-8, not {size:,}"
        _refuse([_wrong("entries", message, "too_large")])
    wrong: list[WrongField] = []
    made: list[Entry] = []
    first: dict[tuple[str, bool], int] = {}
    for number, entry in enumerate(entries):
        try:
            made.append(_composed(entry))
        except InvalidIPA as error:
            wrong.append(_wrong(f"entries.{number}.ipa", str(error), "ipa"))
        if not any(character.isalnum() for character in entry.term):
            wrong.append(_wrong(f"entries.{number}.term", "must have a letter or a digit", "term"))
        other = first.setdefault(entry_key(entry), number)
        if other != number:
            message = f"is also the term of entry {other}"
            wrong.append(_wrong(f"entries.{number}.term", message, "duplicate"))
    _refuse(wrong)
    try:
        Dictionary(made)
    except AliasCycle as error:
        _refuse([_cycle(error.numbers)])
    except AliasTooLong as error:
        message = f"must have at most {MOST_SPOKEN:,} characters with the other entries applied"
        _refuse([_wrong(f"entries.{error.number}.alias", message, "too_long")])
    return made


def _composed(entry: Entry) -> Entry:
    """Raises InvalidIPA."""
    return entry._replace(
        term=normalize("NFC", entry.term),
        alias=None if entry.alias is None else normalize("NFC", entry.alias),
        ipa=None if entry.ipa is None else parse_ipa(entry.ipa),
    )


def _cycle(numbers: Sequence[int]) -> WrongField:
    first, *others = numbers
    message = "contains its own term"
    if others:
        through = ", ".join(map(str, others[:10])) + (", …" if len(others) > 10 else "")
        message = f"leads back to its own term through the entries {through}"
    return _wrong(f"entries.{first}.alias", message, "cycle")


def _wrong(field: str, message: str, kind: str) -> WrongField:
    return {"field": field, "message": message, "type": kind}


def _refuse(wrong: list[WrongField]) -> None:
    if wrong:
        first = wrong[0]
        message = f"{first['field']}: {first['message']}"
        raise InvalidInput(message, details={"fields": wrong[:MOST_FIELDS]})
