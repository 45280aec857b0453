"""Waveforms as they are stored, without numpy: functions that only read them start faster."""

from __future__ import annotations

from array import array
from typing import NamedTuple, Self

MIME_TYPE = "application/octet-stream"


class Waveform(NamedTuple):
    """The lowest and the highest sample of stretches of equal length, in 8 bits."""

    low: array[int]
    high: array[int]

    @classmethod
    def unpacked(cls, data: bytes) -> Self:
        middle = len(data) // 2
        return cls(array("b", data[:middle]), array("b", data[middle:]))

    def packed(self) -> bytes:
        return self.low.tobytes() + self.high.tobytes()
