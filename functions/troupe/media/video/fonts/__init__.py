"""The fonts of captions: which of them has a character, and which characters none has.

Beside this file lie the faces of Noto Sans for the scripts that people write today, as Debian's
fonts-noto-core 20201225-1 ships them (OFL.txt is their licence). Chinese, Japanese and Korean come
from a package of their own, noto-cjk-sans-otc, for their size. Nothing of the system is used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from unicodedata import category

import noto_cjk_sans_otc
import uharfbuzz as hb

# Scripts before symbols: a face is asked in this order.
_SCRIPTS = (
    *("", "Arabic", "Hebrew", "Devanagari", "Bengali", "Tamil", "Telugu", "Gujarati", "Gurmukhi"),
    *("Kannada", "Malayalam", "Oriya", "Sinhala", "Thai", "Lao", "Khmer", "Myanmar", "Georgian"),
    *("Armenian", "Ethiopic", "Cherokee"),
)
_SYMBOLS = ("Symbols", "Symbols2")

# The same ideograph is drawn differently in each of these; places in the collection.
_JAPANESE, _KOREAN, _SIMPLIFIED, _TRADITIONAL, _HONG_KONG = range(5)
_HAN = {
    **{"ja": _JAPANESE, "ko": _KOREAN, "yue": _HONG_KONG, "zh-hk": _HONG_KONG},
    **{"zh-hant": _TRADITIONAL, "zh-tw": _TRADITIONAL, "hak": _TRADITIONAL},
}
_KANA = re.compile("[\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")

# 26.6 fixed point, as FreeType has it: positions keep their fractions of a pixel.
UNITS = 64
# Noto's regular weight is thin for white letters over a moving picture; this is about medium.
_BOLDER = 0.018


@dataclass(frozen=True, slots=True)
class Typeface:
    path: Path
    index: int = 0

    def has(self, character: str) -> bool:
        return self.font(16).get_nominal_glyph(ord(character)) is not None

    def font(self, size: int) -> hb.Font:
        """For `size` pixels an em; its numbers are in `UNITS` of a pixel."""
        return _font(self, size)


@lru_cache(maxsize=256)
def _font(typeface: Typeface, size: int) -> hb.Font:
    # A mapped file: only what is looked at is read.
    blob = hb.Blob.from_file_path(str(typeface.path))
    font = hb.Font(hb.Face(blob, typeface.index))
    font.scale = (size * UNITS, size * UNITS)
    font.synthetic_bold = (_BOLDER, _BOLDER, True)
    return font


def han_form(text: str, language: str | None = None) -> int:
    """How ideographs are to be drawn: as `language` (a BCP 47 tag) has it, else by the other
    letters of the text, else as in mainland China."""
    tag = (language or "").lower()
    while tag:
        if tag in _HAN:
            return _HAN[tag]
        tag = tag.rpartition("-")[0]
    if _KANA.search(text):
        return _JAPANESE
    return _KOREAN if _HANGUL.search(text) else _SIMPLIFIED


@cache
def _chain(han: int) -> tuple[Typeface, ...]:
    folder = Path(__file__).parent
    own = [folder / f"NotoSans{each}-Regular.ttf" for each in (*_SCRIPTS, *_SYMBOLS)]
    cjk = Typeface(Path(str(noto_cjk_sans_otc.FONT_PATH)), han)
    faces = [Typeface(path) for path in own]
    return (*faces[: len(_SCRIPTS)], cjk, *faces[len(_SCRIPTS) :])


@lru_cache(maxsize=4096)
def typeface_for(letters: str, han: int = _SIMPLIFIED) -> Typeface | None:
    """The first face that has all of `letters`, a character as readers see it."""
    needed = [each for each in letters if not is_invisible(each)]
    for face in _chain(han):
        if all(map(face.has, needed)):
            return face
    return None


def is_invisible(character: str) -> bool:
    """Controls, joiners and variation selectors: they shape their neighbours or nothing."""
    code = ord(character)
    return category(character) in ("Cc", "Cf") or 0xFE00 <= code <= 0xFE0F or code >= 0xE0000


def missing_glyphs(text: str) -> set[str]:
    """The characters of `text` that no font has: captions leave out such symbols, and show `…` for
    a run of such letters."""
    return {
        each
        for each in set(text)
        if not is_invisible(each) and not each.isspace() and typeface_for(each) is None
    }
