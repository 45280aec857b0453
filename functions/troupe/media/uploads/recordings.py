"""Checks uploaded recordings by reading them once from end to end.

The file itself is not changed. Runs in the child process of `decoders`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, BinaryIO

from troupe.media.uploads.checks import BrokenAudio
from troupe.media.uploads.films import check_film, picture_of
from troupe.media.uploads.opening import open_sound
from troupe.media.uploads.proofs import MAX_RECORDING_SECONDS, Recording, RecordingTooLong
from troupe.media.uploads.refusals import a_film, no_sound
from troupe.media.uploads.samples import check_complete
from troupe.media.uploads.sniffing import sound_kind

if TYPE_CHECKING:
    from av.audio import AudioStream
    from av.container import InputContainer

# Seconds of CPU time, and on the clock, for decoding. What is left of a long file then counts by
# the durations of its packets: two hours of Opus take 24 s to decode, other formats 3 to 7 s.
_DECODING, _WAITING = 3.0, 4.0


def prove_recording(file: BinaryIO, *, films: bool = False) -> Recording:
    """Reads the sound of a file completely. `films`: it may have a picture, which is not read.
    Raises UnsupportedFile, BrokenAudio, RecordingTooLong, MemoryError."""
    with open_sound(file) as (container, stream):
        film = picture_of(container) is not None
        if film and not films:
            raise a_film()
        if film:
            check_film(container)
        seconds = _length(container, stream)
        check_complete(container, stream, seconds)
    kind = sound_kind(file)
    if kind is None:  # it has been opened, so it has one
        raise no_sound(file)
    return Recording(kind.content_type, kind.extension, round(seconds, 2), film)


def _length(container: InputContainer, stream: AudioStream) -> float:
    """Reads everything; returns the duration in seconds."""
    samples, most = 0, MAX_RECORDING_SECONDS * stream.rate
    used, end = time.process_time() + _DECODING, time.monotonic() + _WAITING
    for frame in container.decode(stream):
        samples += frame.samples
        if samples > most or time.process_time() > used or time.monotonic() > end:
            break
    skipped = 0.0
    for packet in container.demux(stream):  # nothing, if all is decoded
        skipped += float((packet.duration or 0) * (packet.time_base or 0))
        if samples / stream.rate + skipped > MAX_RECORDING_SECONDS:
            break
    seconds = samples / stream.rate + skipped
    if seconds > MAX_RECORDING_SECONDS:
        raise RecordingTooLong(details={"maximumSeconds": MAX_RECORDING_SECONDS})
    if not samples:
        raise BrokenAudio
    return seconds
