"""Cuts a text into what is translated at once: lines, sentences, what is between placeholders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from troupe.translation.placeholders import BETWEEN, MARK

# What begins a line and is no part of its sentence: bullets, numbers of lists, marks of quotations.
_BULLET = re.compile(r"\s*(?:(?:[-*+>#=|•–—]+|\d{1,3}[.)])\s+)*")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_SENTENCE = re.compile(r".*?(?:[.!?…]+[\"'”’»)\]]*\s+|[。！？]+[」』）]*\s*|$)", re.DOTALL)
_CUT = re.compile(r"(?:[.!?…]+[\"'”’»)\]]*|[,;:])\s+|[。！？，、；：][」』）]*\s*|\s+")


class Piece(NamedTuple):
    """`core` is translated, what is around it stays."""

    before: str
    core: str
    after: str


def lines(text: str, most: int) -> Iterator[Piece]:
    """The lines of `text`, without bullets and white space around them. Lines of more than `most`
    characters are cut, after sentences or words if possible."""
    for line in _LINE.findall(text):
        for part in _parts(line, most):
            yield _trimmed(part)


def sentences(text: str, most: int) -> Iterator[Piece]:
    for sentence in _SENTENCE.findall(text):
        yield _trimmed(sentence)


def gaps(text: str, most: int) -> Iterator[Piece]:
    """What is between placeholders, which are in `before` of a piece without a core."""
    for number, part in enumerate(BETWEEN.split(text)):
        yield Piece(part, "", "") if number % 2 else _trimmed(part)


def _trimmed(text: str) -> Piece:
    found = _BULLET.match(text)
    start = found.end() if found else 0
    end = max(start, len(text.rstrip()))
    return Piece(text[:start], text[start:end], text[end:])


def _parts(line: str, most: int) -> Iterator[str]:
    while len(line) > most:
        at = _last_cut(line, most)
        yield line[:at]
        line = line[at:]
    yield line


def _last_cut(line: str, most: int) -> int:
    """Where to cut: after the last sentence, else after the last clause or word in the second
    half."""
    for marks, start in ((".!?…。！？", 0), (",;:，、；：", most // 2), (" \t\u00a0", most // 2)):
        ends = [cut.end() for cut in _CUT.finditer(line, start, most) if cut[0][0] in marks]
        if ends:
            return ends[-1]
    # Not inside a placeholder.
    near = MARK.finditer(line, most - 8, most + 8)
    return next((mark.start() for mark in near if mark.start() < most < mark.end()), most)
