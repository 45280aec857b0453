"""Comparison keys of words and the borders between words, with offsets in the text as written."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple
from unicodedata import category, normalize

from troupe.speech.text.graphemes import UNSPACED

_CHARACTERS = 1 << 14  # whose properties are remembered: more than most languages have
_SPACES = re.compile(r"\s{2,}")
_UNSPACED = re.compile(f"[{UNSPACED}]")
_PLAIN = str.maketrans("\u2018\u2019\u02bc\u2010\u2011", "'''--")


class Folded(NamedTuple):
    """A comparison key. `offsets[i]`: where in the source its character i comes from; the last one
    is the end of the source. A range if the key has a character for each one of the source."""

    text: str
    offsets: Sequence[int]


def key_of(text: str, *, case: bool = False) -> str:
    """Equal for texts that a reader takes for the same: canonical and compatibility forms (full
    width, ligatures), straight and curly apostrophes, hyphens, runs of white space, and, unless
    `case` counts, upper and lower case. Characters that show nothing are left out."""
    return folded(text, case=case).text


def folded(text: str, *, case: bool = False) -> Folded:
    """The key of `text` (see `key_of`), with the offsets. Linear."""
    fold = _exact if case else _caseless
    table = {ord(character): fold(character) for character in set(text)}
    runs = list(_SPACES.finditer(text))
    if not runs and all(len(piece) == 1 for piece in table.values()):
        return Folded(text.translate(table), range(len(text) + 1))
    pieces = [table[ord(character)] for character in text]
    for run in runs:
        pieces[run.start() + 1 : run.end()] = [""] * (len(run[0]) - 1)
    offsets = array("i")
    for at, piece in enumerate(pieces):
        offsets.extend([at] * len(piece))
    offsets.append(len(text))
    return Folded("".join(pieces), offsets)


# Decomposed, because only then is the key of a text that of its characters, one by one.
@lru_cache(_CHARACTERS)
def _exact(character: str) -> str:
    if character.isspace():
        return " "
    if category(character) == "Cf" or "\ufe00" <= character <= "\ufe0f":
        return ""
    return normalize("NFKD", character.translate(_PLAIN))


@lru_cache(_CHARACTERS)
def _caseless(character: str) -> str:
    return normalize("NFKD", _exact(character).casefold())


class Borders(NamedTuple):
    """For each offset of a text, and its end, whether a word can start or end there."""

    starts: bytearray
    ends: bytearray


# Of the classes below: a word, with the stops and commas inside it ("example.com", "1,200.5").
_WORD = re.compile("[LHN_][LHNM_]*(?:(?:(?<=[LHM])[.:](?=[LH])|(?<=[NM])[.,](?=N))[LHNM_]+)*")
_MARKS = re.compile("M+")
_HANGUL = re.compile("HM*(?=H)")


def borders(text: str) -> Borders:
    """The word borders of Unicode TR 29, rules WB4 to WB13, with these differences: an apostrophe
    is a border ("Ada's", "l'ONU"); in scripts without spaces, words border everywhere; and a word
    can end inside a Korean one, because particles follow without a space. Linear."""
    classes = text.translate({ord(character): _class(character) for character in set(text)})
    starts = bytearray(b"\1" * (len(text) + 1))
    for word in _WORD.finditer(classes):
        first, last = word.span()
        starts[first + 1 : last] = bytes(last - first - 1)
    for marks in _MARKS.finditer(classes, 1):
        first, last = marks.span()
        starts[first:last] = bytes(last - first)
    ends = bytearray(starts)
    for syllable in _HANGUL.finditer(classes):
        ends[syllable.end()] = 1
    return Borders(starts, ends)


# Marks that are letters for Unicode: Thai and Lao AM, and the sound marks of narrow kana.
_SPACING = frozenset("\u0e33\u0eb3\uff9e\uff9f")
# The classes MidNumLet, MidLetter and MidNum, but for apostrophes.
_INSIDE = {
    **dict.fromkeys(".\u2024\ufe52\uff0e", "."),
    **dict.fromkeys(":\u00b7\u0387\u05f4\u2027\ufe13\ufe55\uff1a", ":"),
    **dict.fromkeys(",;\u066c\ufe50\ufe54\uff0c\uff1b", ","),
}


@lru_cache(_CHARACTERS)
def _class(character: str) -> str:
    """L letter, H Hangul, N digit, M mark, _ connector, `.:,` punctuation inside words, or a space:
    everything else, also the letters of scripts without spaces."""
    kind = category(character)
    # Invisible characters join, except ZERO WIDTH SPACE. The vowels and finals of decomposed Hangul
    # belong to their consonant.
    invisible = kind == "Cf" and character != "\u200b"
    if kind[0] == "M" or invisible or character in _SPACING or "\u1160" <= character <= "\u11ff":
        return "M"
    if _UNSPACED.match(character):
        return " "
    if "\uac00" <= character <= "\ud7a3" or "\u1100" <= character <= "\u115f":
        return "H"
    if character.isalnum():
        return "N" if character.isnumeric() else "L"
    return "_" if kind == "Pc" else _INSIDE.get(character, " ")
