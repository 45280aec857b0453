"""Italian of Italy and Switzerland."""

from __future__ import annotations

import re
from dataclasses import replace

from troupe.speech.text.verbalise import numbers
from troupe.speech.text.verbalise.languages import romance
from troupe.speech.text.verbalise.languages.it_tables import (
    ABBREVIATIONS,
    CURRENCIES,
    FEMININE_NAMES,
    FIXED,
    GENDER,
    MEASURES,
    MONEY,
    NO_NOUNS,
    NOUNS,
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
from troupe.speech.text.verbalise.rules import Kind, Rules, Time, before

_ORDINALS = {
    r"\.?º|mo": "spellout-ordinal-masculine",
    r"\.?ª|ma": "spellout-ordinal-feminine",
    "°": "spellout-ordinal-masculine",  # in dates; else it may be a degree
}
_HOUR_BEFORE = re.compile(r"\b(?:[Oo]re|[Dd]?[Aa]ll[ae]|[Vv]erso le)\s$")
_AFTER_NOUN = "capitolo|pagina|articolo|numero|parte|sezione|gruppo|tipo|fase"
_CENTURY = "secol[oi]"


def _part(rules: Rules, numerator: int, denominator: int) -> str:
    above = numbers.cardinal(rules, numerator, MASCULINE)
    if denominator == 2:
        return f"{above} mezzo"
    one = numbers.cardinal(rules, denominator, "spellout-ordinal-masculine")
    return f"{above} {one if numerator == 1 else one[:-1] + 'i'}"


def _of(noun: str) -> str:
    return "d'" if noun[0] in "aeiou" else "di "


_FRACTIONS = Fractions(
    gender=GENDER,
    part=_part,
    over="su",
    joined="e",
    short={2: "mezzo"},
    feminine_half="mezza",
    of=_of,
)


def say_mixed(rules: Rules, units: str, numerator: int, denominator: int, _noun: str) -> str:
    """Without the noun: a half that follows units does not agree with it (due tazze e mezzo)."""
    return _FRACTIONS.with_units(rules, units, numerator, denominator, "")


def say_time(rules: Rules, time: Time) -> str | None:
    hour, minute, second = time.hour, time.minute or 0, time.second or 0
    if time.duration:
        parts = (
            ("un'ora" if hour == 1 else f"{numbers.cardinal(rules, hour)} ore", hour),
            count(rules, minute, "minuto", "minuti"),
            count(rules, second, "secondo", "secondi"),
        )
        return romance.times(parts, " e ")
    said = numbers.cardinal(rules, hour, FEMININE if hour == 1 else "")
    if minute:
        zero = f"{numbers.cardinal(rules, 0)} " if minute < 10 and hour > 12 else ""
        said += f" e {zero}{numbers.cardinal(rules, minute)}"
    if second:
        said += f" e {count(rules, second, 'secondo', 'secondi')[0]}"
    return said


def say_regnal(rules: Rules, number: int, name: str) -> str:
    gender = "feminine" if name in FEMININE_NAMES else "masculine"
    return numbers.cardinal(rules, number, f"spellout-ordinal-{gender}")


def _read_degree(match: re.Match[str], rules: Rules) -> str:
    """1° piano"""
    gender = GENDER.of(match["noun"]) or "masculine"
    return numbers.cardinal(rules, int(match["number"]), f"spellout-ordinal-{gender}")


def _read_one(match: re.Match[str], rules: Rules) -> str | None:
    """un'ora, uno zaino"""
    noun = match["noun"]
    gender = "" if noun in NO_NOUNS.split("|") else GENDER.of(noun)
    if gender == "feminine" and noun[0] in "aeiouèà":
        return "un'"
    return "uno " if gender == "masculine" and _IMPURE.match(noun) else None


_IMPURE = re.compile("s[^aeiou]|z|x|y|gn|p[ns]")


def _read_hour(match: re.Match[str], rules: Rules) -> str | None:
    hour, minute = int(match["hour"]), int(match["minute"])
    if hour > 24 or _HOUR_BEFORE.search(before(match)) is None:
        return None
    return say_time(rules, Time(hour, minute))


def _kinds(rules: Rules) -> tuple[Kind, ...]:
    left, right = rules.left, rules.right
    return (
        romance.decade(rules),
        Kind(
            "time",
            rf"{left}(?P<hour>\d{{1,2}})[.](?P<minute>[0-5]\d){right}(?![.,:]\d)",
            _read_hour,
            "c",
        ),
        Kind(
            "ordinal",
            rf"{left}(?P<number>[1-9]\d?)°(?={SPACE}(?P<noun>(?!(?:di|a|da|sotto|sopra|e|o|in|nord|"
            rf"sud|est|ovest|con|al|all|per|circa|celsius)\b)[a-zà-ù]{{3,30}}))",
            _read_degree,
            "c",
        ),
        romance.second_roman(_CENTURY, "e|al?|ed|o|-|–", say_regnal),
        romance.month_alone(rules),
        romance.size(rules),
        measured(rules, GENDER, MEASURES),
        Kind(
            "number",
            rf"{left}(?<![.,])1{SPACE}(?=(?P<noun>[a-zà-ù]{{3,30}}))",
            _read_one,
            "d",
        ),
        romance.agreeing(rules, GENDER, _AFTER_NOUN, NO_NOUNS),
    )


def rules(base: Rules, region: str) -> Rules:
    changed = replace(
        base,
        groups=("'", "’", ".") if region == "CH" else (".",),
        decimal=",",
        counted=MASCULINE,
        ordinals=_ORDINALS,
        year="spellout-numbering",
        years=range(1100, 2100),
        year_before=YEAR_BEFORE,
        words={**WORDS, "point": "virgola"},
        months=romance.apart(base.months, "mar", "set", "mag"),
        units=UNITS,
        nouns=NOUNS,
        unit_rulesets=UNIT_RULESETS,
        currencies=CURRENCIES,
        money=MONEY,
        price="{major} e {minor}",
        scales=SCALES,
        abbreviations=ABBREVIATIONS,
        fixed=FIXED,
        roman_numbers=ROMAN_NUMBERS,
        roman_names=ROMAN_NAMES,
        roman_after=rf"(?:(?:e|al|ed|o)\s(?:il\s)?[IVXL]+\s)?{_CENTURY}",
        range_before=r"pp?\.|pagg?\.|pagine?|capitoli|tra|fra|da|versetti|articoli|anni",
        scores="vittoria|sconfitta|pareggio|risultato",
        say_decimal=romance.decimal(2),
        say_date=romance.date("primo"),
        say_time=say_time,
        say_fraction=_FRACTIONS.say,
        say_part=_FRACTIONS.of_noun,
        say_mixed=say_mixed,
        say_regnal=say_regnal,
        millions_of=romance.millions_of("di"),
    )
    return replace(changed, kinds=_kinds(changed))
