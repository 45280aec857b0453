"""Checks uploaded recordings by reading them once from end to end.

The file itself is not changed. Runs in the child process of `decoders`.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, BinaryIO

from troupe.media.uploads.checks import BrokenAudio, UnsupportedFile
from troupe.media.uploads.opening import open_sound
from troupe.media.uploads.proofs import MAX_RECORDING_SECONDS, Recording, RecordingTooLong
from troupe.media.uploads.samples import check_complete
from troupe.media.uploads.sniffing import HEAD, SOUNDS, demuxer
from troupe.riff import stated_size

if TYPE_CHECKING:
    from av.audio import AudioStream
    from av.container import InputContainer

# Seconds of CPU time. What is left of a long file then counts by the durations of its packets:
# two hours of Opus take 24 s to decode on two cores, other formats 3 to 7 s.
_DECODING = 4.0
_XING = re.compile(rb"(?:Xing|Info)\0\0\0([\x02\x03\x06\x07\x0a\x0b\x0e\x0f])")
_XING_BYTES = 4096  # the header is in the first frame, which is at most 1,441 bytes long
# Demuxer -> media type and extension for the download.
_TYPES = {
    "wav": ("audio/wav", ".wav"),
    "mp3": ("audio/mpeg", ".mp3"),
    "mov": ("audio/mp4", ".m4a"),
    "ogg": ("audio/ogg", ".ogg"),
    "flac": ("audio/flac", ".flac"),
    "matroska": ("audio/webm", ".webm"),
}


def prove_recording(file: BinaryIO) -> Recording:
    """Reads an audio file completely. Raises UnsupportedFile, BrokenAudio, RecordingTooLong,
    MemoryError."""
    with open_sound(file) as (container, stream):
        # Cover art is allowed, other video is not.
        if any(video.disposition.name != "attached_pic" for video in container.streams.video):
            raise UnsupportedFile("The file is a video.", details={"allowed": SOUNDS})
        seconds = _length(container, stream)
        check_complete(container, stream, seconds)
    size = file.seek(0, 2)
    file.seek(0)
    name = demuxer(head := file.read(HEAD)) or ""
    if size < 0.98 * _declared_bytes(name, head, file):
        raise BrokenAudio
    content_type, extension = _TYPES[name]
    return Recording(content_type, extension, round(seconds, 2))


def _length(container: InputContainer, stream: AudioStream) -> float:
    """Reads everything; returns the duration in seconds."""
    decoded = skipped = 0.0
    end = time.process_time() + _DECODING
    for packet in container.demux(stream):
        if time.process_time() < end:
            decoded += sum(frame.samples for frame in packet.decode()) / stream.rate
        elif packet.duration and packet.time_base:
            skipped += float(packet.duration * packet.time_base)
        if decoded + skipped > MAX_RECORDING_SECONDS:
            raise RecordingTooLong(details={"maximumSeconds": MAX_RECORDING_SECONDS})
    if not decoded:
        raise BrokenAudio
    return decoded + skipped


def _declared_bytes(name: str, head: bytes, file: BinaryIO) -> int:
    """The file's length in bytes according to headers that FFmpeg does not check; 0 if unknown.

    MP3: the byte count in the Xing or Info header, after the flags (1: frame count, 2: byte
    count).
    """
    if name == "wav":
        return stated_size(head)
    if name != "mp3":
        return 0
    file.seek(_tag_bytes(head))
    first = file.read(_XING_BYTES)
    found = _XING.search(first)
    if found is None:
        return 0
    start = found.end() + (4 if found[1][0] & 1 else 0)
    return int.from_bytes(first[start : start + 4], "big")


def _tag_bytes(head: bytes) -> int:
    """The length of an ID3v2 tag, whose size has seven bits in each byte."""
    if head[:3] != b"ID3":
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size
