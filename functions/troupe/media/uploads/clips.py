"""Checks the background clips that operators add. Runs in the child process of `decoders`."""

from __future__ import annotations

from typing import BinaryIO

from av.error import FFmpegError

from troupe.media.uploads.checks import BadClip, Clip
from troupe.media.uploads.opening import open_clip
from troupe.media.uploads.sniffing import sound_kind

MAX_SECONDS = 60.0
MAX_SIDE = 3840  # pixels


def look_at(file: BinaryIO) -> Clip:
    """Decodes a clip to its end, so that no job fails on it later. Raises BadClip, MemoryError."""
    kind = sound_kind(file)
    if kind is None or kind.demuxer != "mov":
        raise BadClip("it must be an mp4")
    try:
        return _inspect(file)
    except MemoryError:  # PyAV's is an FFmpegError too
        raise
    except FFmpegError as error:
        raise BadClip("it cannot be decoded") from error


def _inspect(file: BinaryIO) -> Clip:
    with open_clip(file) as container:
        if not container.streams.video:
            raise BadClip("it has no video stream")
        stream = container.streams.video[0]
        # Despite its type, PyAV's context is None if FFmpeg has no decoder.
        codec = getattr(stream.codec_context, "name", "unknown")
        if codec != "h264":
            raise BadClip(f"its video must be H.264, but is {codec}")
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
