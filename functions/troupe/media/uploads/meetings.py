"""What a browser has recorded of a call becomes a film that everybody can play.

A browser sends a stream whose header says nothing about its length, often ends within a frame, and
has frames at any time. Here it becomes H.264 and AAC in MP4, with a steady rate, and the index
first. Runs in the child process of `decoders`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, BinaryIO

import av
from av.audio.frame import AudioFrame
from av.error import FFmpegError
from av.video.frame import VideoFrame

from troupe.media.uploads.checks import BrokenFilm, JoinedFilm
from troupe.media.uploads.films import picture_of
from troupe.media.uploads.opening import is_of_a_browser, open_film

if TYPE_CHECKING:
    from av.audio import AudioStream
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.video import VideoStream

FPS, RATE = 15, 48_000
MOST_SIDE = 640  # of the result, in pixels
_MOST_READ = 1920 * 1088  # pixels of a frame
_SAMPLES = 1024  # of a packet of AAC
_GAP = RATE // 10  # samples that may be missing before silence takes their place
# Bytes of the index for each packet, at most, and for the rest.
_ENTRY, _REST = 48, 1 << 16
# Without threads, which the child may not start. The longest film, of 3990 s, must stay below the
# limit of the child's output: with the sound, 484 kbit/s make 241 MB, and the index has 12 MB.
_X264 = {
    "preset": "veryfast",
    "crf": "26",
    "maxrate": "420k",
    "bufsize": "840k",
    "profile": "high",
    "threads": "1",
    "g": str(4 * FPS),
}
_AUDIO_BITS = 64_000


def join_film(file: BinaryIO, *, seconds: float) -> JoinedFilm:
    """At most so many seconds from the beginning on. Raises UnsupportedFile, BrokenFilm,
    MemoryError."""
    try:
        with open_film(file) as source:
            begin, end = _span(source)
        with open_film(file) as source:
            return _Join(source, begin, min(seconds, end - begin)).film()
    except MemoryError:  # PyAV's is an FFmpegError too
        raise
    except (FFmpegError, ValueError, OverflowError, EOFError) as error:
        raise BrokenFilm from error


def _span(source: InputContainer) -> tuple[float, float]:
    """When the first packet begins, and about when the last one ends."""
    moments = [_moment(packet) for packet in _packets(source)]
    if not moments:
        raise ValueError("it is empty")
    return min(moments), max(moments) + 1 / FPS


def _packets(source: InputContainer) -> Iterator[Packet[Any]]:
    """Those of the film, until the end or the first damage."""
    wanted = _wanted(source)
    if not wanted:
        raise ValueError("it has neither sound nor picture")
    packets = source.demux(*wanted)
    while True:
        try:
            packet = next(packets, None)
        except FFmpegError:  # cut off
            return
        if packet is None:
            return
        if packet.pts is not None:
            yield packet


def _wanted(source: InputContainer) -> list[Any]:
    streams = (picture_of(source), *source.streams.audio[:1])
    return [each for each in streams if each is not None and is_of_a_browser(each)]


def _moment(packet: Packet[Any]) -> float:
    return float((packet.pts or 0) * packet.time_base)


class _Join:
    """Makes one film, of `length` seconds from `begin` on."""

    def __init__(self, source: InputContainer, begin: float, length: float) -> None:
        self._source = source
        self._begin = begin
        self._most_frames = max(1, round(length * FPS))
        self._most_samples = round(length * RATE)
        self._resampler = av.AudioResampler("fltp", "mono", RATE)
        self._frames = self._samples = 0  # written
        self._shown: VideoFrame | None = None

    def film(self) -> JoinedFilm:
        written = io.BytesIO()
        entries = self._most_frames + self._most_samples // _SAMPLES
        # Room for the index, so that players find it first. FFmpeg cannot move it there afterwards,
        # because it cannot read back what it has written to a stream.
        options = {"moov_size": str(_ENTRY * entries + _REST)}
        with av.open(written, "w", format="mp4", options=options) as target:
            picture, sound = self._streams(target)
            for frame in self._decoded():
                if isinstance(frame, VideoFrame) and picture is not None:
                    self._show(target, picture, frame)
                elif isinstance(frame, AudioFrame) and sound is not None:
                    self._hear(target, sound, frame)
            self._finish(target, picture, sound)
        if not self._frames and not self._samples:
            raise ValueError("nothing of it can be decoded")
        seconds = max(self._frames / FPS, self._samples / RATE)
        width, height = (picture.width, picture.height) if picture else (0, 0)
        return JoinedFilm(
            video=written.getvalue(), seconds=round(seconds, 2), width=width, height=height
        )

    def _streams(self, target: OutputContainer) -> tuple[VideoStream | None, AudioStream | None]:
        picture = sound = None
        for each in _wanted(self._source):
            if each.type == "audio":
                sound = target.add_stream("aac", RATE)
                sound.bit_rate, sound.layout = _AUDIO_BITS, "mono"
                continue
            picture = target.add_stream("libx264", FPS, options=_X264)
            picture.width, picture.height = _fitting(each.width, each.height)
            picture.pix_fmt = "yuv420p"
            picture.codec_context.time_base = Fraction(1, FPS)
        return picture, sound

    def _decoded(self) -> Iterator[VideoFrame | AudioFrame]:
        """Leaves out packets that are damaged."""
        for stream in _wanted(self._source):
            stream.codec_context.thread_count = 1  # others cannot be started here
        for packet in _packets(self._source):
            try:
                yield from packet.decode()
            except FFmpegError as error:
                if isinstance(error, MemoryError):
                    raise

    def _show(self, target: OutputContainer, stream: VideoStream, frame: VideoFrame) -> None:
        """Repeats the frame before, or leaves out frames, for a steady rate."""
        if frame.width * frame.height > _MOST_READ:
            raise ValueError("its picture is too large")
        at = round(self._since(frame) * FPS)
        first = self._shown is None
        if not first and at <= self._frames:
            return  # sooner than the next one is due
        made = frame.reformat(stream.width, stream.height, "yuv420p", threads=1)
        self._shown = made if self._shown is None else self._shown
        self._repeat(target, stream, at)
        self._shown = made

    def _repeat(self, target: OutputContainer, stream: VideoStream, until: int) -> None:
        shown = self._shown
        while shown is not None and self._frames < min(until, self._most_frames):
            shown.pts, shown.time_base = self._frames, Fraction(1, FPS)
            shown.pict_type = 0
            target.mux(stream.encode(shown))
            self._frames += 1

    def _hear(self, target: OutputContainer, stream: AudioStream, frame: AudioFrame) -> None:
        """Silence takes the place of what is missing."""
        missing = round(self._since(frame) * RATE) - self._samples
        missing = min(missing, self._most_samples - self._samples)
        while missing > _GAP:
            silence = _silence(min(missing, RATE))
            missing -= silence.samples
            self._write(target, stream, silence)
        for each in self._resampler.resample(frame):
            self._write(target, stream, each)

    def _write(self, target: OutputContainer, stream: AudioStream, frame: AudioFrame) -> None:
        if self._samples >= self._most_samples:
            return
        frame.pts, frame.time_base = self._samples, Fraction(1, RATE)
        self._samples += frame.samples
        target.mux(stream.encode(frame))

    def _finish(
        self, target: OutputContainer, picture: VideoStream | None, sound: AudioStream | None
    ) -> None:
        if sound is not None:
            target.mux(sound.encode(None))
        if picture is not None:
            heard = round(self._samples / RATE * FPS)
            self._repeat(target, picture, max(self._frames + 1, heard))
            target.mux(picture.encode(None))

    def _since(self, frame: VideoFrame | AudioFrame) -> float:
        return max(0.0, (frame.time or 0.0) - self._begin)


def _fitting(width: int, height: int) -> tuple[int, int]:
    """The size of the result: even, and no larger than what is shown well."""
    if width < 2 or height < 2 or width * height > _MOST_READ:
        raise ValueError("its picture has no size, or is too large")
    scale = min(1.0, MOST_SIDE / max(width, height))
    return _even(width * scale), _even(height * scale)


def _even(side: float) -> int:
    return max(2, round(side / 2) * 2)


def _silence(samples: int) -> AudioFrame:
    frame = AudioFrame("fltp", "mono", samples)
    frame.sample_rate = RATE
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    return frame
