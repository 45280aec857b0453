"""Spanish of Spain and the Americas."""

from __future__ import annotations

import re
from dataclasses import replace

from troupe.speech.text.verbalise import addresses, numbers
from troupe.speech.text.verbalise.languages import romance
from troupe.speech.text.verbalise.languages.es_abbreviations import ABBREVIATIONS
from troupe.speech.text.verbalise.languages.es_tables import (
    AFTER_NOUN,
    CENTURIES,
    CURRENCIES,
    DENOMINATORS,
    FEMININE_NAMES,
    FIXED,
    GENDER,
    MEASURES,
    MONEY,
    NO_NOUNS,
    NOUNS,
    PESOS,
    ROMAN_NAMES,
    ROMAN_NUMBERS,
    SCALES,
    UNIT_RULESETS,
    UNITS,
    WORDS,
    YEAR_BEFORE,
)
from troupe.speech.text.verbalise.languages.romance import FEMININE, MASCULINE, count
from troupe.speech.text.verbalise.languages.romance_fractions import Fractions, measured
from troupe.speech.text.verbalise.numbers import SPACE
from troupe.speech.text.verbalise.rules import Kind, Rules, Time

_ORDINALS = {
    r"\.?º": "spellout-ordinal-masculine",
    r"\.?ª": "spellout-ordinal-feminine",
    r"\.?er": "spellout-ordinal-masculine-adjective",
    "ro|do|to|mo|vo|no": "spellout-ordinal-masculine",
    "ra|da|ta|ma|va|na": "spellout-ordinal-feminine",
    "°": "spellout-ordinal-masculine",  # in dates; else it is a degree
}
_PERIOD = r"(?P<period>[ap])\.?\s?m(?:\.(?=\S|\s[a-z]|$)|\b)"
_regnal = romance.ordinal_up_to_ten(FEMININE_NAMES)


def _part(rules: Rules, numerator: int, denominator: int) -> str:
    one = DENOMINATORS.get(denominator) or numbers.cardinal(
        rules, denominator, "spellout-ordinal-masculine"
    )
    return f"{numbers.cardinal(rules, numerator, MASCULINE)} {one}{'' if numerator == 1 else 's'}"


_FRACTIONS = Fractions(
    gender=GENDER,
    part=_part,
    over="sobre",
    joined="y",
    short={2: "medio"},
    feminine_half="media",
)


def say_time(rules: Rules, time: Time) -> str | None:
    hour, minute, second = time.hour, time.minute or 0, time.second or 0
    if time.duration:
        parts = (
            count(rules, hour, "hora", "horas", FEMININE),
            count(rules, minute, "minuto", "minutos"),
            count(rules, second, "segundo", "segundos"),
        )
        return romance.times(parts, " y ")
    said = numbers.cardinal(rules, hour, FEMININE)
    if minute:
        number = numbers.cardinal(rules, minute)
        zero = f"{numbers.cardinal(rules, 0)} " if minute < 10 else ""
        # "las nueve y cinco", "las catorce cero cinco"
        said += f" {zero}{number}" if hour > 12 else f" y {number}"
    elif not time.period and (hour > 12 or hour == 0):
        said += " horas"
    if second:
        said += f" y {count(rules, second, 'segundo', 'segundos')[0]}"
    return f"{said} {_part_of_day(hour, time.period)}" if time.period else said


def _part_of_day(hour: int, period: str) -> str:
    if period[0] == "a":
        return "de la noche" if hour == 12 else "de la mañana"
    if hour == 12:
        return "del mediodía"
    return "de la tarde" if hour < 8 else "de la noche"


def _read_hour(match: re.Match[str], rules: Rules) -> str | None:
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    if not 0 < hour < 13 or minute > 59:
        return None
    return say_time(rules, Time(hour, minute, None, match["period"]))


def _read_hours(match: re.Match[str], rules: Rules) -> str | None:
    hour, minute = int(match["hour"]), int(match["minute"])
    if hour > 24 or minute > 59:
        return None
    said = say_time(rules, Time(hour, minute)) or ""
    return said if said.endswith(" horas") else f"{said} horas"


def _kinds(rules: Rules, region: str) -> tuple[Kind, ...]:
    left, right = rules.left, rules.right
    kinds = [
        romance.decade(rules),
        Kind(
            "time",
            rf"{left}(?P<hour>\d{{1,2}})(?:[:.](?P<minute>\d\d))?{SPACE}?(?i:{_PERIOD})",
            _read_hour,
            "cd",
        ),
        Kind(
            "time",
            rf"{left}(?P<hour>\d{{1,2}})[:.](?P<minute>\d\d){SPACE}?(?:hs?|hrs?|horas){right}",
            _read_hours,
            "c",
        ),
        romance.second_roman(CENTURIES, "y|al?|e|o|-|–|y el|al? el", _regnal),
        romance.size(rules),
        measured(rules, GENDER, MEASURES, lambda noun: noun.removesuffix("s")),
        romance.agreeing(rules, GENDER, AFTER_NOUN, NO_NOUNS),
    ]
    if region in ("", "ES"):
        kinds.append(
            Kind(
                "telephone",
                r"(?<![\w.,/+])(?:(?:\+|00)34[ -]?)?(?:[6-9]\d\d(?:[ -]\d{3}){2}"
                r"|[6-9]\d\d(?:[ -]\d\d){3}|[89]\d[ -]\d{3}(?:[ -]\d\d){2})(?![\w-])(?![.,/ ]\d)",
                lambda m, r: addresses.telephone(r, m[0]),
                "dm",
            )
        )
    return tuple(kinds)


def rules(base: Rules, region: str) -> Rules:
    changed = replace(
        base,
        counted=MASCULINE,
        ordinals=_ORDINALS,
        year="spellout-numbering",
        years=range(1100, 2100),
        year_before=YEAR_BEFORE,
        words={**WORDS, "point": base.words["point"]},
        months={**romance.apart(base.months, "mar"), "sep": 9, "sept": 9, "setiembre": 9},
        units=UNITS,
        nouns=NOUNS,
        unit_rulesets=UNIT_RULESETS,
        currencies={**CURRENCIES, "$": "peso" if region in PESOS else "dollar"},
        money=MONEY,
        price="{major} con {minor}",
        scales=SCALES,
        abbreviations=ABBREVIATIONS,
        fixed=FIXED,
        roman_numbers=ROMAN_NUMBERS,
        roman_names=ROMAN_NAMES,
        range_before=r"pp?\.|págs?\.|páginas?|capítulos?|entre|de|versículos?|artículos?|años",
        scores="victoria|derrota|empate|marcador|resultado",
        say_decimal=romance.decimal(2),
        say_date=romance.date("primero", " de "),
        say_time=say_time,
        say_fraction=_FRACTIONS.say,
        say_part=_FRACTIONS.of_noun,
        say_mixed=_FRACTIONS.with_units,
        say_regnal=_regnal,
        millions_of=romance.millions_of("de"),
    )
    return replace(changed, kinds=_kinds(changed, region))
