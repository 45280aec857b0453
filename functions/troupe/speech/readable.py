"""Whether a voice can read the letters of a text."""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import cache, lru_cache

from troupe.speech.catalogue import capabilities
from troupe.speech.errors import UnreadableText
from troupe.speech.estimate import SCRIPTS
from troupe.text import normalized

# The share of letters that a voice may leave out: names and single words.
MOST_UNREADABLE = 0.1
_MOST_LANGUAGES = 20  # that one error names
# The scripts of languages, as Unicode names their letters, and those that no language here uses.
_NAMED = {
    *SCRIPTS,
    *("TIBETAN", "KHMER", "LAO", "MONGOLIAN", "THAANA", "SYRIAC", "TIFINAGH", "CANADIAN"),
    *("YI", "JAVANESE", "BALINESE", "NKO", "VAI", "OSMANYA", "DESERET", "GOTHIC", "COPTIC"),
    *("BOPOMOFO", "EGYPTIAN", "CUNEIFORM", "LINEAR", "MEETEI", "OL", "SUNDANESE", "TAI", "CHAM"),
}
_KANA = frozenset({"HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"})


def unreadable_share(text: str, language: str, engine: str) -> float:
    """The share of the letters of `text`, from 0 to 1, that the engine's voice of this language
    cannot read."""
    return _share(_letters(text), language, engine)


def check_readable(text: str, language: str, engine: str, subject: str = "The text") -> None:
    """Raises UnreadableText if the voice cannot read more than MOST_UNREADABLE of the letters."""
    letters = _letters(text)
    share = _share(letters, language, engine)
    if share <= MOST_UNREADABLE:
        return
    offered = [each.code for each in capabilities(engine).languages]
    would = [code for code in offered if _share(letters, code, engine) <= MOST_UNREADABLE]
    way_out = (
        f"Choose a language that can, such as {', '.join(would[:5])}."
        if would
        else "No voice of this speech engine can."
    )
    raise UnreadableText(
        f"{subject} has letters that the voice of {language} cannot read ({share:.0%} of all). "
        f"{way_out}",
        details={"share": round(share, 3), "languages": would[:_MOST_LANGUAGES]},
    )


def _letters(text: str) -> Counter[str]:
    """How many letters of each script a text has."""
    found: Counter[str] = Counter()
    for character, number in Counter(normalized("NFKC", text)).items():
        if character.isalpha():
            found[_script(character)] += number
    return found


def _share(letters: Counter[str], language: str, engine: str) -> float:
    known = _scripts(language, engine)
    strange = sum(number for script, number in letters.items() if script not in known)
    return strange / max(1, letters.total())


@lru_cache(maxsize=1 << 14)
def _script(character: str) -> str:
    """The script of a letter; LATIN for signs that belong to none."""
    script = unicodedata.name(character, "").split(" ")[0]
    return script if script in _NAMED else "LATIN"


@cache
def _scripts(language: str, engine: str) -> frozenset[str]:
    """The scripts that the voice of a language reads. Every voice reads Latin letters."""
    offer = capabilities(engine)
    languages = [language]
    if offer.reads_all_languages:
        languages = [each.code for each in offer.languages]
    found = {"LATIN"}
    for code in languages:
        codes = {code, code.partition("-")[0]}
        found |= {script for script, listed in SCRIPTS.items() if codes & set(listed.split())}
    # Its dictionary of Japanese has kana only: it says "Chinese letter" for kanji.
    if engine == "espeak" and language.partition("-")[0] == "ja":
        found = {"LATIN", *_KANA}
    return frozenset(found)
