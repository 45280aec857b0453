"""A picture of a video, for players to show before it is played."""

from __future__ import annotations

import io
from pathlib import Path

import av
from PIL import Image

MIME_TYPE = "image/jpeg"
SIDE = 640  # pixels, of the longer one
_AT = 1.0  # seconds: at the very start, pictures and captions may still be missing


def poster(video: Path, seconds: float) -> bytes:
    """A frame near the start as JPEG; `seconds`: the length of the video. Raises ValueError if it
    has no frame."""
    wanted = min(_AT, seconds / 2)
    with av.open(str(video)) as container:
        shown = None
        for frame in container.decode(video=0):
            shown = frame
            if frame.time is None or frame.time >= wanted:
                break
        if shown is None:
            raise ValueError("the video has no picture")
        image: Image.Image = shown.to_image()  # type: ignore[no-untyped-call]
    image.thumbnail((SIDE, SIDE))
    target = io.BytesIO()
    image.save(target, "JPEG", quality=80)
    return target.getvalue()
