"""Checks a finished video by reading the file back."""

from __future__ import annotations

from pathlib import Path

import av

TOLERANCE = 0.2  # seconds


def check_video(path: Path, seconds: float) -> None:
    """Raises ValueError unless the file has an H.264 and an AAC stream, both `seconds` long within
    TOLERANCE. Reads only the index."""
    with av.open(str(path)) as container:
        found = {}
        for stream in container.streams:
            length = float((stream.duration or 0) * (stream.time_base or 0))
            found[stream.codec_context.name] = length
    for codec in ("h264", "aac"):
        if abs(found.get(codec, 0.0) - seconds) > TOLERANCE:
            raise ValueError(f"the video's streams are {found}; expected {seconds:.3f} s each")
