"""Tells the language of a text, among those that it can be.

The script of the letters decides first. Between languages that share it, fastText's small model
does (lid.176: https://fasttext.cc/docs/en/language-identification.html), which is sure of a
sentence and guesses a word; what is likely beforehand (`prior`) counts the more, the shorter the
text is.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from troupe.translation.languages import primary
from troupe.translation.placeholders import masked

_MOST = 2_000  # characters that are looked at
_LEAST = 1e-4  # the probability of what the model excludes
_SURE = 12  # characters after which what was likely beforehand counts half
# By the first word of the Unicode names of their letters. A language that is in none is written in
# Latin letters.
_SCRIPTS = {
    "ARABIC": "ar arz azb ckb fa ku lrc mzn pnb ps sd ug ur",
    "ARMENIAN": "hy",
    "BENGALI": "as bn bpy",
    "CJK": "ja wuu yue zh",
    "CYRILLIC": "av ba be bg bxr ce cv kk krc kv ky lez mhr mk mn mrj myv os ru rue sah sr tg tt "
    "tyv uk xal",
    "DEVANAGARI": "bh dty gom hi mai mr ne new sa",
    "ETHIOPIC": "am",
    "GEORGIAN": "ka xmf",
    "GREEK": "el",
    "GUJARATI": "gu",
    "GURMUKHI": "pa",
    "HANGUL": "ko",
    "HEBREW": "he yi",
    "HIRAGANA": "ja",
    "KANNADA": "kn",
    "KATAKANA": "ja",
    "KHMER": "km",
    "LAO": "lo",
    "MALAYALAM": "ml",
    "MYANMAR": "my",
    "ORIYA": "or",
    "SINHALA": "si",
    "TAMIL": "ta",
    "TELUGU": "te",
    "THAANA": "dv",
    "THAI": "th",
    "TIBETAN": "bo",
}
_LANGUAGES_OF = {name: frozenset(codes.split()) for name, codes in _SCRIPTS.items()}
_ALSO_LATIN = {"sr", "ku", "uz", "az"}
_WRITTEN_OTHERWISE = frozenset().union(*_LANGUAGES_OF.values()) - _ALSO_LATIN
# How often a text of unknown language is in one of these, where nothing better is known.
_COMMON = {"en": 10, "es": 5, "zh": 5, "pt": 4, "fr": 4, "de": 4, "ja": 4, "ru": 4, "it": 3}


@dataclass(frozen=True, slots=True)
class Detected:
    """`language`: one of the candidates as they were given. `confidence`: from 0 to 1."""

    language: str
    confidence: float


class LanguageDetector:
    """Thread-safe. `model`: the path of lid.176.ftz, asked for when it is needed."""

    def __init__(self, model: Callable[[], Path]) -> None:
        self._path = model

    def detect(
        self, text: str, candidates: Sequence[str] = (), prior: Mapping[str, float] | None = None
    ) -> Detected | None:
        """The language of a text, among `candidates` (codes; all that the model knows if empty).
        `prior`: how likely languages are beforehand, relative to each other. None if the text has
        no letters, so that it can be in any. Raises ModelMissing."""
        text = _words(text[:_MOST])
        written = _scripts(text)
        if not written:
            return None
        among = {primary(code): code for code in reversed(candidates)} or {
            code: code for code in self._all
        }
        fitting = {code for code in among if _writes(code, written)}
        if len(fitting) == 1:
            (code,) = fitting
            return Detected(among[code], _share(code, written))
        chances = self._chances(text, fitting or among, prior or {})
        best = max(chances, key=lambda code: chances[code])
        return Detected(among[best], round(chances[best], 3) if fitting else 0.0)

    @cached_property
    def _model(self) -> Any:
        import fasttext

        return fasttext.load_model(str(self._path()))

    @cached_property
    def _all(self) -> list[str]:
        return [label.removeprefix("__label__") for label in self._model.predict("a", -1, -1.0)[0]]

    def _chances(
        self, text: str, among: Iterable[str], prior: Mapping[str, float]
    ) -> dict[str, float]:
        """Probabilities of languages, which together are 1."""
        found = self._found(text)
        beforehand = {primary(code): weight for code, weight in prior.items()}
        trust = len(text) / (len(text) + _SURE)
        weighed = {}
        for code in among:
            likely = beforehand.get(code, 1.0) * _COMMON.get(code, 1)
            weighed[code] = max(found.get(code, 0.0), _LEAST) * likely ** (1 - trust)
        total = math.fsum(weighed.values())
        return {code: weight / total for code, weight in weighed.items()}

    def _found(self, text: str) -> dict[str, float]:
        """What the model says, on average of the text as it is and in small letters: it knows some
        words in only one of the two."""
        both = {text, text.lower()}
        found: dict[str, float] = defaultdict(float)
        for form in both:
            labels, chances = self._model.predict(form, -1, 0.0)
            for label, chance in zip(labels, chances, strict=True):
                found[primary(label.removeprefix("__label__"))] += chance / len(both)
        return found


def _words(text: str) -> str:
    """The text on one line, without what is in no language: links, names with @, code."""
    kept = masked(text, {})
    return " ".join(re.sub(r"⟦\d+⟧|[^\w'’\s-]|[\d_]", " ", kept.text).split())


def _scripts(text: str) -> Counter[str]:
    """How many letters of each script."""
    return Counter(
        unicodedata.name(letter, "").partition(" ")[0] for letter in text if letter.isalpha()
    )


def _writes(language: str, written: Counter[str]) -> bool:
    """Whether a language is written in the script that most letters are of."""
    if language == "ja" and (written["HIRAGANA"] or written["KATAKANA"]):
        return True
    main, _ = written.most_common(1)[0]
    if main in _LANGUAGES_OF:
        if main == "CJK" and (written["HIRAGANA"] or written["KATAKANA"]):
            return language == "ja"
        return language in _LANGUAGES_OF[main]
    return language not in _WRITTEN_OTHERWISE


def _share(language: str, written: Counter[str]) -> float:
    """The share of the letters that are of a language's scripts."""
    own = sum(count for name, count in written.items() if _writes(language, Counter([name])))
    return round(own / written.total(), 3)
