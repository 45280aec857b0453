"""Recordings that users keep: proof that a file is the audio that it claims to be.

Nothing is changed: the file is decoded once from end to end, and the sound thrown away. What may
be opened and decoded at all is decided in `samples`.
"""

from __future__ import annotations

import io
import re
import time
from typing import TYPE_CHECKING

import av
from av.error import FFmpegError

from troupe.media.uploads.checks import BrokenAudio, UnsupportedFile
from troupe.media.uploads.proofs import MAX_RECORDING_SECONDS, Recording, RecordingTooLong
from troupe.media.uploads.samples import (
    _CODECS,
    _MAX_CHANNELS,
    _RATES,
    KINDS,
    _check_whole,
    _demuxer,
)
from troupe.riff import stated_size

if TYPE_CHECKING:
    from av.audio import AudioStream
    from av.container import InputContainer

# Seconds. Hosting waits for 60 s; two hours of Opus take 24 s here, of the others 3 to 7 s.
_DEADLINE = 40.0
# By demuxer: the media type and the extension that the file is given back under.
_TYPES = {
    "wav": ("audio/wav", ".wav"),
    "mp3": ("audio/mpeg", ".mp3"),
    "mov": ("audio/mp4", ".m4a"),
    "ogg": ("audio/ogg", ".ogg"),
    "flac": ("audio/flac", ".flac"),
    "matroska": ("audio/webm", ".webm"),
}


def prove_recording(data: bytes) -> Recording:
    """Raises UnsupportedFile, BrokenAudio and RecordingTooLong."""
    demuxer = _demuxer(data)
    if demuxer is None:
        raise UnsupportedFile("This is no audio file.", details={"allowed": KINDS})
    try:
        with av.open(io.BytesIO(data), "r", format=demuxer) as container:
            seconds = _decoded(container)
    # PyAV tells of damage by FFmpeg's errors, which are of many builtin kinds, and by ValueError.
    except (FFmpegError, ValueError, IndexError, EOFError, OverflowError) as error:
        raise BrokenAudio from error
    if len(data) < 0.98 * _promised_bytes(demuxer, data):
        raise BrokenAudio
    content_type, extension = _TYPES[demuxer]
    return Recording(content_type, extension, round(seconds, 2))


def _decoded(container: InputContainer) -> float:
    """Seconds of sound, after all of it was decoded."""
    stream = _audio(container)
    deadline = time.monotonic() + _DEADLINE
    samples = 0
    for frame in container.decode(stream):
        samples += frame.samples
        if samples > MAX_RECORDING_SECONDS * stream.rate:
            raise RecordingTooLong(details={"maximumSeconds": MAX_RECORDING_SECONDS})
        if time.monotonic() > deadline:
            raise BrokenAudio
    if not samples:
        raise BrokenAudio
    seconds = samples / stream.rate
    _check_whole(container, stream, seconds)
    return seconds


def _promised_bytes(demuxer: str, data: bytes) -> int:
    """How long a file says that it is, where FFmpeg does not look; 0 when it does not say.

    MP3: the bytes in the Xing or Info header, which follow the flags (1: frames, 2: bytes).
    """
    if demuxer == "wav":
        return stated_size(data)
    found = re.search(rb"(?:Xing|Info)\0\0\0([\x02\x03\x06\x07\x0a\x0b\x0e\x0f])", data)
    if demuxer != "mp3" or found is None:
        return 0
    start = found.end() + (4 if found[1][0] & 1 else 0)
    return int.from_bytes(data[start : start + 4], "big")


def _audio(container: InputContainer) -> AudioStream:
    """The one stream that is to be decoded. A picture of the cover is no video."""
    pictures = [s for s in container.streams.video if s.disposition.name == "attached_pic"]
    if not container.streams.audio or len(pictures) < len(container.streams.video):
        raise UnsupportedFile("This is no audio file.", details={"allowed": KINDS})
    stream = container.streams.audio[0]
    codec = stream.codec_context.name
    known = codec in _CODECS or codec.startswith("pcm_")
    if not known or stream.rate not in _RATES or not 1 <= stream.channels <= _MAX_CHANNELS:
        raise BrokenAudio
    return stream
