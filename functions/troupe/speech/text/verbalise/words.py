"""Abbreviations, symbols and Roman numerals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache, partial

from troupe.speech.text.verbalise import numbers
from troupe.speech.text.verbalise.numbers import SPACE
from troupe.speech.text.verbalise.rules import (
    Abbreviation,
    Kind,
    Rules,
    after,
    alternatives,
    before,
    plain,
    spellings,
)

_ROMAN = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_LAST_WORD = re.compile(r"([^\W\d_]+)(?:\.|['’])?\s$")
_SYMBOLS = {  # symbol: word, what has to stand around it
    "&": ("and", "any"),
    "+": ("plus", "sides"),
    "=": ("equals", "sides"),
    "×": ("times", "sides"),
    "÷": ("divided", "sides"),
    "±": ("plus_minus", "sides"),
    "@": ("at", "spaced"),
    "≈": ("about", "any"),
    "≠": ("not_equal", "sides"),
    "≤": ("at_most", "number"),
    "≥": ("at_least", "number"),
    "<": ("less", "number"),
    ">": ("more", "number"),
}
_INFIX = {"less": "smaller", "more": "greater"}


@lru_cache(maxsize=4096)
def roman(text: str) -> int | None:
    """The value of a Roman numeral in its usual form; None if it is none."""
    if not text or _ROMAN.fullmatch(text) is None:
        return None
    values = [_VALUES[letter] for letter in text]
    return sum(
        -value if value < following else value
        for value, following in zip(values, [*values[1:], 0], strict=True)
    )


def kinds(rules: Rules) -> Iterator[Kind]:
    """Before numbers: whole tokens, section signs, `No. 7`."""
    fixed, abbreviations = spellings(rules.fixed), spellings(rules.abbreviations)
    if fixed:
        yield Kind(
            "fixed",
            rf"{rules.left}(?:{alternatives(fixed)})(?![\w/])",
            lambda m, _: fixed[plain(m[0])],
            "dwm",
        )
    if abbreviations:
        yield Kind(
            "abbreviation",
            rf"(?<![\w.])(?:{alternatives(abbreviations)})(?!\w)",
            lambda m, _: _full(m, abbreviations[plain(m[0])]),
            "wm",
        )
    for sign, word in (("§§", "sections"), ("§", "section"), ("№", "number"), ("#", "number")):
        if word in rules.words:
            yield Kind(
                "sign",
                rf"(?<![\w#]){sign}{SPACE}?(?=\d)",
                partial(_read_sign, word=word),
                "m",
            )
    if rules.roman_numbers or rules.roman_names or rules.roman_after:
        yield Kind("roman", r"(?<![\w'’.-])[IVXLCDM]{1,15}(?![\w-]|['’](?!s\b))", _read_roman, "w")


def _read_sign(_: re.Match[str], rules: Rules, word: str) -> str:
    return f"{rules.words[word]} "


def symbols(rules: Rules) -> Iterator[Kind]:
    """After numbers: signs between words."""
    known = [symbol for symbol, (word, _) in _SYMBOLS.items() if word in rules.words]
    if known:
        yield Kind("symbol", rf"[{re.escape(''.join(known))}]", _read_symbol, "m")


def _full(match: re.Match[str], choices: tuple[Abbreviation, ...]) -> str | None:
    for words, left, right in choices:
        if (not left or re.search(left, before(match))) and (
            not right or re.match(right, after(match))
        ):
            return words
    return None


def _read_roman(match: re.Match[str], rules: Rules) -> str | None:
    text = match[0]
    value = roman(text)
    if value is None:
        return None
    if rules.roman_after and re.match(rf"\.?\s(?:{rules.roman_after})\b", after(match)):
        return _regnal(rules, value, "")
    last = _LAST_WORD.search(before(match))
    word = last[1] if last is not None else ""
    # "Henry I saw" is no king.
    if word in rules.roman_names and not (text == "I" and re.match(r"\s[a-z]", after(match))):
        return _regnal(rules, value, word)
    # "Rocky IV": after a name, and of letters that are hardly ever initials.
    is_number = len(text) > 1 and set(text) <= set("IVX") and "XX" not in text
    if word.lower() in rules.roman_numbers or (is_number and word[:1].isupper()):
        return numbers.cardinal(rules, value)
    return None


def _regnal(rules: Rules, value: int, name: str) -> str | None:
    return None if rules.say_regnal is None else rules.say_regnal(rules, value, name)


def _read_symbol(match: re.Match[str], rules: Rules) -> str | None:
    word, needs = _SYMBOLS[match[0]]
    left, right = before(match, 2), after(match, 2)
    spaced = left[-1:].isspace() and right[:1].isspace()
    if needs == "spaced" and not spaced:
        return None
    if needs == "sides":
        # 5+3, a = b; not C++, A+, x=>y
        if not spaced and not (left[-1:].isdigit() and right[:1].isdigit()):
            return None
    elif needs == "number":
        if re.match(r"\s?[-\d.]", right) is None:
            return None
    elif not re.match(r"\s?\w", right):
        return None
    between = spaced and word in _INFIX and re.search(r"[\w)]\s$", left)
    infix = _INFIX[word] if between else word
    said = rules.words.get(infix, rules.words[word])
    before_it = "" if not left or left[-1].isspace() else " "
    return f"{before_it}{said}{'' if right[:1].isspace() else ' '}"
