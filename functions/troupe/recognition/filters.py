"""Removes what a transcriber heard but nobody said, and corrects where segments begin and end.

Models of Whisper's kind were trained on subtitles. Over silence, noise and music they write what
subtitles end with, or repeat themselves. The thresholds of `_is_unlikely` are Whisper's own:
https://github.com/openai/whisper/blob/main/whisper/transcribe.py
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from troupe.recognition.energy import SILENCE, audible_span, first_silence, loudest
from troupe.recognition.phrases import INVENTED
from troupe.recognition.transcriber import RATE, Segment, Word
from troupe.text import normalized

if TYPE_CHECKING:
    from troupe.speech.engine import Samples

_NO_SPEECH, _LOG_PROBABILITY = 0.6, -1.0
_DOUBTFUL = 0.25  # of no speech, for a phrase that is known to be invented
_GUESS = 0.4  # average probability of its words, for the same
_QUIET = -40.0  # dBFS; where a known phrase counts as invented
# Seconds of silence that no consonant makes, and of the word before that come first at most.
_INNER_SILENCE, _REST = 0.15, 0.35
_TOUCHING, _TORN = 0.05, 0.7  # seconds before and after a word that was found too early
_MOST_EQUAL = 2  # segments in a row
_LOOPS = 4  # times that a text says the same
_SLOWEST, _FASTEST = 0.7, 5.5  # words a second of speech that repeats itself
# What is not said but described: [Music], (applause), *laughs*, and signs without a letter.
_DESCRIBED = re.compile(r"\[[^\]]*\]|\([^)]*\)|\*[^*]*\*|\W+")


def said(segments: Iterable[Segment], samples: Samples) -> tuple[Segment, ...]:
    """The segments without those that nobody said in `samples` (int16, mono, RATE, shape (n,)), in
    order and within the sound."""
    kept: list[Segment] = []
    end, seconds = 0.0, len(samples) / RATE
    for segment in segments:
        timed = _within(segment, end, seconds)
        if timed is None or _is_invented(timed, samples) or _is_stuck(timed, kept):
            continue
        kept.append(_trimmed(timed, samples, end if kept else None))
        end = timed.end
    return tuple(kept)


def _within(segment: Segment, start: float, seconds: float) -> Segment | None:
    """With times in order, from `start` to `seconds`; None if that leaves no time or no words."""
    words: list[Word] = []
    at = start
    for word in segment.words:
        first = min(max(at, word.start), seconds)
        at = min(max(first, word.end), seconds)
        words.append(replace(word, start=first, end=at))
    words = [word for word in words if word.text.strip()]
    if not words or words[-1].end <= words[0].start:
        return None
    return replace(segment, words=tuple(words))


def _trimmed(segment: Segment, samples: Samples, before: float | None) -> Segment:
    """Without the silence that recognisers add before words that follow a pause, and after the last
    one. `before`: the end of the segment before, if there is one."""
    *words, last = segment.words
    span = _audible(last, samples)
    words.append(replace(last, end=min(last.end, last.start + span[1])) if span else last)
    ends = [before, *(word.end for word in words)]
    for number in reversed(range(len(words))):
        word = words[number]
        if number + 1 < len(words) and _is_torn(ends[number], word, words[number + 1]):
            words[number] = _moved(word, words[number + 1], samples)
        else:
            words[number] = replace(word, start=word.start + _begin(word, samples))
    return replace(segment, words=tuple(words))


def _begin(word: Word, samples: Samples) -> float:
    """Where a word begins, in seconds from its start: after a silence that no consonant makes, and
    that may have the end of the word before in front of it."""
    found = first_silence(_sound(word.start, word.end, samples))
    if found is None:
        return 0.0
    begin, end = found
    is_pause = begin <= _REST and end - begin >= _INNER_SILENCE
    return end if is_pause or begin == 0.0 else 0.0


def _is_torn(before: float | None, word: Word, following: Word) -> bool:
    """Whether a pause is between a word and those that it belongs to. Whisper finds the first word
    of a sentence right after the last one, however long the pause."""
    if before is None or not word.text.rstrip()[-1:].isalnum():
        return False
    return word.start - before < _TOUCHING and following.start - word.end > _TORN


def _moved(word: Word, following: Word, samples: Samples) -> Word:
    """A word that was found before a pause: from where it sounds again to the following word."""
    span = audible_span(_sound(word.end, following.end, samples))
    start = min(word.end + span[0], following.start) if span else following.start
    return replace(word, start=start, end=following.start)


def _audible(word: Word, samples: Samples) -> tuple[float, float] | None:
    return audible_span(_sound(word.start, word.end, samples))


def _sound(start: float, end: float, samples: Samples) -> Samples:
    return samples[int(start * RATE) : int(end * RATE) + 1]


def _is_invented(segment: Segment, samples: Samples) -> bool:
    text = segment.text
    if _DESCRIBED.fullmatch(text):
        return True
    if _is_unlikely(segment) or _is_loop(segment):
        return True
    level = loudest(_sound(segment.start, segment.end, samples))
    if level < SILENCE:
        return True
    doubtful = level < _QUIET or (segment.no_speech or 0.0) > _DOUBTFUL or _is_guess(segment)
    return doubtful and _bare(text) in INVENTED


def _is_guess(segment: Segment) -> bool:
    sure = [word.probability for word in segment.words if word.probability is not None]
    return bool(sure) and sum(sure) / len(sure) < _GUESS


def _is_unlikely(segment: Segment) -> bool:
    if segment.no_speech is None or segment.log_probability is None:
        return False
    return segment.no_speech > _NO_SPEECH and segment.log_probability < _LOG_PROBABILITY


def _is_loop(segment: Segment) -> bool:
    """Whether the text says the same again and again, faster than anybody could."""
    words = _bare(segment.text).split()
    repeats = any(
        all(one == other for one, other in zip(words, words[size:], strict=False))
        for size in range(1, len(words) // _LOOPS + 1)
    )
    return repeats and _pace(segment) > _FASTEST


def _is_stuck(segment: Segment, kept: list[Segment]) -> bool:
    """Whether it repeats the segments before it, for the third time, and not as somebody would."""
    last = [*kept[-_MOST_EQUAL:], segment]
    if len(last) <= _MOST_EQUAL or _SLOWEST < _pace(segment) < _FASTEST:
        return False
    return all(_bare(one.text) == _bare(other.text) for one, other in pairwise(last))


def _pace(segment: Segment) -> float:
    """Words a second."""
    return len(segment.words) / (segment.end - segment.start)


def _bare(text: str) -> str:
    """In lower case, with single spaces in place of punctuation."""
    text = normalized("NFC", text).casefold()
    return " ".join("".join(c if c.isalnum() else " " for c in text).split())
