"""Arabic, of European and Arabic-Indic digits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from troupe.speech.text.verbalise import cldr, numbers
from troupe.speech.text.verbalise.languages.ar_numbers import (
    COUNTED,
    FEMININE,
    MASCULINE,
    OBLIQUE,
    cardinal,
    oblique,
    ordinal,
)
from troupe.speech.text.verbalise.languages.ar_tables import (
    ABBREVIATIONS,
    CURRENCIES,
    FEMININE_NOUNS,
    MASCULINE_NOUNS,
    MONEY,
    MONTHS,
    NOUNS,
    SCALES,
    UNITS,
)
from troupe.speech.text.verbalise.numbers import Number
from troupe.speech.text.verbalise.rules import Date, Kind, Rules, Time, alternatives, before

_WORDS = {
    "point": "فاصلة",
    "minus": "سالب",
    "plus": "زائد",
    "plus_minus": "زائد أو ناقص",
    "to": "إلى",
    "times": "ضرب",
    "divided": "على",
    "equals": "يساوي",
    "about": "حوالي",
    "at": "آت",
    "dot": "نقطة",
    "slash": "شرطة مائلة",
    "dash": "شرطة",
    "underscore": "شرطة سفلية",
    "hashtag": "وسم",
    "and": "و",
    "section": "المادة",
    "number": "رقم",
    "version": "الإصدار",
}
_FRACTIONS = {
    (1, 2): "نصف",
    (1, 3): "ثلث",
    (2, 3): "ثلثان",
    (1, 4): "ربع",
    (3, 4): "ثلاثة أرباع",
    (1, 5): "خمس",
    (1, 8): "ثمن",
}
_ERAS = {"م": "ميلادي", "هـ": "هجري"}
_PERIODS = {
    "am": "صباحًا",
    "pm": "مساءً",
    "ص": "صباحًا",
    "م": "مساءً",
    "صباحا": "صباحًا",
    "صباحًا": "صباحًا",
    "صباحاً": "صباحًا",
    "مساء": "مساءً",
    "مساءً": "مساءً",
}
_EDGE = r"(?<![A-Za-z0-9\u0660-\u0669.,/:٫٬-])"
_END = r"(?![\w/:-]|[.,٫٬]\d)"
_NO_LETTER = r"(?!\w)"


def say_decimal(rules: Rules, whole: str, fraction: str, ruleset: str) -> str:
    """3.14 is three point fourteen; digits one by one after a zero, or where there are many."""
    if fraction[0] == "0" or len(fraction) > 2:
        said = numbers.digits(rules, fraction)
    else:
        said = cardinal(int(fraction))
    return f"{cardinal(int(whole))} فاصلة {said}"


def polish(said: str) -> str:
    # What follows إلى is oblique.
    first, to, last = said.replace(", ", "، ").partition(" إلى ")
    return f"{first}{to}{oblique(last)}" if to else first


def say_year(rules: Rules, number: int) -> str:
    return cardinal(number, OBLIQUE)


def say_fraction(rules: Rules, whole: int, numerator: int, denominator: int) -> str:
    part = _FRACTIONS.get((numerator, denominator))
    if part is None:
        part = f"{cardinal(numerator)} على {cardinal(denominator)}"
    return f"{cardinal(whole)} و{part}" if whole else part


def _count(rules: Rules, number: int, unit: str) -> str:
    noun = NOUNS[unit]
    return cldr.counted(noun, cardinal(number, noun.ruleset), Decimal(number), rules)


def _day(date: Date, month: str) -> str | None:
    day = None if date.day is None else ordinal(date.day)
    return month if date.day is None else f"{day} من {month}" if day else None


def say_date(rules: Rules, date: Date) -> str:
    month = rules.month_names[date.month - 1]
    said = _day(date, month) or month
    return said if date.year is None else f"{said} عام {say_year(rules, date.year)}"


def say_time(rules: Rules, time: Time) -> str | None:
    hour, minute, second = time.hour, time.minute or 0, time.second or 0
    if time.duration:
        names = ("duration-hour", "duration-minute", "duration-second")
        counts = zip((hour, minute, second), names, strict=True)
        return " و".join(_count(rules, n, name) for n, name in counts if n) or None
    said = "الصفر" if hour in (0, 24) else ordinal(hour, feminine=True)
    if said is None:
        return None
    if minute in (15, 30) and 0 < hour <= 12 and not second:
        said += " والربع" if minute == 15 else " والنصف"
    elif minute:
        said += f" و{_count(rules, minute, 'duration-minute')}"
    if second:
        said += f" و{_count(rules, second, 'duration-second')}"
    return f"{said} {_PERIODS[time.period]}" if time.period else said


def _read_clock(match: re.Match[str], rules: Rules) -> str | None:
    hour, minute = int(match["hour"]), match["minute"]
    if hour > 24 or (minute is not None and int(minute) > 59):
        return None
    return say_time(rules, Time(hour, int(minute or 0), None, match["period"] or ""))


def _read_date(match: re.Match[str], rules: Rules) -> str | None:
    said = _day(Date(int(match["day"]), 1, None, True), match["month"])
    if said is None or int(match["day"]) > 31:
        return None
    if match["year"] is None:
        return said
    return f"{said} {(match['word'] or 'عام').strip()} {_year_of(match)}"


def _year_of(match: re.Match[str]) -> str:
    """After سنة, which is feminine: ست وعشرين."""
    gender = FEMININE if (match["word"] or "").strip() == "سنة" else MASCULINE
    said = oblique(cardinal(int(match["year"]), gender))
    if not match["era"]:
        return said
    return f"{said} {_ERAS[match['era']]}{'ة' if gender == FEMININE else ''}"


def _read_year(match: re.Match[str], rules: Rules) -> str:
    return f"{match['word']}{_year_of(match)}"


def _read_bare_year(match: re.Match[str], rules: Rules) -> str | None:
    if re.search(r"(?<!\w)[وف]?(?:في|منذ|حتى|بحلول|بين|قبل|بعد)\s$", before(match)) is None:
        return None
    return say_year(rules, int(match["year"]))


def _read_counted(match: re.Match[str], rules: Rules) -> str | None:
    number = numbers.parse(rules, match["number"])
    if number.fraction or not number.is_quantity:
        return None
    gender = FEMININE if match["noun"] in FEMININE_NOUNS else MASCULINE
    return f"{cardinal(int(number.whole), COUNTED[gender])} {match['noun']}"


def _read_percent(match: re.Match[str], rules: Rules) -> str:
    return f"{numbers.say(rules, numbers.parse(rules, match['number']))} بالمئة"


def _read_decimal(match: re.Match[str], rules: Rules) -> str:
    """With the decimal mark of Arabic-Indic digits."""
    whole, fraction = (
        "".join(str(int(digit)) for digit in match[name] if digit.isdecimal())
        for name in ("whole", "fraction")
    )
    said = numbers.say(rules, Number(whole, fraction))
    return f"{said} بالمئة" if match["percent"] else said


def _read_century(match: re.Match[str], rules: Rules) -> str | None:
    return ordinal(int(match["number"]))


def _kinds(rules: Rules) -> Iterator[Kind]:
    number, months = numbers.pattern(rules), alternatives(frozenset(MONTHS))
    year = r"(?P<word>عام |سنة )?(?P<year>\d{3,4})(?:\s?(?P<era>م|هـ))?(?!\w)"
    yield Kind(
        "date",
        rf"{_EDGE}(?P<day>\d{{1,2}}) (?:من )?(?P<month>{months}){_NO_LETTER}(?:،? {year})?+",
        _read_date,
        "d",
    )
    yield Kind("year", rf"(?<!\w){year.replace(')?(?P<year>', ')(?P<year>', 1)}", _read_year, "w")
    yield Kind(
        "month",
        rf"(?<!\w)(?P<word>{months} ){year.partition(')?')[2]}",
        _read_year,
        "w",
    )
    yield Kind("year", rf"{_EDGE}(?P<year>(?:19|20)\d\d){_END}", _read_bare_year, "d")
    periods = alternatives(frozenset(_PERIODS))
    yield Kind(
        "time",
        rf"{_EDGE}(?P<hour>\d{{1,2}}):(?P<minute>\d\d)(?![:\d])(?:\s?(?P<period>{periods}){_NO_LETTER})?+",
        _read_clock,
        "c",
    )
    yield Kind(
        "time",
        rf"(?<=الساعة )(?P<hour>\d{{1,2}})(?P<minute>(?!))?(?![:\w]|[.,٫]\d)"
        rf"(?:\s(?P<period>{periods}){_NO_LETTER})?+",
        _read_clock,
        "d",
    )
    yield Kind(
        "century", rf"(?<=القرن )(?:الـ\s?)?(?P<number>\d{{1,2}}){_END}", _read_century, "dw"
    )
    yield Kind("percent", rf"{_EDGE}[%٪]\s?(?P<number>{number}){_END}", _read_percent, "m")
    yield Kind(
        "number",
        rf"{_EDGE}(?P<whole>\d{{1,3}}(?:٬\d{{3}}){{0,4}}|\d{{1,12}})٫(?P<fraction>\d{{1,12}})"
        rf"(?:\s?(?P<percent>[%٪]))?(?!\w)",
        _read_decimal,
        "cd",
    )
    nouns = alternatives(frozenset(FEMININE_NOUNS) | frozenset(MASCULINE_NOUNS))
    yield Kind(
        "counted",
        rf"{_EDGE}(?P<number>{number})\s(?P<noun>{nouns}){_NO_LETTER}",
        _read_counted,
        "d",
    )


def rules(base: Rules, region: str) -> Rules:
    changed = replace(
        base,
        unspaced=True,
        proclitic=True,
        groups=(*base.groups, "٬"),
        number=MASCULINE,
        counted=COUNTED[MASCULINE],
        words=_WORDS,
        months={},
        units=UNITS,
        nouns=NOUNS,
        currencies=CURRENCIES,
        money=MONEY,
        price="{major} و{minor}",
        scales=SCALES,
        abbreviations=ABBREVIATIONS,
        say_cardinal=cardinal,
        say_decimal=say_decimal,
        say_year=say_year,
        say_fraction=say_fraction,
        say_date=say_date,
        say_time=say_time,
        polish=polish,
    )
    return replace(changed, kinds=tuple(_kinds(changed)))
