"""When each character of a text is spoken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from troupe.speech.engine import WordTiming

Span = tuple[float, float]  # from, until; in seconds


def character_times(text: str, words: Sequence[WordTiming], seconds: float) -> list[Span]:
    """The characters of a word share its time evenly; those between words share the silence.
    `words`: in the order of the text, each as it is written there; what is not there is left out.
    `seconds`: the length of the audio."""
    times: list[Span] = []
    last = 0.0
    for start, end, said_from, said_until in _found(text, words):
        begin = max(said_from, last)
        times += _shared(start - len(times), last, begin)
        last = max(said_until, begin)
        times += _shared(end - start, begin, last)
    return [*times, *_shared(len(text) - len(times), last, max(seconds, last))]


def _found(text: str, words: Sequence[WordTiming]) -> Iterator[tuple[int, int, float, float]]:
    """Where each word is in the text, and when it is spoken."""
    at = 0
    for word in words:
        said = word.text.strip()
        start = text.find(said, at) if said else -1
        if start >= 0:
            at = start + len(said)
            yield start, at, word.start, word.end


def _shared(count: int, begin: float, until: float) -> list[Span]:
    each = (until - begin) / max(count, 1)
    borders = [min(begin + each * number, until) for number in range(count)] + [until]
    return [*pairwise(round(border, 3) for border in borders)]
