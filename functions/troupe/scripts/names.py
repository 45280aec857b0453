"""Finds the characters that the names in a screenplay stand for."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from troupe.text import name_key, normalized, shorten

_MOST_SHOWN = 100  # characters of all names; repeated for each fault
_MOST_GUESSES = 200  # comparisons with difflib per screenplay, which are slow

# Invisible: zero-width characters, marks of direction, BOM, soft hyphens, variation selectors.
_INVISIBLE = (
    *(0xAD, 0x61C, 0x180E, 0xFEFF),
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xFE00, 0xFE10),
)
_FOLDED = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc\u02b9`\u00b4", "'")
    | dict.fromkeys('"\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb', '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\u30fb\u00b7", "-")
    | dict.fromkeys(map(chr, _INVISIBLE))
)
_TOGETHER = re.compile(r"\s*[&+/,]\s*|\s(?:and|und|et|y|e)\s", re.IGNORECASE)
_AROUND = " \"'*_~#>-\u2022"  # quotes, emphasis and marks of a list
_WITHOUT_MARKS = str.maketrans({"\u0131": "i", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe"})

_WITHOUT_PUNCTUATION = str.maketrans(dict.fromkeys("!\"#%&'()*,-./:;?@[\\]_{}", " "))


@lru_cache(1024)
def speaker_key(name: str) -> str:
    """A name to compare: as `name_key`, and with one form of apostrophes, quotes and dashes, and
    without what is invisible (zero-width characters, BOM, soft hyphens, variation selectors) or
    stands around the name (quotes, Markdown, brackets)."""
    if name.isascii():  # the same in a tenth of the time
        key = " ".join(name.replace("`", "'").lower().split()).strip(_AROUND)
    else:
        folded = normalized("NFKC", name).translate(_FOLDED)
        key = name_key(folded).strip(_AROUND)
    if len(key) > 2 and (key[0] + key[-1]) in ("[]", "<>", "{}"):
        key = key[1:-1].strip(_AROUND)
    # Folding can decompose letters.
    return normalized("NFKC", key)


@lru_cache(1024)
def loose_key(key: str) -> str:
    """A key without accents and punctuation: `dr. zoë` becomes `dr zoe`. The marks of scripts where
    they are letters (Japanese, the scripts of India) stay."""
    if key.isascii():
        return " ".join(key.translate(_WITHOUT_PUNCTUATION).split())
    plain = normalized("NFKD", key.translate(_WITHOUT_MARKS))
    kept = []
    for character in plain:
        # The classes of accents, and of the vowel points of Hebrew and Arabic:
        # https://www.unicode.org/reports/tr44/#Canonical_Combining_Class_Values
        above = unicodedata.combining(character)
        if above < 10 or 35 < above < 200:
            kept.append(" " if unicodedata.category(character)[0] == "P" else character)
    return " ".join(normalized("NFC", "".join(kept)).split())


class Cast:
    """The characters of a script. `names`: their names by id."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._keys: dict[str, list[str]] = {}
        for speaker, name in names.items():
            self._keys.setdefault(speaker_key(name), []).append(speaker)
        # An id takes precedence over another character's name.
        self._keys |= {speaker_key(speaker): [speaker] for speaker in names}
        loose: dict[str, set[str]] = {}
        for key, speakers in self._keys.items():
            loose.setdefault(loose_key(key), set()).update(speakers)
        self._loose = {key: list(ids) for key, ids in loose.items() if key and len(ids) == 1}
        self._guesses = _MOST_GUESSES

    def find(self, name: str) -> list[str]:
        """The ids a name stands for: by its key, or without accents and punctuation if that means
        only one of the cast. Several if characters have the same name."""
        key = speaker_key(name)
        if not key:
            return []
        return self._keys.get(key) or self._loose.get(loose_key(key), [])

    def resembles(self, name: str) -> bool:
        """Whether a name seems to be a misspelt one of the cast."""
        self._guesses -= 1
        return self._guesses >= 0 and self._nearest(name) is not None

    def unknown(self, name: str) -> str:
        """What is wrong with a name that is not in the cast."""
        everyone = shorten(", ".join(self._names.values()), _MOST_SHOWN)
        message = f"'{shorten(name, 40)}' is not in the cast ({everyone})"
        names = [part for part in _TOGETHER.split(name) if part]
        if len(names) > 1 and all(map(self.find, names)):
            return f"{message}. Write a line for each of them."
        nearest = self._nearest(name)
        return f"{message}. Did you mean {shorten(nearest, 40)}?" if nearest else f"{message}."

    def _nearest(self, name: str) -> str | None:
        """The most similar name of the cast; also one that has all words of `name`."""
        names = {loose_key(speaker_key(each)): each for each in self._names.values()}
        key = loose_key(speaker_key(name))
        if close := difflib.get_close_matches(key, names, n=1, cutoff=0.7):
            return names[close[0]]
        words = set(key.split())
        longer = [each for other, each in names.items() if words and words <= set(other.split())]
        return longer[0] if len(longer) == 1 else None
