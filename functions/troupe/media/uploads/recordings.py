"""Checks uploaded recordings by decoding them once from end to end.

The file itself is not changed. `samples` decides which demuxers and decoders may run.
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
    _check_complete,
    _demuxer,
)
from troupe.riff import stated_size

if TYPE_CHECKING:
    from av.audio import AudioStream
    from av.container import InputContainer

# Seconds. Hosting waits 60 s; two hours of Opus take 24 s on two cores, other formats 3 to 7 s.
_DEADLINE = 40.0
# Demuxer -> media type and extension for the download.
_TYPES = {
    "wav": ("audio/wav", ".wav"),
    "mp3": ("audio/mpeg", ".mp3"),
    "mov": ("audio/mp4", ".m4a"),
    "ogg": ("audio/ogg", ".ogg"),
    "flac": ("audio/flac", ".flac"),
    "matroska": ("audio/webm", ".webm"),
}


def prove_recording(data: bytes) -> Recording:
    """Decodes an audio file completely. Raises UnsupportedFile, BrokenAudio, RecordingTooLong."""
    demuxer = _demuxer(data)
    if demuxer is None:
        raise UnsupportedFile("The file is not an audio file.", details={"allowed": KINDS})
    try:
        with av.open(io.BytesIO(data), "r", format=demuxer) as container:
            seconds = _decode(container)
    # PyAV reports damage by FFmpeg's errors, which subclass many builtin ones, and by ValueError.
    except (FFmpegError, ValueError, IndexError, EOFError, OverflowError) as error:
        raise BrokenAudio from error
    if len(data) < 0.98 * _declared_bytes(demuxer, data):
        raise BrokenAudio
    content_type, extension = _TYPES[demuxer]
    return Recording(content_type, extension, round(seconds, 2))


def _decode(container: InputContainer) -> float:
    """Decodes everything; returns the duration in seconds."""
    stream = _audio_stream(container)
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
    _check_complete(container, stream, seconds)
    return seconds


def _declared_bytes(demuxer: str, data: bytes) -> int:
    """The file's length in bytes according to headers that FFmpeg does not check; 0 if unknown.

    MP3: the byte count in the Xing or Info header, after the flags (1: frame count, 2: byte
    count).
    """
    if demuxer == "wav":
        return stated_size(data)
    found = re.search(rb"(?:Xing|Info)\0\0\0([\x02\x03\x06\x07\x0a\x0b\x0e\x0f])", data)
    if demuxer != "mp3" or found is None:
        return 0
    start = found.end() + (4 if found[1][0] & 1 else 0)
    return int.from_bytes(data[start : start + 4], "big")


def _audio_stream(container: InputContainer) -> AudioStream:
    """The audio stream to decode. Cover art is allowed, other video is not."""
    pictures = [s for s in container.streams.video if s.disposition.name == "attached_pic"]
    if not container.streams.audio or len(pictures) < len(container.streams.video):
        raise UnsupportedFile("The file is not an audio file.", details={"allowed": KINDS})
    stream = container.streams.audio[0]
    codec = stream.codec_context.name
    known = codec in _CODECS or codec.startswith("pcm_")
    if not known or stream.rate not in _RATES or not 1 <= stream.channels <= _MAX_CHANNELS:
        raise BrokenAudio
    return stream
