"""Text that remembers which part of a source each of its characters stands for."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

# Characters of a text, of which there may be many: lists are made faster than arrays.
_SHORT = 50


class Edit(NamedTuple):
    """Replaces `[start:end]` of a text by `text`. Equal offsets insert."""

    start: int
    end: int
    text: str


class Mapped:
    """A text made from a source by edits.

    `starts[i]` and `ends[i]` are the offsets in the source of what `text[i]` stands for: of one
    character, or of everything that an edit replaced. Both never decrease. They are
    ranges for a stretch of the source as it is.
    """

    __slots__ = ("ends", "starts", "text")

    def __init__(self, text: str, starts: Sequence[int], ends: Sequence[int]) -> None:
        self.text = text
        self.starts = starts
        self.ends = ends

    @classmethod
    def of(cls, source: str) -> Self:
        """The whole source, as it is."""
        return cls(source, range(len(source)), range(1, len(source) + 1))

    @property
    def is_unchanged(self) -> bool:
        """Whether this is a stretch of the source as it is."""
        return isinstance(self.starts, range)

    def __len__(self) -> int:
        return len(self.text)

    def __repr__(self) -> str:
        return f"Mapped({self.text!r})"

    def cut(self, start: int, end: int) -> Self:
        """`[start:end]` of this text; the map still leads to the whole source."""
        return type(self)(self.text[start:end], self.starts[start:end], self.ends[start:end])

    def stripped(self) -> Self:
        """Without surrounding white space."""
        kept = self.text.strip()
        if len(kept) == len(self.text):
            return self
        start = len(self.text) - len(self.text.lstrip())
        return self.cut(start, start + len(kept))

    def edited(self, edits: Iterable[Edit]) -> Self:
        """With `edits`, which are in order and do not overlap, applied. Linear.

        Raises ValueError for edits that overlap, are out of order or out of range.
        """
        edits = list(edits)
        if not edits:
            return self
        texts: list[str] = []
        at, length = 0, len(self.text)
        starts: list[int] | array[int] = [] if length <= _SHORT else array("i")
        ends: list[int] | array[int] = [] if length <= _SHORT else array("i")
        for start, end, text in (*edits, Edit(length, length, "")):
            if not at <= start <= end <= length:
                raise ValueError(f"[{start}:{end}] overlaps the edit before it or leaves the text")
            if at < start:
                texts.append(self.text[at:start])
                starts.extend(self.starts[at:start])
                ends.extend(self.ends[at:start])
            if text:
                texts.append(text)
                first, last = self.span(start, end)
                starts.extend((first,) * len(text))
                ends.extend((last,) * len(text))
            at = end
        return type(self)("".join(texts), starts, ends)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The offsets in the source of what `[start:end]` stands for; of an empty range, the place
        where it is."""
        if start < end:
            return self.starts[start], self.ends[end - 1]
        at = self.ends[start - 1] if start else (self.starts[0] if self.starts else 0)
        return at, at


# Where only the places of words are asked for, the edits tell them: a map of each character costs
# several times as much.


def applied(text: str, edits: Sequence[Edit]) -> str:
    """`text` with edits that are in order and do not overlap. Linear."""
    parts: list[str] = []
    at = 0
    for start, end, new in edits:
        if at < start:
            parts.append(text[at:start])
        parts.append(new)
        at = end
    parts.append(text[at:])
    return "".join(parts)


def located(spans: Iterable[tuple[int, int]], edits: Sequence[Edit]) -> list[tuple[int, int]]:
    """Where in the edited text the ranges of a text are, with all that stands for a part of them.
    Both are in order, and the edits do not overlap. Linear."""
    places: list[tuple[int, int]] = []
    last = len(edits)
    number = moved = 0  # the edits before the range that is next, and by how much they move it
    for start, end in spans:
        begin, until = start, end
        while number < last:
            first, stop, new = edits[number]
            if stop > start:
                if first < start:
                    begin = first
                break
            moved += len(new) - stop + first
            number += 1
        at, inside = number, moved
        while at < last:
            first, stop, new = edits[at]
            if first >= end:
                break
            inside += len(new) - stop + first
            if stop > end:
                until = stop
            at += 1
        places.append((begin + moved, until + inside))
    return places
