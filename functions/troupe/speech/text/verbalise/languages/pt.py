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
from troupe.speech.text.verbalise.languages.romance import FEMININE, MASCULINE, count
from troupe.speech.text.verbalise.languages.romance_fractions import Fractions, measured
from troupe.speech.text.verbalise.numbers import SPACE
from troupe.speech.text.verbalise.rules import Kind, Rules, Time, after

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


_FRACTIONS = Fractions(
    gender=GENDER,
    part=_part,
    over="em",
    joined="e",
    short={2: "meio"},
    feminine_half="meia",
)


def _singular(noun: str) -> str:
    return noun.removesuffix("es" if noun == "colheres" else "s")


def say_time(rules: Rules, time: Time) -> str | None:
    hour, minute, second = time.hour, time.minute or 0, time.second or 0
    if time.duration:
        parts = (
            count(rules, hour, "hora", "horas", FEMININE),
            count(rules, minute, "minuto", "minutos"),
            count(rules, second, "segundo", "segundos"),
        )
        return romance.times(parts, " e ")
    if not minute:
        said = count(rules, hour, "hora", "horas", FEMININE)[0]
    else:
        said = f"{numbers.cardinal(rules, hour, FEMININE)} e {numbers.cardinal(rules, minute)}"
    return f"{said} e {count(rules, second, 'segundo', 'segundos')[0]}" if second else said


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
        measured(rules, GENDER, MEASURES, _singular),
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
        say_date=romance.date("" if region == "PT" else "primeiro", " de "),
        say_time=say_time,
        say_fraction=_FRACTIONS.say,
        say_part=_FRACTIONS.of_noun,
        say_mixed=_FRACTIONS.with_units,
        say_regnal=_regnal,
        millions_of=romance.millions_of("de"),
    )
    return replace(changed, kinds=_kinds(changed, region))
