"""Measures the waveform of a sound while it is written."""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING

import numpy as np

from troupe.media.waveform import Waveform

if TYPE_CHECKING:
    from troupe.speech.engine import Samples

MOST = 2000  # stretches: more than there are pixels
PER_SECOND = 50


class Peaks:
    """The extremes of a sound that will last about `seconds`. What is longer counts in the last
    stretch."""

    def __init__(self, seconds: float) -> None:
        count = max(1, min(MOST, math.ceil(seconds * PER_SECOND)))
        self._per_second = count / seconds if seconds else 1.0
        self._low, self._high = np.zeros(count, np.int16), np.zeros(count, np.int16)
        # Of the samples at the current rate: when they began, and how many there were.
        self._since, self._given, self._rate = 0.0, 0, 1

    def add(self, samples: Samples, rate: int) -> None:
        """The next int16 mono samples."""
        if not len(samples):
            return
        if rate != self._rate:
            self._since += self._given / self._rate
            self._given, self._rate = 0, rate
        times = self._since + np.arange(self._given, self._given + len(samples)) / rate
        places = np.minimum((times * self._per_second).astype(np.int64), len(self._low) - 1)
        starts = np.flatnonzero(np.diff(places, prepend=-1))
        found = places[starts]
        low, high = np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts)
        self._low[found] = np.minimum(self._low[found], low)
        self._high[found] = np.maximum(self._high[found], high)
        self._given += len(samples)

    def waveform(self) -> Waveform:
        low, high = ((each >> 8).astype(np.int8).tobytes() for each in (self._low, self._high))
        return Waveform(array("b", low), array("b", high))
