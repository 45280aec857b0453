"""The only place that lets FFmpeg open somebody else's file.

`av.open` looks for stream parameters, which starts a decoder for every stream: a picture attached
to a sound of one megabyte can take a gigabyte. So the demuxer is chosen by the first bytes, and the
decoders by a list, before anything is opened.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

import av
import av.logging
from av.error import FFmpegError

from troupe.media.uploads.checks import BrokenAudio, UnsupportedFile
from troupe.media.uploads.chunked import after, bare
from troupe.media.uploads.refusals import no_film, no_sound
from troupe.media.uploads.sniffing import SOUNDS, film_kind, sound_kind, tag_bytes
from troupe.riff import stated_size

if TYPE_CHECKING:
    from av.audio import AudioStream
    from av.container import InputContainer
    from av.stream import Stream

av.logging.set_level(None)  # FFmpeg's findings go into our errors, not to stderr

_PCM = (
    *("pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le"),
    *("pcm_s32be", "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be", "pcm_alaw", "pcm_mulaw"),
)
_SOUND_DECODERS = frozenset(
    {
        *("aac", "alac", "flac", "mp3", "mp3float", "opus", "libopus", "vorbis", *_PCM),
        *("amrnb", "amrwb", "adpcm_ima_qt"),  # of phones and voice memos
    }
)
_VIDEO_DECODERS = frozenset({"h264"})
# What browsers record.
_FILM_DECODERS = frozenset({"vp8", "vp9", "h264", "opus", "libopus", "vorbis", "aac"})
_RATES = range(8_000, 192_001)  # at one sample per second, a small file would last for months
_MAX_CHANNELS = 8
_MAX_STREAMS = 16
_XING = re.compile(rb"(?:Xing|Info)\0\0\0([\x02\x03\x06\x07\x0a\x0b\x0e\x0f])")
_XING_BYTES = 4096  # the header is in the first frame, which is at most 1,441 bytes long


@contextmanager
def open_sound(file: BinaryIO) -> Iterator[tuple[InputContainer, AudioStream]]:
    """Opens a sound for decoding its first audio stream. Use the result within the block only.

    Raises UnsupportedFile if it is not a sound, and BrokenAudio if it is damaged, also from what
    the block does with it; MemoryError.
    """
    kind = sound_kind(file)
    if kind is None:
        raise no_sound(file)
    if file.seek(0, os.SEEK_END) < 0.98 * _declared_bytes(kind.demuxer, file):
        raise BrokenAudio
    try:
        name, source = bare(kind.demuxer, _untagged(kind.demuxer, file))
        source.seek(0)
        with _open(source, name, _SOUND_DECODERS) as container:
            yield container, _audio_stream(container)
    except MemoryError:  # PyAV's is an FFmpegError too
        raise
    # PyAV also reports damage by builtin errors.
    except (FFmpegError, ValueError, IndexError, EOFError, OverflowError, struct.error) as error:
        raise BrokenAudio from error


@contextmanager
def open_clip(file: BinaryIO) -> Iterator[InputContainer]:
    """Opens an mp4, of which only H.264 can be decoded. Raises FFmpegError, MemoryError."""
    file.seek(0)
    with _open(file, "mov", _VIDEO_DECODERS) as container:
        yield container


@contextmanager
def open_film(file: BinaryIO) -> Iterator[InputContainer]:
    """Opens what a browser has recorded. Raises UnsupportedFile, FFmpegError, MemoryError."""
    kind = film_kind(file)
    if kind is None:
        raise no_film(file)
    file.seek(0)
    with _open(file, kind.demuxer, _FILM_DECODERS) as container:
        yield container


def is_of_a_browser(stream: Stream) -> bool:
    """Whether a stream of a film that was recorded may be decoded: the list that the container is
    opened with does not hold for what is decoded later."""
    # Despite its type, PyAV's context is None if FFmpeg has no decoder.
    return getattr(stream.codec_context, "name", "") in _FILM_DECODERS


def _open(file: BinaryIO, name: str, decoders: frozenset[str]) -> InputContainer:
    options = {
        "codec_whitelist": ",".join(sorted(decoders)),
        "format_whitelist": _NAMES.get(name, name),
        "protocol_whitelist": "",  # a file that refers to others opens none of them
        "max_streams": str(_MAX_STREAMS),
    }
    return av.open(file, "r", format=name, options=options)


# The names that FFmpeg compares, where one demuxer has several.
_NAMES = {"mov": "mov,mp4,m4a,3gp,3g2,mj2", "matroska": "matroska,webm"}


def _audio_stream(container: InputContainer) -> AudioStream:
    if not container.streams.audio:
        raise UnsupportedFile("The file has no audio track.", details={"allowed": SOUNDS})
    stream = container.streams.audio[0]
    # Despite its type, PyAV's context is None if FFmpeg has no decoder.
    if getattr(stream.codec_context, "name", "") not in _SOUND_DECODERS:
        raise BrokenAudio
    if stream.rate not in _RATES or not 1 <= stream.channels <= _MAX_CHANNELS:
        raise BrokenAudio
    return stream


def _untagged(name: str, file: BinaryIO) -> BinaryIO:
    """AAC and FLAC without the tag before them, whose pictures are none of their own."""
    file.seek(0)
    tag = tag_bytes(file.read(10))
    return after(file, tag) if tag and name in ("aac", "flac") else file


def _declared_bytes(name: str, file: BinaryIO) -> int:
    """The file's length in bytes according to headers that FFmpeg does not check; 0 if unknown.

    MP3: the byte count in the Xing or Info header, after the flags (1: frame count, 2: byte
    count).
    """
    file.seek(0)
    head = file.read(12)
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return stated_size(head)
    if name != "mp3":
        return 0
    file.seek(tag_bytes(head))
    first = file.read(_XING_BYTES)
    found = _XING.search(first)
    if found is None:
        return 0
    start = found.end() + (4 if found[1][0] & 1 else 0)
    return int.from_bytes(first[start : start + 4], "big")
