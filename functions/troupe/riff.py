"""RIFF, the container of WAV, read from bytes that nobody vouches for.

The stdlib's reader trusts the sizes in the header, which streaming servers set to 0 or to
0xFFFFFFFF, and FFmpeg trusts those of any chunk. https://www.mmsp.ece.mcgill.ca/Documents/AudioFormats/WAVE/WAVE.html
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

_PCM, _EXTENSIBLE = 1, 0xFFFE
_UNKNOWN_SIZE = 0x7FFF_0000  # and above: near 2 or 4 GB, what a writer puts that cannot go back


def is_wav(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WAVE"


def chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, first byte and size of each chunk, as the file states them: a chunk may reach past the
    end of the data."""
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        yield name, at + 8, size
        at += 8 + size + size % 2


def stated_size(data: bytes) -> int:
    """The size in bytes that a RIFF file states; 0 when its writer did not know it."""
    size = int.from_bytes(data[4:8], "little")
    return size if size < _UNKNOWN_SIZE else 0


def bare_wav(data: bytes, longest_format: int) -> bytes:
    """The same WAV with its format and its sound only. A list of tags in a file of 64 kB can make
    FFmpeg take 1 GB. Raises ValueError for one without sound."""
    form = b""
    for name, start, size in chunks(data):
        if name == b"fmt ":
            form = data[start : start + min(size, longest_format)]
        elif name == b"data":
            sound = _sound(data, start, size)
            header = struct.pack("<4sI4s4sI", b"RIFF", 20 + len(form), b"WAVE", b"fmt ", len(form))
            return b"".join([header, form, struct.pack("<4sI", b"data", len(sound)), sound])
    raise ValueError("the WAV has no sound")


def parse_wav(data: bytes) -> tuple[np.ndarray[tuple[int], np.dtype[np.int16]], int]:
    """16-bit PCM WAV to mono samples (int16, shape (n,)) and their rate in Hz; channels are mixed.
    A data chunk ends with the data at the latest. Raises ValueError."""
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
    """The contents of a data chunk; a size of 0 stands for all that follows."""
    return memoryview(data)[start : start + size] if size else memoryview(data)[start:]
