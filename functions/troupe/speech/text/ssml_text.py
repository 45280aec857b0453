"""Builds the text of an XML document, with the way back to its source."""

from __future__ import annotations

import re
from array import array

from troupe.speech.text.mapped import Mapped
from troupe.speech.text.marks import splits

_PIECE = re.compile(r"[ \t\r\n]+|[^ \t\r\n]+")  # the white space of XML; others are text


class TextBuilder:
    """White space becomes one gap between two words: the longest that was asked for. There is none
    before the first word and none after the last."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._starts, self._ends = array("i"), array("i")
        self._gap = ""
        self._gap_at = (0, 0)
        self._paused = False
        self.length = 0

    def add(self, data: str, at: int, end: int | None = None) -> None:
        """Text that is in the source at `at` as it is; or, with `end`, that `[at:end]` stands
        for."""
        for piece in _PIECE.finditer(data):
            start = at + piece.start()
            if piece[0][0] in " \t\r\n":
                self.separate(" ", start, start + 1 if end is None else end)
            else:
                self._word(piece[0], start, end)

    def separate(self, gap: str, at: int, end: int | None = None) -> None:
        """Puts at least this gap before the next word."""
        if not self._gap:
            self._gap_at = at, at if end is None else end
        self._gap = max(self._gap, gap, key=len)

    def pause(self, at: int) -> None:
        """A pause here separates the words before and after it, if they are letters."""
        if not self._gap:
            self._paused = True
            self._gap_at = at, at

    def mapped(self) -> Mapped:
        return Mapped("".join(self._texts), self._starts, self._ends)

    def _word(self, text: str, start: int, end: int | None) -> None:
        gap = self._gap
        if self._paused and not gap and self._texts and splits(self._texts[-1][-1], text[0]):
            gap = " "
        if gap and self._texts:
            self._put(gap, array("i", [self._gap_at[0]]), array("i", [self._gap_at[1]]))
        self._gap, self._paused = "", False
        if end is None:
            places = range(start, start + len(text) + 1)
            self._put(text, array("i", places[:-1]), array("i", places[1:]))
        else:
            self._put(text, array("i", [start]), array("i", [end]))

    def _put(self, text: str, starts: array[int], ends: array[int]) -> None:
        """Adds text; one place stands for all of its characters."""
        self._texts.append(text)
        self._starts += starts if len(starts) == len(text) else starts * len(text)
        self._ends += ends if len(ends) == len(text) else ends * len(text)
        self.length += len(text)
