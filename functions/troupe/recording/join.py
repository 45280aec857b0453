"""Recorded sounds, joined in their order to one audio file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from troupe.media.audio import AudioWriter
from troupe.media.formats import AudioFormat
from troupe.recording.recorder import Recorder, later
from troupe.recording.records import Sound
from troupe.speech.engine import SpeechError, Voice, WordTiming

AT_ONCE = 8  # sounds on their way from or to storage


@dataclass(frozen=True, slots=True)
class Take:
    """A recorded sound, with the text and the voice to record it again should it be gone. `local`
    is where its WAV file is brought, or lies already; `pause` the silence before it, in seconds."""

    sound: Sound
    text: str
    voice: Voice
    local: Path
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class Joined:
    """One file of `seconds`, with `rate` samples each. `starts[i]` is when take i begins,
    `words[i]` are its words; all times count from the beginning of the file."""

    seconds: float
    rate: int
    starts: list[float]
    words: list[list[WordTiming]]


def join(
    recorder: Recorder,
    takes: Sequence[Take],
    target: Path,
    form: AudioFormat,
    check: Callable[[], None],
    *,
    title: str | None = None,
) -> Joined:
    """Encodes all takes to the file `target`, once, and deletes their local files.

    Raises SpeechError("nothing_to_speak") when no take holds a word, what the engine raises when a
    sound has to be spoken again, and whatever `check`, asked between sounds, raises.
    """
    rate = max(take.sound.rate for take in takes)
    starts: list[float] = []
    words: list[list[WordTiming]] = []

    def fetch(take: Take) -> list[WordTiming]:
        return recorder.fetch(take.sound, take.text, take.voice, take.local, check)

    with (
        AudioWriter(target, form, rate, title=title) as writer,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        for first in range(0, len(takes), AT_ONCE):
            check()
            batch = takes[first : first + AT_ONCE]
            for take, spoken in zip(batch, pool.map(fetch, batch), strict=True):
                if take.pause:
                    writer.write(np.zeros(round(rate * take.pause), np.int16), rate)
                starts.append(writer.seconds)
                words.append(later(spoken, writer.seconds))
                writer.append(take.local)
                take.local.unlink()
        if not any(words):
            raise SpeechError("nothing_to_speak", "There is nothing to speak.", retryable=False)
        seconds = writer.seconds
    return Joined(seconds, rate, starts, words)
