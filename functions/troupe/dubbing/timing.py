"""When the lines of a dubbing are spoken, and how fast, so that each starts with its original."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from troupe.dubbing.records import Line
from troupe.speech.engine import WordTiming
from troupe.speech.tempo import faster

if TYPE_CHECKING:
    from troupe.speech.engine import Samples

# A line that is too long for its place is spoken at most this many times as fast, which still
# sounds natural. If that is not enough, it delays the next one.
FASTEST = 1.35
# Seconds of silence between two lines, at least.
_GAP = 0.06
_EXACT = 1.01  # how many times its place a line may last after it was spoken faster


@dataclass(frozen=True, slots=True)
class Spoken:
    """A spoken line without silence around it. The times of its words count from its start."""

    samples: Samples
    rate: int
    words: tuple[WordTiming, ...]

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


class Voice(Protocol):
    def speak(self, text: str, speed: float) -> Spoken:
        """Without samples if there is nothing to speak. Raises SpeechError."""
        ...


@dataclass(frozen=True, slots=True)
class Placed:
    """A line that begins at `start`, `late` seconds after its original. `speed`: how many times as
    fast as usual it is spoken."""

    spoken: Spoken
    start: float
    late: float
    speed: float


def placed(lines: Sequence[Line], voice: Voice, seconds: float) -> Iterator[Placed]:
    """The lines in order, without overlap, each as soon as it is spoken. `seconds`: the length of
    the original, within which the last one ends if possible."""
    free = 0.0
    ends = [*(line.start - _GAP for line in lines[1:]), seconds]
    for line, end in zip(lines, ends, strict=True):
        start = max(line.start, free)
        spoken, speed = _fitted(voice, line.said, end - start)
        yield Placed(spoken, start, start - line.start, speed)
        if len(spoken.samples):
            free = start + spoken.seconds + _GAP


def _fitted(voice: Voice, text: str, room: float) -> tuple[Spoken, float]:
    """A line that lasts at most `room` seconds, if possible, and its speed."""
    usual = voice.speak(text, 1.0)
    if usual.seconds <= max(0.0, room):
        return usual, 1.0
    room = max(room, usual.seconds / FASTEST)
    spoken = voice.speak(text, round(usual.seconds / room, 3))
    # Engines follow a speed only roughly, and some ignore it.
    if spoken.seconds > _EXACT * room:
        spoken = _compressed(spoken, spoken.seconds / room)
    return spoken, usual.seconds / spoken.seconds


def _compressed(spoken: Spoken, times: float) -> Spoken:
    samples = faster(spoken.samples, spoken.rate, times)
    words = tuple(
        replace(word, start=word.start / times, end=word.end / times) for word in spoken.words
    )
    return Spoken(samples, spoken.rate, words)
