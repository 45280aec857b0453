"""Joins recorded sounds, in order, into one audio file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from troupe.media.audio import AudioWriter
from troupe.media.formats import AudioFormat
from troupe.recording.recorder import Recorder, shifted
from troupe.recording.records import Sound
from troupe.speech.engine import Voice, WordTiming
from troupe.speech.errors import SpeechError

AT_ONCE = 8  # concurrent transfers from or to storage


@dataclass(frozen=True, slots=True)
class Take:
    """A recorded sound, with the text and the voice to record it again if its file is gone.
    `local`: where its WAV file is or will be downloaded to. `pause`: the silence before it, in
    seconds."""

    sound: Sound
    text: str
    voice: Voice
    local: Path
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class Joined:
    """The joined file: its length in seconds, and `rate` in samples per second. `starts[i]` is the
    start of take i and `words[i]` are its words; all times are from the start of the file."""

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
    """Encodes all takes into the file `target` in one pass, and deletes their local files.

    Calls `check` between sounds. Raises SpeechError("nothing_to_speak") if no take contains a word,
    any SpeechError of a sound that must be spoken again, and whatever `check` raises.
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
                words.append(shifted(spoken, writer.seconds))
                writer.append(take.local)
                take.local.unlink()
        if not any(words):
            raise SpeechError("nothing_to_speak", "There is nothing to speak.", retryable=False)
        seconds = writer.seconds
    return Joined(seconds, rate, starts, words)
