"""Grapheme boundaries: where a text can be cut without splitting a visible character."""

from __future__ import annotations

import re
from unicodedata import category, combining

_ZWJ = "\u200d"
_PREPEND = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e")
_VIRAMA = 9  # canonical combining class; joins the next consonant to the conjunct

# Scripts without spaces between words: Thai, Lao, Myanmar, Khmer, kana, and ideographs.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)

_UNSPACED = re.compile(f"[{UNSPACED}]")


def is_unspaced(character: str) -> bool:
    """Whether a character (or "") is a letter of a script without spaces."""
    return _UNSPACED.fullmatch(character) is not None


def is_joined(text: str, at: int) -> bool:
    """Whether text[at - 1] and text[at] belong to one grapheme; 0 < at < len(text).

    A conservative version of Unicode TR 29: where its rules look further back (pairs of regional
    indicators, Indic conjuncts), this may join too much, never too little.
    """
    after = text[at]
    before = text[at - 1]
    if after.isascii() and before.isascii():
        return before == "\r" and after == "\n"
    kind = category(after)
    if kind[0] == "M" or after in (_ZWJ, "\u200c", "\uff9e", "\uff9f") or before == _ZWJ:
        return True
    code = ord(after)
    # Skin tones and emoji tags; TR 29 treats Thai and Lao AM as spacing marks.
    if 0x1F3FB <= code <= 0x1F3FF or 0xE0020 <= code <= 0xE007F or code in (0x0E33, 0x0EB3):
        return True
    if 0x1F1E6 <= code <= 0x1F1FF:
        return _pairs_with(text, at)
    if 0x1100 <= code <= 0x11FF or 0xA960 <= code <= 0xA97F or 0xAC00 <= code <= 0xD7FB:
        return 0x1100 <= ord(before) <= 0x11FF or (0x1160 <= code <= 0x11FF) or code >= 0xD7B0
    return before in _PREPEND or (combining(before) == _VIRAMA and kind == "Lo")


def _pairs_with(text: str, at: int) -> bool:
    """Whether the regional indicator at `at` is the second one of a flag (TR 29, GB12, GB13)."""
    first = at
    # Look back 64 at most, so that cutting stays linear. In longer runs, which are not real text,
    # pairs are counted from there.
    while first > 0 and at - first < 64 and 0x1F1E6 <= ord(text[first - 1]) <= 0x1F1FF:
        first -= 1
    return (at - first) % 2 == 1
