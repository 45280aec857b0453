"""`say-as` of SSML: text that is told to be of a kind."""

from __future__ import annotations

import re
from collections.abc import Callable

from troupe.speech.text.verbalise import addresses, dates, numbers
from troupe.speech.text.verbalise.reader import Reader, reader
from troupe.speech.text.verbalise.rules import Date, Rules

_DATE = re.compile(r"(\d{1,4})(?:[-/. ](\d{1,4}))?(?:[-/. ](\d{1,4}))?")


def spell(text: str, language: str) -> str:
    """Letters and digits one by one, with commas between: without them engines say "A" and "I" as
    words, or read the letters as one."""
    found = reader(language)
    said = []
    for character in filter(str.isalnum, text):
        if character.isdecimal() and found is not None:
            said.append(numbers.digits(found.rules, character))
        else:
            capital = character.upper()
            said.append(capital if len(capital) == 1 else character)  # ß
    return ", ".join(said)


def say_as(text: str, language: str, kind: str, format: str = "") -> str | None:
    """The words of a text of a kind: cardinal, ordinal, digits, characters (spell-out, verbatim),
    fraction, unit, date, time, telephone, currency. None if the text is not of that kind, or the
    language has no words for it. `format` is SSML's order of a date: mdy, dmy, ymd, md, y, …"""
    text = text.strip()
    if kind in ("characters", "spell-out", "verbatim"):
        return spell(text, language) or None
    found = reader(language)
    say = _KINDS.get(kind)
    if found is None or say is None or not text:
        return None
    said, polish = say(found, text, format), found.rules.polish
    return said if said is None or polish is None else polish(said)


def _whole(found: Reader, text: str, *kinds: str) -> str | None:
    """The words, if one of the kinds takes the whole text."""
    for kind, pattern in found.kinds:
        if kind.name in kinds and (match := pattern.fullmatch(text)) is not None:
            said = kind.read(match, found.rules)
            if said not in (None, text):  # left to the engine
                return said
    return None


def _number(rules: Rules, text: str) -> numbers.Number | None:
    match = re.fullmatch(rf"(?P<sign>{numbers.SIGN})?(?P<number>{numbers.pattern(rules)})", text)
    return None if match is None else numbers.parse(rules, match["number"], match["sign"] or "")


def _cardinal(found: Reader, text: str, _: str) -> str | None:
    number = _number(found.rules, text)
    return None if number is None else numbers.say(found.rules, number)


def _ordinal(found: Reader, text: str, _: str) -> str | None:
    rules = found.rules
    ruleset = next(iter(rules.ordinals.values()), "spellout-ordinal")
    suffix = "|".join((*rules.ordinals, r"\."))
    match = re.fullmatch(rf"(\d{{1,{numbers.LONGEST}}})(?:{suffix})?", text)
    return None if match is None else numbers.cardinal(rules, int(match[1]), ruleset)


def _digits(found: Reader, text: str, _: str) -> str | None:
    said = numbers.digits(found.rules, text)
    return said if said and not re.search(r"[^\W\d_]", text) else None


def _fraction(found: Reader, text: str, _: str) -> str | None:
    return _whole(found, text, "fraction")


def _unit(found: Reader, text: str, _: str) -> str | None:
    return _whole(found, text, "quantity", "part", "length")


def _time(found: Reader, text: str, _: str) -> str | None:
    return _whole(found, text, "time")


def _currency(found: Reader, text: str, _: str) -> str | None:
    return _whole(found, text, "money")


def _telephone(found: Reader, text: str, _: str) -> str | None:
    return (
        None
        if re.search(r"[^\d\s+()./\-]", text) or not re.search(r"\d", text)
        else (addresses.telephone(found.rules, text))
    )


def _date(found: Reader, text: str, order: str) -> str | None:
    rules = found.rules
    order = re.sub("[^dmy]", "", "".join(dict.fromkeys(order.lower())))
    if not order:
        return _whole(found, text, "iso date", "numeric date", "date", "month")
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    given = [part for part in match.groups() if part is not None]
    if len(given) != len(order):
        return None
    parts = {letter: int(digits) for letter, digits in zip(order, given, strict=True)}
    if "m" not in parts:
        return numbers.year(rules, parts["y"]) if list(parts) == ["y"] else None
    date = Date(parts.get("d"), parts["m"], parts.get("y"), order.find("d") < order.find("m"))
    return dates.say_date(rules, date)


_KINDS: dict[str, Callable[[Reader, str, str], str | None]] = {
    "cardinal": _cardinal,
    "number": _cardinal,
    "ordinal": _ordinal,
    "digits": _digits,
    "fraction": _fraction,
    "unit": _unit,
    "date": _date,
    "time": _time,
    "telephone": _telephone,
    "currency": _currency,
}
