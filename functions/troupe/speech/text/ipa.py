# ruff: noqa: RUF001, RUF002 - this file is about letters that look like others
"""Whether a text is written in the International Phonetic Alphabet, and which symbol is not.

The symbols are those of the chart of 2020
(https://www.internationalphoneticassociation.org/content/full-ipa-chart), the ligatures and letters
that dictionaries still use (ʧ, ɫ, ɚ, ᵻ), and superscripts.
"""

from __future__ import annotations

import unicodedata

MOST = 100  # code points of one pronunciation

_VOWELS = "iyɨʉɯuɪʏʊeøɘɵɤoəɛœɜɞʌɔæɐaɶɑɒɚɝᵻᵿ"
_CONSONANTS = (
    "pbtdʈɖcɟkɡqɢʔmɱnɳɲŋɴʙrʀⱱɾɽɸβfvθðszʃʒʂʐçʝxɣχʁħʕhɦɬɮʋɹɻjɰlɭʎʟʘǀǃǂǁɓɗʄɠʛʍwɥʜʢʡɕʑɺɧɫʣʤʥʦʧʨ"
)
LETTERS = frozenset(_VOWELS + _CONSONANTS)
VOWELS = frozenset(_VOWELS)
STRESSES = frozenset("ˈˌ")
TIES = frozenset("\u0361\u035c")
_MODIFIERS = frozenset("ʰʱʲʷˠˤⁿˡʼ˞ᵊᵝᵐᵑᶮᶿˣ˥˦˧˨˩ːˑ")
_COMBINING = TIES | frozenset(
    "\u0300\u0301\u0302\u0303\u0304\u0306\u0308\u030a\u030b\u030c\u030d\u030f\u0311\u0318\u0319"
    "\u031a\u031c\u031d\u031e\u031f\u0320\u0324\u0325\u0329\u032a\u032c\u032f\u0330\u0334\u0339"
    "\u033a\u033b\u033c\u033d\u1dc4\u1dc5\u1dc6\u1dc7\u1dc8\u1dc9"
)
# Between sounds: syllables, groups, linking, global pitch.
BREAKS = frozenset(" .|‖‿↗↘↑↓ꜛꜜ")
SOUNDS = LETTERS | _MODIFIERS | _COMBINING
_KNOWN = SOUNDS | STRESSES | BREAKS
# What people type for it. The letter that looks like ɛ is Greek.
_TYPED = str.maketrans({"g": "ɡ", ":": "ː", "'": "ˈ", "ε": "ɛ"})


class InvalidIPA(ValueError):
    """`at`: the offset of the wrong symbol in the text as given, or None. The message ends a
    sentence about it."""

    def __init__(self, message: str, at: int | None = None) -> None:
        super().__init__(message)
        self.at = at


def parse_ipa(text: str) -> str:
    """The pronunciation in its usual form: decomposed accents, without surrounding slashes or
    brackets, and with ɡ, ː and ˈ where g, : and ' were typed. Raises InvalidIPA."""
    if len(text) > MOST:
        raise InvalidIPA(f"is longer than {MOST} characters")
    start, end = _inside(text)
    said: list[str] = []
    for at in range(start, end):
        symbol = text[at].translate(_TYPED)
        parts = symbol if symbol in LETTERS else unicodedata.normalize("NFD", symbol)
        for part in parts:
            if part not in _KNOWN:
                raise InvalidIPA(f"has {_shown(text[at])}, which is no symbol of the IPA", at)
            _check_place(part, said, at)
            said.append(part)
    if said and (said[-1] in TIES or said[-1] in STRESSES):
        raise InvalidIPA("ends with a symbol that needs a sound after it", end - 1)
    if not LETTERS.intersection(said):
        raise InvalidIPA("has no sound")
    return "".join(said)


def _inside(text: str) -> tuple[int, int]:
    """The part between slashes or brackets, as dictionaries write /wɜːd/ and [wɜːd]."""
    start = len(text) - len(text.lstrip())
    end = start + len(text.strip())
    if end - start >= 2 and text[start] + text[end - 1] in ("//", "[]"):
        start, end = start + 1, end - 1
    return start, end


def _shown(symbol: str) -> str:
    """Accents alone and control characters cannot be seen."""
    if symbol.isprintable() and not unicodedata.combining(symbol):
        return f"“{symbol}”"
    return f"U+{ord(symbol):04X}"


def _check_place(part: str, said: list[str], at: int) -> None:
    before = said[-1] if said else ""
    if before in TIES and part not in LETTERS and part not in _COMBINING:
        raise InvalidIPA("ties a sound to none", at)
    if (part in _COMBINING or part in "ːˑ˞ʼ") and (
        not before or before in BREAKS or before in STRESSES
    ):
        raise InvalidIPA(f"has {_shown(part)} without a sound before it", at)
    if before in STRESSES and (part in BREAKS or part in STRESSES):
        raise InvalidIPA("has a stress without a sound after it", at)
