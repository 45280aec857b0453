"""Background clips that an operator brings: what they have to be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av

MAX_SECONDS = 60.0
MAX_SIDE = 3840  # pixels


class BadClip(Exception):
    """It cannot be played behind a video; the text says why."""


@dataclass(frozen=True, slots=True)
class Clip:
    seconds: float
    width: int
    height: int


def look_at(path: Path) -> Clip:
    """Decodes a clip to its end, so that no job trips over it. Raises BadClip, OSError."""
    with path.open("rb"):  # what cannot be opened is told as that
        pass
    try:
        return _looked_at(path)
    except av.FFmpegError as error:
        raise BadClip("it cannot be decoded") from error


def _looked_at(path: Path) -> Clip:
    with av.open(str(path)) as container:
        if "mp4" not in container.format.name.split(","):
            raise BadClip(f"it has to be an mp4, and is {container.format.name}")
        if not container.streams.video:
            raise BadClip("it has no picture")
        stream = container.streams.video[0]
        if stream.codec_context.name != "h264":
            raise BadClip(f"its picture has to be H.264, and is {stream.codec_context.name}")
        if max(stream.width, stream.height) > MAX_SIDE:
            raise BadClip(f"it is {stream.width} x {stream.height}; {MAX_SIDE} are the most")
        end = 0.0
        for frame in container.decode(stream):
            end = max(end, float(((frame.pts or 0) + frame.duration) * (frame.time_base or 0)))
            if end > MAX_SECONDS:
                raise BadClip(f"it is longer than {MAX_SECONDS:.0f} s")
        if not end:
            raise BadClip("it has no frames")
        return Clip(seconds=round(end, 3), width=stream.width, height=stream.height)
