"""Words and segments from the answers of recognisers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from troupe.recognition.transcriber import Segment, Word
from troupe.speech.text.words import spread, word_spans

_SENTENCE_END = re.compile(r"[.!?…。！？؟।]['\")\]»”’」』]*\s*$")  # noqa: RUF001 (of other scripts)
_GAP = 1.0  # seconds of silence that end a segment
_MOST_WORDS = 40
_UNSPACED = ("zh", "cmn", "yue", "ja", "th", "lo", "km", "my", "bo")


def spaced(words: Sequence[Word], language: str) -> list[Word]:
    """Words without white space, with the one of their language after each."""
    space = "" if language.partition("-")[0].lower() in _UNSPACED else " "
    return [replace(word, text=word.text.strip() + space) for word in words]


def grouped(words: Iterable[Word]) -> Iterator[Segment]:
    """Segments: sentences, or what is said without a pause."""
    group: list[Word] = []
    for word in words:
        if group and (
            word.start - group[-1].end > _GAP
            or len(group) >= _MOST_WORDS
            or _SENTENCE_END.search(group[-1].text)
        ):
            yield Segment(tuple(group))
            group = []
        group.append(word)
    if group:
        yield Segment(tuple(group))


def written(text: str, words: Sequence[Word], start: float, end: float) -> tuple[Word, ...]:
    """The words of `text`, which has punctuation and spaces, with the times of `words`, which have
    none. Estimates the times from `start` to `end` if these are not the same words."""
    text = text.strip()
    found, at = [], 0
    for word in words:
        stop = _end_of(word.text, text, at)
        if stop is None:
            break
        found.append(replace(word, text=text[at:stop]))
        at = stop
    if found and at == len(text):
        return tuple(found)
    starts = [first for first, _ in word_spans(text)]
    parts = [text[first:stop] for first, stop in pairwise([*starts, len(text)])]
    return tuple(Word(each.text, each.start, each.end) for each in spread(parts, start, end))


def _end_of(word: str, text: str, at: int) -> int | None:
    """Where a word that begins at `at` ends in the text, with the punctuation and the white space
    after it; None if another word begins there."""
    for letter in filter(str.isalnum, word.casefold()):
        while at < len(text) and not text[at].isalnum():
            at += 1
        if at == len(text) or letter not in text[at].casefold():
            return None
        at += 1
    while at < len(text) and not (text[at].isalnum() or text[at].isspace()):
        at += 1
    while at < len(text) and text[at].isspace():
        at += 1
    return at
