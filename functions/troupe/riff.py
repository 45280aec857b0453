"""RIFF, the container of WAV, parsed from untrusted bytes.

The stdlib's reader trusts the sizes in the header, which streaming servers set to 0 or 0xFFFFFFFF,
and FFmpeg trusts the size of any chunk. https://www.mmsp.ece.mcgill.ca/Documents/AudioFormats/WAVE/WAVE.html
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

_PCM, _EXTENSIBLE = 1, 0xFFFE
_UNKNOWN_SIZE = 0x7FFF_0000  # or more (near 2 or 4 GB): placeholder of writers that cannot seek


def chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, offset and stated size (bytes) of each chunk, which may extend past the end of the
    data."""
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        yield name, at + 8, size
        at += 8 + size + size % 2


def stated_size(data: bytes) -> int:
    """The size in bytes in the RIFF header; 0 if its writer did not know it."""
    size = int.from_bytes(data[4:8], "little")
    return size if size < _UNKNOWN_SIZE else 0


def parse_wav(data: bytes) -> tuple[np.ndarray[tuple[int], np.dtype[np.int16]], int]:
    """16-bit PCM WAV to mono samples (int16, shape (n,)) and their rate in Hz; channels are
    averaged. A data chunk extending past the end is cut. Raises ValueError."""
    layout = None
    for name, start, size in chunks(data):
        if name == b"fmt ":
            if size < 16 or start + 16 > len(data):
                raise ValueError("the WAV header is cut off")
            layout = struct.unpack_from("<HHIIHH", data, start)
        elif name == b"data":
            if layout is None:
                raise ValueError("the WAV header has no format")
            kind, channels, rate, _, _, bits = layout
            if kind not in (_PCM, _EXTENSIBLE) or bits != 16 or not 1 <= channels <= 8 or not rate:
                raise ValueError("the WAV is not 16-bit PCM")
            whole = len(_sound(data, start, size)) // (2 * channels)
            if not whole:
                break
            samples = np.frombuffer(data, "<i2", whole * channels, start).reshape(-1, channels)
            return samples.mean(axis=1).astype(np.int16), rate
    raise ValueError("the WAV has no sound")


def _sound(data: bytes, start: int, size: int) -> memoryview:
    """The content of a data chunk; a size of 0 means everything that follows."""
    return memoryview(data)[start : start + size] if size else memoryview(data)[start:]
