"""What French, Spanish, Italian and Portuguese share: gender of what is counted, millions of
something, dates, decimals."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from troupe.speech.text.verbalise import numbers
from troupe.speech.text.verbalise.numbers import SPACE
from troupe.speech.text.verbalise.rules import (
    Abbreviation,
    Currency,
    Date,
    Kind,
    Noun,
    Rules,
    before,
)
from troupe.speech.text.verbalise.words import roman

FEMININE = "spellout-cardinal-feminine"
MASCULINE = "spellout-cardinal-masculine"
NUMBER = "spellout-numbering"

CAPITAL = r"\s(?-i:[A-ZÀ-ÖØ-Þ])"
DIGIT = r"\s?(?:\d|[IVXLC]+\b)"


class Gender(NamedTuple):
    """How to tell the gender of a noun by its end; words that are told apart from it."""

    feminine_ends: tuple[str, ...]
    feminine: frozenset[str]
    masculine_ends: tuple[str, ...]
    masculine: frozenset[str]
    plural_ends: tuple[str, ...] = ("s",)

    def of(self, noun: str) -> str:
        """`feminine`, `masculine`, or "" where it is not certain (it may be no noun)."""
        if noun in self.masculine:
            return "masculine"
        if noun in self.feminine:
            return "feminine"
        if len(noun) > 3 and noun.endswith(self.feminine_ends):
            return "feminine"
        if len(noun) > 3 and noun.endswith(self.masculine_ends):
            return "masculine"
        return ""

    def is_feminine(self, words: str) -> bool:
        """Whether the first of some words is a feminine noun."""
        return self.of(words.split(" ", maxsplit=1)[0]) == "feminine"


def noun(one: str, other: str, ruleset: str = "") -> Noun:
    return Noun({"one": f"{{0}} {one}", "other": f"{{0}} {other}"}, ruleset)


def money(one: str, other: str, minor: Noun | None = None, ruleset: str = "") -> Currency:
    return Currency(noun(one, other, ruleset), minor)


def always(table: Mapping[str, str]) -> dict[str, tuple[Abbreviation, ...]]:
    return {short: (Abbreviation(words),) for short, words in table.items()}


def titles(table: Mapping[str, str]) -> dict[str, tuple[Abbreviation, ...]]:
    """Read before a name only."""
    return {short: (Abbreviation(words, "", CAPITAL),) for short, words in table.items()}


def numbered(table: Mapping[str, str]) -> dict[str, tuple[Abbreviation, ...]]:
    """Read before a number only."""
    return {short: (Abbreviation(words, "", DIGIT),) for short, words in table.items()}


def apart(months: Mapping[str, int], *words: str) -> dict[str, int]:
    """Months, where abbreviations that are words too need their full stop."""
    return {f"{name}." if name in words else name: number for name, number in months.items()}


def decimal(most: int) -> Callable[[Rules, str, str, str], str]:
    """Reads fractions of up to `most` digits as a number ("point fourteen")."""

    def say(rules: Rules, whole: str, fraction: str, ruleset: str) -> str:
        head = numbers.cardinal(rules, int(whole), ruleset if "feminine" in ruleset else "")
        rest = fraction.lstrip("0")
        if len(fraction) > most or not rest:
            tail = numbers.digits(rules, fraction)
        else:
            zeros = numbers.digits(rules, fraction[: len(fraction) - len(rest)])
            tail = f"{zeros} {numbers.cardinal(rules, int(rest))}".strip()
        return f"{head} {rules.words['point']} {tail}"

    return say


def millions_of(of: str, elided: str = "") -> Callable[[str], str]:
    """`of` between whole millions and what they count; `elided` before a vowel."""

    def join(pattern: str) -> str:
        name = pattern.replace("{0}", "").strip()
        if not name or re.match(r"p(?:our|or|er)\b", name):  # per cent
            return pattern
        vowel = elided and name[0].lower() in "aeiouéèêhâîôœ"
        return f"{{0}} {elided}{name}" if vowel else f"{{0}} {of} {name}"

    return join


def agreeing(rules: Rules, gender: Gender, after_noun: str, joins: str) -> Kind:
    """A number before a noun whose gender is told by its end. `after_noun` is a pattern of words
    whose number follows them ("chapter 1 …"), `joins` of words that begin as nouns do."""

    def read(match: re.Match[str], rules: Rules) -> str | None:
        text, word = match["number"], match["noun"]
        if word in joins.split("|") or numbers.is_year(rules, match, text):
            return None
        number = numbers.parse(rules, text)
        if number.fraction or not number.is_quantity:
            return None
        if re.search(rf"\b(?:{after_noun})\s$", before(match), re.IGNORECASE):
            return None
        of = gender.of(word)
        if not of or (number.whole != "1" and not word.endswith(gender.plural_ends)):
            return None
        return numbers.cardinal(rules, int(number.whole), _RULESETS[of])

    return Kind(
        "number",
        rf"{rules.left}(?P<number>{numbers.pattern(rules)})(?={SPACE}(?P<noun>[a-zà-ÿ]{{2,30}}))",
        read,
        "d",
    )


_RULESETS = {"feminine": FEMININE, "masculine": MASCULINE}


def date(first: str, joined: str = " ") -> Callable[[Rules, Date], str]:
    """Says day, month and year; the first of a month is `first`, or a number where that is ""."""

    def say(rules: Rules, date: Date) -> str:
        day = "" if date.day is None else numbers.cardinal(rules, date.day)
        parts = (
            first if first and date.day == 1 else day,
            rules.month_names[date.month - 1],
            "" if date.year is None else numbers.year(rules, date.year),
        )
        return joined.join(filter(None, parts))

    return say


def count(
    rules: Rules, number: int, one: str, other: str, ruleset: str = MASCULINE
) -> tuple[str, int]:
    """A part of a time in words, with its number, as `times` takes it."""
    return f"{numbers.cardinal(rules, number, ruleset)} {one if number == 1 else other}", number


def times(parts: tuple[tuple[str, int], ...], joined: str) -> str | None:
    """A duration of (words, number) without its zeros, `joined` before the last part."""
    said = [words for words, number in parts if number]
    return joined.join(filter(None, (", ".join(said[:-1]), *said[-1:]))) or None


def ordinal_up_to_ten(feminine_names: frozenset[str]) -> Callable[[Rules, int, str], str]:
    """Kings and centuries: ordinals up to the tenth, then cardinals."""

    def say(rules: Rules, number: int, name: str) -> str:
        if number > 10:
            return numbers.cardinal(rules, number)
        gender = "feminine" if name in feminine_names else "masculine"
        return numbers.cardinal(rules, number, f"spellout-ordinal-{gender}")

    return say


def decade(rules: Rules) -> Kind:
    """'90 → ninety"""
    return Kind(
        "decade",
        r"(?<![\w'’‘])['’‘](?P<decade>\d0)(?![\w'’])",
        lambda m, r: numbers.cardinal(r, int(m["decade"])),
        "m",
    )


def second_roman(heads: str, joins: str, say: Callable[[Rules, int, str], str | None]) -> Kind:
    """The second of two Roman numerals after one of `heads`: centuries XV and XVI."""
    seen = re.compile(rf"\b(?P<head>{heads})\s[IVXLCDM]{{1,9}}\s?(?:{joins})\s?$")

    def read(match: re.Match[str], rules: Rules) -> str | None:
        value, head = roman(match[0]), seen.search(before(match))
        return None if value is None or head is None else say(rules, value, head["head"])

    return Kind("roman", r"(?<![\w'’.])[IVXLCDM]{1,15}(?![\w'’-])", read, "w")


def month_alone(rules: Rules) -> Kind:
    """A month before a number of something ("en mai 12 personnes") is no date in languages that
    write the day first."""
    names = "|".join(re.escape(name) for name in rules.month_names)
    return Kind(
        "month",
        rf"{rules.left}(?i:{names})(?={SPACE}\d{{1,2}}(?!\d))",
        lambda m, _: m[0],
        "w",
    )


def size(rules: Rules) -> Kind:
    """The first numbers of a size, as in 3 x 4 m: three by …"""
    follows = rf"(?=\d[\d.,]*+(?:{SPACE}?×{SPACE}?\d[\d.,]*+)?{SPACE}?(?:[mc]m|km|m|px)(?!\w))"

    def read(match: re.Match[str], rules: Rules) -> str:
        number = numbers.say(rules, numbers.parse(rules, match["number"]))
        return f"{number} {rules.words['by']} "

    return Kind(
        "length",
        rf"(?<![\w.,])(?P<number>{numbers.pattern(rules)}){SPACE}?×{SPACE}?{follows}",
        read,
        "d",
    )


def pairs(rules: Rules, text: str) -> str:
    """A telephone number as the groups that it is written in, each a number."""
    said = []
    for group in re.findall(r"\d+", text):
        head = group[: len(group) - len(group.lstrip("0"))]
        rest = group[len(head) :]
        zeros = numbers.digits(rules, head)
        number = numbers.cardinal(rules, int(rest)) if rest else ""
        said.append(f"{zeros} {number}".strip())
    return ", ".join(said)
