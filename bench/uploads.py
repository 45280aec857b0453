"""What opening uploads in a child process adds to opening them in the service."""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable
from typing import Any, BinaryIO

from bench.http import row

PAIRS = 9
MEGABYTES = 5


def measure() -> list[dict[str, Any]]:
    """The medians of alternating calls, each with a file of its own as an upload has."""
    from tests.support.media_files import encoded, picture, tone
    from troupe.media.uploads import images, recordings
    from troupe.media.uploads.decoders import Decoders

    # MP3 at 128 kbit/s, whose decoding takes long for its size.
    seconds = MEGABYTES * 1024 * 1024 * 8 / 128_000
    recording = encoded("mp3", tone(seconds, 44_100))
    photo = picture("jpeg", (4_000, 3_000), quality=95)
    decoders = Decoders()
    begun = time.perf_counter()
    decoders.recording(io.BytesIO(recording))
    first = time.perf_counter() - begun
    sounds = _pairs(recording, recordings.prove_recording, decoders.recording)
    pictures = _pairs(photo, images.prepare_image, decoders.image)
    decoders.close()
    return [
        row("a 5 MB recording, in a child process", sounds[1] * 1000, "ms"),
        row("a 5 MB recording, added by the child process", _added(sounds), "ms", 150),
        row("a picture of 12 megapixels, in a child process", pictures[1] * 1000, "ms"),
        row("a picture of 12 megapixels, added by the child process", _added(pictures), "ms", 150),
        row("the first recording, which starts the child process", first * 1000, "ms"),
    ]


def _pairs(
    data: bytes, here: Callable[[BinaryIO], Any], child: Callable[[BinaryIO], Any]
) -> tuple[float, float]:
    """The median seconds of each."""
    times = [(_timed(here, data), _timed(child, data)) for _ in range(PAIRS)]
    ours, theirs = zip(*times, strict=True)
    return statistics.median(ours), statistics.median(theirs)


def _timed(open_file: Callable[[BinaryIO], Any], data: bytes) -> float:
    file = io.BytesIO(data)
    begun = time.perf_counter()
    open_file(file)
    return time.perf_counter() - begun


def _added(seconds: tuple[float, float]) -> float:
    """Milliseconds."""
    return (seconds[1] - seconds[0]) * 1000
