"""Audio files that tests upload."""

from __future__ import annotations

import io
from functools import cache
from typing import cast

import av
import numpy as np
from av.audio import AudioStream
from av.audio.format import AudioFormat

# Container and codec by extension.
KINDS = {
    "wav": ("wav", "pcm_s16le", "s16"),
    "mp3": ("mp3", "libmp3lame", "s16p"),
    "m4a": ("mp4", "aac", "fltp"),
    "ogg": ("ogg", "libopus", "s16"),
    "flac": ("flac", "flac", "s16"),
    "webm": ("webm", "libopus", "s16"),
}
RATE = 48_000


@cache
def recording(kind: str = "wav", seconds: float = 1.0) -> bytes:
    """A tone of 440 Hz."""
    container, codec, sample_format = KINDS[kind]
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = cast(AudioStream, output.add_stream(codec, RATE, layout="mono"))
        stream.format = AudioFormat(sample_format)
        tone = np.sin(np.arange(round(RATE * seconds)) * 440 * 2 * np.pi / RATE)
        samples = (tone * 8000).astype(np.int16).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = RATE
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return file.getvalue()
