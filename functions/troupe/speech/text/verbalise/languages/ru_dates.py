"""Russian: dates, years, decades and times of day, in their cases."""

from __future__ import annotations

import re

from troupe.speech.text.verbalise import cldr, dates, numbers
from troupe.speech.text.verbalise.cldr import spelled
from troupe.speech.text.verbalise.languages import ru_tables as tables
from troupe.speech.text.verbalise.rules import Date, Kind, Rules, Time, after, before

_MASCULINE, _PLURAL = "spellout-ordinal-masculine", "spellout-ordinal-plural"
_SPACE = numbers.SPACE
_MONTHS = {
    **{stem + ending: at for at, stem in enumerate(tables.MONTHS, 1) for ending in ("а", "я")},
    **tables.SHORT_MONTHS,
}
_NAMES = "|".join(
    rf"{name}\b\.?" if name in tables.SHORT_MONTHS else rf"{name}\b"
    for name in sorted(_MONTHS, key=len, reverse=True)
)
_ANY_MONTH = "|".join(f"{stem}(?:ём|[аьйяюеу])?" for stem in sorted(tables.MONTHS, key=len)[::-1])
IN = re.compile(r"\b(?:[Вв]о?|[Нн]а|[Оо]б?|[Пп]ри)\s$")
_TO = re.compile(r"\bк\s$", re.IGNORECASE)
_OF = re.compile(
    r"\b(?:с|со|до|от|после|около|из|для|начал\w|кон[ец]\w{1,2}|середин\w|весны|лета|осени|зимы|"
    rf"итог\w{{1,2}}|(?:{_ANY_MONTH}))\s$",
    re.IGNORECASE,
)
_NOMINATIVE = re.compile(r"\b(?:сегодня|завтра|вчера|на|по|было|это)\s$", re.IGNORECASE)
_UNTIL = re.compile(
    r"\b(?:до|от|после|около|раньше|позже|позднее|со?)\s(?:\d[\d:.]{1,4} до )?$", re.IGNORECASE
)
_YEAR = "(?:года|г\\.|г)(?!\\w)"
_YEARS = {
    **{"год": "", "года": "-genitive", "годом": "-instrumental", "годе": "-prepositional"},
    **{"годы": "", "годов": "-genitive", "годах": "-prepositional", "годам": "-dative"},
    "годами": "-instrumental",
}


def say_year(rules: Rules, number: int, ruleset: str = f"{_MASCULINE}-genitive") -> str:
    return spelled(number, rules.locale, ruleset).removeprefix("одна ")


def say_date(rules: Rules, date: Date) -> str:
    said = rules.month_names[date.month - 1]
    if date.day is not None:
        ruleset = f"{_MASCULINE}-genitive"
        if _NOMINATIVE.search(date.before):
            ruleset = "spellout-ordinal-neuter"
        elif _TO.search(date.before):
            ruleset = f"{_MASCULINE}-dative"
        said = f"{spelled(date.day, rules.locale, ruleset)} {said}"
    return said if date.year is None else f"{said} {say_year(rules, date.year)} года"


def _read_date(match: re.Match[str], rules: Rules) -> str | None:
    year = match["year"]
    month = _MONTHS.get(match["month"].lower().rstrip("."), 0)
    return dates.say_date(
        rules,
        Date(int(match["day"]), month, None if year is None else int(year), True, before(match)),
    )


def _read_numeric(match: re.Match[str], rules: Rules) -> str | None:
    year = dates.full_year(int(match["year"]))
    return dates.say_date(
        rules, Date(int(match["day"]), int(match["month"]), year, True, before(match))
    )


def _read_day(match: re.Match[str], rules: Rules) -> str:
    by = "spellout-ordinal-neuter" if match["by"] else f"{_MASCULINE}-genitive"
    return f"{match['by'] or ''}{spelled(int(match['day']), rules.locale, by)}"


def _read_month(match: re.Match[str], rules: Rules) -> str:
    return f"{match['month']} {say_year(rules, int(match['year']))} года"


def _read_years(match: re.Match[str], rules: Rules) -> str | None:
    word, left, number = match["word"], before(match), int(match["year"])
    era = re.match(r"\s(?:до\s)?н(?:\.\s?э\.|ашей эры)", after(match))
    if number < 1000 and not era and not (word == "году" and IN.search(left)):
        return None  # 101 год, 500 г.
    if word in ("г.", "гг.", "г"):
        if word == "г" and not IN.search(left):
            return None  # grams
        if IN.search(left):
            case, word = "-prepositional", "годах" if word == "гг." else "году"
        elif word == "гг.":
            case, word = ("-genitive", "годов") if _OF.search(left) else ("", "годы")
        elif _TO.search(left):
            case, word = "-dative", "году"
        else:
            case, word = ("-genitive", "года") if _OF.search(left) else ("", "год")
    elif word == "году":
        case = "-prepositional" if IN.search(left) else "-dative"
    else:
        case = _YEARS[word]
    ruleset = _MASCULINE + case
    said = say_year(rules, number, ruleset)
    if match["last"]:
        said = f"{said} – {say_year(rules, int(match['last']), ruleset)}"
    return f"{said} {word}"


def _read_decade(match: re.Match[str], rules: Rules) -> str:
    case = {"е": "", "х": "-genitive", "м": "-dative"}[match["suffix"][-1]]
    return say_year(rules, int(match["number"]), _PLURAL + case)


def _case_of_time(left: str) -> str:
    if _UNTIL.search(left):
        return "-genitive"
    return "-dative" if _TO.search(left) else ""


def say_time(rules: Rules, time: Time, case: str = "") -> str | None:
    def say(number: int, unit: str) -> str:
        noun = cldr.unit_noun(rules, unit)
        forms = noun.forms if noun else {"other": "{0}"}
        gender = "masculine" if unit == "duration-hour" else "feminine"
        category = rules.plural(numbers.Number(str(number), "").value)
        if case == "-genitive":
            category = "other" if category == "one" else "many"
        said = spelled(number, rules.locale, f"spellout-cardinal-{gender}{case}")
        return forms[category].replace("{0}", said)

    hour, minute, second = time.hour, time.minute or 0, time.second or 0
    units = ("duration-hour", "duration-minute", "duration-second")
    if time.duration or second:
        parts = zip((hour, minute, second), units, strict=True)
        return " ".join(say(number, unit) for number, unit in parts if number) or None
    if case == "-dative" and (minute == 0 or minute < 10 or hour == 0):
        noun = "часу" if hour % 10 == 1 and hour != 11 else "часам"
        said = f"{spelled(hour, rules.locale, 'spellout-cardinal-masculine-dative')} {noun}"
        rest = spelled(minute, rules.locale, "spellout-cardinal-feminine-dative")
        return f"{said} {rest} {'минуте' if minute == 1 else 'минутам'}" if minute else said
    if minute == 0:
        return say(hour, units[0])
    if minute < 10 or hour == 0:
        return f"{say(hour, units[0])} {say(minute, units[1])}"
    ruleset = f"spellout-cardinal-masculine{case}"
    return f"{spelled(hour, rules.locale, ruleset)} {spelled(minute, rules.locale, ruleset)}"


def _read_time(match: re.Match[str], rules: Rules) -> str | None:
    hour, minute = int(match["hour"]), int(match["minute"])
    if hour > 24 or minute > 59:
        return None
    return say_time(rules, Time(hour, minute), _case_of_time(before(match)))


_LEFT = r"(?<![\w.,:/-])"
_END = r"(?![\w-])"
KINDS = (
    Kind(
        "date",
        rf"{_LEFT}(?P<day>0?[1-9]|[12]\d|3[01])(?:-?го)?{_SPACE}(?i:(?P<month>{_NAMES}))"
        rf"(?:,?{_SPACE}(?P<year>[12]\d{{3}})(?!\w)(?![.,]\d)(?:-го|{_SPACE}?{_YEAR})?)?",
        _read_date,
        "d",
    ),
    Kind(
        "numeric date",
        rf"{_LEFT}(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}})\.(?P<year>\d{{4}}|\d\d){_END}(?!\.\d)"
        rf"(?:{_SPACE}?{_YEAR})?",
        _read_numeric,
        "c",
    ),
    Kind(
        "date",
        rf"{_LEFT}(?P<by>)(?P<day>[1-9]|[12]\d|3[01])"
        rf"(?=(?:{_SPACE}?[-–]{_SPACE}?|{_SPACE}(?:по|до|и|или){_SPACE})"
        rf"(?:[1-9]|[12]\d|3[01]){_SPACE}(?i:{_NAMES}))",
        _read_day,
        "d",
    ),
    Kind(
        "month",
        rf"(?<!\w)(?P<month>(?i:{_ANY_MONTH})){_SPACE}(?P<year>[12]\d{{3}})(?!\w)(?![.,]\d)"
        rf"(?:{_SPACE}?{_YEAR})?",
        _read_month,
        "w",
    ),
    Kind(
        "years",
        rf"{_LEFT}(?P<year>[1-9]\d{{0,3}})(?:{_SPACE}?[-–]{_SPACE}?(?P<last>\d{{4}}))?{_SPACE}?"
        r"(?P<word>год(?:ами|ах|ам|ов|ом|[аеуы])?(?!\w)|гг?\.|г(?!\w))",
        _read_years,
        "dc",
    ),
    Kind(
        "decade",
        rf"{_LEFT}(?P<number>(?:1\d|20)?[2-9]0|2000|1[89]00)-?(?P<suffix>ые|ых|ым|е|х){_END}",
        _read_decade,
        "c",
    ),
    Kind(
        "time",
        rf"{_LEFT}(?P<hour>\d{{1,2}}):(?P<minute>\d\d)(?![\w:])(?![.,]\d)",
        _read_time,
        "c",
    ),
    Kind(
        "time",
        rf"(?<=[вВсСкК]{_SPACE})(?P<hour>\d{{1,2}})\.(?P<minute>[0-5]\d)(?![\w:])(?![.,]\d)",
        _read_time,
        "c",
    ),
    Kind(
        "time",
        rf"(?<=до{_SPACE})(?P<hour>\d{{1,2}})\.(?P<minute>[0-5]\d)(?![\w:])(?![.,]\d)",
        _read_time,
        "c",
    ),
)
