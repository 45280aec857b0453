"""Checks the background clips that operators add."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av

MAX_SECONDS = 60.0
MAX_SIDE = 3840  # pixels


class BadClip(Exception):
    """The clip cannot be a background; the text says why."""


@dataclass(frozen=True, slots=True)
class Clip:
    seconds: float
    width: int
    height: int


def look_at(path: Path) -> Clip:
    """Decodes a clip to its end, so that no job fails on it later. Raises BadClip, OSError."""
    with path.open("rb"):  # an unreadable file is an OSError, not a BadClip
        pass
    try:
        return _inspect(path)
    except av.FFmpegError as error:
        raise BadClip("it cannot be decoded") from error


def _inspect(path: Path) -> Clip:
    with av.open(str(path)) as container:
        if "mp4" not in container.format.name.split(","):
            raise BadClip(f"it must be an mp4, but is {container.format.name}")
        if not container.streams.video:
            raise BadClip("it has no video stream")
        stream = container.streams.video[0]
        if stream.codec_context.name != "h264":
            raise BadClip(f"its video must be H.264, but is {stream.codec_context.name}")
        if max(stream.width, stream.height) > MAX_SIDE:
            size = f"{stream.width} x {stream.height}"
            raise BadClip(f"it is {size} pixels (maximum {MAX_SIDE} on either side)")
        end = 0.0
        for frame in container.decode(stream):
            end = max(end, float(((frame.pts or 0) + frame.duration) * (frame.time_base or 0)))
            if end > MAX_SECONDS:
                raise BadClip(f"it is too long (maximum {MAX_SECONDS:.0f} s)")
        if not end:
            raise BadClip("it has no frames")
        return Clip(seconds=round(end, 3), width=stream.width, height=stream.height)
