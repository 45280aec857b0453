"""Cuts a text into sentences, each with the border that follows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from troupe.speech.borders import Border
from troupe.speech.text.blocks import Block, Kind, blocks
from troupe.speech.text.clean import tidy
from troupe.speech.text.graphemes import is_unspaced
from troupe.speech.text.mapped import Edit, Mapped
from troupe.speech.text.planner import cut
from troupe.speech.text.sentences import sentence_ends

# About a minute of speech: short enough that its audio (2.5 MB) needs little memory.
MOST = 800  # characters of a piece
# Columns of a line that layout has wrapped; shorter ones were ended by their author.
_WRAPPED = 45


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence, a heading, an item, or a part of one that is longer than MOST.

    `text` is what a reader sees, mapped to the source. `border`: what ends after it; None inside a
    sentence.
    """

    text: Mapped
    border: Border | None
    kind: Kind

    @property
    def start(self) -> int:
        """Its offset in the source."""
        return self.text.starts[0]


@lru_cache(maxsize=4)
def pieces(source: str, language: str) -> tuple[Piece, ...]:
    """The pieces of a text, in order. Linear. Cached, because each part of a job asks for all."""
    found = list(_joined(blocks(tidy(Mapped.of(source)))))
    result: list[Piece] = []
    for block, border in found:
        lines = list(_lines(block.text))
        for number, line in enumerate(lines):
            last = border if number == len(lines) - 1 else Border.ITEM
            result += _sentences(line, language, last, block.kind)
    return tuple(result)


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
    if width < (_WRAPPED / 2 if unspaced else _WRAPPED):
        return True
    word = after if unspaced else after.split(" ", 1)[0]
    fits = len(before) + 1 + min(len(word), 20) <= 0.75 * width
    return fits and not after[:1].islower()


def _sentences(text: Mapped, language: str, last: Border | None, kind: Kind) -> Iterator[Piece]:
    ends = [*sentence_ends(text.text, language), len(text)]
    start = 0
    for end in ends:
        sentence = text.cut(start, end).stripped() if len(ends) > 1 else text
        border = last if end == len(text) else Border.SENTENCE
        start = end
        if len(sentence) <= MOST:
            if sentence.text:
                yield Piece(sentence, border, kind)
            continue
        for first, until in pairwise(cut(sentence.text, MOST, language)):
            part = sentence.cut(first, until).stripped()
            if part.text:
                yield Piece(part, border if until == len(sentence) else None, kind)


def parts(found: Sequence[Piece], source: str, limit: int, language: str) -> list[int]:
    """Offsets [0, ..., len(source)] that cut the source into parts of at most about `limit`
    characters, after the strongest border in reach."""
    bounds: list[tuple[int, int]] = []  # where a part may begin, and how good that place is
    for before, piece in pairwise(found):
        bounds.append((piece.start, _STRENGTH[before.border]))
    for piece in found:
        if len(piece.text) > limit:
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
            continue
        first = sum(1 for each in starts if each < start)
        last = sum(1 for each in starts if each < end)
        part = piece.text.cut(first, last).stripped()
        if part.text:
            border = piece.border if last == len(starts) else None
            result.append(replace(piece, text=part, border=border))
    return result
