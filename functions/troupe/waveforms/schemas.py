"""The waveform of an audio as operations answer it."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from troupe.media.waveform import Waveform
from troupe.web.schema import Schema


class WaveformData(Schema):
    """The lowest and the highest sample of stretches of equal length, from -128 to 127: at most
    2,000, and 50 of each second of a short audio."""

    seconds: float
    low: list[int] = Field(description="0 or less.")
    high: list[int] = Field(description="0 or more.")

    @classmethod
    def of(cls, waveform: Waveform, seconds: float) -> Self:
        return cls(seconds=seconds, low=list(waveform.low), high=list(waveform.high))
