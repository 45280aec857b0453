"""Turns espeak's events into the timings of whole words of the text."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from troupe.speech.audible import audible
from troupe.speech.engine import WordTiming
from troupe.speech.text.words import spread, word_spans

if TYPE_CHECKING:
    from troupe.speech.engine import Samples

WORD, END = 1, 5


def word_timings(
    text: str, events: list[tuple[int, int, int]], samples: Samples, rate: int
) -> tuple[WordTiming, ...]:
    """The timings of the words of `text`; empty if espeak spoke none.

    `events`: (kind, offset from 1, sample), in order of time. `samples`: int16, mono, shape (n,).
    espeak speaks some words in several steps ("3.14", ideographs) and some words together
    ("of the"). A word starts with its first step, and words spoken together share the time by
    length. A word ends where the next one starts or where the sound of its clause ends.
    """
    spans = word_spans(text)
    starts = [start for start, _ in spans]
    begins: list[tuple[int, int]] = []  # (word, sample), both increasing
    ends: list[int] = []
    for kind, offset, sample in events:
        if kind == END:
            ends.append(sample)
            continue
        word = max(0, bisect_right(starts, offset - 1) - 1)
        if spans and (not begins or (word > begins[-1][0] and sample >= begins[-1][1])):
            begins.append((word if begins else 0, sample))
    timings: list[WordTiming] = []
    clause = 0
    for index, (word, sample) in enumerate(begins):
        following = begins[index + 1] if index + 1 < len(begins) else (len(spans), len(samples))
        until = following[1]
        # The last clause that ends before the next word; a very long word has several clauses.
        while clause + 1 < len(ends) and ends[clause + 1] <= until:
            clause += 1
        if ends and sample < ends[clause] <= until:
            until = _last_sound(samples, sample, ends[clause])
        said = [text[start:end] for start, end in spans[word : following[0]]]
        timings += spread(said, sample / rate, until / rate)
    return tuple(timings)


def _last_sound(samples: Samples, start: int, end: int) -> int:
    # Pauses between clauses are zeros, and echoes fade below this.
    loud = audible(samples[start:end])
    return start + int(loud[-1]) + 1 if len(loud) else end
