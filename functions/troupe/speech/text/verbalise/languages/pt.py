"""Portuguese of Portugal and Brazil."""

from __future__ import annotations

import re
from dataclasses import replace

from troupe.speech.text.verbalise import addresses, cldr, numbers
from troupe.speech.text.verbalise.languages import romance
from troupe.speech.text.verbalise.languages.pt_tables import (
    ABBREVIATIONS,
    AFTER_NOUN,
    CENTURIES,
    FEMININE_NAMES,
    FIXED,
    GENDER,
    MEASURES,
    NO_NOUNS,
    NOUNS,
    ROMAN_NAMES,
    ROMAN_NUMBERS,
    SCALES,
    UNIT_RULESETS,
    UNITS,
    WORDS,
    YEAR_BEFORE,
    monies,
)
from troupe.speech.text.verbalise.languages.romance import FEMININE, MASCULINE
from troupe.speech.text.verbalise.numbers import SPACE
from troupe.speech.text.verbalise.rules import Date, Kind, Rules, Time, after

_ORDINALS = {
    r"\.?º": "spellout-ordinal-masculine",
    r"\.?ª": "spellout-ordinal-feminine",
    "°": "spellout-ordinal-masculine",  # in dates; else it is a degree
}
_regnal = romance.ordinal_up_to_ten(FEMININE_NAMES)


def _part(rules: Rules, numerator: int, denominator: int) -> str:
    known = {2: "meio", 3: "terço"}
    if denominator > 10 and denominator != 100:
        one = f"{numbers.cardinal(rules, denominator)} avo"
    else:
        one = known.get(denominator) or numbers.cardinal(
            rules, denominator, "spellout-ordinal-masculine"
        )
    return f"{numbers.cardinal(rules, numerator, MASCULINE)} {one}{'' if numerator == 1 else 's'}"


def say_fraction(rules: Rules, whole: int, numerator: int, denominator: int) -> str:
    above = numbers.cardinal(rules, numerator)
    if not whole and (denominator in (10, 20, 100) or numerator == denominator):
        return f"{above} em {numbers.cardinal(rules, denominator)}"
    part = _part(rules, numerator, denominator)
    if not whole:
        return part
    return f"{numbers.cardinal(rules, whole)} e {'meio' if denominator == 2 else part}"


def _is_feminine(noun: str) -> bool:
    return GENDER.of(noun.split(" ", maxsplit=1)[0]) == "feminine"


def say_part(rules: Rules, numerator: int, denominator: int, noun: str) -> str:
    if denominator == 2:
        return f"{'meia' if _is_feminine(noun) else 'meio'} {noun}"
    return f"{_part(rules, numerator, denominator)} de {noun}"


def say_mixed(rules: Rules, units: str, numerator: int, denominator: int, noun: str) -> str:
    half = "meia" if _is_feminine(noun) else "meio"
    return f"{units} e {half if denominator == 2 else _part(rules, numerator, denominator)}"


def _read_part(match: re.Match[str], rules: Rules) -> str | None:
    parts, noun = numbers.parse_fraction(match["fraction"]), match["noun"]
    if parts is None:
        return None
    whole, numerator, denominator = parts
    if whole < 2:
        noun = noun.removesuffix("es" if noun == "colheres" else "s")
    if not whole:
        return say_part(rules, numerator, denominator, noun)
    ruleset = FEMININE if _is_feminine(noun) else MASCULINE
    units = f"{numbers.cardinal(rules, whole, ruleset)} {noun}"
    return say_mixed(rules, units, numerator, denominator, noun)


def say_date(rules: Rules, date: Date) -> str:
    day = "" if date.day is None else numbers.cardinal(rules, date.day)
    parts = (
        "primeiro" if date.day == 1 and rules.region != "PT" else day,
        rules.month_names[date.month - 1],
        "" if date.year is None else numbers.year(rules, date.year),
    )
    return " de ".join(filter(None, parts))


def say_time(rules: Rules, time: Time) -> str | None:
    def count(number: int, noun: str, ruleset: str = MASCULINE) -> tuple[str, int]:
        said = numbers.cardinal(rules, number, ruleset)
        return f"{said} {noun}{'' if number == 1 else 's'}", number

    hour, minute, second = time.hour, time.minute or 0, time.second or 0
    if time.duration:
        parts = (
            count(hour, "hora", FEMININE),
            count(minute, "minuto"),
            count(second, "segundo"),
        )
        return romance.times(parts, " e ")
    if not minute:
        said = count(hour, "hora", FEMININE)[0]
    else:
        said = f"{numbers.cardinal(rules, hour, FEMININE)} e {numbers.cardinal(rules, minute)}"
    return f"{said} e {count(second, 'segundo')[0]}" if second else said


def _read_hour(match: re.Match[str], rules: Rules) -> str | None:
    hour, minute = int(match["hour"]), int(match["minute"])
    return None if hour > 24 else say_time(rules, Time(hour, minute))


def _read_first(match: re.Match[str], rules: Rules) -> str:
    return f"primeiro de {match['month']}"


def _kinds(rules: Rules, region: str) -> tuple[Kind, ...]:
    left, right = rules.left, rules.right
    months = "|".join(rules.month_names)
    kinds = [
        romance.decade(rules),
        Kind(
            "time",
            rf"{left}(?P<hour>\d{{1,2}}){SPACE}?h{SPACE}?(?P<minute>[0-5]\d)(?:{SPACE}?min)?{right}",
            _read_hour,
            "cd",
        ),
        Kind(
            "date",
            rf"{left}1(?:\.?º|°){SPACE}de{SPACE}(?P<month>(?i:{months})){right}",
            _read_first,
            "c",
        ),
        romance.second_roman(CENTURIES, "e|ao?|o|-|–", _regnal),
        romance.month_alone(rules),
        romance.size(rules),
        romance.mixed(rules, MEASURES, _read_part),
        romance.agreeing(rules, GENDER, AFTER_NOUN, NO_NOUNS),
    ]
    if region == "PT":
        kinds.append(
            Kind(
                "telephone",
                r"(?<![\w.,/+])(?:(?:\+|00)351[ -]?)?[29]\d\d?(?:[ -]\d{3}){2,3}"
                r"(?![\w-])(?![.,/ ]\d)",
                _read_telephone,
                "dm",
            )
        )
    return tuple(kinds)


def _read_telephone(match: re.Match[str], rules: Rules) -> str | None:
    local = re.sub(r"^(?:\+|00)351|\D", "", match[0])
    if len(local) != 9 or re.match(r"\s(?:de|euros|reais)\b", after(match)):
        return None
    return addresses.telephone(rules, match[0])


def rules(base: Rules, region: str) -> Rules:
    # "pt" is the catalogue's Portuguese of Portugal; CLDR's is Brazil's.
    if not region:
        region = "PT"
        base = cldr.base("pt", region) or base
    changed = replace(
        base,
        groups=(".", " ") if region == "PT" else (".",),
        counted=MASCULINE,
        ordinals=_ORDINALS,
        year="spellout-numbering",
        years=range(1100, 2100),
        year_before=YEAR_BEFORE,
        words=WORDS,
        units=UNITS,
        nouns=NOUNS,
        unit_rulesets=UNIT_RULESETS,
        currencies={"$": "dollar", "US$": "USD", "U$": "USD"},
        money=monies(region),
        price="{major} e {minor}",
        scales=SCALES,
        abbreviations=ABBREVIATIONS,
        fixed=FIXED,
        roman_numbers=ROMAN_NUMBERS,
        roman_names=ROMAN_NAMES,
        range_before=r"pp?\.|págs?\.|páginas?|capítulos?|entre|de|versículos?|artigos?|anos",
        scores="vitória|derrota|empate|resultado|placar",
        say_decimal=romance.decimal(2),
        say_date=say_date,
        say_time=say_time,
        say_fraction=say_fraction,
        say_part=say_part,
        say_mixed=say_mixed,
        say_regnal=_regnal,
        millions_of=romance.millions_of("de"),
    )
    return replace(changed, kinds=_kinds(changed, region))
