"""A stretch of an uploaded recording as samples, for transcription.

Nothing before the stretch is decoded but a second, so a part of a long recording costs little more
than its own length. The position is the sum of the lengths of the packets before it, since indexes
and the times in some files are not exact, or wrong. Runs in the child process of `decoders`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, cast

import av
import numpy as np

from troupe.media.uploads.opening import open_sound

if TYPE_CHECKING:
    from av.audio import AudioFrame, AudioStream
    from av.container import InputContainer

    from troupe.speech.engine import Samples

RATE = 16_000  # what recognisers take
MOST_SECONDS = 620.0
_BEFORE = 1.0  # seconds that decoders need to find their feet


@dataclass(frozen=True, slots=True)
class Stretch:
    """`audio`: 16-bit mono samples of RATE, in native byte order."""

    audio: bytes = field(repr=False)


def decode_stretch(file: BinaryIO, start: float, seconds: float) -> Stretch:
    """What can be heard from `start` on, at most `seconds` and MOST_SECONDS long; less or nothing
    if the recording ends before. Raises UnsupportedFile, BrokenAudio, MemoryError."""
    most = round(min(seconds, MOST_SECONDS) * RATE)
    pieces: list[Samples] = []
    length = 0
    with open_sound(file) as (container, stream):
        resampler = av.AudioResampler("s16", "mono", RATE)
        skip = -1
        for frame, at in _frames(container, stream, start - _BEFORE):
            if skip < 0:
                skip = max(0, round((start - at) * RATE))
            for mono in resampler.resample(frame):
                samples = cast("Samples", mono.to_ndarray()[0])
                cut = samples[skip:]
                skip = max(0, skip - len(samples))
                pieces.append(cut)
                length += len(cut)
            if length >= most:
                break
        else:
            pieces += [cast("Samples", each.to_ndarray()[0]) for each in resampler.resample(None)]
    samples = np.concatenate([*pieces, np.zeros(0, np.int16)])[:most]
    return Stretch(samples.astype(np.int16).tobytes())


def _frames(
    container: InputContainer, stream: AudioStream, start: float
) -> Iterator[tuple[AudioFrame, float]]:
    """The frames from about `start` on (seconds), each with its position; no packet that ends
    before is decoded."""
    at = 0.0
    for packet in container.demux(stream):
        lasts = float((packet.duration or 0) * (packet.time_base or 0))
        if at + lasts >= start:
            for frame in packet.decode():
                yield frame, at
        at += lasts
