"""Polish: dates, years, decades and times of day, in their cases."""

from __future__ import annotations

import re

from troupe.speech.text.verbalise import cldr, dates, numbers, words
from troupe.speech.text.verbalise.cldr import spelled
from troupe.speech.text.verbalise.languages import pl_tables as tables
from troupe.speech.text.verbalise.rules import Date, Kind, Rules, Time, before

_MASCULINE, _FEMININE = "spellout-ordinal-masculine", "spellout-ordinal-feminine"
_SPACE = numbers.SPACE
_MONTHS = {form: at for at, forms in enumerate(tables.MONTHS, 1) for form in forms}
_GENITIVES = "|".join(forms[0] for forms in tables.MONTHS)
_ANY_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
LOCATIVE = re.compile(r"\b(?:[Ww]e?|[Pp]o|[Oo]|[Nn]a)\s$")
_YEAR = rf"(?:{_SPACE}?(?:r\.|roku(?!\w)))?"
_HOUR = r"(?:godz\.\s|godzin(?:ie|y|ą)\s)?"
_OBLIQUE = re.compile(
    rf"(?:\b(?:o|po|od|do|około|ok\.|koło)\s{_HOUR}|godzin(?:ie|y)\s)(?:\d[\d:.]{{1,4}} do )?$",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"\b(?:przed|między|na)\s(?:godz\.\s|godzin[ąę]\s)?$", re.IGNORECASE)


def say_year(rules: Rules, number: int, case: str = "-genitive") -> str:
    return spelled(number, rules.locale, _MASCULINE + case)


def say_date(rules: Rules, date: Date) -> str:
    said = rules.month_names[date.month - 1]
    if date.day is not None:
        said = f"{spelled(date.day, rules.locale, f'{_MASCULINE}-genitive')} {said}"
    return said if date.year is None else f"{said} {say_year(rules, date.year)} roku"


def _read_date(match: re.Match[str], rules: Rules) -> str | None:
    year, name = match["year"], match["month"]
    month = _MONTHS.get(name.lower()) or words.roman(name) or 0
    day = int(match["day"])
    return dates.say_date(rules, Date(day, month, None if year is None else int(year), True))


def _read_numeric(match: re.Match[str], rules: Rules) -> str | None:
    year = dates.full_year(int(match["year"]))
    return dates.say_date(rules, Date(int(match["day"]), int(match["month"]), year, True))


def _read_day(match: re.Match[str], rules: Rules) -> str:
    return spelled(int(match["day"]), rules.locale, f"{_MASCULINE}-genitive")


def _read_month(match: re.Match[str], rules: Rules) -> str:
    return f"{match['month']} {say_year(rules, int(match['year']))} roku"


def _read_year(match: re.Match[str], rules: Rules) -> str | None:
    word, number = match["word"], int(match["year"])
    if number < 100 and word != "r.":
        return None
    if word == "rok":
        return f"{say_year(rules, number, '')} rok" if number > 999 else None
    if word == "rokiem":
        return f"{say_year(rules, number, '-instrumental')} rokiem"
    case = "-locative" if LOCATIVE.search(before(match)) else "-genitive"
    said = say_year(rules, number, case)
    if match["last"]:
        said = f"{said} – {say_year(rules, int(match['last']), case)}"
    return f"{said} roku"


def _read_year_after(match: re.Match[str], rules: Rules) -> str:
    word = match["word"]
    case = "" if word.lower() == "rok" else "-genitive"
    if case and LOCATIVE.search(before(match)):
        case = "-locative"
    return f"{word} {say_year(rules, int(match['year']), case)}"


def _read_years(match: re.Match[str], rules: Rules) -> str:
    first, last = (say_year(rules, int(match[name]), "") for name in ("first", "last"))
    return f"{match['word']} {first} – {last}"


def _read_decade(match: re.Match[str], rules: Rules) -> str:
    word = match["word"]
    case = {"lata": "", "lat": "-genitive", "latach": "-locative", "latami": "-instrumental"}
    said = spelled(int(match["number"]), rules.locale, f"spellout-ordinal-plural{case[word]}")
    return f"{word} {said}"


def say_time(rules: Rules, time: Time, case: str = "") -> str | None:
    hour, minute, second = time.hour, time.minute or 0, time.second or 0
    if time.duration or second:
        parts = ((hour, "hour"), (minute, "minute"), (second, "second"))
        said = []
        for number, name in parts:
            noun = cldr.unit_noun(rules, f"duration-{name}")
            if number and noun is not None:
                value = numbers.Number(str(number), "").value
                words_of = numbers.cardinal(rules, number, tables.FEMININE)
                said.append(cldr.counted(noun, words_of, value, rules))
        return " ".join(said) or None
    said_hour = spelled(hour, rules.locale, _FEMININE + case)
    if not minute:
        return said_hour
    zero = f"{numbers.cardinal(rules, 0)} " if minute < 10 else ""
    return f"{said_hour} {zero}{numbers.cardinal(rules, minute)}"


def _read_time(match: re.Match[str], rules: Rules) -> str | None:
    hour, minute, left = int(match["hour"]), int(match["minute"] or 0), before(match)
    if hour > 24 or minute > 59:
        return None
    case = "-genitive" if _OBLIQUE.search(left) else ""
    return say_time(rules, Time(hour, minute), "-instrumental" if _BEFORE.search(left) else case)


def _read_hours(match: re.Match[str], rules: Rules) -> str | None:
    said = []
    for name in ("first", "last"):
        hour, _, minute = match[name].replace(":", ".").partition(".")
        time = say_time(rules, Time(int(hour), int(minute or 0)), "-genitive")
        if int(hour) > 24 or time is None:
            return None
        said.append(time)
    noun = "godzinach" if re.search(r"\b[Ww]\s$", before(match)) else "godziny"
    return f"{noun} od {said[0]} do {said[1]}"


def _read_hour(match: re.Match[str], _: Rules) -> str:
    left = before(match)
    if re.search(r"\b(?:[Oo]|[Pp]o)\s$", left):
        return "godzinie "
    if re.search(r"\b(?:[Oo]d|[Dd]o|[Oo]koło|ok\.)\s$", left):
        return "godziny "
    return "godziną " if re.search(r"\b[Pp]rzed\s$", left) else "godzina "


_LEFT = r"(?<![\w.,:/-])"
_END = r"(?![\w-])"
_FULL = r"(?P<year>[12]\d{3})(?!\w)(?![.,]\d)"
KINDS = (
    Kind(
        "date",
        rf"{_LEFT}(?P<day>0?[1-9]|[12]\d|3[01]){_SPACE}(?P<month>(?i:{_GENITIVES}))(?!\w)"
        rf"(?:,?{_SPACE}{_FULL}{_YEAR})?",
        _read_date,
        "d",
    ),
    Kind(
        "date",
        rf"{_LEFT}(?P<day>0?[1-9]|[12]\d|3[01]){_SPACE}(?P<month>[IVX]{{1,4}}){_SPACE}{_FULL}{_YEAR}",
        _read_date,
        "d",
    ),
    Kind(
        "numeric date",
        rf"{_LEFT}(?=\d{{1,2}}(?:\.\d{{1,2}}\.|-\d{{1,2}}-))"
        r"(?P<day>\d{1,2})[.-](?P<month>\d{1,2})[.-]"
        rf"(?P<year>\d{{4}}|\d\d){_END}(?!\.\d){_YEAR}",
        _read_numeric,
        "c",
    ),
    Kind(
        "date",
        rf"{_LEFT}(?P<day>[1-9]|[12]\d|3[01])"
        rf"(?=(?:{_SPACE}?[-–]{_SPACE}?|{_SPACE}(?:do|i|lub){_SPACE})"
        rf"(?:[1-9]|[12]\d|3[01]){_SPACE}(?:{_GENITIVES})\b)",
        _read_day,
        "d",
    ),
    Kind(
        "month",
        rf"(?<!\w)(?P<month>(?i:{_ANY_MONTH})){_SPACE}{_FULL}{_YEAR}",
        _read_month,
        "w",
    ),
    Kind(
        "year",
        rf"{_LEFT}(?P<year>[1-9]\d{{0,3}})(?:{_SPACE}?[-–]{_SPACE}?(?P<last>\d{{4}}))?{_SPACE}?"
        r"(?P<word>r\.|rok(?:u|iem)?(?!\w))",
        _read_year,
        "dc",
    ),
    Kind("year", rf"(?<!\w)(?P<word>[Rr]oku?){_SPACE}{_FULL}(?![-–]\d)", _read_year_after, "w"),
    Kind(
        "years",
        rf"(?<!\w)(?P<word>lata(?:ch)?){_SPACE}(?P<first>[12]\d{{3}}){_SPACE}?[-–]{_SPACE}?"
        rf"(?P<last>[12]\d{{3}}){_END}",
        _read_years,
        "w",
    ),
    Kind(
        "decade",
        rf"(?<!\w)(?P<word>lat(?:ach|ami|a)?){_SPACE}(?P<number>[2-9]0)"
        r"(?:\.|-?(?:te|tych|tymi)(?!\w))",
        _read_decade,
        "w",
    ),
    Kind(
        "hours",
        rf"(?<!\w)godz\.{_SPACE}?(?P<first>\d{{1,2}}(?:[.:][0-5]\d)?){_SPACE}?[-–]{_SPACE}?"
        rf"(?P<last>\d{{1,2}}(?:[.:][0-5]\d)?){_END}",
        _read_hours,
        "w",
    ),
    Kind("hour", rf"(?<!\w)godz\.{_SPACE}?(?=\d)", _read_hour, "w"),
    Kind(
        "time",
        rf"{_LEFT}(?P<hour>\d{{1,2}}):(?P<minute>\d\d)(?![\w:])(?![.,]\d)",
        _read_time,
        "c",
    ),
    Kind(
        "time",
        rf"(?:(?<=[oO]{_SPACE})|(?<=(?:od|do|po|z\.){_SPACE})|(?<=godz\.))(?P<hour>\d{{1,2}})"
        r"\.(?P<minute>[0-5]\d)(?![\w:])(?![.,]\d)",
        _read_time,
        "c",
    ),
    Kind(
        "time",
        rf"(?:(?<=godzinie{_SPACE})|(?<=godziny{_SPACE})|(?<=godz\.{_SPACE}))(?P<hour>\d{{1,2}})"
        rf"(?P<minute>)(?!\w)(?![.,:]\d)",
        _read_time,
        "d",
    ),
    Kind(
        "time",
        rf"(?:(?<=[oO]{_SPACE})|(?<=(?:od|do|po){_SPACE}))(?P<hour>\d{{1,2}})(?P<minute>)"
        rf"(?={_SPACE}(?:rano|wieczorem|po południu|w nocy|w południe)\b)",
        _read_time,
        "d",
    ),
)
