"""Russian: numbers have genders and cases."""

from __future__ import annotations

import re
from dataclasses import replace

from troupe.speech.text.verbalise import numbers
from troupe.speech.text.verbalise.cases import declined, is_asked, last_number
from troupe.speech.text.verbalise.cldr import spelled
from troupe.speech.text.verbalise.languages import ru_dates, ru_kinds
from troupe.speech.text.verbalise.languages import ru_tables as tables
from troupe.speech.text.verbalise.rules import Rules, after, before

_CASES = ("", "genitive", "dative", "accusative", "instrumental", "prepositional")
_PARTS = {1: ("десятая", "десятых"), 2: ("сотая", "сотых"), 3: ("тысячная", "тысячных")}
_GENITIVE = re.compile(
    r"(?:\b(?:от|до|из|без|для|около|ок\.|после|у|свыше|более|менее|больше|меньше|против|среди|"
    r"кроме|порядка|старше|младше|выше|ниже|дороже|дешевле|раньше|позже|позднее|"
    r"в течение|в возрасте|на протяжении)|[<>≤≥])\s?$",
    re.IGNORECASE,
)
_FROM = re.compile(r"\bсо?\s$", re.IGNORECASE)
_UNTIL = re.compile(r"(?:\s[^\W\d_]{1,12}\.?)?\s(?:до|по)\s\d")
_BETWEEN = re.compile(r"\bмежду\s(?:\d[\d\s,]{0,12}(?:\S{1,12}\s)?и\s)?$", re.IGNORECASE)
_AT = re.compile(r"\b(?:при)\s$", re.IGNORECASE)
_IN = re.compile(r"\b[Вв]о?\s$")
_AWAY = re.compile(r"\s(?:от|к|до|север|юж|восточ|запад)")
_WORDS = re.compile(r"\s([а-яё]{3,})(?:\s([а-яё]{3,}))?(?![а-яё])")
_ADJECTIVE = ("ые", "ие", "ых", "их")
# Endings of nouns in the plural that tell the case.
_ENDINGS = {
    **{"ами": "instrumental", "ями": "instrumental", "ьми": "instrumental"},
    **{"ам": "dative", "ям": "dative", "ах": "prepositional", "ях": "prepositional"},
}


def _noun_after(match: re.Match[str]) -> str:
    found = _WORDS.match(after(match))
    if found is None or found[1] in tables.NO_NOUNS:
        return ""
    return found[2] or "" if found[1].endswith(_ADJECTIVE) else found[1]


def _case(match: re.Match[str], noun: str) -> str:
    left, right = before(match), after(match)
    for ending, case in _ENDINGS.items():
        if noun.endswith(ending) and len(noun) > len(ending) + 1:
            return case
    if not is_asked(match):
        return ""
    if _GENITIVE.search(left) or (_FROM.search(left) and _UNTIL.match(right)):
        return "genitive"
    if _BETWEEN.search(left):
        return "instrumental"
    groups = match.re.groupindex
    if "unit" in groups and (_AT.search(left) or (_IN.search(left) and _AWAY.match(right))):
        return "prepositional"
    return ""


def _gender(match: re.Match[str], noun: str, case: str) -> tuple[str, str]:
    """The gender of the noun that is counted, and its case if its ending tells that."""
    written = last_number(match)
    last, is_part = int(written[-1]), "," in written
    if noun in tables.MEN or not noun:
        return "masculine", case
    if last == 1 and not case and not is_part:
        if noun.endswith(("у", "ю")):
            return "feminine", "accusative"
        if noun.endswith(("мя", "о", "е")) and noun != "кофе":
            return "neuter", case
        if noun.endswith(("а", "я", "ость")) or noun in tables.SOFT:
            return "feminine", case
    is_feminine = noun.endswith(("ы", "и")) and not noun.endswith("мени")
    if noun.endswith("ли") and noun not in tables.IN_LI:
        is_feminine = False  # были
    counts = last == 2 or is_part or (last == 1 and bool(case))
    return ("feminine" if is_feminine and counts else "masculine"), case


def _agreement(match: re.Match[str]) -> tuple[str, str, str]:
    noun = _noun_after(match)
    return noun, *_gender(match, noun, _case(match, noun))


def say_decimal(rules: Rules, whole: str, fraction: str, ruleset: str) -> str:
    case = re.sub(r"spellout-(?:numbering|cardinal-[a-z]+)", "", ruleset or rules.number)
    number, counts = int(whole), bool(ruleset) or rules.number != "spellout-numbering"
    ruleset = ruleset or rules.number
    if fraction == "5" and counts and number:
        if number > 1:
            return f"{numbers.cardinal(rules, number, ruleset)} с половиной"
        if case == "":
            return "полторы" if "feminine" in ruleset else "полтора"
        return "полутора"

    def part(value: int, one: str, other: str) -> str:
        single = value % 10 == 1 and value % 100 != 11
        # целой, десятой; "к одной целой"
        noun = (one.removesuffix("ая") + "ой" if case else one) if single else other
        return f"{spelled(value, rules.locale, tables.FEMININE + case)} {noun}"

    names = _PARTS.get(len(fraction))
    if names is None:
        return (
            f"{numbers.cardinal(rules, number)} {rules.words['point']} "
            f"{numbers.digits(rules, fraction)}"
        )
    return f"{part(number, 'целая', 'целых')} {part(int(fraction), *names)}"


def say_fraction(rules: Rules, whole: int, numerator: int, denominator: int) -> str:
    if whole and (numerator, denominator) == (1, 2):
        return say_decimal(rules, str(whole), "5", rules.counted)
    above = spelled(numerator, rules.locale, tables.FEMININE)
    known = {2: ("половина", ""), 3: ("треть", "трети"), 4: ("четверть", "четверти")}
    if denominator in known and numerator < 5:
        one, few = known[denominator]
        part = one if numerator == 1 else f"{above} {few}"
    else:
        ending = "feminine" if numerator == 1 else "plural-genitive"
        part = f"{above} {spelled(denominator, rules.locale, f'spellout-ordinal-{ending}')}"
    if not whole:
        return part
    return f"{spelled(whole, rules.locale, rules.counted)} и {part}"


def rules(base: Rules, _: str) -> Rules:
    changed = replace(
        base,
        counted="spellout-cardinal-masculine",
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
        fixed={"24/7": "двадцать четыре на семь", "и/или": "и или"},
        range_before=r"стр\.|страницы|главы|с\.",
        kinds=ru_kinds.KINDS,
        say_decimal=say_decimal,
        say_year=ru_dates.say_year,
        say_date=ru_dates.say_date,
        say_time=ru_dates.say_time,
        say_fraction=say_fraction,
    )
    return declined(changed, _CASES, _agreement, {"prepositional": tables.PREPOSITIONAL})
