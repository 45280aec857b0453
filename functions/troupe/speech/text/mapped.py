"""Text that remembers which part of a source each of its characters stands for."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self


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
        starts, ends = array("i"), array("i")
        at, length = 0, len(self.text)
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
                starts += array("i", (first,)) * len(text)
                ends += array("i", (last,)) * len(text)
            at = end
        return type(self)("".join(texts), starts, ends)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The offsets in the source of what `[start:end]` stands for; of an empty range, the place
        where it is."""
        if start < end:
            return self.starts[start], self.ends[end - 1]
        at = self.ends[start - 1] if start else (self.starts[0] if self.starts else 0)
        return at, at
