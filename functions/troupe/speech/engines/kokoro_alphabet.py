# ruff: noqa: RUF001 - IPA has letters that look like others
"""Kokoro's alphabet: IPA, with capitals for some diphthongs.

English was trained on the pronunciations of misaki, the other languages on those of espeak-ng as
misaki writes them; this does the same (misaki/espeak.py in https://github.com/hexgrad/misaki).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from troupe.speech.engines.espeak_ipa import decomposed, nearest, stressed
from troupe.speech.engines.symbols import MARKS

# Part of the cache key. Increase it when the tables below change.
TABLES = "1"

# The model's numbers of its symbols (`vocab` in its config.json).
IDS = {
    ";": 1, ":": 2, ",": 3, ".": 4, "!": 5, "?": 6, "—": 9, "…": 10, '"': 11, "(": 12, ")": 13,
    "“": 14, "”": 15, " ": 16, "\u0303": 17, "ʣ": 18, "ʥ": 19, "ʦ": 20, "ʨ": 21, "ᵝ": 22,
    "\uab67": 23, "A": 24, "I": 25, "O": 31, "Q": 33, "S": 35, "T": 36, "W": 39, "Y": 41, "ᵊ": 42,
    "a": 43, "b": 44, "c": 45, "d": 46, "e": 47, "f": 48, "h": 50, "i": 51, "j": 52, "k": 53,
    "l": 54, "m": 55, "n": 56, "o": 57, "p": 58, "q": 59, "r": 60, "s": 61, "t": 62, "u": 63,
    "v": 64, "w": 65, "x": 66, "y": 67, "z": 68, "ɑ": 69, "ɐ": 70, "ɒ": 71, "æ": 72, "β": 75,
    "ɔ": 76, "ɕ": 77, "ç": 78, "ɖ": 80, "ð": 81, "ʤ": 82, "ə": 83, "ɚ": 85, "ɛ": 86, "ɜ": 87,
    "ɟ": 90, "ɡ": 92, "ɥ": 99, "ɨ": 101, "ɪ": 102, "ʝ": 103, "ɯ": 110, "ɰ": 111, "ŋ": 112,
    "ɳ": 113, "ɲ": 114, "ɴ": 115, "ø": 116, "ɸ": 118, "θ": 119, "œ": 120, "ɹ": 123, "ɾ": 125,
    "ɻ": 126, "ʁ": 128, "ɽ": 129, "ʂ": 130, "ʃ": 131, "ʈ": 132, "ʧ": 133, "ʊ": 135, "ʋ": 136,
    "ʌ": 138, "ɣ": 139, "ɤ": 140, "χ": 142, "ʎ": 143, "ʒ": 147, "ʔ": 148, "ˈ": 156, "ˌ": 157,
    "ː": 158, "ʰ": 162, "ʲ": 164, "↓": 169, "→": 171, "↗": 172, "↘": 173, "ᵻ": 177,
}  # fmt: skip
_SOUNDS = {symbol: symbol for symbol in IDS if symbol not in MARKS}

# How sounds, or parts of them, are written. The longest one that fits is taken.
_ALL = {
    "aɪ": "I", "aʊ": "W", "dz": "ʣ", "dʒ": "ʤ", "eɪ": "A", "oʊ": "O", "əʊ": "Q", "ss": "S",
    "ts": "ʦ", "tʃ": "ʧ", "ɔɪ": "Y",
}  # fmt: skip
_ENGLISH = _ALL | {
    "\u0303": "", "e": "A", "r": "ɹ", "x": "k", "ç": "k", "ɐ": "ə", "əl": "ᵊl", "ɚ": "əɹ",
    "ɝ": "ɜɹ", "ɬ": "l", "ʔ": "t", "ʔn": "tᵊn", "ʲ": "", "o": "ɔ", "l\u0329": "ᵊl", "m\u0329": "ᵊm",
    "n\u0329": "ᵊn", "ʔn\u0329": "tᵊn",
}  # fmt: skip
_NAMES = {
    # espeak-ng cuts the names of sounds after eight bytes; these are nasal to their ends.
    "pt-BR": _ALL | {"ɐ\u0303ʊ": "ɐ\u0303ʊ\u0303", "o\u0303ɪ": "o\u0303ɪ\u0303"},
    "en-US": _ENGLISH | {"ɜː": "ɜɹ", "ɜːɹ": "ɜɹ", "ɪə": "iə", "ː": "", "ɾ": "T", "əʊ": "O"},
    "en-GB": _ENGLISH | {"eə": "ɛː", "iə": "ɪə"},
}


@dataclass(frozen=True, slots=True)
class KokoroAlphabet:
    """As the voices of a language use it."""

    language: str
    marks = MARKS

    def sound(self, ipa: str) -> str:
        pattern, names = _names(self.language)
        named = pattern.sub(lambda found: names[found.group()], decomposed(ipa))
        return "".join(nearest(symbol, _SOUNDS) for symbol in named)

    def word(self, ipa: str) -> str:
        return self.sound(stressed(ipa))


@cache
def _names(language: str) -> tuple[re.Pattern[str], dict[str, str]]:
    names = _NAMES.get(language, _ALL)
    longest_first = sorted(names, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first))), names
