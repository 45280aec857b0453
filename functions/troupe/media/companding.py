"""G.711, the sound of telephones: eight bits for each sample.
https://www.itu.int/rec/T-REC-G.711"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, cast

import av
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Law = Literal["mulaw", "alaw"]
_LOWEST = -(1 << 15)  # of 16-bit samples


@cache
def _bytes_of_samples(law: Law) -> NDArray[np.uint8]:
    """The byte of each sample, the lowest first."""
    encoder = cast(Any, av.CodecContext.create(f"pcm_{law}", "w"))
    encoder.sample_rate, encoder.layout, encoder.format = 8000, "mono", "s16"
    samples = np.arange(_LOWEST, -_LOWEST, dtype=np.int16).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
    frame.sample_rate = 8000
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    return np.frombuffer(b"".join(map(bytes, packets)), np.uint8)


def companded(pcm: Iterable[bytes], law: Law) -> Iterator[bytes]:
    """`pcm`: 16-bit little-endian samples, in pieces of any length."""
    table, rest = _bytes_of_samples(law), b""
    for piece in pcm:
        data = rest + piece
        whole = len(data) // 2 * 2
        rest = data[whole:]
        if whole:
            samples = np.frombuffer(data[:whole], "<i2").astype(np.int32)
            yield table[samples - _LOWEST].tobytes()
