"""Voice samples: any audio file to a mono WAV, with a report on its quality.

Uploads are untrusted. FFmpeg would also open playlists, which refer to other files, and has
decoders for hundreds of unneeded formats. So the demuxer is chosen by content, and only the
decoders listed here run.
"""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, Any, cast

import av
import av.logging
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from troupe.media.audio import write_wav
from troupe.media.uploads.checks import (
    MAX_SAMPLE_SECONDS,
    MIN_HEARD_SECONDS,
    MIN_SAMPLE_SECONDS,
    SAMPLE_RATE,
    BrokenAudio,
    PreparedSample,
    SampleSilent,
    SampleTooLong,
    SampleTooShort,
    UnsupportedFile,
)
from troupe.riff import bare_wav, is_wav

if TYPE_CHECKING:
    from av.audio import AudioStream
    from av.container import InputContainer

    from troupe.speech.engine import Samples

av.logging.set_level(None)  # FFmpeg's findings go into our errors, not to stderr

KINDS = ["wav", "mp3", "m4a", "ogg", "flac", "webm"]
_CODECS = {"aac", "alac", "flac", "mp3", "mp3float", "opus", "libopus", "vorbis"}
_RATES = range(8_000, 192_001)  # at one sample per second, a small file would last for months
_MAX_CHANNELS = 8
_MAX_FORMAT_BYTES = 40  # bytes: WAVE_FORMAT_EXTENSIBLE
_PADDING = 0.1  # seconds that an encoder may add
_DEADLINE = 20.0  # seconds; decoding normally takes 0.1

_WINDOW = SAMPLE_RATE * 30 // 1000  # 30 ms, about a consonant
_SILENCE_DB = -50.0
_FULL_SCALE = 0.99  # lossy formats do not reproduce exact full scale
_FLOOR_DB = -120.0


def prepare_sample(data: bytes) -> PreparedSample:
    """Decodes, mixes down, measures and encodes a voice sample.

    Raises UnsupportedFile, BrokenAudio, SampleTooShort, SampleTooLong, SampleSilent.
    """
    demuxer = _demuxer(data)
    if demuxer is None:
        raise UnsupportedFile("The file is not an audio file.", details={"allowed": KINDS})
    try:
        opened = bare_wav(data, _MAX_FORMAT_BYTES) if demuxer == "wav" else data
        with av.open(io.BytesIO(opened), "r", format=demuxer) as container:
            samples, clipped_share = _decode(container)
    # PyAV reports damage by FFmpeg's errors, which subclass many builtin ones, and by ValueError.
    except (FFmpegError, ValueError, IndexError, EOFError, OverflowError) as error:
        raise BrokenAudio from error
    seconds = len(samples) / SAMPLE_RATE
    if round(seconds, 2) < MIN_SAMPLE_SECONDS:
        raise SampleTooShort(details=_limits(seconds))
    if seconds > MAX_SAMPLE_SECONDS + _PADDING:
        raise SampleTooLong(details=_limits(None))
    samples = samples[: MAX_SAMPLE_SECONDS * SAMPLE_RATE]
    return _measure(samples, clipped_share)


def _demuxer(data: bytes) -> str | None:
    """The demuxer for a file, chosen by its first bytes, or None."""
    if is_wav(data):
        return "wav"
    if data[4:8] == b"ftyp":
        return "mov"
    if data[:3] == b"ID3" or (len(data) > 3 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2):
        return "mp3"  # an ID3 tag, or the sync word of layer III
    starts = {b"OggS": "ogg", b"fLaC": "flac", b"\x1a\x45\xdf\xa3": "matroska"}
    return starts.get(data[:4])


def _decode(container: InputContainer) -> tuple[Samples, float]:
    """Mono samples at SAMPLE_RATE, cut a little above the maximum; and the clipped share of the
    original samples."""
    if not container.streams.audio:
        raise UnsupportedFile("The file has no audio track.", details={"allowed": KINDS})
    stream = container.streams.audio[0]
    # Despite its type, PyAV's context is None if FFmpeg has no decoder.
    codec = getattr(stream.codec_context, "name", "")
    if codec not in _CODECS and not codec.startswith("pcm_"):
        raise BrokenAudio
    if stream.rate not in _RATES or not 1 <= stream.channels <= _MAX_CHANNELS:
        raise BrokenAudio
    resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE)
    most = round((MAX_SAMPLE_SECONDS + 2 * _PADDING) * SAMPLE_RATE)
    deadline = time.monotonic() + _DEADLINE
    chunks: list[Samples] = []
    length = total = clipped = 0
    for frame in container.decode(stream):
        if time.monotonic() > deadline:
            raise BrokenAudio
        values = _full_scale(frame.to_ndarray())
        total += values.size
        clipped += int(np.count_nonzero(np.abs(values) >= _FULL_SCALE))
        for mono in resampler.resample(frame):
            chunks.append(cast("Samples", mono.to_ndarray()[0]))
            length += len(chunks[-1])
        if length > most:
            break
    else:
        chunks += [cast("Samples", mono.to_ndarray()[0]) for mono in resampler.resample(None)]
        _check_complete(container, stream, sum(map(len, chunks)) / SAMPLE_RATE)
    if not chunks:
        raise BrokenAudio
    return np.concatenate(chunks), clipped / max(total, 1)


def _check_complete(container: InputContainer, stream: AudioStream, seconds: float) -> None:
    """Raises BrokenAudio if the audio is clearly shorter than the file declares.

    Skips MP3, whose declared length is often an estimate.
    """
    if stream.codec_context.name.startswith("mp3"):
        return
    promised = 0.0
    if stream.duration is not None and stream.time_base is not None:
        promised = float(stream.duration * stream.time_base)
    elif container.duration is not None and len(container.streams) == 1:
        promised = container.duration / av.time_base
    if seconds < 0.9 * promised - _PADDING:
        raise BrokenAudio


def _full_scale(values: NDArray[Any]) -> NDArray[Any]:
    """Samples of any type as floats between -1 and 1."""
    if values.dtype.kind == "f":
        return values
    if values.dtype.kind == "u":
        return (values.astype(np.float32) - 128) / 128
    return values.astype(np.float32) / -float(np.iinfo(values.dtype).min)


def _measure(samples: Samples, clipped_share: float) -> PreparedSample:
    seconds = len(samples) / SAMPLE_RATE
    values = samples.astype(np.float32) / 32768
    windows = values[: len(values) // _WINDOW * _WINDOW].reshape(-1, _WINDOW)
    loudness = np.sqrt(np.mean(np.square(windows), axis=1))
    silence_share = float(np.mean(loudness < 10 ** (_SILENCE_DB / 20)))
    level_db = _db(float(np.sqrt(np.mean(np.square(values)))))
    heard = seconds * (1 - silence_share)
    if heard < MIN_HEARD_SECONDS:
        numbers = {"heardSeconds": round(heard, 2), "minimum": MIN_HEARD_SECONDS}
        raise SampleSilent(details=numbers | {"levelDb": round(level_db, 1)})
    verdict, advice = _assess(seconds, level_db, clipped_share, silence_share)
    file = io.BytesIO()
    write_wav(file, SAMPLE_RATE, [samples])
    return PreparedSample(
        audio=file.getvalue(),
        seconds=round(seconds, 2),
        level_db=round(level_db, 1),
        peak_db=round(_db(float(np.max(np.abs(values)))), 1),
        clipped_share=round(clipped_share, 5),
        silence_share=round(silence_share, 3),
        verdict=verdict,
        advice=advice,
    )


def _assess(
    seconds: float, level_db: float, clipped_share: float, silence_share: float
) -> tuple[str, list[str]]:
    """The verdict, which is that of the worst finding, and advice for each finding."""
    findings = [
        # (fair, poor, advice)
        (seconds < 6, seconds < 3, "Record 6 to 12 seconds of continuous speech."),
        (level_db < -30, level_db < -40, "The recording is quiet: speak closer to the microphone."),
        (level_db > -9, level_db > -5, "The recording is very loud: lower the recording level."),
        (
            clipped_share > 0.001,
            clipped_share > 0.01,
            "The loudest parts are clipped: lower the recording level.",
        ),
        (
            silence_share > 0.4,
            silence_share > 0.6,
            "Much of the recording is silence: trim the pauses, especially at both ends.",
        ),
    ]
    advice = [sentence for fair, poor, sentence in findings if fair or poor]
    if any(poor for _, poor, _ in findings):
        return "poor", advice
    return ("fair" if advice else "good"), advice


def _db(value: float) -> float:
    return max(_FLOOR_DB, 20 * float(np.log10(value))) if value > 0 else _FLOOR_DB


def _limits(seconds: float | None) -> dict[str, float]:
    limits: dict[str, float] = {"minimum": MIN_SAMPLE_SECONDS, "maximum": MAX_SAMPLE_SECONDS}
    return limits if seconds is None else {"seconds": round(seconds, 2)} | limits
