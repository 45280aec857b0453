"""Dates and times of day."""

from __future__ import annotations

import re
from collections.abc import Iterator

from troupe.speech.text.verbalise import cldr, numbers
from troupe.speech.text.verbalise.numbers import SPACE
from troupe.speech.text.verbalise.rules import (
    Date,
    Kind,
    Rules,
    Time,
    before,
)

_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def exists(date: Date) -> bool:
    """Whether there is such a day."""
    return 1 <= date.month <= 12 and (date.day is None or 1 <= date.day <= _DAYS[date.month - 1])


def full_year(year: int) -> int:
    """A year of two digits with its century; any other as it is."""
    return year if year > 99 else year + (1900 if year > 50 else 2000)


def say_date(rules: Rules, date: Date) -> str | None:
    if not exists(date):
        return None
    if rules.say_date is not None:
        return rules.say_date(rules, date)
    day = "" if date.day is None else numbers.cardinal(rules, date.day)
    year = "" if date.year is None else numbers.year(rules, date.year)
    return cldr.long_date(rules, date, day, year)


def say_time(rules: Rules, time: Time) -> str | None:
    if time.minute is not None and time.minute > 59:
        return None
    if (time.second or 0) > 59 or (not time.duration and time.hour > 24):
        return None
    if rules.say_time is not None:
        return rules.say_time(rules, time)
    parts = (time.hour, time.minute, time.second)
    names = ("duration-hour", "duration-minute", "duration-second")
    said = []
    for number, name in zip(parts, names, strict=True):
        noun = cldr.unit_noun(rules, name)
        if noun is None:
            return None
        if number:
            words = numbers.cardinal(rules, number, noun.ruleset or rules.counted)
            said.append(cldr.counted(noun, words, numbers.Number(str(number), "").value, rules))
    return " ".join(said) or None


_DIVIDED = r"\d{1,4}[-/.:]"  # what dates and times of digits need


def kinds(rules: Rules) -> Iterator[Kind]:
    left, right = rules.left, rules.right
    yield Kind(
        "iso date",
        rf"{left}(?P<year>\d{{4}})[-/](?P<month>\d{{1,2}})[-/](?P<day>\d{{1,2}})"
        r"(?:T(?P<hour>\d\d):(?P<minute>\d\d)(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?"
        r"(?![\w/-])",
        _read_iso,
        "c",
        _DIVIDED,
    )
    yield Kind(
        "month",
        rf"{left}(?P<month>0?[1-9]|1[0-2])/(?P<year>(?:19|20)\d\d){right}(?![/.-]\d)",
        lambda m, r: f"{r.month_names[int(m['month']) - 1]} {numbers.year(r, int(m['year']))}",
        "c",
        _DIVIDED,
    )
    yield Kind(
        "numeric date",
        rf"{left}(?P<first>\d{{1,2}})(?P<separator>[-/.])(?P<second>\d{{1,2}})[-/.]"
        rf"(?P<year>\d{{4}}|\d{{2}}){right}(?![-/.]\d)",
        _read_numeric,
        "c",
        _DIVIDED,
    )
    if rules.months:
        months = "|".join(
            name if name[-1] == "." else rf"{name}\.?"
            for name in map(re.escape, sorted(rules.months, key=len, reverse=True))
        ).replace("\\.\\.?", "\\.")
        year = rf"(?:(?P<comma>,?){SPACE}(?P<year>[12]\d{{3}})(?![\w:])(?![.,]\d))?"
        suffix = "|".join(rules.ordinals) or "(?!)"
        dot = r"|\." if "." in cldr.date_pattern(rules) else ""
        day = rf"(?P<day>[1-9]|[0-3]\d)(?:{suffix}{dot})?"
        yield Kind(
            "date",
            rf"{left}{day}{SPACE}(?:(?:of|de|di|d'){SPACE})?"
            rf"(?i:(?P<month>{months})){right}{year}",
            lambda m, r: _read_written(m, r, True),
            "d",
        )
        yield Kind(
            "date",
            rf"{left}(?i:(?P<month>{months})){SPACE}{day}{right}(?![.,:/-]\d){year}",
            lambda m, r: _read_written(m, r, False),
            "w",
        )
        yield Kind(
            "month",
            rf"{left}(?i:(?P<month>{months})){SPACE}(?P<year>[12]\d{{3}}){right}(?![.,:]\d)",
            _read_month,
            "w",
        )
    period = rf"(?:{SPACE}?(?P<period>[AaPp]\.?[Mm](?:\.(?=\S|{SPACE}[a-z]|$)|\b)))?"
    yield Kind(
        "time",
        rf"{left}(?P<hour>\d{{1,3}}):(?P<minute>\d\d)(?::(?P<second>\d\d))?{right}(?![:.,]\d)"
        rf"(?:{period}|{SPACE}?h(?!\w))",
        _read_time,
        "c",
        _DIVIDED,
    )


def _read_iso(match: re.Match[str], rules: Rules) -> str | None:
    day, month, year = (int(match[name]) for name in ("day", "month", "year"))
    said = say_date(rules, Date(day, month, year, rules.date_order == "dmy", before(match)))
    if match["hour"] is None or said is None:
        return said
    time = say_time(rules, Time(int(match["hour"]), int(match["minute"])))
    return None if time is None else f"{said}, {time}"


def _read_numeric(match: re.Match[str], rules: Rules) -> str | None:
    first, second, year = int(match["first"]), int(match["second"]), int(match["year"])
    separator = match["separator"]
    if match[0].count(separator) != 2 or (separator == "." and rules.decimal == "." and year < 100):
        return None
    year = full_year(year)
    order = rules.date_order.replace("y", "")
    day, month = (first, second) if order == "dm" else (second, first)
    if month > 12 >= day:
        day, month = month, day
    return say_date(rules, Date(day, month, year, order == "dm", before(match)))


def _month(match: re.Match[str], rules: Rules) -> int:
    """The number of a month; 0 for what only looks like its name (aprİl)."""
    name = match["month"].replace("İ", "i").lower()
    return rules.months.get(name) or rules.months.get(name.rstrip("."), 0)


def _read_written(match: re.Match[str], rules: Rules, day_first: bool) -> str | None:
    name = match["month"]
    if name.islower() and not rules.month_names[0][0].islower():
        return None  # "5 may", "3 mar": names of months have capitals in this language
    year = match["year"]
    written = Date(
        int(match["day"]),
        _month(match, rules),
        None if year is None else int(year),
        day_first,
        before(match),
    )
    return say_date(rules, written)


def _read_month(match: re.Match[str], rules: Rules) -> str | None:
    if match["month"].islower() and not rules.month_names[0][0].islower():
        return None
    month = _month(match, rules)
    if not month:
        return None
    name = rules.month_names[month - 1]
    return f"{name} {numbers.year(rules, int(match['year']))}"


def _read_time(match: re.Match[str], rules: Rules) -> str | None:
    hour, second = match["hour"], match["second"]
    period = (match["period"] or "").replace(".", "").lower()
    time = Time(
        int(hour),
        int(match["minute"]),
        None if second is None else int(second),
        period,
        not period and second is not None and len(hour) != 2,
    )
    return say_time(rules, time)
