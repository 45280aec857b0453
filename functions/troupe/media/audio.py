"""Encodes PCM to the download formats, and reads and writes PCM WAV, in constant memory."""

from __future__ import annotations

import wave
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Self, cast

import av
import numpy as np

from troupe.media.formats import AudioFormat, LiveFormat, title_tag
from troupe.media.sinks import FlacSink, PlainSink, Sink, WavSink

if TYPE_CHECKING:
    from av.audio import AudioStream

    from troupe.media.peaks import Peaks
    from troupe.speech.engine import Samples

# Samples are batched for the encoder: a call costs more than encoding a thousand samples.
_BLOCK = 1 << 15


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a file is encoded. `rates`: the supported ones, ascending; empty: any. `options`: of the
    encoder; `muxer`: those of the container."""

    container: str
    codec: str
    sample_format: str
    rates: tuple[int, ...] = ()
    bit_rate: int | None = None
    options: dict[str, str] = field(default_factory=dict)
    muxer: dict[str, str] = field(default_factory=dict)


_ENCODINGS = {
    AudioFormat.WAV: Encoding("wav", "pcm_s16le", "s16"),
    AudioFormat.FLAC: Encoding("flac", "flac", "s16"),
    # LAME level 7: for 22 kHz speech at 64 kbit/s it is 1.8 times as fast as the default level 5,
    # and closer to the original (31.6 against 25.8 dB) because it does no noise shaping.
    AudioFormat.MP3: Encoding(
        *("mp3", "libmp3lame", "s16p"),
        rates=(8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000),
        bit_rate=64_000,
        options={"compression_level": "7"},
    ),
    # 60 ms packets: with the default 20 ms, Opus exceeds 32 kbit/s for this kind of speech.
    AudioFormat.OGG: Encoding(
        *("ogg", "libopus", "s16"),
        rates=(48000,),
        bit_rate=32_000,
        options={"compression_level": "5", "frame_duration": "60"},
    ),
}


AAC_BITS = 96_000  # per second, mono
_AAC_SPEECH = 64_000  # of speech alone
# For videos: 16 kHz and above (ISO/IEC 14496-3, https://www.iso.org/standard/76383.html).
AAC = Encoding(
    *("mp4", "aac", "fltp"),
    rates=(16000, 22050, 24000, 32000, 44100, 48000),
    bit_rate=AAC_BITS,
)


def live_encoding(form: LiveFormat, pcm_rate: int | None = None) -> Encoding:
    """For a stream that somebody listens to: each packet is written as it is made, and not 32 kB
    later; Ogg has a page for every tenth of a second (its default is one second). `pcm_rate`: of
    raw samples, that of the sound by default."""
    muxer = {"flush_packets": "1"}
    match form:
        case LiveFormat.PCM:
            rates = (pcm_rate,) if pcm_rate else ()
            return Encoding("s16le", "pcm_s16le", "s16", rates, muxer=muxer)
        case LiveFormat.AAC:
            return replace(AAC, container="adts", bit_rate=_AAC_SPEECH, muxer=muxer)
        case LiveFormat.OGG:
            muxer["page_duration"] = "100000"  # microseconds
    return replace(_ENCODINGS[form.stored], muxer=muxer)


def bytes_at_most(audio_format: AudioFormat, rate: int, seconds: float) -> int:
    """The size of a file, at most."""
    encoding = _ENCODINGS[audio_format]
    per_second = encoding.bit_rate // 8 if encoding.bit_rate else 2 * supported_rate(encoding, rate)
    return int(seconds * per_second * 1.1) + (1 << 16)


def supported_rate(encoding: Encoding, rate: int) -> int:
    """The rate of the file for sound of this one: rounded up, if possible."""
    if not encoding.rates:
        return rate
    return next((each for each in encoding.rates if each >= rate), encoding.rates[-1])


class AudioWriter:
    """Encodes mono speech to a file, block by block.

    `rate`: samples per second of the file, rounded up to one that the format supports; audio of
    another rate is resampled. Use it in a `with` block, which closes the file. If the block or the
    encoder fails, or nothing was written (ValueError), no file is left.

    `target`: a path; or a stream, which gets the file's bytes in order and stays open. A stream
    needs `expected`, the duration in seconds, for its header; ValueError if a WAV gets another one.
    `peaks` gets everything that is written.
    """

    def __init__(
        self,
        target: Path | IO[bytes],
        audio_format: AudioFormat | Encoding,
        rate: int,
        *,
        title: str | None = None,
        expected: Fraction | None = None,
        peaks: Peaks | None = None,
    ) -> None:
        self._peaks = peaks
        encoding = audio_format if isinstance(audio_format, Encoding) else _ENCODINGS[audio_format]
        self._path = target if isinstance(target, Path) else None
        self._sink: Sink | None = None
        self._encoding = encoding
        self._rate = supported_rate(encoding, rate)
        self._seconds = Fraction(0)
        self._waiting: list[Samples] = []
        self._waiting_samples = 0
        self._waiting_rate = self._given_rate = rate
        self._resampler: av.AudioResampler | None = None
        self._encoded = 0
        container = encoding.container
        if not isinstance(target, Path):
            self._sink = _sink(audio_format, target, self._rate, expected or Fraction(0))
            container = "s16le" if audio_format is AudioFormat.WAV else container
        opened = str(target) if isinstance(target, Path) else self._sink
        options = dict(encoding.muxer)
        self._container = av.open(cast(Any, opened), "w", format=container, options=options)
        self._stream = cast(
            "AudioStream",
            self._container.add_stream(
                *(encoding.codec, self._rate), layout="mono", options=dict(encoding.options)
            ),
        )
        self._stream.format = encoding.sample_format
        if encoding.bit_rate:
            self._stream.bit_rate = encoding.bit_rate
        if title:
            self._container.metadata["title"] = title_tag(title)

    @property
    def seconds(self) -> float:
        """Duration of everything written so far."""
        return float(self._seconds)

    def write(self, samples: Samples, rate: int | None = None) -> None:
        """Append int16 mono samples of shape (n,). `rate` defaults to that of the last call."""
        rate = rate or self._waiting_rate
        if rate != self._waiting_rate:
            self._encode_waiting()
            self._flush_resampler()
            self._waiting_rate = rate
        if self._peaks is not None:
            self._peaks.add(samples, rate)
        self._waiting.append(samples)
        self._waiting_samples += len(samples)
        self._seconds += Fraction(len(samples), rate)
        if self._waiting_samples >= _BLOCK:
            self._encode_waiting()

    def write_silence(self, seconds: float) -> None:
        """Append silence, at the rate that the writer was made with."""
        left = round(seconds * self._given_rate)
        while left > 0:
            self.write(np.zeros(min(left, _BLOCK), np.int16), self._given_rate)
            left -= _BLOCK

    def append(self, wav: Path) -> None:
        """Append a 16-bit mono WAV file, a block at a time. Raises ValueError if it is not one, or
        is shorter than its header says."""
        with wav.open("rb") as file:
            rate = wav_rate(file)
            for samples in read_wav(file, _BLOCK):
                self.write(samples, rate)

    def flush(self) -> None:
        """Encodes what was written so far, except for a last incomplete packet."""
        self._encode_waiting()

    def _encode_waiting(self) -> None:
        if not self._waiting_samples:
            return
        block = self._waiting[0] if len(self._waiting) == 1 else np.concatenate(self._waiting)
        self._waiting, self._waiting_samples = [], 0
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(block).reshape(1, -1), format="s16", layout="mono"
        )
        frame.sample_rate = self._waiting_rate
        if self._waiting_rate == self._rate:
            self._encode(frame)
            return
        if self._resampler is None:
            self._resampler = av.AudioResampler("s16", "mono", self._rate)
        for resampled in self._resampler.resample(frame):
            self._encode(resampled)

    def _flush_resampler(self) -> None:
        if self._resampler is not None:
            for frame in self._resampler.resample(None):
                self._encode(frame)
            self._resampler = None

    def _encode(self, frame: av.AudioFrame) -> None:
        frame.pts = self._encoded
        frame.time_base = Fraction(1, self._rate)
        self._encoded += frame.samples
        self._container.mux(self._stream.encode(frame))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._encode_waiting()
                self._flush_resampler()
                if not self._seconds:
                    raise ValueError("there is no audio to write")
                if not self._encoded:  # so few samples that the resampler kept them all
                    self._encode(_silence(self._rate))
                self._container.mux(self._stream.encode(None))
                self._container.close()
                if self._sink is not None:
                    self._sink.finish()
        except BaseException:
            self._discard()
            raise
        if kind is not None:
            self._discard()

    def _discard(self) -> None:
        with suppress(Exception):  # report the original failure, not this one
            self._container.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def _sink(
    audio_format: AudioFormat | Encoding, stream: IO[bytes], rate: int, expected: Fraction
) -> Sink:
    samples = round(expected * rate)
    match audio_format:
        case AudioFormat.WAV:
            return WavSink(stream, rate, samples)
        case AudioFormat.FLAC:
            return FlacSink(stream, samples)
        case _:
            return PlainSink(stream)


def _silence(rate: int) -> av.AudioFrame:
    """A hundredth of a second of silence."""
    samples = np.zeros((1, rate // 100), np.int16)
    frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
    frame.sample_rate = rate
    return frame


def write_wav(file: BinaryIO, rate: int, chunks: Iterable[Samples]) -> int:
    """Write int16 mono samples as PCM WAV to a seekable file; returns the number of samples."""
    total = 0
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        for chunk in chunks:
            total += len(chunk)
            writer.writeframesraw(chunk.astype("<i2", copy=False).tobytes())
    return total


def wav_rate(file: BinaryIO) -> int:
    """Samples per second of a WAV file. Rewinds the file. Raises ValueError if it is not 16-bit
    mono WAV."""
    with _open_wav(file) as reader:
        rate = reader.getframerate()
    file.seek(0)
    return rate


def read_wav(file: BinaryIO, block: int) -> Iterator[Samples]:
    """The samples of a 16-bit mono WAV file, `block` at a time. Raises ValueError if it is not
    one, or is shorter than its header says."""
    with _open_wav(file) as reader:
        left = reader.getnframes()
        while left:
            data = reader.readframes(min(block, left))
            if not data:
                raise ValueError(f"the WAV file is {left} samples too short")
            left -= len(data) // 2
            yield cast("Samples", np.frombuffer(data, "<i2").astype(np.int16, copy=False))


def _open_wav(file: BinaryIO) -> wave.Wave_read:
    try:
        reader = wave.open(file, "rb")  # noqa: SIM115 - its callers close it
    except (wave.Error, EOFError) as error:
        raise ValueError("not a WAV file") from error
    if (reader.getnchannels(), reader.getsampwidth()) != (1, 2):
        raise ValueError("not a 16-bit mono WAV file")
    return reader
