"""Words and phrases that are not allowed, found in whatever way they are written."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Self

from troupe.speech.text.graphemes import UNSPACED
from troupe.text import normalized

CATEGORY = "blocklist"

# Cyrillic and Greek letters that look like Latin ones.
_LOOKALIKES = dict(
    zip(
        map(ord, "авеікмнорстухѕјһԁӏґԛԝαβεηικνορτυχγɡɑı"),
        "abeikmhopctyxsjhdlrqwabenikvoptuxygai",
        strict=True,
    )
)
_LATIN, _OTHER = re.compile("[a-z]"), re.compile(f"[{''.join(map(chr, _LOOKALIKES))}]")
# Format characters, variation selectors and fillers: nobody sees or hears them.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
# Accents of Latin, Greek and Cyrillic letters; points of Hebrew; vowel marks of Arabic. In other
# scripts such marks distinguish words.
_MARKS = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u0652\u0670]")
_INSIDE = re.compile(r"(?<=\w)[*~`|]+(?=\w)")
_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(f"[{UNSPACED}]")


class Blocklist:
    """A judge: see `troupe.moderation.service`."""

    def __init__(self, phrases: Iterable[str]) -> None:
        """A phrase matches whole words in this order; in a script without spaces, any part of the
        text. Phrases without letters and digits are ignored."""
        self._phrases: set[tuple[str, ...]] = set()
        self._lengths: defaultdict[str, set[int]] = defaultdict(set)  # by the first word
        self._parts: set[str] = set()
        for phrase in phrases:
            words = tuple(_words(_normal(phrase)))
            if not words:
                continue
            if _UNSPACED.search(phrase):
                self._parts.add("".join(words))
            else:
                self._phrases.add(words)
                self._lengths[words[0]].add(len(words))

    @classmethod
    def of(cls, setting: str, folder: Path) -> Self:
        """`setting`: phrases separated by commas, or the name of a text file in `folder` with one
        phrase per line, where lines that start with # are comments."""
        file = blocklist_file(setting, folder)
        if file is None:
            return cls(setting.split(","))
        lines = file.read_text(encoding="utf-8").splitlines()
        return cls(line for line in lines if not line.lstrip().startswith("#"))

    def __call__(self, texts: Sequence[str]) -> set[str]:
        found = any(self._holds(form) for text in texts for form in _forms(text))
        return {CATEGORY} if found else set()

    def _holds(self, text: str) -> bool:
        words = list(_words(text))
        for at, word in enumerate(words):
            for length in self._lengths.get(word, ()):
                if tuple(words[at : at + length]) in self._phrases:
                    return True
        joined = "".join(words) if self._parts else ""
        return any(part in joined for part in self._parts)


def blocklist_file(setting: str, folder: Path) -> Path | None:
    """The file that the setting names; None if it lists the phrases itself."""
    return folder / setting if setting.endswith(".txt") else None


def _forms(text: str) -> Iterator[str]:
    """Invisible characters and marks can stand inside a word, or between two."""
    plain = _normal(text)
    yield plain
    if _INVISIBLE.search(text):
        yield _normal(_INVISIBLE.sub(" ", text))
    if _INSIDE.search(plain):
        yield _INSIDE.sub("", plain)


def _normal(text: str) -> str:
    """Without differences of case, width, accents and invisible characters."""
    plain = normalized("NFKD", _INVISIBLE.sub("", text)).casefold()
    return normalized("NFC", _MARKS.sub("", plain))


def _words(text: str) -> Iterator[str]:
    """In words that mix scripts, letters that look like Latin ones become Latin."""
    for found in _WORD.finditer(text):
        word = found[0]
        if not word.isascii() and _LATIN.search(word) and _OTHER.search(word):
            word = word.translate(_LOOKALIKES)
        yield word
