"""Speaks a line of symbols with a neural model, chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import numpy as np

from troupe.adapters.models.errors import ModelMissing
from troupe.logs import log
from troupe.speech.audible import audible
from troupe.speech.engines.espeak_timing import END, WORD
from troupe.speech.engines.resample import played
from troupe.speech.engines.symbols import Border, Chunk, Line, border_before, chunks
from troupe.speech.errors import SpeechError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from troupe.speech.engine import Samples

_FULL = 32_767
# Silence kept around the sound of a chunk, and put between chunks, in seconds.
_MARGIN = 0.03
_GAPS = {Border.NONE: 0.0, Border.WORD: 0.0, Border.CLAUSE: 0.2, Border.SENTENCE: 0.4}
_FEWEST = 40  # symbols of a chunk, however slow


class Run(Protocol):
    """One run of a model."""

    def __call__(self, symbols: str, speed: float) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The sound, from -1 to 1, shape (n,), and the sample at which each symbol begins, with
        the end of the last one: shape (symbols + 1,)."""
        ...


def spoken(
    said: Line, run: Run, *, rate: int, speed: float, play: float, most: int
) -> tuple[Samples, list[tuple[int, int, int]]]:
    """Samples, and events as espeak-ng has them: kind, offset in the text from 1, sample.

    `play`: how much faster than spoken the sound is played, at the same `speed` of speech; `most`:
    symbols of a run at normal speed, since its memory grows with the length of its sound.
    """
    pieces: list[Samples] = []
    events: list[tuple[int, int, int]] = []
    size = 0
    asked = speed / play
    for chunk in chunks(said.symbols, max(_FEWEST, round(most * min(1.0, asked)))):
        sound, starts = run(said.symbols[chunk.start : chunk.end], asked)
        samples, begin = _heard(played(sound, play), rate)
        for kind, offset, symbol in _marks(said, chunk):
            at = round(int(starts[symbol - chunk.start]) / play) - begin
            events.append((kind, offset, size + min(max(at, 0), len(samples))))
        gap = round(_GAPS[chunk.border] / speed * rate)
        pieces += [samples, np.zeros(gap, np.int16)]
        size += len(samples) + gap
    return np.concatenate(pieces) if pieces else np.zeros(0, np.int16), events


@contextmanager
def found_models() -> Iterator[None]:
    """Turns ModelMissing into SpeechError("model_missing"), and logs what operators should do."""
    try:
        yield
    except ModelMissing as error:
        log.error("model_missing", error)
        raise SpeechError("model_missing", error.text, retryable=False) from error


def _heard(sound: NDArray[np.float32], rate: int) -> tuple[Samples, int]:
    """The samples without the silence around them, and which one of the sound is the first."""
    samples = np.round(np.clip(sound, -1.0, 1.0) * _FULL).astype(np.int16)
    loud = audible(samples)
    if not len(loud):
        return samples[:0], 0
    margin = round(_MARGIN * rate)
    begin = max(0, int(loud[0]) - margin)
    return samples[begin : int(loud[-1]) + 1 + margin], begin


def _marks(said: Line, chunk: Chunk) -> Iterator[tuple[int, int, int]]:
    """The words of a chunk and the ends of its clauses: kind of event, offset, symbol."""
    for offset, symbol in said.words:
        if chunk.start <= symbol < chunk.end:
            border, end = border_before(said.symbols, symbol)
            if border > Border.WORD and end > chunk.start:
                yield END, 0, end
            yield WORD, offset + 1, symbol
    yield END, 0, chunk.end
