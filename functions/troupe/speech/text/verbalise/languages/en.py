"""English, American and British."""

from __future__ import annotations

import re
from dataclasses import replace

from troupe.speech.text.verbalise import numbers
from troupe.speech.text.verbalise.cldr import spelled
from troupe.speech.text.verbalise.languages.en_tables import (
    ABBREVIATIONS,
    CENTS,
    FIXED,
    MONEY,
    NOUNS,
    ROMAN_NAMES,
    ROMAN_NUMBERS,
    SCALES,
    UNITS,
    WORDS,
    YEAR_BEFORE,
)
from troupe.speech.text.verbalise.rules import Currency, Date, Kind, Rules, Time, after

# Regions that write the month first; the others say "and" in "one hundred and one".
_AMERICAN = frozenset({"", "US", "PH"})

_DENOMINATORS = {2: ("half", "halves"), 4: ("quarter", "quarters")}
_MEASURES = "cup|teaspoon|tablespoon|pint|quart|gallon|ounce|pound|inch|foot|yard|mile|acre|hour"


def _ordinal(rules: Rules, number: int) -> str:
    return spelled(number, rules.locale, rules.ordinals["st|nd|rd|th"])


def _parts(rules: Rules, numerator: int, denominator: int) -> str:
    one, other = _DENOMINATORS.get(denominator) or (
        (word := _ordinal(rules, denominator)),
        word + "s",
    )
    return f"{spelled(numerator, rules.locale, rules.number)} {one if numerator == 1 else other}"


def say_fraction(rules: Rules, whole: int, numerator: int, denominator: int) -> str:
    if whole:
        part = "a half" if denominator == 2 else _parts(rules, numerator, denominator)
        part = re.sub("^one ", "a ", part) if denominator != 8 else re.sub("^one ", "an ", part)
        return f"{spelled(whole, rules.locale, rules.number)} and {part}"
    if denominator in (10, 100) or numerator * 2 == denominator != 2:
        above, below = (spelled(n, rules.locale, rules.number) for n in (numerator, denominator))
        return f"{above} out of {below}"
    return _parts(rules, numerator, denominator)


def say_part(rules: Rules, numerator: int, denominator: int, noun: str) -> str:
    article = "an" if noun[0] in "aeiou" or noun.startswith("hour") else "a"
    if denominator == 2:
        return f"half {article} {noun}"
    return f"{_parts(rules, numerator, denominator)} of {article} {noun}"


def say_year(rules: Rules, number: int) -> str:
    if 2000 < number < 2010 and rules.region not in _AMERICAN:
        return f"two thousand and {spelled(number - 2000, rules.locale, rules.number)}"
    return spelled(number, rules.locale, rules.year)


def say_date(rules: Rules, date: Date) -> str:
    month = rules.month_names[date.month - 1]
    if date.day is None:
        said = month
    elif date.day_first:
        article = "" if re.search(r"\bthe\s$", date.before, re.IGNORECASE) else "the "
        said = f"{article}{_ordinal(rules, date.day)} of {month}"
    else:
        said = f"{month} {_ordinal(rules, date.day)}"
    return said if date.year is None else f"{said}, {numbers.year(rules, date.year)}"


def say_time(rules: Rules, time: Time) -> str | None:
    def say(number: int) -> str:
        return spelled(number, rules.locale, rules.number)

    if time.duration:
        parts = (
            (time.hour, "hour"),
            (time.minute or 0, "minute"),
            (time.second or 0, "second"),
        )
        said = [f"{say(n)} {name}{'' if n == 1 else 's'}" for n, name in parts if n]
        return " and ".join(filter(None, (", ".join(said[:-1]), *said[-1:]))) or None
    hour, minute = time.hour, time.minute or 0
    if minute:
        said_time = f"{say(hour)} {'oh ' if minute < 10 else ''}{say(minute)}"
    elif time.period:
        said_time = say(hour)
    elif 0 < hour < 13:
        said_time = f"{say(hour)} o'clock"
    else:
        said_time = f"{say(hour)} hundred"
    if time.second:
        said_time += f" and {say(time.second)} second{'' if time.second == 1 else 's'}"
    return f"{said_time} {time.period.upper()}" if time.period else said_time


def say_regnal(rules: Rules, number: int, name: str) -> str:
    return f"the {_ordinal(rules, number)}" if name else _ordinal(rules, number)


def _plural(said: str) -> str:
    """twenty → twenties"""
    return said[:-1] + "ies" if said.endswith("y") else said + "s"


def _read_decade(match: re.Match[str], rules: Rules) -> str | None:
    century, decade = match["century"], match["decade"]
    if century:
        return _plural(numbers.year(rules, int(century + decade)))
    number = int(decade)
    return None if number < 20 else _plural(spelled(number, rules.locale, rules.number))


def _read_height(match: re.Match[str], rules: Rules) -> str:
    feet = numbers.cardinal(rules, int(match["feet"]))
    if match["inches"] is None:
        return f"{feet} {'foot' if match['feet'] == '1' else 'feet'}"
    return f"{feet} foot {numbers.cardinal(rules, int(match['inches']))}"


def _read_foot(match: re.Match[str], rules: Rules) -> str:
    return f"{numbers.cardinal(rules, int(match['feet']))} foot"


def _read_power(match: re.Match[str], rules: Rules) -> str:
    said = numbers.say(rules, numbers.parse(rules, match["number"]))
    return f"{said} {'squared' if match['power'] == '²' else 'cubed'}"


def _read_digits(match: re.Match[str], rules: Rules) -> str:
    return numbers.digits(rules, match[0])


def _read_season(match: re.Match[str], rules: Rules) -> str | None:
    first, last = int(match["first"]), int(match["last"])
    if (first + 1) % 100 != last:
        return None
    return f"{numbers.year(rules, first)} {numbers.cardinal(rules, last)}"


def _read_part(match: re.Match[str], rules: Rules) -> str | None:
    parts = numbers.parse_fraction(match["fraction"])
    if parts is None or parts[0]:
        return None
    return say_part(rules, parts[1], parts[2], match["noun"])


def _read_by(match: re.Match[str], rules: Rules) -> str:
    return f"{numbers.say(rules, numbers.parse(rules, match['number']))} by "


def _read_hour(match: re.Match[str], rules: Rules) -> str | None:
    hour = int(match["hour"])
    if not 0 < hour < 13:
        return None
    return say_time(rules, Time(hour, None, None, match["period"].replace(".", "").lower()))


# After these a length is no adjective: 12" of snow, but a 12" pizza.
_AFTER_LENGTH = "of|long|wide|tall|high|deep|thick|in|and|or|by|from|at|to|is|was|above|below"


def _read_inches(match: re.Match[str], rules: Rules) -> str:
    number = numbers.parse(rules, match["number"])
    one = number.whole == "1" and not number.fraction
    word = (
        "inch" if one or re.match(rf"\s(?!(?:{_AFTER_LENGTH})\b)[a-z]", after(match)) else "inches"
    )
    return f"{numbers.say(rules, number)} {word}"


# A length or a size in pixels follows: 3 × 4 cm, 3 × 4 × 5 m.
_SIZE = r"(?=\d[\d.,]*+(?:\s?×\s?\d[\d.,]*+)?\s?(?:[mc]m|km|ft|in|px|m)\b)"


def _kinds(rules: Rules) -> tuple[Kind, ...]:
    number = numbers.pattern(rules)
    quote, double = "['′’]", "(?:[\"″”]|'')"
    return (
        Kind(
            "decade",
            r"(?<![\w.,$€£])['’‘]?(?P<century>1[1-9]|20)?(?P<decade>\d0)['’]?s(?!\w)",
            _read_decade,
            "cm",
        ),
        Kind(
            "length",
            rf"(?<![\w.,])(?P<feet>\d{{1,3}}){quote}\s?(?:(?P<inches>\d{{1,2}}){double})(?!\w)",
            _read_height,
            "c",
        ),
        Kind("length", r"(?<![\w.,])(?P<feet>\d{1,3})′(?P<inches>(?!))?", _read_height, "c"),
        Kind(
            "length",
            rf"(?<![\w.,])(?P<number>{number})[\"″](?=\s[a-z]|[,.;:)])",
            _read_inches,
            "cm",
        ),
        Kind("length", r"(?<=\b[Aa] )(?P<feet>\d{1,3})['’](?=[ -][a-z])", _read_foot, "c"),
        Kind("power", rf"(?<![\w.,])(?P<number>{number})(?P<power>[²³])(?!\w)", _read_power, "c"),
        Kind(
            "telephone",
            r"(?:(?<=[Cc]all )|(?<=[Dd]ial ))\d{3}(?![\w-])(?![.,]\d)",
            _read_digits,
            "d",
        ),
        Kind(
            "season",
            r"(?<![\w.,/])(?P<first>(?:19|20)\d\d)/(?P<last>\d\d)(?![\w/])",
            _read_season,
            "c",
        ),
        Kind(
            "part",
            rf"(?<![\w.,])(?P<fraction>{numbers.FRACTION})\s(?P<noun>{_MEASURES})(?!\w)",
            _read_part,
            "d",
        ),
        Kind(
            "length",
            rf"(?<![\w.,])(?P<number>{number})\s?×\s?{_SIZE}",
            _read_by,
            "d",
        ),
        Kind(
            "time",
            r"(?<![\w.,:/])(?P<hour>\d{1,2})\s?(?P<period>[AaPp]\.[Mm]\.|[AaPp][Mm])(?!\w)",
            _read_hour,
            "d",
        ),
    )


def rules(base: Rules, region: str) -> Rules:
    american = region in _AMERICAN
    number = "spellout-numbering" if american else "spellout-numbering-verbose"
    nouns = dict(NOUNS)
    changed = replace(
        base,
        number=number,
        counted=number,
        ordinals={"st|nd|rd|th": "spellout-ordinal" if american else "spellout-ordinal-verbose"},
        years=range(1900, 2100),
        year_before=YEAR_BEFORE,
        words=WORDS,
        date_order="mdy" if american else "dmy",
        units=UNITS,
        nouns=nouns,
        currencies={"$": "dollar", "¢": "cent"},
        money={**MONEY, "cent": Currency(CENTS)},
        price="{major} and {minor}",
        scales=SCALES,
        abbreviations=ABBREVIATIONS,
        fixed=FIXED,
        roman_numbers=ROMAN_NUMBERS,
        roman_names=ROMAN_NAMES,
        roman_after="century|centuries",
        attributive="a|an|this|that|another|each|every",
        months={**base.months, "sept": 9},
        scores="win|loss|defeat|victory|score|draw|lead|record|majority|vote|tie|thriller",
        range_before=r"pp\.|[Pp]ages?|[Cc]hapters?|[Vv]erses?|[Aa]ges?|[Aa]ged|[Bb]etween|[Ff]rom",
        lakh=True,
        say_year=say_year,
        say_date=say_date,
        say_time=say_time,
        say_fraction=say_fraction,
        say_part=say_part,
        say_regnal=say_regnal,
    )
    return replace(changed, kinds=_kinds(changed))
