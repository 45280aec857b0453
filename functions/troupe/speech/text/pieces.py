"""Cuts a text into sentences, each with the border that follows it."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from troupe.borders import Border
from troupe.speech.text.blocks import Block, Kind, blocks
from troupe.speech.text.clean import tidy
from troupe.speech.text.directions import direction_spans
from troupe.speech.text.graphemes import is_unspaced
from troupe.speech.text.mapped import Edit, Mapped
from troupe.speech.text.marks import Mark, Marked, parse_marks
from troupe.speech.text.planner import cut
from troupe.speech.text.segmenter import words
from troupe.speech.text.sentences import ends_clause, sentence_ends
from troupe.speech.text.ssml import parse_ssml
from troupe.speech.text.uncollected import uncollected

# About a minute of speech: short enough that its audio (2.5 MB) needs little memory.
MOST = 800  # characters of a piece
# Of a script without spaces, which has about three times as much to say: espeak drops the rest of a
# clause of more than 198 ideographs.
MOST_UNSPACED = 150
# Columns of a line that layout has wrapped; shorter ones were ended by their author.
_WRAPPED = 45


class Form(StrEnum):
    """How a text is written."""

    TEXT = "text"  # plain text or Markdown, with marks
    SSML = "ssml"
    LINE = "line"  # of a script: text with marks and directions


class Piece(NamedTuple):
    """A sentence, a heading, an item, or a part of one that is longer than MOST.

    `text` is what a reader sees, mapped to the source. `border`: what ends after it; None inside a
    sentence. `space`: what separates it from the next one, a space or nothing. `marks`: those in
    it, with offsets in `text`.
    """

    text: Mapped
    border: Border | None
    kind: Kind
    space: str = ""
    marks: tuple[Mark, ...] = ()

    @property
    def start(self) -> int:
        """Its offset in the source."""
        return self.text.starts[0]

    def cut(self, first: int, last: int) -> Piece | None:
        """`[first:last]` of it, without surrounding white space; None if nothing is left."""
        inside = self.text.text[first:last]
        first += len(inside) - len(inside.lstrip())
        last = first + len(inside.strip())
        if first >= last:
            return None
        whole = last >= len(self.text.text.rstrip())
        return Piece(
            self.text.cut(first, last),
            self.border if whole else _clause(inside),
            self.kind,
            self.space if whole else _space(self.text.text, last),
            tuple(
                replace(mark, start=max(mark.start, first) - first, end=min(mark.end, last) - first)
                for mark in self.marks
                if (mark.start < last and mark.end > first)
                or first < mark.start == mark.end <= last
            ),
        )


@lru_cache(maxsize=4)
@uncollected
def pieces(source: str, language: str, form: Form = Form.TEXT) -> tuple[Piece, ...]:
    """The pieces of a text, in order. Linear. Cached, because each part of a job asks for all.

    Raises InvalidSSML.
    """
    marked = parse_ssml(source) if form is Form.SSML else parse_marks(source)
    text = Mapped.of(marked.text.text)
    if form is Form.LINE:
        text = text.edited(_directions(text.text))
    text = tidy(text)
    found = _paragraphs(text) if form is Form.SSML else blocks(text)
    result: list[Piece] = []
    for block, border in _joined(found):
        if form is Form.SSML:
            lines, inner = list(_split(block.text)), Border.SENTENCE
        else:
            lines, inner = list(_lines(block.text)), Border.ITEM
        for number, line in enumerate(lines, 1):
            last = border if number == len(lines) else inner
            result += _sentences(line, language, last, block.kind)
    if marked.marks or len(marked.text) != len(source):
        result = list(_with_marks(result, marked))
    return tuple(result)


def _with_marks(found: Sequence[Piece], marked: Marked) -> Iterator[Piece]:
    """The pieces of a text without its marks, mapped to its source, with their marks."""
    starts, ends = marked.text.starts, marked.text.ends
    waiting = sorted(marked.marks, key=lambda mark: mark.start)
    active: list[Mark] = []
    at = 0
    for number, piece in enumerate(found):
        text = piece.text
        last = text.ends[-1]
        first = text.starts[0] if number else 0
        while at < len(waiting) and (
            waiting[at].start < last or waiting[at].start == waiting[at].end == last
        ):
            active.append(waiting[at])
            at += 1
        mine = tuple(
            replace(
                mark,
                start=bisect_right(text.ends, mark.start),
                end=max(bisect_right(text.ends, mark.start), bisect_left(text.starts, mark.end)),
            )
            for mark in active
            if mark.end > first or mark.start == mark.end >= first
        )
        active = [mark for mark in active if mark.end > last]
        source = Mapped(
            text.text,
            array("i", [starts[each] for each in text.starts]),
            array("i", [ends[each - 1] for each in text.ends]),
        )
        yield piece._replace(text=source, marks=mine)


def _directions(text: str) -> Iterator[Edit]:
    """What removes the directions of a line, each with the space after it."""
    for start, end in direction_spans(text):
        yield Edit(start, end + (text[end : end + 1] in (" ", "\t")), "")


def _paragraphs(text: Mapped) -> list[Block]:
    """Of SSML, whose text has no other marks."""
    found, at = [], 0
    for paragraph in text.text.split("\n\n"):
        part = text.cut(at, at + len(paragraph)).stripped()
        at += len(paragraph) + 2
        if part.text:
            found.append(Block(Kind.PARAGRAPH, part))
    return found


def _split(text: Mapped) -> Iterator[Mapped]:
    at = 0
    for line in text.text.split("\n"):
        if kept := line.strip():
            start = at if kept is line else at + line.find(kept)
            yield text.cut(start, start + len(kept))
        at += len(line) + 1


def _joined(found: Sequence[Block]) -> Iterator[tuple[Block, Border]]:
    """The blocks that have text, with the border after each."""
    for number, block in enumerate(found):
        if block.kind is Kind.SCENE:
            continue
        following = found[number + 1].kind if number + 1 < len(found) else None
        yield block, _border(block.kind, following)


def _border(kind: Kind, following: Kind | None) -> Border:
    if following is Kind.SCENE:
        return Border.SCENE
    if Kind.HEADING in (kind, following):
        return Border.HEADING
    if kind is following and kind in (Kind.ITEM, Kind.CODE):
        return Border.ITEM
    return Border.PARAGRAPH


def _lines(text: Mapped) -> Iterator[Mapped]:
    """The lines that their author ended; the others are joined."""
    if "\n" not in text.text:
        yield text
        return
    lines = text.text.split("\n")
    width = max(map(len, lines))
    if width < _WRAPPED / 2:  # nothing that layout has wrapped
        yield from _split(text)
        return
    begin = at = 0
    edits: list[Edit] = []
    for before, after in pairwise(lines):
        at += len(before)
        if _author_ended(before, after, width):
            yield text.cut(begin, at).edited(edits).stripped()
            begin, edits = at + 1, []
        else:
            unspaced = is_unspaced(before[-1:]) and is_unspaced(after[:1])
            edits.append(Edit(at - begin, at + 1 - begin, "" if unspaced else " "))
        at += 1
    yield text.cut(begin, len(text)).edited(edits).stripped()


def _author_ended(before: str, after: str, width: int) -> bool:
    """Whether a line was ended by its author: layout ends a line only where the next word does not
    fit, and there wraps whole paragraphs."""
    unspaced = is_unspaced(before[-1:])
    if width < _WRAPPED and not unspaced:
        return True
    word = after if unspaced else after.split(" ", 1)[0]
    fits = len(before) + 1 + min(len(word), 20) <= 0.75 * width
    return fits and not after[:1].islower()


def _sentences(text: Mapped, language: str, last: Border | None, kind: Kind) -> Iterator[Piece]:
    text = text.stripped()
    length = len(text.text)
    ends = sentence_ends(text.text, language)
    if not ends and 0 < length <= MOST_UNSPACED:  # the usual line
        yield Piece(text, last, kind, " ")
        return
    start = 0
    for end in [*ends, length]:
        sentence = (text.cut(start, end) if ends else text).stripped()
        border = last if end == length else Border.SENTENCE
        start = end
        if not sentence.text:
            continue
        space = " " if end == length else _space(text.text, end - 1)
        piece = Piece(sentence, border, kind, space)
        if len(sentence.text) <= MOST_UNSPACED:
            yield piece
            continue
        for first, until in pairwise(_cuts(sentence.text, language)):
            if part := piece.cut(first, until):
                yield part


def _cuts(text: str, language: str) -> list[int]:
    """Where a sentence is cut that is too long for one call."""
    unspaced = len(text) > MOST_UNSPACED and sum(map(is_unspaced, text)) > len(text) / 2
    most = MOST_UNSPACED if unspaced else MOST
    if len(text) <= most:
        return [0, len(text)]
    cuts = cut(text, most, language)
    if not unspaced:
        return cuts
    ends = [end for _, end in words(text)]
    # A cut inside a word moves to its beginning.
    moved = [ends[max(0, bisect_right(ends, at) - 1)] for at in cuts[1:-1]]
    return sorted({0, *moved, len(text)})


def _clause(text: str) -> Border | None:
    """What ends at the end of a part of a sentence."""
    return Border.CLAUSE if ends_clause(text[-40:]) else None


def _space(text: str, at: int) -> str:
    return " " if text[at : at + 1].isspace() else ""


@uncollected
def parts(found: Sequence[Piece], source: str, limit: int, language: str) -> list[int]:
    """Offsets [0, ..., len(source)] that cut the source into parts of at most about `limit`
    characters, after the strongest border in reach."""
    # Where a part may begin, and how good that place is.
    bounds = [(piece.text.starts[0], _STRENGTH[before.border]) for before, piece in pairwise(found)]
    for piece in found:
        if len(piece.text.text) > limit:
            inside = cut(piece.text.text, limit, language)[1:-1]
            bounds += [(piece.text.starts[at], 0) for at in inside]
    bounds.sort()
    cuts, at = [0], 0
    while (rest := len(source) - cuts[-1]) > limit:
        start = cuts[-1]
        target = start + -(-rest // -(-rest // limit))
        while at < len(bounds) and bounds[at][0] <= start:
            at += 1
        until = at + 1
        while until < len(bounds) and bounds[until][0] <= start + limit:
            until += 1
        if at == len(bounds):
            break
        cuts.append(_best(bounds[at:until], start, target))
    return [*cuts, len(source)]


def _best(bounds: Sequence[tuple[int, int]], start: int, target: int) -> int:
    """The strongest from half the target on, else the last; among equals the closest to it."""
    half = start + (target - start) // 2
    late = [each for each in bounds if each[0] >= half] or bounds[-1:]
    return max(late, key=lambda each: (each[1], -abs(each[0] - target)))[0]


_STRENGTH: dict[Border | None, int] = {None: 0} | {
    border: number for number, border in enumerate(Border, 1)
}


def within(found: Sequence[Piece], start: int, end: int) -> list[Piece]:
    """The pieces of `[start:end]` of the source; one that crosses an end is cut there."""
    result = []
    for piece in found:
        starts = piece.text.starts
        if starts[-1] < start or starts[0] >= end:
            continue
        if starts[0] >= start and starts[-1] < end:
            result.append(piece)
        elif part := piece.cut(bisect_left(starts, start), bisect_left(starts, end)):
            result.append(part)
    return result
