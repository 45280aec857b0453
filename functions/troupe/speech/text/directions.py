# ruff: noqa: RUF001 - this file is about the punctuation of other scripts
"""Stage directions inside a speech: `(laughs)`, `[sighs]`, `*laughs*`. They are shown, not spoken.

A bracket is also how prose adds something that is spoken: "the house (built in 1998)". What is a
direction is decided by where it stands and how it begins:

- a bracket alone on its lines, of any length;
- a bracket of at most eight words at the start of a line or after the end of a sentence, without
  digits, unless it begins as an aside does ("see", "but", "I") or asks a question;
- a bracket anywhere that begins with one of the usual words, such as "laughs" or "beat";
- `*laughs*`, with one of these words, where a sentence starts or a line ends. Any other word
  between asterisks is emphasised, and spoken;
- a time in square brackets, `[00:12]`, from a transcript.
"""

from __future__ import annotations

import re

from troupe.speech.text.direction_words import ACTS, ASIDES, USUAL

_MOST_WORDS = 8
_MOST_UNSPACED = 24  # characters, where words have no spaces between them

_BRACKETS = (("(", ")"), ("（", "）"), ("[", "]"), ("【", "】"), ("〔", "〕"))
_CLOSERS = dict(_BRACKETS)
OPENINGS = frozenset(_CLOSERS)


def _flat(opening: str, closing: str, inside: str, most: int) -> str:
    """A bracket, which may contain brackets that contain none. Every alternative starts with
    another character, so there is nothing to try twice."""
    a, b = re.escape(opening), re.escape(closing)
    other = f"[^{a}{b}{inside}]"
    return rf"{a}(?:{other}|{a}{other}{{0,80}}+{b}){{1,{most}}}+{b}"


_BRACKETED = re.compile(
    "|".join(_flat(*pair, r"\n", 200) for pair in _BRACKETS)
    + r"|(?<![*\w])\*(?![\s*])[^*\n]{1,80}+(?<!\s)\*(?![*\w])"
)
# Alone on its lines, of which none is empty.
_ALONE = re.compile(
    r"^[ \t]*([*_]{0,3}(?:"
    + "|".join(_flat(*pair, "", 2_000) for pair in _BRACKETS)
    + r")[*_]{0,3})[ \t]*$",
    re.MULTILINE,
)
_EMPTY_LINE = re.compile(r"\n[ \t]*+\n")
_TIME = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?(?:[.,:]\d{1,3})?")
_MARK = re.compile(r"pause\s+\d|(?:spell|say)\s*:", re.IGNORECASE)  # see troupe.speech.text.marks
_LABEL = re.compile(r"[^\W\d_]|[ivxlc]{1,5}|[IVXLC]{1,5}")  # of a list: (a), (iv)
_UNSPACED = re.compile("[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")

_SENTENCE_ENDS = ".!?…。！？؟।॥۔♪"
_SKIPPED = " \t\u00a0\u202f\u3000\"'“”„«»‘’‹›「」『』*_—–-¡¿"


def direction_spans(text: str) -> list[tuple[int, int]]:
    """The directions in a line of a script as (start, end) offsets, brackets included, in order and
    without overlap. Linear in len(text)."""
    spans: list[tuple[int, int]] = []
    alone = [match.span(1) for match in _ALONE.finditer(text) if _stands_alone(match[1])]
    at = 0
    for start, end in [*alone, (len(text), len(text))]:
        last = at
        for match in _BRACKETED.finditer(text, at, start):
            # A direction can follow another.
            if _is_direction(text, match, starts=_starts(text, match.start(), last)):
                spans.append(match.span())
                last = match.end()
        if start < end:
            spans.append((start, end))
        at = end
    return spans


def without_directions(text: str) -> str:
    """What is spoken of a line of a script."""
    spans = direction_spans(text)
    if not spans:
        return text
    kept, at = [], 0
    for start, end in spans:
        following = text[end : end + 1]
        before = text[at:start]
        kept.append(before.rstrip(" \t") if following and following in ",.;:!?…" else before)
        # One of the spaces around a direction goes with it.
        at = end + 1 if following in (" ", "\t") else end
    kept.append(text[at:])
    lines = (line.strip() for line in "".join(kept).splitlines())
    return "\n".join(filter(None, lines))


def is_enclosed(line: str) -> bool:
    """Whether a line is one bracket from its first character to its last."""
    line = line.strip("*_")
    closing = _CLOSERS.get(line[:1])
    if closing is None or not line.endswith(closing):
        return False
    depth = 0
    for place, character in enumerate(line, 1):
        depth += (character == line[0]) - (character == closing)
        if depth == 0:
            return place == len(line)
    return False


def _stands_alone(bracket: str) -> bool:
    inside = bracket.strip("*_")[1:-1].strip()
    return (
        any(map(str.isalpha, inside))
        and not _EMPTY_LINE.search(bracket)
        and not _LABEL.fullmatch(inside)
        and not (bracket.strip("*_").startswith("[") and _MARK.match(inside))
    )


def _starts(text: str, at: int, least: int) -> bool:
    """Whether a sentence could start at an offset."""
    while at > least and text[at - 1] in _SKIPPED:
        at -= 1
    return at == least or text[at - 1] in _SENTENCE_ENDS or text[at - 1] == "\n"


def _is_direction(text: str, match: re.Match[str], *, starts: bool) -> bool:
    opening, inside = match[0][0], match[0][1:-1].strip()
    following = text[match.end() : match.end() + 1]
    if opening == "[" and (following == "(" or _MARK.match(inside)):
        return False  # a link or a mark
    if not any(map(str.isalpha, inside)):
        return opening == "[" and _TIME.fullmatch(inside) is not None
    words = inside.casefold().split()
    first = words[0].strip(".,;:!")
    few = len(words) <= _MOST_WORDS
    if opening == "*":
        ends = not following or following == "\n"
        return few and ((starts and first in USUAL) or (ends and first in ACTS))
    if few and (first in USUAL or inside in USUAL):
        return True
    return (
        starts
        and few
        and (len(inside) <= _MOST_UNSPACED or not _UNSPACED.search(inside))
        and first.replace("’", "'").replace(".", "") not in ASIDES
        and not inside.endswith(("?", "？", "؟"))
        and not any(map(str.isdigit, inside))
        and not _LABEL.fullmatch(inside)
    )
