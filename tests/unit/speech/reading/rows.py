"""Tables of what is written and what is said, and how they are checked."""

from __future__ import annotations

from collections.abc import Iterable

from tests.unit.speech.reading.phonemes import phonemes
from troupe.speech.languages import ESPEAK
from troupe.speech.text.mapped import Mapped
from troupe.speech.text.verbalise import verbalise

# language, source, words said
Row = tuple[str, str, str]

_VOICES = {code: voice for code, _, _, voice in ESPEAK}


def rows(language: str, table: str) -> list[Row]:
    """Rows of a table in lines of `source → words`; a line of `[language]` changes the language,
    `#` begins a comment."""
    found = []
    for line in filter(None, map(str.strip, table.splitlines())):
        if line.startswith("[") and line.endswith("]"):
            language = line[1:-1]
        elif not line.startswith("# "):
            source, arrow, words = line.partition(" → ")
            assert arrow, line
            found.append((language, source.strip(), words.strip()))
    return found


def said(text: str, language: str) -> str:
    """A text as it is read."""
    return Mapped.of(text).edited(verbalise(text, language)).text


def unlike(table: Iterable[Row]) -> list[tuple[str, str, str, str]]:
    """(source, words, phonemes heard, phonemes of the words) of the rows that espeak-ng does not
    say as their words, for the languages that it has."""
    known = [(row, _VOICES[row[0]]) for row in table if row[0] in _VOICES]
    heard = phonemes((voice, said(row[1], row[0])) for row, voice in known)
    meant = phonemes((voice, row[2]) for row, voice in known)
    return [
        (row[1], row[2], is_said, should)
        for (row, _), is_said, should in zip(known, heard, meant, strict=True)
        if is_said != should
    ]
