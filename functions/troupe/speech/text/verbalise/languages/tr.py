"""Turkish: numbers take suffixes after an apostrophe (5'te), in harmony with their words."""

from __future__ import annotations

import re
from dataclasses import replace

from troupe.speech.text.verbalise import numbers, words
from troupe.speech.text.verbalise.cldr import spelled
from troupe.speech.text.verbalise.languages import tr_tables as tables
from troupe.speech.text.verbalise.rules import Kind, Rules, Time, after, before

_SUFFIX = re.compile(r"['’]([a-zçğıöşü]{1,15})(?![\w'’])")
_ORDINAL = re.compile(r"[ıiuü]?nc[ıiuü]")
_VOWELS = "aıoueiöü"
_FOURFOLD = {"a": "ı", "ı": "ı", "o": "u", "u": "u", "e": "i", "i": "i", "ö": "ü", "ü": "ü"}
_VOICELESS = "fstkçşhp"


def _last_vowel(word: str) -> str:
    return next((letter for letter in reversed(word.lower()) if letter in _VOWELS), "e")


def _harmonised(word: str, suffix: str) -> str:
    """A suffix in the form that it has after a word."""
    ends_open = word[-1:].lower() in _VOWELS
    if not ends_open and len(suffix) > 1 and suffix[0] in "yns" and suffix[1] in _VOWELS:
        suffix = suffix[1:]
    if suffix[0] in "dt":
        suffix = ("t" if word[-1:] in _VOICELESS else "d") + suffix[1:]
    vowel, said = _last_vowel(word), ""
    for at, letter in enumerate(suffix):
        if letter == "k" and suffix[at:].startswith("ki"):
            return said + suffix[at:]  # beşteki: never changes
        if letter in "ae":
            vowel = "a" if vowel in "aıou" else "e"
        elif letter in "ıiuü":
            vowel = _FOURFOLD[vowel]
        said += vowel if letter in "aeıiuü" else letter
    return said


def attach(said: str, following: str) -> tuple[str, int]:
    """Words of a number with the suffix that is written after it."""
    match = _SUFFIX.match(following)
    if match is None:
        return said, 0
    suffix = match[1]
    head, _, last = said.rpartition(" ")
    if (ordinal := _ORDINAL.match(suffix)) is not None and last in tables.ORDINALS:
        last, suffix = tables.ORDINALS[last], suffix[ordinal.end() :]
    if suffix:
        suffix = _harmonised(last, suffix)
        if suffix[0] in _VOWELS:
            last = {"dört": "dörd", "buçuk": "buçuğ", "çeyrek": "çeyreğ"}.get(last, last)
    return f"{head} {last}{suffix}".strip(), match.end()


def say_decimal(rules: Rules, whole: str, fraction: str, _: str) -> str:
    number = numbers.cardinal(rules, int(whole))
    if fraction == "5" and int(whole):
        return f"{number} buçuk"
    if fraction[0] == "0" or len(fraction) > 2:
        part = numbers.digits(rules, fraction)
    else:
        part = numbers.cardinal(rules, int(fraction))
    return f"{number} {rules.words['point']} {part}"


def say_fraction(rules: Rules, whole: int, numerator: int, denominator: int) -> str:
    if denominator == 2:
        return f"{numbers.cardinal(rules, whole)} buçuk" if whole else "yarım"
    below = numbers.cardinal(rules, denominator)
    part = f"{below}{_harmonised(below, 'de')} {numbers.cardinal(rules, numerator)}"
    return f"{numbers.cardinal(rules, whole)} tam {part}" if whole else part


def say_time(rules: Rules, time: Time) -> str | None:
    hour, minute, second = time.hour, time.minute or 0, time.second or 0
    if time.duration or second:
        parts = ((hour, "saat"), (minute, "dakika"), (second, "saniye"))
        return " ".join(f"{numbers.cardinal(rules, n)} {noun}" for n, noun in parts if n) or None
    said = numbers.cardinal(rules, hour)
    if not minute:
        return said
    zero = f"{numbers.cardinal(rules, 0)} " if minute < 10 else ""
    return f"{said} {zero}{numbers.cardinal(rules, minute)}"


def _read_time(match: re.Match[str], rules: Rules) -> str | None:
    hour, minute = int(match["hour"]), int(match["minute"])
    return say_time(rules, Time(hour, minute)) if hour < 25 and minute < 60 else None


def _read_percent(match: re.Match[str], rules: Rules) -> str:
    said = (
        f"{tables.PER[match['sign']]} {numbers.say(rules, numbers.parse(rules, match['number']))}"
    )
    if match["last"]:
        last = numbers.say(rules, numbers.parse(rules, match["last"]))
        said = f"{said} {rules.words['to']} {last}"
    return said


def _ordinal(rules: Rules, number: int, is_name: bool) -> str:
    said = spelled(number, rules.locale, "spellout-ordinal")
    if not is_name:
        return said
    return " ".join(
        ("İ" if word[0] == "i" else word[0].upper()) + word[1:] for word in said.split()
    )


def _read_ordinal(match: re.Match[str], rules: Rules) -> str | None:
    following = re.match(r"\s([^\W\d_]+)", after(match))
    if following is None:
        return None
    noun = following[1]
    # A capital may begin the next sentence.
    if not noun[0].islower() and noun not in tables.NUMBERED:
        return None
    return _ordinal(rules, int(match["number"]), False)


def _read_roman(match: re.Match[str], rules: Rules) -> str | None:
    number = words.roman(match["roman"])
    last = re.search(r"([^\W\d_]+)\s$", before(match))
    if number is None or (last is not None and last[1].lower() in tables.ROMAN_NUMBERS):
        return None
    return _ordinal(rules, number, after(match)[1:2].isupper())


def _kinds(rules: Rules) -> tuple[Kind, ...]:
    number, left = numbers.pattern(rules), r"(?<![\w.,:/-])"
    minute = r"\.(?P<minute>[0-5]\d)(?![\w:])(?![.,]\d)"
    return (
        Kind(
            "quantity",
            rf"(?<!\w)(?P<sign>[%‰])\s?(?P<number>{number})"
            rf"(?:{numbers.SPACE}?{numbers.DASH}%?(?P<last>{number}))?(?!\w)(?![.,]\d)",
            _read_percent,
            "m",
        ),
        Kind(
            "time",
            rf"{left}(?P<hour>\d{{1,2}}){minute}"
            r"(?=['’](?:[dt][ae]|y?[ae])|[-–]\d{1,2}\.[0-5]\d)",
            _read_time,
            "c",
        ),
        Kind(
            "time",
            rf"(?:(?<=[Ss]aat{numbers.SPACE})|(?<=\.[0-5]\d[-–]))(?P<hour>\d{{1,2}}){minute}",
            _read_time,
            "c",
        ),
        Kind("ordinal", rf"{left}(?P<number>[1-9]\d{{0,3}})\.(?=\s)", _read_ordinal, "c"),
        Kind("roman", r"(?<![\w'.-])(?P<roman>[IVX]{1,7})\.(?=\s[^\W\d_])", _read_roman, "w"),
    )


def rules(base: Rules, _: str) -> Rules:
    changed = replace(
        base,
        words=tables.WORDS,
        # Capitals without their dots: KASIM, Mayis
        months={**base.months, "kasim": 11, "mayis": 5, "aralik": 12},
        units=tables.UNITS,
        nouns=tables.NOUNS,
        currencies=tables.CURRENCIES,
        money=tables.MONEY,
        price="{major} {minor}",
        scales=tables.SCALES,
        abbreviations=tables.ABBREVIATIONS,
        fixed=tables.FIXED,
        roman_numbers=tables.ROMAN_NUMBERS,
        range_before=r"s\.|sayfa|arası",
        say_decimal=say_decimal,
        say_time=say_time,
        say_fraction=say_fraction,
        attach=attach,
    )
    return replace(changed, kinds=_kinds(changed))
