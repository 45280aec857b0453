"""What was recorded of a call becomes one film that everybody can play.

A browser sends a stream whose header says nothing about its length, often ends within a frame, and
has frames at any time. Here it becomes H.264 and AAC in MP4, with a steady rate, and the index
first. Runs in the child process of `decoders`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, BinaryIO

import av
from av.audio.frame import AudioFrame
from av.error import FFmpegError
from av.video.frame import VideoFrame

from troupe.media.uploads.checks import BrokenFilm, JoinedFilm, UnsupportedFile
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


def join_film(file: BinaryIO, *, films: Sequence[tuple[int, float]]) -> JoinedFilm:
    """`films`: how many bytes of the file each has, one after the other, and at most so many
    seconds. Those that cannot be read are left out. Raises UnsupportedFile, BrokenFilm,
    MemoryError."""
    try:
        takes, start = list[_Take](), 0
        for size, seconds in films:
            part = _Part(file, start, size) if len(films) > 1 else file
            start += size
            try:
                with open_film(part) as source:
                    begin, end = _span(source)
            except (UnsupportedFile, FFmpegError, ValueError) as error:
                if len(films) == 1 or isinstance(error, MemoryError):
                    raise
                continue
            takes.append(_Take(part, begin, min(seconds, end - begin)))
        return _Join(takes).film()
    except MemoryError:  # PyAV's is an FFmpegError too
        raise
    except (FFmpegError, ValueError, OverflowError, EOFError) as error:
        raise BrokenFilm from error


class _Part(io.RawIOBase, BinaryIO):
    """So many bytes of a file, as a file."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file = file
        self._start = start
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._size - self._at)
        self._file.seek(self._start + self._at)
        found = self._file.read(left if size < 0 else min(size, left))
        self._at += len(found)
        return found

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, begin + offset)
        return self._at

    def tell(self) -> int:
        return self._at


@dataclass(frozen=True, slots=True)
class _Take:
    """So many seconds of a film, from `begin` on."""

    file: BinaryIO
    begin: float
    length: float


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
    """Makes one film of takes, which are shown one after the other."""

    def __init__(self, takes: Sequence[_Take]) -> None:
        self._takes = takes
        self._length = sum(each.length for each in takes)
        self._base = 0.0  # of the present take, in the film
        self._begin = 0.0  # the same in its own file
        self._most_frames = self._most_samples = 0  # until its end
        self._frames = self._samples = 0  # written
        self._shown: VideoFrame | None = None

    def film(self) -> JoinedFilm:
        if not self._takes:
            raise ValueError("there is nothing to join")
        written = io.BytesIO()
        entries = max(1, round(self._length * FPS)) + round(self._length * RATE) // _SAMPLES
        # Room for the index, so that players find it first. FFmpeg cannot move it there afterwards,
        # because it cannot read back what it has written to a stream.
        options = {"moov_size": str(_ENTRY * entries + _REST)}
        with av.open(written, "w", format="mp4", options=options) as target:
            with open_film(self._takes[0].file) as source:
                picture, sound = self._streams(target, source)
            for take in self._takes:
                self._take(target, picture, sound, take)
            self._finish(target, picture, sound)
        if not self._frames and not self._samples:
            raise ValueError("nothing of it can be decoded")
        seconds = max(self._frames / FPS, self._samples / RATE)
        width, height = (picture.width, picture.height) if picture else (0, 0)
        return JoinedFilm(
            video=written.getvalue(), seconds=round(seconds, 2), width=width, height=height
        )

    def _take(
        self,
        target: OutputContainer,
        picture: VideoStream | None,
        sound: AudioStream | None,
        take: _Take,
    ) -> None:
        self._begin, end = take.begin, self._base + take.length
        self._most_frames = max(1, round(end * FPS))
        self._most_samples = round(end * RATE)
        self._resampler = av.AudioResampler("fltp", "mono", RATE)
        with open_film(take.file) as source:
            for frame in self._decoded(source):
                if isinstance(frame, VideoFrame) and picture is not None:
                    self._show(target, picture, frame)
                elif isinstance(frame, AudioFrame) and sound is not None:
                    self._hear(target, sound, frame)
        self._base = end

    def _streams(
        self, target: OutputContainer, source: InputContainer
    ) -> tuple[VideoStream | None, AudioStream | None]:
        picture = sound = None
        for each in _wanted(source):
            if each.type == "audio":
                sound = target.add_stream("aac", RATE)
                sound.bit_rate, sound.layout = _AUDIO_BITS, "mono"
                continue
            picture = target.add_stream("libx264", FPS, options=_X264)
            picture.width, picture.height = _fitting(each.width, each.height)
            picture.pix_fmt = "yuv420p"
            picture.codec_context.time_base = Fraction(1, FPS)
        return picture, sound

    def _decoded(self, source: InputContainer) -> Iterator[VideoFrame | AudioFrame]:
        """Leaves out packets that are damaged."""
        for stream in _wanted(source):
            stream.codec_context.thread_count = 1  # others cannot be started here
        for packet in _packets(source):
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
        return self._base + max(0.0, (frame.time or 0.0) - self._begin)


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
