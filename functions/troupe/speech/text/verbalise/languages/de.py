"""German."""

from __future__ import annotations

import re
from dataclasses import replace

from troupe.speech.text.verbalise import numbers, words
from troupe.speech.text.verbalise.cldr import spelled
from troupe.speech.text.verbalise.languages import de_tables as tables
from troupe.speech.text.verbalise.rules import Date, Kind, Rules, Time, after, alternatives, before

_GENDERS = {noun: gender for gender, nouns in tables.GENDERS.items() for noun in nouns}
_MONTH = "Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember"
_YEAR_BEFORE = (
    f"im Jahr|im Jahre|Jahr|Jahre|seit|um|bis|ab|von|vor|nach|zwischen|Anno|{_MONTH}|"
    "Frühjahr|Frühling|Sommer|Herbst|Winter|Anfang|Mitte|Ende"
)
# After these the ordinal ends in -n: am dritten, in der dritten Klasse.
_OBLIQUE = re.compile(
    r"\b(?:am|vom|zum|zur|beim|im|dem|den|des|einem|einer|eines|diesem|diesen|jedem|jeden|seinem|"
    r"ihrem|seinen|ihren|meinem|unserem|bis|ab|seit|(?:in|auf|aus|bei|mit|nach|von|zu|an|vor) der|"
    rf"am \w{{6,10}},|"
    rf"(?:vom|zum|am|den|dem) \d{{1,2}}\. (?:(?:{_MONTH}) )?(?:bis|und|oder|bis zum))\s$",
    re.IGNORECASE,
)
_WEAK = re.compile(r"\b(?:der|die|das|dieser|diese|dieses|jeder|jede|jedes|ins)\s$", re.IGNORECASE)
_POSSESSIVE = re.compile(r"\b(?:ein|kein|mein|dein|sein|ihr|unser|euer)\s$", re.IGNORECASE)
_DATIVE = re.compile(r"\b(?:unter|von|mit|bei|nach|seit|zu)\s(?:König\s|Kaiser\s|Papst\s)?\w+\s$")
_DETERMINED = (_OBLIQUE, _WEAK, _POSSESSIVE)
_ENDINGS = {"m": "-r", "f": "", "n": "-s"}


def _ordinal(rules: Rules, number: int, left: str, gender: str = "m") -> str:
    """An ordinal with the ending that the words before it ask for."""
    if _OBLIQUE.search(left):
        ending = "-n"
    elif _WEAK.search(left):
        ending = ""
    else:
        ending = _ENDINGS[gender]
    return spelled(number, rules.locale, f"spellout-ordinal{ending}")


def say_year(rules: Rules, number: int) -> str:
    said = spelled(number, rules.locale, rules.year)
    return said.removeprefix("ein") if 1000 <= number < 1100 else said


def say_date(rules: Rules, date: Date) -> str:
    said = rules.month_names[date.month - 1]
    if date.day is not None:
        said = f"{_ordinal(rules, date.day, date.before)} {said}"
    return said if date.year is None else f"{said} {say_year(rules, date.year)}"


def say_time(rules: Rules, time: Time) -> str | None:
    def say(number: int, noun: str = "", ruleset: str = "") -> str:
        return f"{spelled(number, rules.locale, ruleset or rules.number)} {noun}".strip()

    hour, minute, second = time.hour, time.minute or 0, time.second or 0
    if time.duration:
        parts = ((hour, "Stunde"), (minute, "Minute"), (second, "Sekunde"))
        said = [say(n, noun if n == 1 else noun + "n", tables.FEMININE) for n, noun in parts if n]
        return " und ".join(filter(None, (", ".join(said[:-1]), *said[-1:]))) or None
    said_time = say(hour, "Uhr", rules.counted)
    if minute or second:
        said_time += f" {say(minute)}"
    if second:
        said_time += (
            f" und {say(second, 'Sekunde' if second == 1 else 'Sekunden', tables.FEMININE)}"
        )
    return said_time


def _parts(rules: Rules, numerator: int, denominator: int) -> str:
    above = spelled(numerator, rules.locale, rules.counted)
    if denominator == 2:
        return f"{above} halb"
    return f"{above} {spelled(denominator, rules.locale, 'spellout-ordinal')}l"


def say_fraction(rules: Rules, whole: int, numerator: int, denominator: int) -> str:
    if whole and denominator == 2:
        return f"{spelled(whole, rules.locale, rules.counted)}einhalb"
    if whole:
        said = spelled(whole, rules.locale, rules.number)
        return f"{said} {_parts(rules, numerator, denominator)}"
    if denominator in (10, 100) or numerator == denominator:
        above, below = (spelled(n, rules.locale, rules.number) for n in (numerator, denominator))
        return f"{above} von {below}"
    return _parts(rules, numerator, denominator)


def say_part(rules: Rules, numerator: int, denominator: int, noun: str) -> str:
    if denominator != 2:
        return f"{_parts(rules, numerator, denominator)} {noun}"
    if re.search(r"(?:e|ung)$", noun):
        return f"eine halbe {noun}"
    return (
        f"ein halbes {noun}" if re.search("(?:gramm|Pfund|Stück)$", noun) else f"ein halber {noun}"
    )


def _read_ordinal(match: re.Match[str], rules: Rules) -> str | None:
    left, right, number = before(match), after(match), int(match["number"])
    if re.match(r"\s?(?:bis|und|oder|/|–|-)\s?(?:zum\s)?\d{1,2}\.", right):
        return _ordinal(rules, number, left)
    following = re.match(r"\s([^\W\d_]+)", right)
    if following is None:
        return None
    noun = following[1]
    gender = _GENDERS.get(noun) or _GENDERS.get(noun.removesuffix("s").removesuffix("e"))
    if gender is None and not any(pattern.search(left) for pattern in _DETERMINED):
        return None
    return _ordinal(rules, number, left, gender or "m")


def _read_king(match: re.Match[str], rules: Rules) -> str | None:
    number = words.roman(match["roman"])
    name = re.search(r"([^\W\d_]+)\s$", before(match))
    if number is None or name is None:
        return None
    known = name[1]
    if known in tables.KINGS and _DATIVE.search(before(match)):
        return f"dem {spelled(number, rules.locale, 'spellout-ordinal-n').capitalize()}"
    if known in tables.QUEENS:
        return f"die {spelled(number, rules.locale, 'spellout-ordinal').capitalize()}"
    if known in tables.KINGS:
        return f"der {spelled(number, rules.locale, 'spellout-ordinal').capitalize()}"
    if known.removesuffix("s") in tables.KINGS:
        return f"des {spelled(number, rules.locale, 'spellout-ordinal-n').capitalize()}"
    return None


def _read_time(match: re.Match[str], rules: Rules) -> str | None:
    hour, minute = int(match["hour"]), match["minute"]
    if hour > 24 or int(minute or 0) > 59:
        return None
    return say_time(rules, Time(hour, int(minute or 0)))


def _read_day(match: re.Match[str], rules: Rules) -> str | None:
    left, month = before(match), int(match["month"])
    if left.rstrip()[-1:] == ".":  # the usual miss, cheaply: 1. 2. 3.
        return None
    if not _OBLIQUE.search(left) or not 1 <= month <= 12 or not 1 <= int(match["day"]) <= 31:
        return None
    return say_date(rules, Date(int(match["day"]), month, None, True, left))


def _read_decade(match: re.Match[str], rules: Rules) -> str:
    number = int(match["number"])
    return (say_year(rules, number) if number > 1000 else numbers.cardinal(rules, number)) + "er"


def _read_times(match: re.Match[str], rules: Rules) -> str:
    return f"{numbers.cardinal(rules, int(match['number']), rules.counted)}mal"


def _read_one(match: re.Match[str], rules: Rules) -> str | None:
    if re.search(r"(?:\b[A-ZÄÖÜ]\w*|[.:§\d])\s?$", before(match)):
        return None  # Kapitel 1, Nr. 1
    noun = after(match)[1:]
    feminine = re.match(r"\w+(?:ung|heit|keit|schaft|ion|tät|in|e)\b|Person\b|Nacht\b|Uhr\w", noun)
    return "eine" if feminine else "ein"


def _kinds(rules: Rules) -> tuple[Kind, ...]:
    left = r"(?<![\w.,:/-])"
    months = alternatives(rules.months)
    counted = alternatives({**tables.UNITS, **tables.SCALES, **tables.CURRENCIES})
    return (
        Kind(
            "time",
            rf"{left}(?P<hour>\d{{1,2}})(?:[:.](?P<minute>\d\d))?\s?(?:Uhr|h)(?!\w)",
            _read_time,
            "d",
        ),
        Kind("day", rf"{left}(?P<day>\d{{1,2}})\.\s?(?P<month>\d{{1,2}})\.(?!\d)", _read_day, "c"),
        Kind(
            "ordinal",
            rf"{left}(?P<number>\d{{1,3}})\.(?!\d)(?!\s\d)(?!\s(?i:{months}))",
            _read_ordinal,
            "c",
        ),
        Kind("roman", r"(?<![\w'.-])(?P<roman>[IVX]{1,7})\.?(?![\w-])", _read_king, "w"),
        Kind("decade", r"(?<![\w.,])(?P<number>(?:1\d|20)?\d0)er(?!\w)", _read_decade, "c"),
        Kind("times", r"(?<![\w.,])(?P<number>\d{1,3})[x×](?!\w)", _read_times, "c"),
        Kind(
            "street",
            r"(?<!\w)(?P<name>[A-ZÄÖÜ][\w-]{1,40}?)str\.",
            lambda m, _: f"{m['name']}straße",
            "w",
        ),
        Kind(
            "one", rf"(?<![\w.,])1(?!\s(?:{counted})(?!\w))(?=\s[A-ZÄÖÜ][a-zäöüß])", _read_one, "d"
        ),
    )


def rules(base: Rules, region: str) -> Rules:
    changed = replace(
        base,
        groups=("'", "’") if region in ("CH", "LI") else (".",),
        counted="spellout-cardinal-masculine",
        ordinals={},
        years=range(1900, 2100),
        year_before=_YEAR_BEFORE,
        words=tables.WORDS,
        months={**base.months, "jän": 1, "jänner": 1, "sept": 9},
        units=tables.UNITS,
        unit_rulesets=tables.UNIT_RULESETS,
        nouns=dict(tables.NOUNS),
        currencies=tables.CURRENCIES,
        money=tables.MONEY,
        price="{major} {number}",
        scales=tables.SCALES,
        abbreviations=tables.ABBREVIATIONS,
        fixed=tables.FIXED,
        roman_numbers=tables.ROMAN_NUMBERS,
        range_before=r"S\.|Seiten?|Kapitel|von|zwischen",
        scores="Sieg|Niederlage|Erfolg|Unentschieden|Führung",
        say_year=say_year,
        say_date=say_date,
        say_time=say_time,
        say_fraction=say_fraction,
        say_part=say_part,
    )
    return replace(changed, kinds=_kinds(changed))
