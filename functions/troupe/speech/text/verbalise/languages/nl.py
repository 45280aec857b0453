"""Dutch."""

from __future__ import annotations

import re
from dataclasses import replace

from troupe.speech.text.verbalise import numbers, words
from troupe.speech.text.verbalise.cldr import spelled
from troupe.speech.text.verbalise.languages import nl_tables as tables
from troupe.speech.text.verbalise.rules import Date, Kind, Rules, Time

_MONTH = "januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december"
_YEAR_BEFORE = (
    f"in|sinds|vanaf|tot|van|uit|rond|omstreeks|voor|na|jaar|anno|tussen|eind|begin|medio|{_MONTH}|"
    "voorjaar|zomer|herfst|najaar|winter"
)
_ORDINAL = "spellout-ordinal"


def say_year(rules: Rules, number: int) -> str:
    # "tweeduizend zesentwintig", "negentienhonderdvijf", "duizend zesenzestig"; ICU has
    # "negentienvijf".
    if number < 1100 or 2000 <= number < 2100:
        return numbers.cardinal(rules, number)
    century, rest = divmod(number, 100)
    said = spelled(century, rules.locale, rules.number)
    return said + (
        f"{'honderd' if rest < 10 else ''}{spelled(rest, rules.locale, rules.number)}"
        if rest
        else "honderd"
    )


def say_date(rules: Rules, date: Date) -> str:
    said = rules.month_names[date.month - 1]
    if date.day is not None:
        said = f"{numbers.cardinal(rules, date.day)} {said}"
    return said if date.year is None else f"{said} {say_year(rules, date.year)}"


def say_time(rules: Rules, time: Time) -> str | None:
    def say(number: int, noun: str) -> str:
        return f"{spelled(number, rules.locale, rules.number)} {noun}"

    hour, minute, second = time.hour, time.minute or 0, time.second or 0
    if time.duration:
        minutes = say(minute, "minuut" if minute == 1 else "minuten")
        seconds = say(second, "seconde" if second == 1 else "seconden")
        parts = ((hour, say(hour, "uur")), (minute, minutes), (second, seconds))
        said = [part for n, part in parts if n]
        return " en ".join(filter(None, (", ".join(said[:-1]), *said[-1:]))) or None
    said_time = say(hour, "uur")
    if minute:
        said_time += f" {numbers.cardinal(rules, minute)}"
    if second:
        said_time += f" en {say(second, 'seconde' if second == 1 else 'seconden')}"
    return said_time


def _parts(rules: Rules, numerator: int, denominator: int) -> str:
    one, other = tables.DENOMINATORS.get(denominator) or (
        (word := spelled(denominator, rules.locale, _ORDINAL)),
        word,
    )
    return f"{numbers.cardinal(rules, numerator)} {one if numerator == 1 else other}"


def say_fraction(rules: Rules, whole: int, numerator: int, denominator: int) -> str:
    if whole == 1 and denominator == 2:
        return "anderhalf"
    if whole:
        part = "een half" if denominator == 2 else _parts(rules, numerator, denominator)
        return f"{numbers.cardinal(rules, whole)} en {part}"
    if denominator in (10, 100) or numerator == denominator:
        above, below = (numbers.cardinal(rules, number) for number in (numerator, denominator))
        return f"{above} op {below}"
    return "een half" if denominator == 2 else _parts(rules, numerator, denominator)


def say_part(rules: Rules, numerator: int, denominator: int, noun: str) -> str:
    if denominator == 2:
        return f"een {'half' if noun in tables.NEUTER else 'halve'} {noun}"
    return f"{_parts(rules, numerator, denominator)} {noun}"


def say_regnal(rules: Rules, number: int, name: str) -> str:
    said = spelled(number, rules.locale, _ORDINAL)
    return f"de {said.capitalize()}" if name else said


def _kinds() -> tuple[Kind, ...]:
    def read_time(match: re.Match[str], rules: Rules) -> str | None:
        hour, minute = int(match["hour"]), int(match["minute"] or 0)
        return say_time(rules, Time(hour, minute)) if hour < 25 and minute < 60 else None

    def read_century(match: re.Match[str], rules: Rules) -> str | None:
        number = words.roman(match["roman"])
        return None if number is None else spelled(number, rules.locale, _ORDINAL)

    return (
        Kind("roman", r"(?<!\w)(?P<roman>[IVX]{1,7})e(?=\seeuw)", read_century, "w"),
        Kind(
            "time",
            r"(?<![\w.,:/-])(?P<hour>\d{1,2})(?:[:.](?P<minute>\d\d))?\s?(?:uur|u\.?)(?!\w)",
            read_time,
            "d",
        ),
        Kind(
            "decade",
            r"(?<!\w)['’](?P<decade>[1-9]0)(?!\w)",
            lambda m, r: numbers.cardinal(r, int(m["decade"])),
            "m",
        ),
    )


def rules(base: Rules, _: str) -> Rules:
    return replace(
        base,
        groups=(".",),
        ordinals={"ste|de|e": _ORDINAL},
        years=range(1900, 2100),
        year_before=_YEAR_BEFORE,
        words=tables.WORDS,
        months={**base.months, "mrt": 3},
        units=tables.UNITS,
        nouns=dict(tables.NOUNS),
        currencies=tables.CURRENCIES,
        money=tables.MONEY,
        price="{major} {number}",
        scales=tables.SCALES,
        abbreviations=tables.ABBREVIATIONS,
        fixed={"24/7": "vierentwintig zeven", "en/of": "en of"},
        roman_numbers=tables.ROMAN_NUMBERS,
        roman_names=tables.ROMAN_NAMES,
        roman_after="eeuw",
        range_before=r"blz\.|pagina's|hoofdstuk|van|tussen",
        scores="zege|winst|nederlaag|gelijkspel|voorsprong",
        kinds=_kinds(),
        say_year=say_year,
        say_date=say_date,
        say_time=say_time,
        say_fraction=say_fraction,
        say_part=say_part,
        say_regnal=say_regnal,
    )
