# ruff: noqa: RUF001 - this file is about the punctuation of other scripts
"""Words for captions: their offsets in the text, and estimates of their timing."""

from __future__ import annotations

import re

from troupe.speech.engine import WordTiming
from troupe.speech.text.graphemes import UNSPACED
from troupe.speech.text.segmenter import is_speakable
from troupe.speech.text.segmenter import words as word_spans

__all__ = ["estimate_words", "is_speakable", "spread", "weight", "word_spans"]

_HAS_UNSPACED = re.compile(f"[{UNSPACED}]")
_PAUSE = {**dict.fromkeys(".!?…。！？।॥؟۔", 6.0), **dict.fromkeys(",;:—、，；：،؛", 3.0)}
_CLOSERS = "\"'”’»)]}」』】）》"


def weight(word: str) -> float:
    """The relative duration of a word: its number of letters, with an ideograph or a digit counting
    as three."""
    total = 1.0
    for character in word:
        if character.isdigit():
            total += 3.0
        elif character.isalpha():
            total += 3.0 if _HAS_UNSPACED.match(character) else 1.0
    return total


def spread(words: list[str], start: float, end: float) -> list[WordTiming]:
    """The words spread from `start` to `end` (seconds) by weight, with pauses after punctuation.
    The last word ends at `end`."""
    spoken = [weight(word) for word in words]
    pauses = [_PAUSE.get(word.rstrip(_CLOSERS)[-1:], 0.0) for word in words]
    if words:
        pauses[-1] = 0.0
    unit = (end - start) / max(sum(spoken) + sum(pauses), 1e-9)
    timings, at = [], start
    for index, word in enumerate(words):
        until = end if index == len(words) - 1 else at + spoken[index] * unit
        timings.append(WordTiming(word, at, until))
        at = until + pauses[index] * unit
    return timings


def estimate_words(text: str, seconds: float, start: float = 0.0) -> tuple[WordTiming, ...]:
    """Timings for engines that report none: the words of `text` spread over the audio from `start`
    to `seconds` (both in seconds from the first sample)."""
    return tuple(spread([text[a:b] for a, b in word_spans(text)], start, seconds))
