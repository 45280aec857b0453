"""What a language says: tables, and the few functions that tables cannot express."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple, TypeVar

T = TypeVar("T")

_EMPTY: Mapping[str, str] = MappingProxyType({})


class Noun(NamedTuple):
    """What is counted: a pattern with `{0}` for the number by plural category of CLDR (and `per`:
    "{0} per hour"), and the ruleset of the number ("" for `Rules.counted`)."""

    forms: Mapping[str, str]
    ruleset: str = ""


class Currency(NamedTuple):
    """Names of a currency and of its hundredth part (None: read as a decimal number)."""

    major: Noun
    minor: Noun | None = None


class Scale(NamedTuple):
    """A power of ten that follows a number, and its word by plural category (empty: as written).

    `ruleset` is that of the number ("eine Million"); `money` says that only a price may be followed
    by it ("$5m" is money, "5m" is a length).
    """

    power: int
    forms: Mapping[str, str] = _EMPTY
    money: bool = False
    ruleset: str = ""


class Abbreviation(NamedTuple):
    """Said as `words` where the texts around it match (searched in up to 40 characters; `before`
    should end with `$`, `after` is matched from the end of the abbreviation)."""

    words: str
    before: str = ""
    after: str = ""


class Date(NamedTuple):
    """A date as it was written. `day_first` tells the order of day and month in the text;
    `before` is the text before it, for languages where the day's ending depends on it."""

    day: int | None
    month: int
    year: int | None
    day_first: bool
    before: str = ""


class Time(NamedTuple):
    """A time of day, or a duration of hours, minutes and seconds; `period` is `am`, `pm` or ""."""

    hour: int
    minute: int | None
    second: int | None = None
    period: str = ""
    duration: bool = False


class Kind(NamedTuple):
    """A kind of text to read: the pattern that finds it, and what is said for a match.

    A pattern must not backtrack: it begins with a literal or a set, and repeats possessively or a
    bounded number of times. `read` answers None to leave the text for the next kind. `starts` tells
    what a match may begin with: digits (d), digits with something that clings to them (c: 1st,
    9:30), a letter (w), another mark (m). `needs` is a pattern that every match also begins with,
    and that is found missing sooner; kinds in a row with the same one are passed over together.
    """

    name: str
    pattern: str
    read: Callable[[re.Match[str], Rules], str | None]
    starts: str = "dwm"
    needs: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Rules:
    """How one language reads. The defaults come from CLDR (`cldr.base`); modules replace them."""

    locale: str
    """Language and region for CLDR and ICU, as `en_GB`."""
    region: str = ""

    decimal: str = "."
    groups: tuple[str, ...] = (",",)
    """Separators of thousands. The narrow and the no-break space always are."""
    lakh: bool = False
    """Groups of two digits too, as in 1,00,000."""
    unspaced: bool = False
    """Words are not divided by spaces, or numbers cling to them."""
    proclitic: bool = False
    """With `unspaced`: only what stands before a number clings to it, as in Arabic."""

    dash: str = "[-\u2013\u2212\u2010\u2011]"
    """What stands between the ends of a range: a set, in brackets."""

    number: str = "spellout-numbering"
    """ICU's ruleset of a number that counts nothing."""
    counted: str = "spellout-numbering"
    """ICU's ruleset of a number before a noun."""
    ordinals: Mapping[str, str] = field(default_factory=dict)
    """Pattern of a suffix → ICU's ruleset: `{"st|nd|rd|th": "spellout-ordinal"}`."""
    year: str = "spellout-numbering-year"
    years: range = range(0)
    """Numbers of four digits that are years wherever they stand."""
    year_before: str = ""
    """Pattern of words before a year, as `in|since`: they make any number of 3 or 4 digits one."""

    words: Mapping[str, str] = field(default_factory=dict)
    """Small words: point, minus, plus, plus_minus, to, times, equals, not_equal, about, less, more,
    smaller and greater (between two), at_most, at_least, divided, at, dot, slash, dash, underscore,
    hashtag, and, ratio (2:1), section, sections, number, version, version_point (between its
    parts). What is missing is not read."""

    month_names: tuple[str, ...] = ()
    months: Mapping[str, int] = field(default_factory=dict)
    """Written names and abbreviations, in lower case."""
    date_order: str = "dmy"

    units: Mapping[str, str] = field(default_factory=dict)
    """Symbol → key in `nouns`, or CLDR's unit; added to `symbols.UNITS`. "" removes one."""
    nouns: Mapping[str, Noun] = field(default_factory=dict)
    unit_rulesets: Mapping[str, str] = field(default_factory=dict)
    """CLDR's unit → ruleset of its number, where the gender asks for one."""
    currencies: Mapping[str, str] = field(default_factory=dict)
    """Symbol → key in `money`, or ISO 4217; added to `symbols.CURRENCIES`."""
    money: Mapping[str, Currency] = field(default_factory=dict)
    price: str = ""
    """How units and hundredths are joined, of {major}, {minor} and {number} (of hundredths)."""
    scales: Mapping[str, Scale] = field(default_factory=dict)

    abbreviations: Mapping[str, tuple[Abbreviation, ...]] = field(default_factory=dict)
    """By what is written, with its full stops: `Dr.`, `z. B.`."""
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Whole tokens, as `24/7`."""
    roman_numbers: frozenset[str] = frozenset()
    """Words before a Roman numeral that is a number, in lower case: chapter, war."""
    roman_names: frozenset[str] = frozenset()
    """Names before a Roman numeral that is an ordinal: Henry."""
    roman_after: str = ""
    """Pattern of words after a Roman numeral that is an ordinal: century."""
    attributive: str = ""
    """Pattern of words before a number whose noun stays in the singular: `a`, as in
    "a 5 km run"."""
    scores: str = ""
    """Pattern of words after a score: `win|defeat`; 3-1 before them is no range."""

    range_before: str = ""
    """Pattern of words before a range: `pages|ages|between`."""

    kinds: tuple[Kind, ...] = ()
    """The language's own kinds, tried before all others."""

    say_cardinal: Callable[[int, str], str] | None = None
    """(number, ruleset) → words, where ICU's are not good enough."""
    in_context: Callable[[re.Match[str]], Rules | None] | None = None
    """The rules by which a number, quantity or price is said where a match stands, for languages
    whose numbers have cases; None for these rules."""

    attach: Callable[[str, str], tuple[str, int]] | None = None
    """(words of a number, the text after it) → the words with the suffix that the text has, as in
    Turkish 5'te, and how many characters that takes."""

    say_decimal: Callable[[Rules, str, str, str], str] | None = None
    """(whole digits, fraction digits, ruleset) → words. Else the digits one by one."""
    say_year: Callable[[Rules, int], str] | None = None
    say_date: Callable[[Rules, Date], str] | None = None
    say_time: Callable[[Rules, Time], str | None] | None = None
    say_fraction: Callable[[Rules, int, int, int], str | None] | None = None
    """(whole, numerator, denominator) → words."""
    say_part: Callable[[Rules, int, int, str], str | None] | None = None
    """(numerator, denominator, noun in the singular) → "half a teaspoon"."""
    say_mixed: Callable[[Rules, str, int, int, str], str] | None = None
    """("three kilometres", numerator, denominator, noun) → "three kilometres and a half"."""
    say_regnal: Callable[[Rules, int, str], str | None] | None = None
    """(number, the name before) → "the eighth"."""
    millions_of: Callable[[str], str] | None = None
    """A noun's pattern after whole millions: "{0} euros" → "{0} d'euros"."""
    polish: Callable[[str], str] | None = None
    """Puts a reading in the language's typography: no spaces in Japanese."""
    plural: Callable[[Decimal], str] = lambda number: "one" if number == 1 else "other"

    @property
    def left(self) -> str:
        """Guard: a token may begin here."""
        return "(?<![A-Za-z0-9])" if self.unspaced else r"(?<!\w)"

    @property
    def right(self) -> str:
        """Guard: a token may end here."""
        clings = self.unspaced and not self.proclitic
        return "(?![A-Za-z0-9])" if clings else r"(?!\w)"


def before(match: re.Match[str], size: int = 40) -> str:
    """The text before a match."""
    return match.string[max(0, match.start() - size) : match.start()]


def after(match: re.Match[str], size: int = 40) -> str:
    """The text after a match."""
    return match.string[match.end() : match.end() + size]


def follows(match: re.Match[str], words: str, flags: re.RegexFlag = re.NOFLAG) -> bool:
    """Whether a match comes after one of `words`, a pattern ("" for none), and a space."""
    text = before(match)
    # The test for spaces and digits, which end no word, makes the usual miss cheap.
    if not words or not text[-1:].isspace() or text[-2:-1].isdecimal():
        return False
    return re.search(rf"\b(?:{words})\s$", text, flags) is not None


_SPACE = "[ \u00a0\u202f\u2009]"


def spellings(table: Mapping[str, T]) -> dict[str, T]:
    """A table of what is written, also without the spaces: `z. B.` and `z.B.`."""
    return {key.replace(" ", ""): value for key, value in table.items()} | dict(table)


def plain(text: str) -> str:
    """With every space as U+0020, as the keys of tables have it."""
    return re.sub(_SPACE, " ", text)


def alternatives(words: Mapping[str, object] | frozenset[str]) -> str:
    """A pattern of any of `words`, the longest first."""
    ordered = sorted(words, key=lambda word: (-len(word), word))
    if not ordered:
        return "(?!)"
    # The set of first characters makes the usual miss cheap.
    first = "".join(sorted({re.escape(word[0]) for word in ordered}))
    any_of = "|".join(re.escape(word).replace(r"\ ", _SPACE) for word in ordered)
    return f"(?=[{first}])(?:{any_of})"
