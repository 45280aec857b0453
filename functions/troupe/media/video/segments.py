"""A long video in segments: the picture of each is rendered by its own task, and they are joined
with the sound without being encoded again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av

from troupe.media.captions import Cue
from troupe.media.formats import Resolution, title_tag
from troupe.media.video.frames import RATE, Composer, Shot
from troupe.media.video.prefetch import Prefetch
from troupe.media.video.video import FRAMES_AHEAD, backgrounds, draw_frames, picture_stream

if TYPE_CHECKING:
    from av.audio import AudioStream
    from av.container import OutputContainer
    from av.packet import Packet


def render_segment(
    target: Path,
    *,
    frames: int,
    shots: Sequence[Shot],
    cues: Sequence[Cue],
    resolution: Resolution,
    background: Path | str,
    bit_rate: int,
    check: Callable[[], None],
    language: str | None = None,
) -> None:
    """Write the picture of a segment, without sound, as MP4. Times are from its start; a shot that
    ends there shows the previous speaker. `bit_rate`: the most bits per second. Otherwise like
    `render_video`. On any exception, no file is left."""
    try:
        with av.open(str(target), "w", format="mp4") as container:
            stream = picture_stream(container, resolution, bit_rate)
            composer = Composer(resolution, shots, cues, language)
            drawing = draw_frames(frames, backgrounds(background, resolution), composer, resolution)
            with Prefetch(drawing, FRAMES_AHEAD) as drawn:
                for number, frame in enumerate(drawn):
                    if number % RATE == 0:
                        check()
                    container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def join_segments(
    target: Path,
    *,
    sound: Path,
    segments: Iterator[tuple[Path, int]],
    check: Callable[[], None],
    title: str | None = None,
) -> int:
    """Write an MP4 of all segments and of `sound`, an AAC file; returns its number of frames.

    `segments`: each file with its number of frames; it is deleted once it is written, before the
    next one is asked for. Raises ValueError if a file is invalid. On any exception, no file is
    left.
    """
    try:
        options = {"movflags": "+faststart"}
        with (
            av.open(str(target), "w", format="mp4", options=options) as container,
            av.open(str(sound)) as sound_file,
        ):
            if title:
                container.metadata["title"] = title_tag(title)
            return _join(container, sound_file.demux(audio=0), segments, check)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _join(
    container: OutputContainer,
    sound: Iterator[Packet[AudioStream]],
    segments: Iterator[tuple[Path, int]],
    check: Callable[[], None],
) -> int:
    """Muxes the packets of both streams in the order of their times."""
    audio = next(sound)
    picture = heard = None
    total = 0
    for path, frames in segments:
        check()
        with av.open(str(path)) as segment:
            stream = segment.streams.video[0]
            if picture is None or heard is None:
                picture = container.add_stream_from_template(stream)
                heard = container.add_stream_from_template(audio.stream)
            elif stream.codec_context.extradata != picture.codec_context.extradata:
                raise ValueError(f"{path.name} was encoded with other settings")
            assert stream.time_base is not None  # noqa: S101 (every container sets it)
            shift = round(Fraction(total, RATE) / stream.time_base)
            for packet in segment.demux(stream):
                if packet.dts is None or packet.pts is None:
                    continue  # the end
                packet.pts += shift
                packet.dts += shift
                moment = packet.dts * packet.time_base
                while audio.dts is not None and audio.dts * audio.time_base <= moment:
                    audio.stream = heard
                    container.mux(audio)
                    audio = next(sound)
                packet.stream = picture
                container.mux(packet)
        path.unlink()
        total += frames
    if heard is None:
        raise ValueError("there are no segments")
    while audio.dts is not None:
        audio.stream = heard
        container.mux(audio)
        audio = next(sound)
    return total
