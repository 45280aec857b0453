# ruff: noqa: RUF001 - this file is about the punctuation of other scripts
"""Cuts text that is too long for one call where a reader would pause."""

from __future__ import annotations

import re

from troupe.speech.text.graphemes import UNSPACED, is_joined
from troupe.speech.text.sentences import (
    CLAUSE,
    SENTENCE,
    UNSPACED_COMMAS,
    UNSPACED_ENDS,
    is_end,
    writes_ordinals_with_dot,
)

# Boundaries from strongest to weakest. A cut falls after a match.
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*|\u2029\s*")
_SPACE = re.compile(r"\s+")
_BORDERS = (_PARAGRAPH, SENTENCE, CLAUSE, _SPACE)

_WORD = re.compile(rf"[^\s{UNSPACED}{UNSPACED_ENDS}{UNSPACED_COMMAS}]+")
# A line of Chinese or Japanese must not begin with these.
_CLINGING = frozenset("。！？｡．…、，；：」』】）》〉ーっッゃゅょャュョ々")


def cut(text: str, limit: int, language: str) -> list[int]:
    """Offsets [0, ..., len(text)] that cut `text` into pieces of at most `limit` code points.

    Cuts after a paragraph, or else after a sentence, a clause or a space, into pieces of similar
    size. Words are cut only if longer than `limit`, and then between graphemes; graphemes only if
    longer than `limit`. A script without spaces may be cut between any two characters if there is
    no punctuation in reach. Linear in len(text).

    Raises ValueError for a limit below 1.
    """
    if limit < 1:
        raise ValueError("limit must be at least 1")
    total = len(text)
    if not text:
        return [0]
    ordinal_dot = writes_ordinals_with_dot(language)
    offsets = [0]
    while (rest := total - (start := offsets[-1])) > limit:
        pieces = -(-rest // limit)
        target = start + -(-rest // pieces)
        offsets.append(_best(text, start, target, start + limit, ordinal_dot))
    return [*offsets, total]


def _best(text: str, start: int, target: int, last: int, ordinal_dot: bool) -> int:
    """The strongest boundary from half the target on; among equals, the closest to the target.
    If there is none, the last space, or else the least harmful place."""
    half = start + (target - start + 1) // 2

    def distance(match: re.Match[str]) -> int:
        return abs(match.end() - target)

    for border in _BORDERS:
        for match in sorted(border.finditer(text, half, last), key=distance):
            if not is_joined(text, match.end()) and is_end(text, match, ordinal_dot):
                return match.end()
    early = start
    for match in _SPACE.finditer(text, start, half):
        if not is_joined(text, match.end()):
            early = match.end()
    return _between_words(text, early, last) or (
        early if early > start else _between_graphemes(text, start, last)
    )


def _between_words(text: str, start: int, last: int) -> int | None:
    """The last place in (start, last] that does not split a word of a script with spaces."""
    at = last
    end = 0
    for run in _WORD.finditer(text, start, min(last + 1, len(text))):
        begin, end = run.span()
    if end > last:
        at = begin
    while at > start and (
        is_joined(text, at) or (text[at] in _CLINGING and text[at - 1] not in _CLINGING)
    ):
        at -= 1
    # Stepping back over marks may have led back into a word.
    if at > start and not (_WORD.match(text[at - 1]) and _WORD.match(text[at])):
        return at
    return None


def _between_graphemes(text: str, start: int, last: int) -> int:
    for at in range(last, start, -1):
        if not is_joined(text, at):
            return at
    return last
