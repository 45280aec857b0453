"""Numbers: cardinals, ordinals, years, fractions, ranges, digits one by one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import lru_cache, partial
from typing import NamedTuple

from troupe.speech.text.verbalise.cldr import spelled
from troupe.speech.text.verbalise.rules import Kind, Rules, after, follows

# More digits than this are no quantity.
LONGEST = 15
SIGN = "[-\u2212\u2013+±]"
DASH = Rules.dash
SPACE = "[ \u00a0\u202f\u2009]"
FRACTIONS = {
    "½": (1, 2),
    "⅓": (1, 3),
    "⅔": (2, 3),
    "¼": (1, 4),
    "¾": (3, 4),
    "⅕": (1, 5),
    "⅖": (2, 5),
    "⅗": (3, 5),
    "⅘": (4, 5),
    "⅙": (1, 6),
    "⅚": (5, 6),
    "⅛": (1, 8),
    "⅜": (3, 8),
    "⅝": (5, 8),
    "⅞": (7, 8),
}
VULGAR = "[" + "".join(FRACTIONS) + "]"
IN_FRACTION = (*FRACTIONS, *"/\u2044")
_DENOMINATORS = frozenset({2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 20, 32, 64, 100})
_MARKS = frozenset({5, 10, 100})  # 10/10 is a mark
_SIGNS = {"+": "plus", "±": "plus_minus"}
_NOUN = re.compile(rf"{SPACE}[^\W\d_]{{3,}}")


class Number(NamedTuple):
    """A number as it was written: its digits, in ASCII, without separators of groups."""

    whole: str
    fraction: str
    sign: str = ""

    @property
    def value(self) -> Decimal:
        """For comparing and for plural forms: of overlong numbers only the first digits."""
        whole, fraction = self.whole[:LONGEST], self.fraction[:LONGEST]
        return Decimal(f"{whole}.{fraction}" if fraction else whole)

    @property
    def is_quantity(self) -> bool:
        leading = len(self.whole) > 1 and self.whole[0] == "0"
        return len(self.whole) <= LONGEST and not leading


@lru_cache(maxsize=64)
def pattern(rules: Rules) -> str:
    """The pattern of a number without a sign."""
    groups = "|".join(
        rf"(?:{re.escape(group)}\d{{3}})++"
        for group in dict.fromkeys((*rules.groups, "\u00a0", "\u202f", "\u2009"))
    )
    if rules.lakh:
        groups = rf"(?:,\d{{2}}(?!\d))++,\d{{3}}|{groups}"
    decimal = re.escape(rules.decimal)
    whole = rf"(?:\d{{1,3}}+(?:{groups})(?!\d)|\d++)"
    bare = rf"|{decimal}\d++" if rules.decimal == "." else ""
    return rf"(?:{whole}(?:{decimal}\d++)?+{bare})"


def leads_to(rules: Rules, characters: Iterable[str]) -> str:
    """What a number or a range begins with that leads to one of `characters` (see `Kind.needs`).
    Of a long run it sees the beginning, and takes the rest as given."""
    last = {*characters}
    inside = {*rules.decimal, *"".join(rules.groups), *SPACE[1:-1], *rules.dash[1:-1]} - last
    passed, found = (re.escape("".join(sorted(each))) for each in (inside, last))
    return rf"(?:{SIGN}|[~≈])?[\d{passed}]{{0,20}}+[\d{passed}{found}]"


@lru_cache(maxsize=64)
def _separators(rules: Rules) -> re.Pattern[str]:
    return re.compile(rf"[{re.escape(''.join(rules.groups))}\s]")


def parse(rules: Rules, text: str, sign: str = "") -> Number:
    """A match of `pattern`."""
    if text.isascii() and text.isdigit():
        return Number(text, "", sign)
    whole, _, fraction = text.partition(rules.decimal)
    whole = _separators(rules).sub("", whole)
    if not text.isascii():  # digits of other scripts
        whole, fraction = ("".join(str(int(digit)) for digit in part) for part in (whole, fraction))
    return Number(whole or "0", fraction, sign)


def digits(rules: Rules, text: str) -> str:
    """The digits of a text one by one; what is no digit is a space."""
    return " ".join(cardinal(rules, int(character)) for character in text if character.isdecimal())


def cardinal(rules: Rules, number: int, ruleset: str = "") -> str:
    if rules.say_cardinal is not None:
        return rules.say_cardinal(number, ruleset or rules.number)
    return spelled(number, rules.locale, ruleset or rules.number)


def year(rules: Rules, number: int) -> str:
    if rules.say_year is not None:
        return rules.say_year(rules, number)
    return spelled(number, rules.locale, rules.year)


def say(rules: Rules, number: Number, ruleset: str = "") -> str:
    """A number in words; too long ones, and those with leading zeros, digit by digit."""
    if not number.is_quantity:
        said = digits(rules, number.whole)
        if len(number.whole) > LONGEST:
            groups = (number.whole[at : at + 4] for at in range(0, len(number.whole), 4))
            said = ", ".join(digits(rules, group) for group in groups)
    else:
        said = cardinal(rules, int(number.whole), ruleset)
    if number.fraction:
        if rules.say_decimal is not None and number.is_quantity and len(number.fraction) <= LONGEST:
            said = rules.say_decimal(rules, number.whole, number.fraction, ruleset)
        else:
            said = say(rules, Number(number.whole, ""))
            said = f"{said} {rules.words.get('point', '')} {digits(rules, number.fraction)}"
    return with_sign(rules, number.sign, said)


def with_sign(rules: Rules, sign: str, said: str) -> str:
    word = rules.words.get(_SIGNS.get(sign, "minus"), "") if sign else ""
    return f"{word} {said}" if word else said


def fraction(rules: Rules, whole: int, numerator: int, denominator: int) -> str | None:
    if rules.say_fraction is None:
        return None
    return rules.say_fraction(rules, whole, numerator, denominator)


def parse_fraction(text: str) -> tuple[int, int, int] | None:
    """`1/2`, `½`, `3 ½`, `3 1/2` → whole, numerator, denominator; None if it is no fraction that
    people say (9/11, 24/7)."""
    if text[-1] in FRACTIONS:
        whole = text[:-1].strip()
        above, below = FRACTIONS[text[-1]]
        return int(whole or 0), above, below
    head, _, last = text.replace("\u2044", "/").partition("/")
    first, *rest = head.split()
    units, above = (int(first), int(rest[0])) if rest else (0, int(first))
    below = int(last)
    if not 0 < above <= below or below not in _DENOMINATORS:
        return None
    return None if above == below and above not in _MARKS else (units, above, below)


FRACTION = (
    rf"(?:(?:\d{{1,4}}{SPACE}?)?+{VULGAR}"
    rf"|(?:\d{{1,3}}{SPACE})?\d{{1,2}}[/\u2044]\d{{1,3}}(?![\d/\u2044]))"
)


def kinds(rules: Rules) -> Iterator[Kind]:
    """Numbers that nothing else has taken."""
    number = pattern(rules)
    left, right, dash = rules.left, rules.right, rules.dash
    end = rf"{right}(?![.,]\d)"
    yield Kind(
        "fraction",
        rf"{left}{FRACTION}{right}",
        lambda m, r: _read_fraction(m[0], r) or m[0],
        "d",
        leads_to(rules, IN_FRACTION),
    )
    for suffix, ruleset in rules.ordinals.items():
        yield Kind(
            "ordinal",
            rf"{left}(?P<digits>\d{{1,3}}+(?:[,.]?\d{{3}}){{0,2}})(?:{suffix}){right}",
            partial(_read_ordinal, ruleset=ruleset),
            "c",
        )
    if rules.decimal == "," and "version_point" in rules.words:
        yield Kind(
            "section",
            rf"{left}(?P<first>\d{{1,3}})\.(?P<last>\d{{1,2}}){end}",
            lambda m, r: (
                f"{cardinal(r, int(m['first']))} {r.words['version_point']} "
                f"{cardinal(r, int(m['last']))}"
            ),
            "c",
        )
    if "ratio" in rules.words:
        yield Kind(
            "ratio",
            r"(?<![\w.,:])(?P<first>\d{1,3}):(?P<last>\d)(?![\w:]|[.,]\d)",
            lambda m, r: (
                f"{cardinal(r, int(m['first']))} {r.words['ratio']} {cardinal(r, int(m['last']))}"
            ),
            "c",
        )
    if "to" in rules.words:
        yield Kind(
            "range",
            rf"{left}(?P<first>{number}){SPACE}?(?P<dash>{dash}){SPACE}?(?P<last>{number}){end}"
            rf"(?!{dash}\d)",
            _read_range,
            "dm",
            leads_to(rules, rules.dash[1:-1]),
        )
    yield Kind(
        "number",
        rf"(?:(?<![\w.,)\]%°])(?P<sign>{SIGN}))?{left}(?P<number>{number}){end}",
        _read_number,
        "dm",
    )


def _read_fraction(text: str, rules: Rules) -> str | None:
    parts = parse_fraction(text)
    return None if parts is None else fraction(rules, *parts)


def _read_ordinal(match: re.Match[str], rules: Rules, ruleset: str) -> str:
    number = int(match["digits"].replace(",", "").replace(".", ""))
    return spelled(number, rules.locale, ruleset)


def is_year(rules: Rules, match: re.Match[str], text: str) -> bool:
    """Whether digits are read as a year where they stand."""
    if not 3 <= len(text) <= 4 or not text.isdecimal() or text[0] == "0":
        return False
    if len(text) == 4 and int(text) in rules.years:
        return True
    return follows(match, rules.year_before, re.IGNORECASE)


def _read_number(match: re.Match[str], rules: Rules) -> str:
    text, sign = match["number"], match["sign"] or ""
    if not sign and is_year(rules, match, text):
        return year(rules, int(text))
    return _said(rules, text, sign) if len(text) < 8 else say(rules, parse(rules, text, sign))


@lru_cache(maxsize=16_384)
def _said(rules: Rules, text: str, sign: str) -> str:
    return say(rules, parse(rules, text, sign))


def _read_range(match: re.Match[str], rules: Rules) -> str | None:
    if is_year(rules, match, match["first"]) and (years := _years(match, rules)):
        return years
    # A hyphen may stand in a score or a name: only between numbers of something.
    if match["dash"] == "-" and not (
        _NOUN.match(match.string, match.end()) or follows(match, rules.range_before)
    ):
        return None
    if rules.scores and re.match(rf"\s(?:{rules.scores})\b", after(match)):
        return None
    first, last = parse(rules, match["first"]), parse(rules, match["last"])
    if not (first.is_quantity and last.is_quantity and first.value < last.value):
        return None
    return f"{say(rules, first)} {rules.words['to']} {say(rules, last)}"


def _years(match: re.Match[str], rules: Rules) -> str | None:
    """1914-18 and 1914-1918; None for what is no range of years."""
    first, last = parse(rules, match["first"]), parse(rules, match["last"])
    if len(match["last"]) == 2 and int(last.whole) > int(first.whole) % 100:
        return f"{year(rules, int(first.whole))} {rules.words['to']} {say(rules, last)}"
    if len(match["last"]) == 4 or is_year(rules, match, match["last"]):
        return f"{year(rules, int(first.whole))} {rules.words['to']} {year(rules, int(last.whole))}"
    return None
