"""Polish: ordinals, Roman numerals, compounds and scores."""

from __future__ import annotations

import re

from troupe.speech.text.verbalise import addresses, numbers, words
from troupe.speech.text.verbalise.cldr import spelled
from troupe.speech.text.verbalise.languages import pl_dates
from troupe.speech.text.verbalise.languages import pl_tables as tables
from troupe.speech.text.verbalise.languages.pl_dates import LOCATIVE
from troupe.speech.text.verbalise.rules import Kind, Rules, after, before

_SPACE = numbers.SPACE
_CENTURIES = {
    **{"wiek": "", "wieku": "-genitive", "wiekiem": "-instrumental", "wieków": "-genitive"},
    **{"wieki": "", "wiekach": "-locative"},
}
_NEXT = re.compile(r"\s([^\W\d_]+)")


def _read_ordinal(match: re.Match[str], rules: Rules) -> str | None:
    following = _NEXT.match(after(match))
    ruleset = tables.ORDINALS.get(following[1].lower()) if following else None
    return None if ruleset is None else spelled(int(match["number"]), rules.locale, ruleset)


def _read_roman(match: re.Match[str], rules: Rules) -> str | None:
    number = words.roman(match["roman"])
    if number is None:
        return None
    last = re.search(r"([^\W\d_]+)\s$", before(match))
    if last is not None and last[1] in tables.KINGS:
        return spelled(number, rules.locale, tables.KINGS[last[1]]).capitalize()
    following = _NEXT.match(after(match))
    ruleset = tables.ORDINALS.get(following[1].lower()) if following else None
    if ruleset is None and last is not None:
        ruleset = tables.ORDINALS.get(last[1].lower())
    return None if ruleset is None else spelled(number, rules.locale, ruleset)


def _read_century(match: re.Match[str], rules: Rules) -> str | None:
    first, word = words.roman(match["roman"]), match["word"]
    last = words.roman(match["last"]) if match["last"] else 0
    if first is None or last is None:
        return None
    if word in ("w.", "w", "wieku"):
        word = "wieku"
        case = "-locative" if LOCATIVE.search(before(match)) else "-genitive"
    else:
        case = _CENTURIES[word]
    said = spelled(first, rules.locale, f"spellout-ordinal-masculine{case}")
    if last:
        said = f"{said} – {spelled(last, rules.locale, f'spellout-ordinal-masculine{case}')}"
    return f"{said} {word}"


def _read_compound(match: re.Match[str], _: Rules) -> str | None:
    """18-letni: of the first parts of compounds."""
    number = int(match["number"])
    hundred, rest = divmod(number, 100)
    if hundred > 1 or number == 0:
        return None
    said = tables.PARTS[100] if hundred else ""
    if rest:
        parts = (rest,) if rest in tables.PARTS else (rest // 10 * 10, rest % 10)
        said += "".join(tables.PARTS[part] for part in parts)
    return said + match["word"]


def _read_score(match: re.Match[str], rules: Rules) -> str:
    first = numbers.cardinal(rules, int(match["first"]))
    last = spelled(int(match["last"]), rules.locale, "spellout-cardinal-masculine-genitive")
    return f"{first} do {last}"


def _read_flat(match: re.Match[str], rules: Rules) -> str:
    return f"{numbers.cardinal(rules, int(match['house']))} mieszkanie"


def _read_postcode(match: re.Match[str], rules: Rules) -> str:
    parts = match[0].split("-")
    return ", ".join(numbers.say(rules, numbers.Number(part, "")) for part in parts)


_LEFT = r"(?<![\w.,:/-])"
KINDS = (
    *pl_dates.KINDS,
    Kind("ordinal", rf"{_LEFT}(?P<number>[1-9]\d{{0,2}})\.(?=\s[^\W\d_])", _read_ordinal, "c"),
    Kind(
        "telephone",
        rf"(?<![\w.,/+-])(?:\d\d[ -]\d{{3}}[ -]\d\d[ -]\d\d"
        rf"|(?<=tel\.{_SPACE})\d{{3}}(?:[ -]\d{{3}}){{2}})(?![\w-])",
        lambda m, r: addresses.telephone(r, m[0]),
        "d",
    ),
    Kind("flat", rf"{_LEFT}(?P<house>\d{{1,4}}) m\.(?=\s\d)", _read_flat, "d"),
    Kind("postcode", rf"{_LEFT}\d\d-\d{{3}}(?=\s[A-ZĆŁŚŻ][a-ząćęłńóśźż])", _read_postcode, "c"),
    Kind(
        "compound",
        rf"{_LEFT}(?P<number>\d{{1,3}})-(?P<word>[a-ząćęłńóśźż]{{4,30}})(?!\w)",
        _read_compound,
        "c",
    ),
    Kind(
        "score",
        rf"{_LEFT}(?P<first>\d{{1,3}}):(?P<last>\d)(?![\w:]|[.,]\d)",
        _read_score,
        "c",
    ),
    Kind(
        "century",
        r"(?<![\w-])(?P<roman>[IVX]{1,6})(?:[-–](?P<last>[IVX]{1,6}))?"
        rf"{_SPACE}(?P<word>(?:{'|'.join(sorted(_CENTURIES, key=len, reverse=True))})(?!\w)|w\.)",
        _read_century,
        "w",
    ),
    Kind("roman", r"(?<![\w'.-])(?P<roman>[IVX]{1,7})(?![\w-])", _read_roman, "w"),
)
