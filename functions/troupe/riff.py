"""WAV as servers stream it: with sizes in its header that were not known when it was sent."""

from __future__ import annotations

import struct

import numpy as np

_PCM, _EXTENSIBLE = 1, 0xFFFE


def parse_wav(body: bytes) -> tuple[np.ndarray[tuple[int], np.dtype[np.int16]], int]:
    """16-bit PCM WAV to mono samples (int16, shape (n,)) and their rate; channels are mixed.

    The stdlib's reader trusts the sizes in the header, which streaming servers set to 0 or to
    0xFFFFFFFF: here a data chunk ends with the body at the latest. Raises ValueError.
    """
    at, layout = 12, None
    while at + 8 <= len(body):
        name, size = struct.unpack_from("<4sI", body, at)
        at += 8
        if name == b"fmt ":
            if size < 16 or at + 16 > len(body):
                raise ValueError("the WAV header is cut off")
            layout = struct.unpack_from("<HHIIHH", body, at)
        elif name == b"data":
            if layout is None:
                raise ValueError("the WAV header has no format")
            kind, channels, rate, _, _, bits = layout
            if kind not in (_PCM, _EXTENSIBLE) or bits != 16 or not 1 <= channels <= 8 or not rate:
                raise ValueError("the WAV is not 16-bit PCM")
            end = len(body) if size == 0 else min(len(body), at + size)
            whole = (end - at) // (2 * channels)
            if not whole:
                break
            samples = np.frombuffer(body, "<i2", whole * channels, at).reshape(-1, channels)
            return samples.mean(axis=1).astype(np.int16), rate
        at += size + size % 2
    raise ValueError("the WAV has no sound")
