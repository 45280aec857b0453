"""Files that are sent away while they are made: nothing can go back to complete a header.

Their headers declare the number of samples, which is known before the first sample is written.
"""

from __future__ import annotations

import struct
from typing import IO, Protocol

# RIFF sizes are 32 bits (EBU Tech 3306, section 2: https://tech.ebu.ch/docs/tech/tech3306v1_0.pdf).
MAX_WAV_BYTES = 0xFFFFFFFF
_WAV_HEADER = 44
# Resampling may give some samples more or less than declared.
_SLACK = 4096
# RFC 9639, section 8.2: the 36 bits of the number of samples in STREAMINFO, after "fLaC" and the
# block's header. ffmpeg leaves them at 0, "unknown", if it cannot go back.
_FLAC_TOTAL = 21


class Sink(Protocol):
    """Takes the bytes of a container that is not seekable."""

    def write(self, data: bytes) -> int: ...

    def finish(self) -> None:
        """Call after the last byte."""
        ...


class PlainSink:
    """For formats that need no totals in their header."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def write(self, data: bytes) -> int:
        self._stream.write(data)
        return len(data)

    def finish(self) -> None:
        pass


class WavSink:
    """Takes mono 16-bit samples without a header, and writes WAV."""

    def __init__(self, stream: IO[bytes], rate: int, samples: int) -> None:
        """Raises ValueError if a WAV file cannot hold so many samples."""
        self._stream = stream
        self._left = size = 2 * samples
        if size + _WAV_HEADER > MAX_WAV_BYTES:
            raise ValueError(f"a WAV file cannot hold {samples} samples")
        stream.write(
            struct.pack(
                "<4sI4s4sIHHIIHH4sI",
                *(b"RIFF", size + _WAV_HEADER - 8, b"WAVE", b"fmt ", 16),
                *(1, 1, rate, 2 * rate, 2, 16, b"data", size),
            )
        )

    def write(self, data: bytes) -> int:
        self._stream.write(data[: max(0, self._left)])
        self._left -= len(data)
        return len(data)

    def finish(self) -> None:
        """Raises ValueError if the number of samples was not about the declared one."""
        if abs(self._left) > 2 * _SLACK:
            raise ValueError(f"the samples differ from those declared by {self._left // 2}")
        self._stream.write(bytes(max(0, self._left)))


class FlacSink(PlainSink):
    """Writes the number of samples into the header that passes through."""

    def __init__(self, stream: IO[bytes], samples: int) -> None:
        super().__init__(stream)
        self._samples = samples
        self._head: bytearray | None = bytearray()

    def write(self, data: bytes) -> int:
        if self._head is None:
            return super().write(data)
        self._head += data
        if len(self._head) >= _FLAC_TOTAL + 5:
            field = slice(_FLAC_TOTAL, _FLAC_TOTAL + 5)
            before = int.from_bytes(self._head[field], "big")
            self._head[field] = (before | self._samples).to_bytes(5, "big")
            super().write(bytes(self._head))
            self._head = None
        return len(data)
