"""Hindi. Digits may be European or Devanagari; the groups are of lakh and crore."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from troupe.speech.text.verbalise import numbers
from troupe.speech.text.verbalise.cldr import spelled
from troupe.speech.text.verbalise.rules import (
    Abbreviation,
    Currency,
    Date,
    Kind,
    Noun,
    Rules,
    Scale,
    Time,
)

_WORDS = {
    "point": "दशमलव",
    "minus": "माइनस",
    "plus": "प्लस",
    "plus_minus": "प्लस माइनस",
    "to": "से",
    "times": "गुणा",
    "divided": "भाग",
    "equals": "बराबर",
    "about": "लगभग",
    "at": "एट",
    "dot": "डॉट",
    "slash": "स्लैश",
    "dash": "डैश",
    "underscore": "अंडरस्कोर",
    "hashtag": "हैशटैग",
    "and": "और",
    "section": "धारा",
    "number": "नंबर",
    "version": "संस्करण",
}
_MONEY = {
    "INR": (("रुपया", "रुपये"), ("पैसा", "पैसे")),
    "USD": (("डॉलर", "डॉलर"), ("सेंट", "सेंट")),
    "EUR": (("यूरो", "यूरो"), ("सेंट", "सेंट")),
    "GBP": (("पाउंड", "पाउंड"), ("पेंस", "पेंस")),
}
_FRACTIONS = {
    (1, 2): "आधा",
    (1, 3): "एक तिहाई",
    (2, 3): "दो तिहाई",
    (1, 4): "एक चौथाई",
    (3, 4): "तीन चौथाई",
}
_DENOMINATORS = {3: "तिहाई", 4: "चौथाई"}
# An abbreviation stands at the beginning of a word: भाई. is none.
_START = r"(?:^|[\s(\"'“‘])$"
_AFTER_NUMBER = r"[\d०-९]\s?$"
_WORD_STARTS = {
    "डॉ.": "डॉक्टर",
    "डा.": "डॉक्टर",
    "प्रो.": "प्रोफ़ेसर",
    "पं.": "पंडित",
    "कु.": "कुमारी",
    "मो.": "मोबाइल",
    "सं.": "संख्या",
    "क्र.": "क्रमांक",
    "पृ.": "पृष्ठ",
    "नं.": "नंबर",
}
_AFTER_NUMBERS = {
    "ई. पू.": "ईसा पूर्व",
    "ई.": "ईस्वी",
    "कि. मी.": "किलोमीटर",
    "किमी": "किलोमीटर",
    "कि. ग्रा.": "किलोग्राम",
    "किग्रा": "किलोग्राम",
    "से. मी.": "सेंटीमीटर",
    "सेमी": "सेंटीमीटर",
    "मि. ली.": "मिलीलीटर",
    "मिली": "मिलीलीटर",
    "रु.": "रुपये",
}
# Ordinals of 1 to 4 and 6 have forms of their own.
_ORDINALS = {1: "पहल", 2: "दूसर", 3: "तीसर", 4: "चौथ", 6: "छठ"}
_ENDINGS = {
    "ा": ("ला", "रा", "था", "ठा", "वाँ", "वां"),
    "ी": ("ली", "री", "थी", "ठी", "वीं"),
    "े": ("ले", "रे", "थे", "ठे", "वें"),
}
_REGULAR = {"ा": "वाँ", "ी": "वीं", "े": "वें"}


def _say(rules: Rules, number: int) -> str:
    return numbers.cardinal(rules, number)


def say_year(rules: Rules, number: int) -> str:
    """1947 is nineteen hundred forty-seven."""
    if not 1100 <= number < 2000:
        return spelled(number, rules.locale, rules.number)
    hundreds, rest = divmod(number, 100)
    said = f"{_say(rules, hundreds)} सौ"
    return f"{said} {_say(rules, rest)}" if rest else said


def say_date(rules: Rules, date: Date) -> str:
    month = rules.month_names[date.month - 1]
    said = month if date.day is None else f"{_say(rules, date.day)} {month}"
    return said if date.year is None else f"{said} {numbers.year(rules, date.year)}"


def say_time(rules: Rules, time: Time) -> str:
    hour, minute, second = time.hour, time.minute or 0, time.second or 0
    if time.duration:
        parts = ((hour, "घंटा" if hour == 1 else "घंटे"), (minute, "मिनट"), (second, "सेकंड"))
        return " ".join(f"{_say(rules, n)} {name}" for n, name in parts if n)
    said = (
        f"{_say(rules, hour)} बजे"
        if not minute
        else f"{_say(rules, hour)} बजकर {_say(rules, minute)} मिनट"
    )
    if second:
        said += f" {_say(rules, second)} सेकंड"
    return said


def say_fraction(rules: Rules, whole: int, numerator: int, denominator: int) -> str:
    if whole and denominator == 2:
        # डेढ़ 1½, ढाई 2½, साढ़े तीन 3½
        return {1: "डेढ़", 2: "ढाई"}.get(whole) or f"साढ़े {_say(rules, whole)}"
    if whole and (numerator, denominator) == (1, 4):
        return f"सवा {_say(rules, whole)}" if whole > 1 else "सवा"
    if whole and (numerator, denominator) == (3, 4):
        return f"पौने {_say(rules, whole + 1)}"
    part = _FRACTIONS.get((numerator, denominator))
    if part is None:
        part = f"{_say(rules, numerator)} बटा {_say(rules, denominator)}"
    return f"{_say(rules, whole)} सही {part}" if whole else part


def _read_ordinal(match: re.Match[str], rules: Rules) -> str | None:
    number, suffix = int(match["number"]), match["suffix"]
    ending = next(ending for ending, known in _ENDINGS.items() if suffix in known)
    stem = _ORDINALS.get(number)
    if stem is not None:
        return stem + ending
    return None if suffix[0] != "व" else _say(rules, number) + _REGULAR[ending]


def _read_time(match: re.Match[str], rules: Rules) -> str | None:
    hour, minute = int(match["hour"]), int(match["minute"])
    if hour > 24 or minute > 59:
        return None
    return say_time(rules, Time(hour, minute))


def _read_year(match: re.Match[str], rules: Rules) -> str:
    return numbers.year(rules, int(match["year"]))


def _read_range(match: re.Match[str], rules: Rules) -> str | None:
    first, last = int(match["first"]), int(match["last"])
    if first >= last or "0" in (match["first"][0], match["last"][0]):
        return None
    if first >= 1100 and last < 2100:
        return f"{numbers.year(rules, first)} से {numbers.year(rules, last)}"
    return f"{_say(rules, first)} से {_say(rules, last)}"


def _read_telephone(match: re.Match[str], rules: Rules) -> str:
    found = re.sub(r"[ -]", "", match[0])
    groups = [found[:-10].lstrip("+"), found[-10:-5], found[-5:]]
    said = ", ".join(numbers.digits(rules, group) for group in groups if group)
    return f"{rules.words['plus']} {said}" if found[0] == "+" else said


def _kinds(rules: Rules) -> Iterator[Kind]:
    suffixes = "|".join(suffix for known in _ENDINGS.values() for suffix in known)
    yield Kind(
        "ordinal",
        rf"(?<![\w.,/:-])(?P<number>\d{{1,4}})-?(?P<suffix>{suffixes})(?![\w\u0900-\u0903\u093e-\u094d])",
        _read_ordinal,
        "d",
    )
    yield Kind(
        "time",
        r"(?<![\w.,/:-])(?P<hour>\d{1,2})[:.](?P<minute>\d\d)\s?बजे(?!\w)",
        _read_time,
        "d",
    )
    yield Kind(
        "range",
        r"(?<![\w.,/:-])(?P<first>\d{1,4})[-\u2013](?P<last>\d{1,4})(?=\s(?!से|के|की)[\u0905-\u0939])",
        _read_range,
        "d",
    )
    yield Kind(
        "telephone",
        r"(?<![\w.,/:-])(?:\+?91[ -])?0?[6-9]\d{4}[ -]?\d{5}(?![\w-])",
        _read_telephone,
        "dm",
    )
    yield Kind(
        "year", r"(?<![\w.,/:-])(?P<year>1[1-9]\d\d)(?=\s(?:के दशक|ई\.|ईस्वी|में))", _read_year, "d"
    )


def _abbreviations() -> Iterator[tuple[str, tuple[Abbreviation, ...]]]:
    for short, words in _WORD_STARTS.items():
        yield short, (Abbreviation(words, before=_START),)
    for short, words in _AFTER_NUMBERS.items():
        yield short, (Abbreviation(words, before=_AFTER_NUMBER),)


def _currency(names: tuple[tuple[str, str], tuple[str, str]]) -> Currency:
    major, minor = (Noun({"one": "{0} " + one, "other": "{0} " + many}) for one, many in names)
    return Currency(major, minor)


def rules(base: Rules, region: str) -> Rules:
    changed = replace(
        base,
        lakh=True,
        ordinals={"वाँ|वां": "spellout-ordinal-masculine"},
        words=_WORDS,
        years=range(1900, 2000),
        year_before="सन्|सन|वर्ष|साल",
        currencies={"रु.": "INR", "Rs.": "INR", "Rs": "INR"},
        money={code: _currency(names) for code, names in _MONEY.items()},
        price="{major} {minor}",
        scales={
            word: Scale(power, {"other": word})
            for word, power in (("हज़ार", 3), ("हजार", 3), ("लाख", 5), ("करोड़", 7), ("अरब", 9))
        },
        abbreviations=dict(_abbreviations()),
        range_before="पृष्ठ|पृ\\.|अध्याय",
        plural=lambda number: "one" if number == 1 else "other",
        say_year=say_year,
        say_date=say_date,
        say_time=say_time,
        say_fraction=say_fraction,
    )
    return replace(changed, kinds=tuple(_kinds(changed)))
