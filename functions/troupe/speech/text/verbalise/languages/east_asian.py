"""What Chinese, Japanese and Korean share: the year comes first, counters cling to numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from troupe.speech.text.verbalise import cldr, dates, numbers, symbols
from troupe.speech.text.verbalise.rules import Date, Kind, Noun, Rules

DASH = "[-~\u2013\u2014\u2212\u2010\u2011\u301c\uff5e]"
WAVE = "[~\u301c\uff5e]"
# What clean text may still have as one character.
UNITS = {
    "%": "concentr-percent",
    "％": "concentr-percent",
    "㎞": "length-kilometer",
    "㎝": "length-centimeter",
    "㎜": "length-millimeter",
    "㎏": "mass-kilogram",
    "㎡": "area-square-meter",
    "㎥": "volume-cubic-meter",
}
# What may stand between the dash of a range and its number.
_BEFORE = "第|제|午前|午後|上午|下午|晚上|오전 |오후 "
_DIVIDED = r"\d{1,4}[-/.]"  # what dates need
_BETWEEN = re.compile(r"(?<=[^\x00-\x7f]) (?=[^\x00-\x7f])")


def unspaced(said: str) -> str:
    """Without the spaces between words of a script that has none."""
    return _BETWEEN.sub("", said.replace(", ", "、")).strip()


def unit_nouns(base: Rules, changed: dict[str, str], tidy: Callable[[str], str]) -> dict[str, Noun]:
    """CLDR's patterns of all units, made tidy, and those that are said otherwise."""
    found = {}
    for unit in dict.fromkeys(symbols.UNITS.values()):
        noun = cldr.unit_noun(base, unit)
        if noun is not None:
            found[unit] = Noun({"other": tidy(noun.forms["other"])})
    return found | {unit: Noun({"other": pattern}) for unit, pattern in changed.items()}


def per(nouns: dict[str, Noun], pattern: str) -> dict[str, Noun]:
    """With `per` forms: "{unit}あたり{0}"."""
    return {
        unit: Noun(
            {
                **noun.forms,
                "per": pattern.replace("{unit}", noun.forms["other"].replace("{0}", "").strip()),
            },
            noun.ruleset,
        )
        for unit, noun in nouns.items()
    }


def date_kinds(left: str = "(?<![A-Za-z0-9./-])") -> Iterator[Kind]:
    """2026/5/3, 2026.5.3, 2026-05-03, 2026. 5. 3., 26/5/3."""
    yield Kind(
        "date",
        rf"{left}(?P<year>[12]\d{{3}})(?:/(?P<m1>\d\d?)/(?P<d1>\d\d?)"
        r"|-(?P<m2>\d\d?)-(?P<d2>\d\d?)|\.(?P<m3>\d\d?)\.(?P<d3>\d\d?)\.?"
        r"|\. (?P<m4>\d\d?)\. (?P<d4>\d\d?)\.?)(?![A-Za-z0-9/-]|\.\d)",
        _read_date,
        "c",
        _DIVIDED,
    )
    yield Kind(
        "date",
        rf"{left}(?P<year>\d\d)/(?P<m1>\d\d?)/(?P<d1>\d\d?)(?![\w/.-])",
        _read_date,
        "c",
        _DIVIDED,
    )
    # With the day of the week: 5/3(日)
    yield Kind(
        "date",
        rf"{left}(?P<m1>\d\d?)/(?P<d1>\d\d?)(?=\s?[(\uff08][月火水木金土日一二三四五六월화수목금토일][)\uff09])",
        _read_date,
        "c",
        _DIVIDED,
    )


def _read_date(match: re.Match[str], rules: Rules) -> str:
    groups = match.groupdict()
    month = next(int(text) for name, text in groups.items() if name[0] == "m" and text)
    day = next(int(text) for name, text in groups.items() if name[0] == "d" and text)
    year = dates.full_year(int(groups["year"])) if groups.get("year") else None
    # What is no date is left alone: nothing else has this form.
    said = dates.say_date(rules, Date(day, month, year, False))
    return match[0] if said is None else said


def range_kinds(counters: Iterable[str], to: str, repeated: str) -> Iterator[Kind]:
    """5-10個; 10時〜12時, 5月3日-5日, 10:00〜12:00: a dash between counted numbers. The counters
    of the pattern `repeated` are said with both numbers: 5〜7月 is 五月から七月."""
    twice = re.compile(repeated)
    counted = "|".join(map(re.escape, sorted(counters, key=len, reverse=True)))
    ends = "".join(sorted({counter[-1] for counter in counters}))
    yield Kind(
        "dash",
        rf"(?:(?<=\d[{ends}])|(?<=[%％℃)\uff09])|(?<=:\d\d)){DASH}(?=\s?(?:{_BEFORE})?\d)"
        rf"|(?:(?<=[{ends}] )|(?<=[%％℃] )){DASH}(?= \d)"
        rf"|(?<=\d){WAVE}(?=\d)|(?<=[月火水木金土]){WAVE}(?=[火水木金土日])",
        lambda _, __: to,
        "m",
    )
    yield Kind(
        "counted range",
        rf"(?<![A-Za-z0-9.,/:-])(?P<first>\d{{1,4}}(?:\.\d{{1,2}})?){DASH}"
        rf"(?P<last>\d{{1,4}}(?:\.\d{{1,2}})?)(?=(?:{counted}))",
        lambda m, r: _read_range(m, r, to, twice),
        "d",
    )


def _read_range(match: re.Match[str], rules: Rules, to: str, twice: re.Pattern[str]) -> str | None:
    first, last = (numbers.parse(rules, match[name]) for name in ("first", "last"))
    if not (first.is_quantity and last.is_quantity and first.value < last.value):
        return None
    if len(first.whole) == 4 == len(last.whole) and match.string.startswith(
        ("年", "년"), match.end()
    ):
        return f"{numbers.year(rules, int(first.whole))}{to}{numbers.year(rules, int(last.whole))}"
    counter = twice.match(match.string, match.end())
    said = numbers.say(rules, first) + (counter[0] if counter is not None else "")
    return f"{said}{to}{numbers.say(rules, last)}"


def score(then: str, word: str) -> Kind:
    """3-1 before words of a game."""
    return Kind(
        "score",
        rf"(?<![A-Za-z0-9.,/:-])(?P<first>\d{{1,3}})[-\u2013:](?P<last>\d{{1,3}})(?=\s?(?:{then}))",
        lambda m, r: word.join(numbers.cardinal(r, int(m[name])) for name in ("first", "last")),
        "c",
    )


def speed(told: str, pattern: str) -> Kind:
    """km/h after words that tell the hour: 時速100km/h."""
    return Kind(
        "quantity",
        rf"(?:{'|'.join(f'(?<={word})' for word in told.split('|'))})"
        r"(?P<number>\d{1,4}(?:\.\d{1,2})?)\s?km(?:/h)?(?![A-Za-z0-9/])",
        lambda m, r: pattern.format(numbers.say(r, numbers.parse(r, m["number"]))),
        "cd",
    )


def below_zero(word: str) -> Kind:
    """A loss or a temperature after a word: 気温-5℃."""
    return Kind(
        "sign",
        r"(?<=[^\W\dA-Za-z_])[-\u2212](?=\d{1,3}(?:\.\d{1,2})?\s?(?:℃|°C|度|도|[%％]))",
        lambda _, __: word,
        "m",
    )
