"""Measurements of audio for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from troupe.speech.engine import Samples


def rms(samples: Samples) -> float:
    """Around the mean: a constant is no sound."""
    return float(np.std(samples.astype(np.float64)))


def pitch(samples: Samples, rate: int, low: float = 60.0, high: float = 500.0) -> float:
    """The median fundamental frequency in Hz of the voiced frames, by autocorrelation."""
    size = 2048
    found = []
    for start in range(0, len(samples) - size, size // 2):
        frame = samples[start : start + size].astype(np.float64)
        if rms(samples[start : start + size]) < 800:
            continue
        spectrum = np.fft.rfft((frame - frame.mean()) * np.hanning(size), 2 * size)
        correlation = np.fft.irfft(np.abs(spectrum) ** 2)[:size]
        correlation /= correlation[0]
        first, last = int(rate / high), int(rate / low)
        peak = first + int(np.argmax(correlation[first:last]))
        if correlation[peak] > 0.35:
            found.append(rate / peak)
    assert len(found) >= 10, "too little voiced audio to measure the pitch"
    return float(np.median(found))
