"""How long a text will take to speak, before it is spoken.

The numbers are seconds per character at normal speed, measured with espeak, which is among the
slowest engines: it spells letters that its language does not have ("Chinese letter"), reads digits
as numbers, and names symbols. Each has a typical value and one that no text of that kind exceeded,
with words of 1 to 14 equal or random characters of 30 kinds. A few letters that no language uses
may still exceed it, and other engines are not measured, so speech is also limited while it is made.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from troupe.borders import Border
from troupe.speech.text import sentences
from troupe.text import normalized


class _Rate(NamedTuple):
    about: float
    at_most: float


_SPACE = _Rate(0.02, 0.1)
_LINE = _Rate(0.05, 0.4)  # a line break, with the pause of a paragraph
_PUNCTUATION = _Rate(0.12, 0.4)
_DIGIT = _Rate(0.25, 1.1)
_NUMBER = _Rate(0.4, 2.5)  # fractions, Roman numerals and the like as one character
_SYMBOL = _Rate(0.25, 0.7)
_OWN = _Rate(0.063, 0.22)  # a letter of the language's script
_CAPITAL = _Rate(0.08, 0.47)  # read as an acronym at worst
_LATIN = _Rate(0.09, 0.57)  # in a language of another script
_SYLLABLE = _Rate(0.12, 0.25)  # kana, Ethiopic
_HANGUL = _Rate(0.18, 0.35)
_HAN = _Rate(0.27, 0.37)  # in Chinese
_KANJI = _Rate(0.75, 0.9)  # in Japanese, and in Hakka, which espeak reads in the same way
_OWN_SCRIPTS = {
    "CJK": _HAN,
    "HANGUL": _HANGUL,
    "ETHIOPIC": _SYLLABLE,
    **dict.fromkeys(("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"), _SYLLABLE),
}
# In a language of another script. espeak knows Hangul in every language.
_FOREIGN = _Rate(0.6, 2.8)
_FOREIGN_SCRIPTS = {"HANGUL": _HANGUL}

_KINDS = {"Nd": _DIGIT, "Nl": _NUMBER, "No": _NUMBER}

# Scripts by language, as Unicode names them; Latin where nothing is listed.
SCRIPTS = {
    "CYRILLIC": "ba be bg cv kk ky mk mn nog ru sr tt uk uz",
    "ARABIC": "ar fa ku sd ug ur",
    "DEVANAGARI": "hi kok mr ne",
    "BENGALI": "as bn bpy",
    "GREEK": "el grc",
    "ARMENIAN": "hy hyw",
    "CJK": "cmn hak ja yue zh",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "KATAKANA-HIRAGANA": "ja",
    "HANGUL": "ko",
    "ETHIOPIC": "am ti",
    "CHEROKEE": "chr",
    "GEORGIAN": "ka",
    "GUJARATI": "gu",
    "GURMUKHI": "pa",
    "HEBREW": "he yi",
    "KANNADA": "kn",
    "MALAYALAM": "ml",
    "MYANMAR": "my shn",
    "ORIYA": "or",
    "SHAVIAN": "en-Shaw",
    "SINHALA": "si",
    "TAMIL": "ta",
    "TELUGU": "te",
    "THAI": "th",
}
# What ends the pieces of a text, in all scripts.
_MARKS = {
    Border.CLAUSE: sentences.COMMAS + sentences.UNSPACED_COMMAS,
    Border.SENTENCE: sentences.ENDS + sentences.UNSPACED_ENDS,
}
# The calmest style speaks this much more slowly than the neutral one.
_SLOWEST_STYLE = 1.35
_LEAST = 5.0  # seconds; some engines take their time over a single word


def seconds_at_most(text: str, language: str, speed: float) -> float:
    """A safe upper bound of the spoken duration, for any style: about five times the likely one
    for prose, and enough for text made of digits, acronyms, symbols and foreign letters."""
    # Pauses between words do not shrink at high speed, and grow at low speed.
    factor = 1.2 / speed if speed < 1 else 0.55 + 0.45 / speed
    # A ligature or an enclosed character may be spoken as all the letters it stands for.
    forms = (text, normalized("NFKC", text))
    totals = (
        sum(n * _rate(char, language).at_most for char, n in Counter(form).items())
        for form in forms
    )
    return _LEAST + max(totals) * factor * _SLOWEST_STYLE


def seconds_about(text: str, language: str, speed: float) -> float:
    """The likely spoken duration in the neutral style."""
    total = sum(n * _rate(char, language).about for char, n in Counter(text).items())
    return total / speed


def pause_seconds(text: str, pauses: Mapping[Border, int]) -> float:
    """The silence that `pauses` (milliseconds at each kind of border) can add to a text at most, in
    seconds at normal speed."""
    of_line = max((pauses.get(border, 0) for border in Border if border not in _MARKS), default=0)
    total = of_line * max(0, len(text.splitlines()) - 1)
    for border, marks in _MARKS.items():
        if pause := pauses.get(border, 0):
            total += pause * sum(map(text.count, marks))
    return total / 1000


@lru_cache(maxsize=1 << 14)
def _rate(character: str, language: str) -> _Rate:
    kind = unicodedata.category(character)
    if character == "\n":
        return _LINE
    if kind[0] == "Z" or kind in ("Cc", "Cf"):
        return _SPACE
    if kind[0] == "P":
        return _PUNCTUATION
    if kind[0] in "SN":
        return _KINDS.get(kind, _SYMBOL)
    # Latin letters beyond the extensions that languages use are phonetic signs.
    common = ord(character) < 0x0250 or ord(character) >= 0x1E00 or kind[0] == "M"
    script = unicodedata.name(character, "").split(" ")[0]
    return _FOREIGN if script == "LATIN" and not common else _letter(script, kind, language)


def _letter(script: str, kind: str, language: str) -> _Rate:
    codes = {language, language.partition("-")[0]}
    if script in ("LATIN", "COMBINING"):
        foreign = _LATIN
        own = all(codes.isdisjoint(listed.split()) for listed in SCRIPTS.values())
    else:
        foreign = _FOREIGN_SCRIPTS.get(script, _FOREIGN)
        own = not codes.isdisjoint(SCRIPTS.get(script, "").split())
    if not own:
        return foreign
    if script == "CJK" and codes & {"ja", "hak"}:
        return _KANJI
    return _OWN_SCRIPTS.get(script) or (_CAPITAL if kind == "Lu" else _OWN)
