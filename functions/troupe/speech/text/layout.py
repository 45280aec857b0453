"""Finds the page furniture of pasted text: page numbers, and the heads and feet of pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

_MOST = 80  # characters of a running head
_PAGE = (
    r"page|pages|pg\.|p\.|seite|s\.|página|pág\.|pagina|pag\.|bladzijde|strona|str\.|страница|стр\."
    r"|sayfa|صفحة|पृष्ठ|ページ|页|頁|쪽"
)
# "Page 3", "3 / 10", "- 3 -", "3 of 10": nothing else looks so.
_NUMBERED = re.compile(
    rf"(?:{_PAGE})\s*\d{{1,4}}(?:\s*(?:/|of|von|sur|de|di|van|z|из)\s*\d{{1,4}})?"
    r"|[-\u2013\u2014]\s*\d{1,4}\s*[-\u2013\u2014]"
    r"|\d{1,4}\s*/\s*\d{1,4}",
    re.IGNORECASE,
)
_BARE = re.compile(r"\d{1,4}")  # also the number of a chapter
_STOPS = re.compile(r"[.!?…:;。！？।؟۔\"'”’»)\]]\Z")  # noqa: RUF001 - stops of other scripts
_DIGITS = re.compile(r"\d+")


def furniture(lines: Sequence[str]) -> set[int]:
    """The numbers of the lines (stripped, from 0) that belong to pages and not to the text, and of
    the empty lines around them where they interrupt a sentence.

    A line is taken for a page number if it can be nothing else ("Page 3 of 10", "- 3 -") or if it
    is a number in the middle of a sentence; for a running head if it is next to a page number or
    a form feed, and repeated.
    """
    marked = {
        number
        for number, line in enumerate(lines)
        if _DIGITS.search(line) and _is_page_number(lines, number, line)
    }
    breaks = {number for number, line in enumerate(lines) if "\f" in line}
    if not marked and not breaks:
        return set()
    heads = [
        near for number in marked | breaks for near in _beside(lines, number) if near not in marked
    ]
    heads += [number for number in breaks if lines[number].strip("\f ")]
    counts = Counter(_key(lines[number]) for number in set(heads))
    marked |= {number for number in heads if counts[_key(lines[number])] > 1}
    return marked | set(_gaps(lines, marked | breaks))


def _key(line: str) -> str:
    """Running heads differ in the number of the page."""
    return _DIGITS.sub("0", line.strip("\f ")).casefold()


def _is_page_number(lines: Sequence[str], number: int, line: str) -> bool:
    line = line.strip("\f ")
    if _NUMBERED.fullmatch(line) and _is_alone(lines, number):
        return True
    return _BARE.fullmatch(line) is not None and _interrupts(lines, number, number)


def _is_alone(lines: Sequence[str], number: int) -> bool:
    """Whether no line stands right before a line, or right after it."""
    return not (number and lines[number - 1]) or not "".join(lines[number + 1 : number + 2])


def _interrupts(lines: Sequence[str], first: int, last: int) -> bool:
    """Whether the lines from `first` to `last` stand in the middle of a sentence."""
    before, after = _nonempty(lines, first, -1), _nonempty(lines, last, 1)
    if before is None or after is None or _STOPS.search(lines[before]):
        return False
    return lines[after].lstrip("\f ")[:1].islower()


def _nonempty(lines: Sequence[str], number: int, step: int) -> int | None:
    """The nearest line with text, at most three lines away."""
    for distance in range(1, 4):
        at = number + step * distance
        if 0 <= at < len(lines) and lines[at].strip("\f "):
            return at
    return None


def _beside(lines: Sequence[str], number: int) -> Iterator[int]:
    for step in (-1, 1):
        at = _nonempty(lines, number, step)
        if at is not None and len(lines[at]) <= _MOST:
            yield at


def _gaps(lines: Sequence[str], marked: set[int]) -> Iterator[int]:
    """The empty lines around furniture that interrupts a sentence."""
    for number in marked:
        first = last = number
        while first > 0 and (first - 1 in marked or not lines[first - 1].strip("\f ")):
            if number - first > 8:
                break
            first -= 1
        while last + 1 < len(lines) and (last + 1 in marked or not lines[last + 1].strip("\f ")):
            if last - number > 8:
                break
            last += 1
        if _interrupts(lines, first, last):
            yield from (at for at in range(first, last + 1) if not lines[at].strip("\f "))
