# ruff: noqa: RUF001 - IPA has letters that look like others
"""Kokoro's alphabet: IPA, with capitals for some diphthongs.

English was trained on the pronunciations of misaki, the other languages on those of espeak-ng as
misaki writes them; this does the same (misaki/espeak.py in https://github.com/hexgrad/misaki).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from troupe.speech.engines.espeak_ipa import nearest
from troupe.speech.text.ipa import BREAKS, STRESSES, TIES, VOWELS

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
_SOUNDS = {symbol: symbol for symbol in IDS if symbol not in ';:,.!?—…"()“” '}

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


def sound(ipa: str, language: str) -> str:
    """One sound in IPA, with or without stress, in the alphabet. Letters that it does not have are
    replaced by near ones, marks that it does not have are left out."""
    pattern, names = _names(language)
    named = pattern.sub(lambda found: names[found.group()], _decomposed(ipa))
    return "".join(nearest(symbol, _SOUNDS) for symbol in named)


def word(ipa: str, language: str) -> str:
    """A word in IPA, as `parse_ipa` returns it, in the alphabet.

    Stress, which IPA writes before a syllable, stands before its vowel here. One syllable without
    stress gets one, since dictionaries do not write it.
    """
    plain = "".join(symbol for symbol in ipa if symbol not in TIES and symbol not in BREAKS)
    stress, said = "", ""
    for symbol in plain:
        if symbol in STRESSES:
            stress = symbol
            continue
        if symbol in VOWELS:
            said, stress = said + stress, ""
        said += symbol
    vowels = [at for at, symbol in enumerate(said) if symbol in VOWELS]
    if STRESSES.isdisjoint(said) and len(vowels) == 1:
        said = f"{said[: vowels[0]]}ˈ{said[vowels[0] :]}"
    return sound(said, language)


def _decomposed(ipa: str) -> str:
    return unicodedata.normalize("NFD", ipa).replace("c\u0327", "ç")


@cache
def _names(language: str) -> tuple[re.Pattern[str], dict[str, str]]:
    names = _NAMES.get(language, _ALL)
    longest_first = sorted(names, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first))), names
