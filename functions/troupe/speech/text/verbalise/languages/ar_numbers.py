"""Arabic numbers by grammar. ICU's rules neither join 300 nor agree from 11 to 19.

The forms are those of standard Arabic: the number has the other gender than its noun from 3 to 10,
and مئة is written as it is said.
"""

from __future__ import annotations

import re
from functools import lru_cache

MASCULINE, FEMININE, OBLIQUE = "masculine", "feminine", "oblique"
# Before its noun a dual loses its ن: مئتا كيلومتر.
COUNTED = {MASCULINE: "masculine counted", FEMININE: "feminine counted"}

_UNITS = (
    *("صفر", "واحد", "اثنان", "ثلاثة", "أربعة", "خمسة"),
    *("ستة", "سبعة", "ثمانية", "تسعة", "عشرة"),
)
_FEMININE = (
    *("صفر", "واحدة", "اثنتان", "ثلاث", "أربع", "خمس"),
    *("ست", "سبع", "ثماني", "تسع", "عشر"),
)
_TENS = ("", "", "عشرون", "ثلاثون", "أربعون", "خمسون", "ستون", "سبعون", "ثمانون", "تسعون")
_HUNDREDS = (
    *("", "مئة", "مئتان", "ثلاثمئة", "أربعمئة", "خمسمئة"),
    *("ستمئة", "سبعمئة", "ثمانمئة", "تسعمئة"),
)
# One, two, three to ten, eleven to ninety-nine.
_SCALES = (
    (10**12, ("تريليون", "تريليونان", "تريليونات", "تريليونًا")),
    (10**9, ("مليار", "ملياران", "مليارات", "مليارًا")),
    (10**6, ("مليون", "مليونان", "ملايين", "مليونًا")),
    (10**3, ("ألف", "ألفان", "آلاف", "ألفًا")),
)
_ORDINALS = (
    *("", "الأول", "الثاني", "الثالث", "الرابع", "الخامس"),
    *("السادس", "السابع", "الثامن", "التاسع", "العاشر"),
)
_DUAL = re.compile(r"(مئت|ألف|مليون|مليار|تريليون|اثن|اثنت)ان(?!\w)")
_CONSTRUCT = re.compile(r"(مئت|ألف|مليون|مليار|تريليون)ان$")
_TENS_END = re.compile(r"(عشر|ثلاث|أربع|خمس|ست|سبع|ثمان|تسع)ون(?!\w)")
_TWELVE = re.compile(r"(اثن|اثنت)ا (?=عشر)")


@lru_cache(maxsize=16_384)
def cardinal(number: int, ruleset: str = MASCULINE) -> str:
    """A number in words, by the gender of what is counted."""
    if ruleset == "spellout-ordinal" and (said := ordinal(number)) is not None:
        return said
    feminine = ruleset.startswith(FEMININE)
    said = _spelled(number, feminine)
    if ruleset == OBLIQUE:
        return oblique(said)
    return _construct(said) if ruleset in COUNTED.values() else said


def _construct(said: str) -> str:
    return _CONSTRUCT.sub(r"\1ا", said)


def oblique(said: str) -> str:
    """After a preposition or a noun: عشرين, ألفين."""
    said = _TWELVE.sub(r"\1ي ", _DUAL.sub(r"\1ين", said))
    return _TENS_END.sub(r"\1ين", said)


def _spelled(number: int, feminine: bool) -> str:
    if number < 1000:
        return _below_thousand(number, feminine)
    parts = []
    for size, names in _SCALES:
        count, number = divmod(number, size)
        if count:
            parts.append(_scale(count, names))
    if number:
        parts.append(_below_thousand(number, feminine))
    return " و".join(parts)


def _scale(count: int, names: tuple[str, str, str, str]) -> str:
    one, two, few, many = names
    if count <= 2:
        return one if count == 1 else two
    rest = count % 100
    name = few if 3 <= rest <= 10 else many if rest > 10 else one
    return f"{_construct(_below_thousand(count, False))} {name}"


def _below_thousand(number: int, feminine: bool) -> str:
    hundreds, rest = divmod(number, 100)
    parts = [_HUNDREDS[hundreds]] if hundreds else []
    if rest or not hundreds:
        parts.append(_below_hundred(rest, feminine))
    return " و".join(parts)


def _below_hundred(number: int, feminine: bool) -> str:
    units = _FEMININE if feminine else _UNITS
    if number <= 10:
        return units[number]
    tens, unit = divmod(number, 10)
    if tens == 1:
        first = {1: "إحدى" if feminine else "أحد", 2: "اثنتا" if feminine else "اثنا"}
        return f"{first.get(unit) or units[unit]} {'عشرة' if feminine else 'عشر'}"
    if not unit:
        return _TENS[tens]
    return f"{'إحدى' if feminine and unit == 1 else units[unit]} و{_TENS[tens]}"


def ordinal(number: int, feminine: bool = False) -> str | None:
    """The ordinal with its article, oblique, of 1 to 99: الحادي والعشرين; feminine, as of hours:
    الحادية والعشرين."""
    if not 1 <= number <= 99:
        return None
    tens, unit = divmod(number, 10)
    if number == 1 and feminine:
        return "الأولى"
    ending = "ة" if feminine else ""
    if number <= 10:
        return _ORDINALS[number] + ending
    first = "الحادي" if unit == 1 else _ORDINALS[unit]
    if tens == 1:
        return f"{first}{ending} عشر{ending}"
    last = "ال" + oblique(_TENS[tens])
    return f"{first}{ending} و{last}" if unit else last
