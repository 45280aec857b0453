"""Speaks the lines of a dubbing, and stores each, so that another attempt finds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from troupe.borders import Border
from troupe.dubbing.timing import Spoken
from troupe.media.audio import read_wav
from troupe.recording.recorder import Recorder
from troupe.recording.voices import Speaker
from troupe.speech.audible import audible
from troupe.speech.engine import WordTiming
from troupe.speech.speak import part_key
from troupe.speech.text.pieces import pieces
from troupe.speech.text.reading import Pauses, passage

if TYPE_CHECKING:
    from troupe.speech.engine import Samples

_LEAD, _TAIL = 0.02, 0.05  # seconds that are kept around what can be heard


class StoredVoice:
    """Speaks into the files under `prefix`, through local files in `folder`."""

    def __init__(
        self,
        recorder: Recorder,
        speaker: Speaker,
        pauses: Mapping[Border, int],
        prefix: str,
        folder: Path,
        check: Callable[[], None],
    ) -> None:
        self._recorder = recorder
        self._speaker = speaker
        self._pauses = Pauses.of(pauses, {})
        self._prefix = prefix
        self._local = folder / "line.wav"
        self._check = check

    def speak(self, text: str, speed: float) -> Spoken:
        """See `timing.Voice`."""
        engine, voice = self._speaker.engine, replace(self._speaker.voice, speed=speed)
        said = passage(
            pieces(text, voice.language),
            voice.language,
            speed,
            engine.capabilities,
            self._pauses,
            last=True,
        )
        speaker = Speaker(engine, voice)
        path = f"{self._prefix}{part_key('', engine, voice, said)}.wav"
        sound = self._recorder.find(path)
        if sound is None:
            sound = self._recorder.record(path, said, speaker, self._local, self._check, None)
        words = self._recorder.fetch(sound, lambda: said, speaker, self._local, self._check)
        with self._local.open("rb") as file:
            samples = np.concatenate([*read_wav(file, 1 << 20), np.zeros(0, np.int16)])
        self._local.unlink()
        return _trimmed(samples, sound.rate, words)


def _trimmed(samples: Samples, rate: int, words: Sequence[WordTiming]) -> Spoken:
    """Without the silence before and after what can be heard."""
    heard = audible(samples)
    if not len(heard):
        return Spoken(samples[:0], rate, ())
    first = max(0, int(heard[0]) - round(_LEAD * rate))
    last = min(len(samples), int(heard[-1]) + round(_TAIL * rate))
    length = (last - first) / rate

    def within(moment: float) -> float:
        return min(max(0.0, moment - first / rate), length)

    shown = (replace(word, start=within(word.start), end=within(word.end)) for word in words)
    return Spoken(samples[first:last], rate, tuple(shown))
