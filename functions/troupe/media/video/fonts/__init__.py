"""The caption fonts: which font has a character, and which characters no font has.

This folder has the Noto Sans faces of today's writing systems, from Debian's fonts-noto-core
20201225-1 (licence: OFL.txt). Chinese, Japanese and Korean are in a separate package because of
their size, noto-cjk-sans-otc. System fonts are not used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from unicodedata import category

import noto_cjk_sans_otc
import uharfbuzz as hb

# Faces are tried in this order: scripts before symbols.
_SCRIPTS = (
    *("", "Arabic", "Hebrew", "Devanagari", "Bengali", "Tamil", "Telugu", "Gujarati", "Gurmukhi"),
    *("Kannada", "Malayalam", "Oriya", "Sinhala", "Thai", "Lao", "Khmer", "Myanmar", "Georgian"),
    *("Armenian", "Ethiopic", "Cherokee"),
)
_SYMBOLS = ("Symbols", "Symbols2")

# Regional forms of ideographs: indices in the font collection.
_JAPANESE, _KOREAN, _SIMPLIFIED, _TRADITIONAL, _HONG_KONG = range(5)
_HAN = {
    **{"ja": _JAPANESE, "ko": _KOREAN, "yue": _HONG_KONG, "zh-hk": _HONG_KONG},
    **{"zh-hant": _TRADITIONAL, "zh-tw": _TRADITIONAL, "hak": _TRADITIONAL},
}
_KANA = re.compile("[\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")

# 26.6 fixed point, as in FreeType: positions keep fractions of a pixel.
UNITS = 64
# Noto Regular is thin for white letters over a moving picture; this is about Medium.
_BOLDER = 0.018


@dataclass(frozen=True, slots=True)
class Typeface:
    path: Path
    index: int = 0

    def has(self, character: str) -> bool:
        return self.font(16).get_nominal_glyph(ord(character)) is not None

    def font(self, size: int) -> hb.Font:
        """At `size` pixels per em; its metrics are in 1/`UNITS` pixels."""
        return _font(self, size)


@lru_cache(maxsize=256)
def _font(typeface: Typeface, size: int) -> hb.Font:
    # Memory-mapped: only the used parts are read.
    blob = hb.Blob.from_file_path(str(typeface.path))
    font = hb.Font(hb.Face(blob, typeface.index))
    font.scale = (size * UNITS, size * UNITS)
    font.synthetic_bold = (_BOLDER, _BOLDER, True)
    return font


def han_form(text: str, language: str | None = None) -> int:
    """The regional form of ideographs: that of `language` (a BCP 47 tag), else that of the text's
    kana or hangul, else that of mainland China."""
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
    """The first face that has all code points of `letters`, one grapheme; None if none has."""
    needed = [each for each in letters if not is_invisible(each)]
    for face in _chain(han):
        if all(map(face.has, needed)):
            return face
    return None


def is_invisible(character: str) -> bool:
    """Controls, joiners and variation selectors, which have no glyph of their own."""
    code = ord(character)
    return category(character) in ("Cc", "Cf") or 0xFE00 <= code <= 0xFE0F or code >= 0xE0000


def missing_glyphs(text: str) -> set[str]:
    """The characters of `text` that no font has: captions omit such symbols, and show `…` for a run
    of such letters."""
    return {
        each
        for each in set(text)
        if not is_invisible(each) and not each.isspace() and typeface_for(each) is None
    }
