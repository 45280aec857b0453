"""Divides words into cues, and cues into lines.

The rules are those of professional subtitlers: a cue is a sentence, or else a part of one that
makes sense; it can be read in its time; lines break after punctuation or before conjunctions and
prepositions, and never after an article.
https://partnerhelp.netflixstudios.com/hc/en-us/articles/215758617-Timed-Text-Style-Guide-General-Requirements
https://www.bbc.co.uk/accessibility/forproducts/guides/subtitles/

Each rule has a cost. The division with the least sum is found by dynamic programming: a cue holds
few words, so the time is linear.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from troupe.borders import Border
from troupe.media.captions.cue import LINE, Cue, Said, label, width
from troupe.media.captions.pieces import PAUSE, TOGETHER, Piece, pieces
from troupe.media.captions.timing import (
    MAX_SECONDS,
    MIN_SECONDS,
    READING,
    shown_until,
    timed,
)
from troupe.speech.engine import WordTiming

# Of ending a cue or a line after a piece. The rest of a sentence costs what it costs to read on.
_TORN, _ANYWHERE, _BEFORE_CONJUNCTION, _AFTER_CLAUSE = 60.0, 14.0, 8.0, 3.0
_CUE = 4.0  # of every cue, so that there are few
_SENTENCE_INSIDE = 5.0  # of a sentence that ends within a cue
_FLASH = 8.0  # of a cue that is too short to be seen
_SECOND_SHORT, _SHORT = 4.0, 1.5  # of each second below so many
_SECOND_LONG, _LONG = 4.0, 6.0  # of each second above so many
_FAST = 1.5  # of each column a second that is too fast
_SECOND_LINE = 0.25  # of what the break between its lines costs
_UNEVEN = 16.0  # of lines of which one is empty, less if they are more alike


def cues(
    words: Sequence[WordTiming], *, speaker: str | None = None, until: float | None = None
) -> list[Cue]:
    """The captions of one text; see `captions`."""
    return captions([Said(words, speaker)], until=until)


def captions(said: Sequence[Said], *, until: float | None = None) -> list[Cue]:
    """The cues of texts that follow each other, in order and without overlap.

    A cue has words of one text only. It has at most two lines of LINE columns, of which the first
    has room for the speaker's name, and at most MAX_SECONDS of speech. What the border of a list
    item or more ends, or PAUSE seconds of silence, ends the cue. `until`: the end of the audio, in
    seconds: until then the last cue can be shown.
    """
    bordered = any(word.border is not None for each in said for word in each.words)
    found = [(each, pieces(each, bordered=bordered)) for each in said]
    stretches = [(each, stretch) for each, whole in found if whole for stretch in _stretches(whole)]
    spoken: list[Cue] = []
    for number, (each, stretch) in enumerate(stretches):
        last = stretch[-1].end
        if number + 1 < len(stretches):
            limit = max(last, stretches[number + 1][1][0].start)
        else:
            limit = last if until is None else max(last, until)
        spoken += _Division(stretch, limit, each).cues()
    return timed(spoken, until)


def _stretches(whole: list[Piece]) -> Iterator[list[Piece]]:
    """Cut where a cue always ends."""
    start = 0
    for at, (one, other) in enumerate(pairwise(whole), 1):
        if one.border not in TOGETHER or other.start - one.end > PAUSE:
            yield whole[start:at]
            start = at
    yield whole[start:]


class _Division:
    """The best division of pieces into cues. `limit`: when the cue after the last one starts."""

    def __init__(self, stretch: list[Piece], limit: float, said: Said) -> None:
        self._pieces = stretch
        self._said = said
        self._label = width(label(said.speaker))
        self._spaces = [width(piece.space) for piece in stretch]
        # The columns of all pieces before each, with their spaces.
        self._columns = [
            0.0,
            *accumulate(p.width + s for p, s in zip(stretch, self._spaces, strict=True)),
        ]
        sentences = (piece.border is Border.SENTENCE for piece in stretch)
        self._sentences = [0, *accumulate(map(int, sentences))]
        self._breaks = [_break_cost(*pair) for pair in pairwise(stretch)] + [0.0]
        self._starts = [piece.start for piece in stretch]
        self._ends = [piece.end for piece in stretch]
        # When the cue after each piece starts at the earliest.
        self._next = list(map(max, self._ends, [*self._starts[1:], limit]))

    def cues(self) -> list[Cue]:
        count = len(self._pieces)
        best = [0.0] + [float("inf")] * count
        before = [0] * (count + 1)
        for first in range(count):
            for end, cost in self._candidates(first):
                if best[first] + cost < best[end]:
                    best[end], before[end] = best[first] + cost, first
        spans, end = [], count
        while end:
            spans.append((before[end], end))
            end = before[end]
        return [self._cue(*span) for span in reversed(spans)]

    def _candidates(self, first: int) -> Iterator[tuple[int, float]]:
        """The ends of the cues that can start at `first`, with their costs. Most of the time for
        captions is spent here."""
        columns, spaces, ends = self._columns, self._spaces, self._ends
        start, left, inside = self._starts[first], columns[first], self._sentences[first]
        room = LINE - self._label
        roomy = self._width(first, first + 1) <= room
        filled = first + 1  # the first line can hold the pieces before it
        for end in range(first + 1, len(ends) + 1):
            wide = columns[end] - spaces[end - 1] - left
            spoken = ends[end - 1] - start
            if wide <= room:
                filled = end
            two_lines = roomy and columns[end] - spaces[end - 1] - columns[filled] <= LINE
            if not two_lines and wide > LINE and end > first + 1:
                return
            if spoken > MAX_SECONDS and end > first + 1:
                return
            shown = shown_until(start, ends[end - 1], wide, self._next[end - 1]) - start
            cost = _CUE + self._breaks[end - 1]
            cost += _SENTENCE_INSIDE * (self._sentences[end - 1] - inside)
            if spoken > _LONG:
                cost += _SECOND_LONG * (spoken - _LONG)
            if shown < _SHORT:
                cost += _SECOND_SHORT * (_SHORT - shown)
                if shown < MIN_SECONDS:
                    cost += _FLASH
            if wide > READING * shown:
                cost += _FAST * min(20.0, wide / (shown or 0.01) - READING)
            if wide > LINE:
                cost += _SECOND_LINE * self._line_cost(first, filled, end)
            yield end, cost

    def _line_cost(self, first: int, filled: int, end: int) -> float:
        """Of the line break, which is looked for only if the last possible one is a bad one."""
        cost = self._breaks[filled - 1]
        if cost > _ANYWHERE:
            at = self._line_break(first, end)
            return self._breaks[at - 1] if at else _TORN
        return cost

    def _width(self, first: int, end: int) -> float:
        return self._columns[end] - self._columns[first] - self._spaces[end - 1]

    def _cue(self, first: int, end: int) -> Cue:
        held = self._pieces[first:end]
        line = self._line_break(first, end)
        parts = [held] if line is None else [held[: line - first], held[line - first :]]
        text = "\n".join(
            "".join(piece.text + piece.space for piece in part).rstrip() for part in parts
        )
        words = tuple(word for piece in held for word in piece.words)
        said = self._said
        return Cue(held[0].start, held[-1].end, text, said.speaker, said.line, words)

    def _line_break(self, first: int, end: int) -> int | None:
        """Where the second line begins; None if one line is enough, with the speaker's name before
        it or above it."""
        if self._width(first, end) <= LINE:
            return None
        found = [
            (self._breaks[at - 1] + _UNEVEN * abs(one + self._label - other) / LINE, at)
            for at in range(first + 1, end)
            if (one := self._width(first, at)) + self._label <= LINE
            and (other := self._width(at, end)) <= LINE
        ]
        return min(found)[1] if found else None


def _break_cost(piece: Piece, following: Piece) -> float:
    if piece.border is Border.SENTENCE:
        return 0.0
    if piece.leans:
        return _TORN
    if piece.ends_clause:
        return _AFTER_CLAUSE
    if following.leads and not piece.leads:
        return _BEFORE_CONJUNCTION
    return _ANYWHERE + (6.0 if piece.leads else 0.0)
