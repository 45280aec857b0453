"""Films that users send: what is accepted, and how their sound is replaced.

No picture is decoded: its packets are copied as they are. Runs in the child process of `decoders`.
"""

from __future__ import annotations

import heapq
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

import av
from av.error import FFmpegError

from troupe.media.uploads.checks import BrokenFilm, UnsupportedFile
from troupe.media.uploads.opening import open_clip

if TYPE_CHECKING:
    from av.audio import AudioStream
    from av.container import InputContainer
    from av.packet import Packet
    from av.video import VideoStream

FILMS = ["mp4", "mov"]
_CODECS = ("h264", "hevc")
# Bytes of the index for each packet (sizes, times, offsets), at most, and for the rest.
_ENTRY, _REST = 48, 1 << 16


@dataclass(frozen=True, slots=True)
class DubbedFilm:
    """`video`: MP4, with the index first."""

    video: bytes = field(repr=False)


def picture_of(container: InputContainer) -> VideoStream | None:
    """The first video stream that is not cover art."""
    moving = (each for each in container.streams.video if each.disposition.name != "attached_pic")
    return next(moving, None)


def check_film(container: InputContainer) -> None:
    """Raises UnsupportedFile if the picture cannot be copied into an MP4."""
    picture = picture_of(container)
    # Despite its type, PyAV's context is None if FFmpeg has no decoder.
    codec = getattr(picture and picture.codec_context, "name", "")
    if not container.format.name.startswith("mov") or codec not in _CODECS:
        raise UnsupportedFile(
            "The film must be an MP4 or QuickTime file with H.264 or HEVC video.",
            details={"allowed": FILMS},
        )


def with_sound(film: BinaryIO, sound: BinaryIO) -> DubbedFilm:
    """The film with `sound` (AAC in MP4), which begins when its own sound does. Raises BrokenFilm,
    MemoryError."""
    try:
        with open_clip(film) as source:
            entries = sum(1 for _ in _packets(source))
        with open_clip(film) as source, av.open(sound, "r", format="mov") as spoken:
            entries += sum(1 for _ in spoken.demux(audio=0))
            spoken.seek(0)
            return DubbedFilm(_joined(source, spoken, entries))
    except MemoryError:  # PyAV's is an FFmpegError too
        raise
    except (FFmpegError, ValueError, OverflowError) as error:
        raise BrokenFilm from error


def _joined(source: InputContainer, spoken: InputContainer, entries: int) -> bytes:
    target = io.BytesIO()
    # Room for the index, so that players find it first. FFmpeg cannot move it there afterwards,
    # because it cannot read back what it has written to a stream.
    options = {"moov_size": str(_ENTRY * entries + _REST)}
    with av.open(target, "w", format="mp4", options=options) as container:
        picture = container.add_stream_from_template(_picture(source))
        heard = container.add_stream_from_template(spoken.streams.audio[0])
        streams: tuple[Iterator[tuple[float, Any, Packet[Any]]], ...] = (
            ((_moment(packet), picture, packet) for packet in _packets(source)),
            ((_moment(packet), heard, packet) for packet in _sound(spoken, _begin(source))),
        )
        for _, stream, packet in heapq.merge(*streams, key=lambda each: each[0]):
            packet.stream = stream
            container.mux(packet)
    video = target.getvalue()
    if _picture(source).codec_context.codec_tag == "hvc1":
        # PyAV drops the tag, and FFmpeg writes another, which Apple's players do not accept.
        video = video.replace(b"hev1", b"hvc1", 1)  # in the index, which comes first
    return video


def _picture(source: InputContainer) -> VideoStream:
    picture = picture_of(source)
    if picture is None:
        raise ValueError("the film has no picture")
    return picture


def _begin(source: InputContainer) -> float:
    """When the film's own sound begins, in seconds."""
    first = source.streams.audio[0]
    return max(0.0, float((first.start_time or 0) * (first.time_base or 0)))


def _packets(source: InputContainer) -> Iterator[Packet[VideoStream]]:
    return (packet for packet in source.demux(_picture(source)) if packet.dts is not None)


def _sound(spoken: InputContainer, begin: float) -> Iterator[Packet[AudioStream]]:
    for packet in spoken.demux(audio=0):
        if packet.dts is not None and packet.pts is not None:
            shift = round(begin / packet.time_base)
            packet.pts += shift
            packet.dts += shift
            yield packet


def _moment(packet: Packet[Any]) -> float:
    return float((packet.dts or 0) * packet.time_base)
