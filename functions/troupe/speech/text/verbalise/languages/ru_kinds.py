"""Russian: ordinals, Roman numerals and telephone numbers, in their cases."""

from __future__ import annotations

import re

from troupe.speech.text.verbalise import numbers, words
from troupe.speech.text.verbalise.cldr import spelled
from troupe.speech.text.verbalise.languages import ru_dates
from troupe.speech.text.verbalise.languages import ru_tables as tables
from troupe.speech.text.verbalise.languages.ru_dates import IN
from troupe.speech.text.verbalise.rules import Kind, Rules, after, before

_MASCULINE = "spellout-ordinal-masculine"
_SPACE = numbers.SPACE
_CENTURIES = {
    **{"век": "", "века": "-genitive", "веке": "-prepositional", "веку": "-dative"},
    **{"веком": "-instrumental", "веков": "-genitive", "веках": "-prepositional"},
    **{"столетие": "", "столетия": "-genitive", "столетии": "-prepositional"},
    **{"тысячелетие": "", "тысячелетия": "-genitive", "тысячелетии": "-prepositional"},
}
_SUFFIXES = {
    **dict.fromkeys(("я", "ая"), "feminine"),
    **dict.fromkeys(("е", "ое"), "neuter"),
    **dict.fromkeys(("й", "ый", "ий", "ой"), "masculine"),
    **dict.fromkeys(("го", "ого"), "masculine-genitive"),
    **dict.fromkeys(("му", "ому"), "masculine-dative"),
    **dict.fromkeys(("м", "ом"), "masculine-prepositional"),
    "ым": "masculine-instrumental",
    **dict.fromkeys(("ю", "ую"), "feminine-accusative"),
    **dict.fromkeys(("х", "ых"), "plural-genitive"),
    "ые": "plural",
    **dict.fromkeys(("ми", "ыми"), "plural-instrumental"),
}


def _read_ordinal(match: re.Match[str], rules: Rules) -> str | None:
    number, suffix = int(match["number"]), match["suffix"]
    noun = re.match(r"\s([а-яё]+)", after(match))
    following = noun[1] if noun else ""
    if suffix == "ти" or (suffix == "х" and number in (2, 3, 4)):
        return spelled(number, rules.locale, "spellout-cardinal-masculine-genitive")
    form = _SUFFIXES[suffix]
    if form == "masculine" and len(following) > 2 and following[-1] in "еиы":
        form = "feminine-genitive"  # в 5-й квартире
    elif form == "neuter" and following.endswith(("ы", "и")):
        form = "plural"
    elif suffix == "м" and not IN.search(before(match)):
        form = "masculine-instrumental"
    return spelled(number, rules.locale, f"spellout-ordinal-{form}").removeprefix("одна ")


def _read_compound(match: re.Match[str], rules: Rules) -> str:
    """18-летний: of the genitive."""
    said = spelled(int(match["number"]), rules.locale, "spellout-cardinal-masculine-genitive")
    parts = {"ста": "сто", "девяноста": "девяносто", "одного": "одно"}
    return "".join(parts.get(part, part) for part in said.split()) + match["word"]


def _read_roman(match: re.Match[str], rules: Rules) -> str | None:
    number, left, right = words.roman(match["roman"]), before(match), after(match)
    if number is None:
        return None
    last = re.search(r"([^\W\d_]+)\s$", left)
    if last is not None:
        ruleset = tables.KINGS.get(last[1]) or tables.DIVISIONS.get(last[1].lower())
        if ruleset is not None:
            said = spelled(number, rules.locale, ruleset)
            return said.capitalize() if last[1] in tables.KINGS else said
    following = re.match(r"\s([а-яёА-ЯЁ]+)", right)
    if following is None:
        return None
    word = following[1].lower()
    ruleset = tables.AGREEING.get(word)
    if ruleset is None and len(word) > 4:
        ruleset = tables.AGREEING.get(word[-3:]) or tables.AGREEING.get(word[-2:])
    return None if ruleset is None else spelled(number, rules.locale, ruleset)


def _read_century(match: re.Match[str], rules: Rules) -> str | None:
    first, word, left = words.roman(match["roman"]), match["word"], before(match)
    last = words.roman(match["last"]) if match["last"] else 0
    if first is None or last is None:
        return None
    if word in ("в.", "вв."):
        singular = ("веке", "века") if word == "в." else ("веках", "веков")
        word = singular[0] if IN.search(left) else singular[1]
    neuter = word.startswith(("столет", "тысячелет"))
    case = _CENTURIES[word]
    if last and word == "века":
        case = ""  # XIX–XX века
    ruleset = "spellout-ordinal-neuter" if neuter and not case else _MASCULINE + case
    said = spelled(first, rules.locale, ruleset)
    if last:
        said = f"{said} – {spelled(last, rules.locale, ruleset)}"
    return f"{said} {word}"


def _read_telephone(match: re.Match[str], rules: Rules) -> str:
    groups = re.findall(r"\d+", match[0])
    said = ", ".join(numbers.say(rules, numbers.Number(group, "")) for group in groups)
    return f"плюс {said}" if match[0][0] == "+" else said


_LEFT = r"(?<![\w.,:/-])"
_END = r"(?![\w-])"
KINDS = (
    *ru_dates.KINDS,
    Kind(
        "ordinal",
        rf"{_LEFT}(?P<number>[1-9]\d{{0,3}})-(?P<suffix>{'|'.join(_SUFFIXES)}|ти){_END}",
        _read_ordinal,
        "c",
    ),
    Kind(
        "compound",
        rf"{_LEFT}(?P<number>[1-9]\d{{0,2}})-(?P<word>[а-яё]{{2,20}}"
        r"(?:[ыио]й|[аяое][яе]|[ыи]е|[оеё]го|[ое]му|[ыи]ми?|[ое]м|[ыи]х|[ую]ю|ей|лети[еяюи]))(?!\w)",
        _read_compound,
        "c",
    ),
    Kind(
        "century",
        r"(?<![\w-])(?P<roman>[IVX]{1,6})(?:[-–](?P<last>[IVX]{1,6}))?"
        rf"{_SPACE}(?P<word>(?:{'|'.join(sorted(_CENTURIES, key=len, reverse=True))})(?!\w)|вв?\.)",
        _read_century,
        "w",
    ),
    Kind("roman", r"(?<![\w'.-])(?P<roman>[IVX]{1,7})(?![\w-])", _read_roman, "w"),
    Kind(
        "telephone",
        r"(?<![\w.,/-])(?:(?:\+7|8)[ -]?\(?\d{3}\)?[ -]?\d{3}[ -]\d\d[ -]\d\d"
        r"|\d{3}-\d\d-\d\d)(?![\w-])",
        _read_telephone,
        "dm",
    ),
)
