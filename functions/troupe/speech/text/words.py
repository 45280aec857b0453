# ruff: noqa: RUF001 - this file is about the punctuation of other scripts
"""Words for captions: their offsets in the text, and estimates of their timing."""

from __future__ import annotations

import re
from unicodedata import category

from troupe.speech.engine import WordTiming
from troupe.speech.text.graphemes import UNSPACED, is_joined

_TOKEN = re.compile(r"\S+")
_RUN = re.compile(f"[{UNSPACED}]+|[^{UNSPACED}]+")
_HAS_UNSPACED = re.compile(f"[{UNSPACED}]")
_GROUP = 4  # characters of an unspaced script timed as one word: about two words
_PAUSE = {**dict.fromkeys(".!?…。！？।॥؟۔", 6.0), **dict.fromkeys(",;:—、，；：،؛", 3.0)}
_CLOSERS = "\"'”’»)]}」』】）》"


def is_speakable(text: str) -> bool:
    """Whether `text` has a letter, digit or symbol. Punctuation alone is silent."""
    return any(character.isalnum() or category(character)[0] == "S" for character in text)


def word_spans(text: str) -> list[tuple[int, int]]:
    """The words of `text` as (start, end) offsets, in order and without overlap.

    Words are separated by spaces; scripts without spaces are cut into groups of four characters.
    Punctuation belongs to the word before it, or to the one after it if there is none before.
    """
    spans: list[tuple[int, int]] = []
    opening: int | None = None  # start of punctuation without a word before it
    for token in _TOKEN.finditer(text):
        for start, end in _pieces(text, *token.span()):
            if is_speakable(text[start:end]):
                spans.append((start if opening is None else opening, end))
                opening = None
            elif spans:
                spans[-1] = (spans[-1][0], end)
            elif opening is None:
                opening = start
    return spans


def _pieces(text: str, start: int, end: int) -> list[tuple[int, int]]:
    if not _HAS_UNSPACED.search(text, start, end):
        return [(start, end)]
    pieces = []
    for run in _RUN.finditer(text, start, end):
        first, last = run.span()
        if not _HAS_UNSPACED.match(text, first):
            pieces.append((first, last))
            continue
        begin, graphemes = first, 1
        for at in range(first + 1, last):
            if is_joined(text, at):
                continue
            if graphemes == _GROUP:
                pieces.append((begin, at))
                begin, graphemes = at, 0
            graphemes += 1
        pieces.append((begin, last))
    return pieces


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
