"""Polish: numbers have genders and cases."""

from __future__ import annotations

import re
from dataclasses import replace

from troupe.speech.text.verbalise import numbers
from troupe.speech.text.verbalise.cases import declined, is_asked, last_number
from troupe.speech.text.verbalise.cldr import spelled
from troupe.speech.text.verbalise.languages import pl_dates, pl_kinds
from troupe.speech.text.verbalise.languages import pl_tables as tables
from troupe.speech.text.verbalise.rules import Rules, after, before

_CASES = ("", "genitive", "dative", "accusative", "instrumental", "locative")
_GENITIVE = re.compile(
    r"\b(?:od|do|z|ze|bez|dla|około|ok\.|koło|u|powyżej|poniżej|spośród|wśród|oprócz|"
    r"w ciągu|w wieku|w wysokości)\s$",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\b(?:między|przed)\s(?:\d[\d\s,]{0,12}(?:\S{1,12}\s)?a\s)?$", re.IGNORECASE)
_WORDS = re.compile(r"\s([a-ząćęłńóśźż]{3,})(?:\s([a-ząćęłńóśźż]{3,}))?")
_ENDINGS = {"ach": "locative", "ami": "instrumental", "mi": "instrumental", "om": "dative"}


def _noun_after(match: re.Match[str]) -> str:
    found = _WORDS.match(after(match))
    if found is None:
        return ""
    return found[2] or "" if found[1].endswith(("ych", "ich", "ymi", "imi")) else found[1]


def _case(match: re.Match[str], noun: str) -> str:
    left = before(match)
    for ending, case in _ENDINGS.items():
        if noun.endswith(ending) and len(noun) > 4 and last_number(match) != "1":
            return case
    if noun in tables.PERSONS:
        return "genitive"
    if not is_asked(match):
        return ""
    if _GENITIVE.search(left):
        return "genitive"
    return "instrumental" if _BETWEEN.search(left) else ""


def _gender(match: re.Match[str], noun: str, case: str) -> tuple[str, str]:
    """The gender of the noun that is counted, and its case if its ending tells that."""
    number = last_number(match)
    if "," in number or (number == "1" and case == "genitive"):
        # półtorej godziny, do jednej godziny: the genitive of one
        return ("feminine" if noun.endswith(("y", "i")) else "masculine"), case
    if number == "1" and not case and noun not in tables.MEN:
        if noun.endswith(("a", "ość")) or noun in tables.SOFT:
            return "feminine", case
        if noun.endswith(("o", "e")) or noun in tables.NEUTER:
            return "neuter", case
        if noun.endswith("ę"):
            return "feminine", "accusative"
    is_few = number[-1] in "234" and (noun in tables.FEMININES or noun.endswith("cje"))
    return ("feminine" if is_few else "masculine"), case


def _agreement(match: re.Match[str]) -> tuple[str, str, str]:
    noun = _noun_after(match)
    return noun, *_gender(match, noun, _case(match, noun))


def say_decimal(rules: Rules, whole: str, fraction: str, ruleset: str) -> str:
    number, counts = int(whole), bool(ruleset) or rules.number != "spellout-numbering"
    ruleset = ruleset or rules.number
    said = numbers.cardinal(rules, number, ruleset)
    if fraction == "5" and counts and number:
        half = "półtorej" if "feminine" in ruleset else "półtora"
        return half if number == 1 else f"{said} i pół"
    if len(fraction) == 2 and fraction[0] != "0":
        part = spelled(int(fraction), rules.locale, "spellout-numbering")
    else:
        part = " ".join(
            spelled(int(digit), rules.locale, "spellout-numbering") for digit in fraction
        )
    return f"{numbers.cardinal(rules, number)} {rules.words['point']} {part}"


def _parts(rules: Rules, numerator: int, denominator: int) -> str:
    if numerator == 1:
        ending = "feminine"
    else:
        few = numerator % 10 in (2, 3, 4) and numerator % 100 not in (12, 13, 14)
        ending = "plural" if few else "plural-genitive"
    above = spelled(numerator, rules.locale, tables.FEMININE)
    return f"{above} {spelled(denominator, rules.locale, f'spellout-ordinal-{ending}')}"


def say_fraction(rules: Rules, whole: int, numerator: int, denominator: int) -> str:
    if not whole:
        return "pół" if denominator == 2 else _parts(rules, numerator, denominator)
    if denominator == 2:
        return say_decimal(rules, str(whole), "5", rules.counted)
    return f"{numbers.cardinal(rules, whole)} i {_parts(rules, numerator, denominator)}"


def rules(base: Rules, _: str) -> Rules:
    changed = replace(
        base,
        counted="spellout-cardinal-masculine",
        groups=(" ", "."),
        words=tables.WORDS,
        months={},  # its own kinds of dates
        units=tables.UNITS,
        unit_rulesets=tables.UNIT_RULESETS,
        nouns=tables.NOUNS,
        currencies=tables.CURRENCIES,
        money=tables.MONEY,
        price="{major} {minor}",
        scales=tables.SCALES,
        abbreviations=tables.ABBREVIATIONS,
        fixed={"24/7": "dwadzieścia cztery na siedem", "i/lub": "i lub"},
        range_before=r"str\.|strony|rozdziały|s\.|od",
        kinds=pl_kinds.KINDS,
        say_decimal=say_decimal,
        say_year=pl_dates.say_year,
        say_date=pl_dates.say_date,
        say_time=pl_dates.say_time,
        say_fraction=say_fraction,
    )
    return declined(changed, _CASES, _agreement, {})
