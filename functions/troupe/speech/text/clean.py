"""Unicode by purpose: `tidy` for what readers see, `speakable` for what engines get."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from troupe.speech.text.mapped import Edit, Mapped
from troupe.text import MOST_MARKS

# Line separators of all systems; a form feed starts a page, which the layout of pages reads.
_NEWLINES = re.compile("\r\n?|\x85|\u2028")
_PARAGRAPH_SEPARATOR = "\u2029"
_DROPPED = re.compile(
    "["
    "\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f"  # control characters, which engines obey
    "\u00ad"  # soft hyphen
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction
    "\u200b\u2060-\u2064\ufeff\ufff9-\ufffb"  # of no width
    "\ud800-\udfff"  # unpaired
    "]+"
)
# A joiner shapes letters of Arabic and Indic scripts, and binds emoji. It splits other words.
_JOINER = re.compile("(?<=[\u0000-\u05ff\u1e00-\u1fff\u3000-\u9fff])[\u200c\u200d]+")
# A hyphen at the end of a line inside a word, which layout put there.
_HYPHENATED = re.compile(r"(?<=[^\W\d_])(?:-|\u2010|\u00ac)[^\S\n]*\n[^\S\n]*(?=[^\W\d_])")
_NOTE_MARKS = re.compile(
    r"(?<=[^\W\d_]{4})[\u00b9\u00b2\u00b3\u2070\u2074-\u2079]+"
    r"|(?<=[.,;:!?\u2026\"\u201d\u2019)\u3002])[\u00b9\u00b2\u00b3\u2070\u2074-\u2079]+"
    r"|(?<=[^\W_])[\u2020\u2021]+"
    r"|(?:(?<=[^\W\d_]{3})|(?<=[.,;:!?\"\u201d\u2019]))"
    r"\[[1-9]\d{0,2}(?:[,\u2013-]\s?\d{1,3}){0,5}\](?=[\s.,;:!?]|\Z)"
)


def tidy(text: Mapped) -> Mapped:
    """`text` as a reader sees it: composed (NFC), without what has no width, with `\\n` for line
    ends, without the hyphens of layout and the marks of footnotes. Linear."""
    text = text.edited(_drops(text.text))
    if not text.text.isascii():
        text = text.edited(_compositions(text.text))
    if "\n" in text.text:
        text = text.edited(_joins(text.text))
    return text.edited(Edit(*match.span(), "") for match in _NOTE_MARKS.finditer(text.text))


def _drops(text: str) -> Iterator[Edit]:
    found = [Edit(*match.span(), "\n") for match in _NEWLINES.finditer(text)]
    found += [Edit(*match.span(), "") for match in _DROPPED.finditer(text)]
    found += [Edit(*match.span(), "") for match in _JOINER.finditer(text)]
    if _PARAGRAPH_SEPARATOR in text:
        found += [Edit(*match.span(), "\n\n") for match in re.finditer(_PARAGRAPH_SEPARATOR, text)]
    return iter(sorted(found))


def _compositions(text: str) -> Iterator[Edit]:
    """Composes each letter with its marks. A letter alone can change too (the Ångström sign)."""
    characters = set(text)
    marks = re.escape("".join(filter(_is_mark, characters)))
    alone = re.escape("".join(c for c in characters if not unicodedata.is_normalized("NFC", c)))
    clusters = ([f".?[{marks}]+"] if marks else []) + ([f"[{alone}]"] if alone else [])
    for match in re.finditer("|".join(clusters) or "(?!)", text, re.DOTALL):
        # To order more marks takes Python quadratic time. No language has so many on a letter:
        # https://www.unicode.org/reports/tr15/#Stream_Safe_Text_Format
        composed = unicodedata.normalize("NFC", match[0][: MOST_MARKS + 1])
        if composed != match[0]:
            yield Edit(*match.span(), composed)


def _is_mark(character: str) -> bool:
    """Whether NFC can join the character to the one before: marks, and vowels and finals of
    Hangul."""
    return unicodedata.category(character)[0] == "M" or "\u1160" <= character <= "\u11ff"


def _joins(text: str) -> Iterator[Edit]:
    for match in _HYPHENATED.finditer(text):
        # "Anglo-\nSaxon" keeps its hyphen, as does "twenty-\none", which we cannot tell apart.
        if text[match.end()].islower():
            yield Edit(*match.span(), "")
        elif text[match.start() - 1].islower():
            yield Edit(match.start() + 1, match.end(), "")


# Variation selectors and skin tones: no voice has words for them.
_UNSPOKEN = "\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f\U000e0100-\U000e01ef"
_COMPATIBLE = re.compile(
    f"[{_UNSPOKEN}]+"
    "|[\u0132-\u0133\u01c4-\u01cc\u01f1-\u01f3]"  # digraphs
    "|[\u2100-\u2101\u2103\u2105\u2106\u2109-\u2115\u2119-\u211d\u2124\u2128\u212c-\u2138]"
    "|[\u2139\u213c-\u2149\u2160-\u217f]"  # letterlike, Roman numerals
    "|[\u2460-\u24ff\u2776-\u2793]"  # enclosed
    "|[\u3131-\u318e\u3200-\u33ff]"  # Hangul letters, squared words and units
    "|[\ufb00-\ufb06\ufb13-\ufb17\ufb1d-\ufdfb\ufe70-\ufefc]"  # ligatures, Arabic forms
    "|[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]"  # full width
    "|[\uff65-\uff9f]+"  # half width: marks follow their kana
    "|[\U0001d400-\U0001d7ff\U0001f100-\U0001f16f\U0001fbf0-\U0001fbf9]"
)


def speakable(text: str) -> list[Edit]:
    """Replaces letters and digits in disguise by plain ones ("\ufb03", "\u2163", full width,
    letters of mathematics), and removes what only changes the look of an emoji. Signs that mean
    something else in plain form stay: "m\u00b2", "\u00bd", "3\u00aa"."""
    if text.isascii() or _COMPATIBLE.search(text) is None:
        return []
    return [Edit(*match.span(), _plain(match[0])) for match in _COMPATIBLE.finditer(text)]


@lru_cache(maxsize=1024)
def _plain(character: str) -> str:
    if re.match(f"[{_UNSPOKEN}]", character):
        return ""
    plain = unicodedata.normalize("NFKC", character)
    # "(1)" for a digit in a circle: the brackets are only its look.
    return plain.strip("()") if len(character) == 1 else plain
