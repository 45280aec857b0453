"""How loud sound is, where it pauses, and whether there is anything to hear at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from troupe.recognition.transcriber import RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from troupe.speech.engine import Samples

SILENCE = -50.0  # dBFS; the same as for voice samples (media/uploads/samples.py)
SHORTEST = 0.1  # seconds; a vowel
_WINDOW = RATE * 30 // 1000  # 30 ms, about a consonant
_FLOOR = -120.0
_RANGE = 35.0  # dB between the loudest and the quietest sounds of a word
_PAUSE = 10  # windows of a pause: 0.3 s
_FAR = 1.0  # dB that a pause must be quieter, for each second that it is further from the middle


def levels(samples: Samples) -> NDArray[np.float32]:
    """The level of each 30 ms in dBFS, without a constant offset; the rest is left out."""
    count = len(samples) // _WINDOW
    windows = samples[: count * _WINDOW].reshape(count, _WINDOW).astype(np.float32) / 32768
    power = windows.var(axis=1)
    decibels: NDArray[np.float32] = 10 * np.log10(power + 1e-12)
    return np.maximum(decibels, np.float32(_FLOOR))


def loudest(samples: Samples) -> float:
    """The level of the loudest 30 ms in dBFS."""
    found = levels(samples)
    return float(found.max()) if len(found) else _FLOOR


def audible_span(samples: Samples) -> tuple[float, float] | None:
    """Where the sound begins and ends, in seconds: what is not much quieter than its loudest part.
    None if all is silent."""
    found = levels(samples)
    heard = np.flatnonzero(found >= max(SILENCE, float(found.max(initial=_FLOOR)) - _RANGE))
    if not len(heard):
        return None
    end = len(samples) if heard[-1] + 1 == len(found) else (heard[-1] + 1) * _WINDOW
    return float(heard[0] * _WINDOW / RATE), float(end / RATE)


def first_silence(samples: Samples) -> tuple[float, float] | None:
    """The first stretch that is much quieter than the loudest part, and is followed by sound: where
    it begins and ends, in seconds. None if there is none."""
    found = levels(samples)
    loud = found >= max(SILENCE, float(found.max(initial=_FLOOR)) - _RANGE)
    quiet = np.flatnonzero(~loud)
    if not loud.any() or not len(quiet):
        return None
    after = np.flatnonzero(loud[quiet[0] :])
    if not len(after):
        return None
    return float(quiet[0] * _WINDOW / RATE), float((quiet[0] + after[0]) * _WINDOW / RATE)


def is_audible(samples: Samples) -> bool:
    return len(samples) >= SHORTEST * RATE and loudest(samples) >= SILENCE


def pause(samples: Samples) -> int:
    """Where to cut: the sample in the middle of the quietest 0.3 s, of equal ones that nearest to
    the middle."""
    found = levels(samples)
    if len(found) < _PAUSE:
        return len(samples) // 2
    smooth = np.convolve(found, np.ones(_PAUSE) / _PAUSE, "valid")
    middles = (np.arange(len(smooth)) + _PAUSE / 2) * _WINDOW
    cost = smooth + _FAR * np.abs(middles - len(samples) / 2) / RATE
    return int(middles[int(cost.argmin())])
