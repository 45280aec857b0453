"""Voice samples: from any audio file to a mono WAV, with a report on its quality.

What strangers upload is decoded with care: FFmpeg would also open playlists, which lead it to
other files, and has decoders for a hundred formats that nobody needs. So the content says which
demuxer is used, and only the decoders named here run.
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

av.logging.set_level(None)  # what FFmpeg thinks of a file goes into our errors, not to stderr

KINDS = ["wav", "mp3", "m4a", "ogg", "flac", "webm"]
_CODECS = {"aac", "alac", "flac", "mp3", "mp3float", "opus", "libopus", "vorbis"}
_RATES = range(8_000, 192_001)  # of one sample a second, a small file would last for months
_MAX_CHANNELS = 8
_LONGEST_FORM = 40  # bytes, of WAVE_FORMAT_EXTENSIBLE
_PADDING = 0.1  # seconds that an encoder may add to what was 60 s long
_DEADLINE = 20.0  # seconds for what takes a tenth of one

_WINDOW = SAMPLE_RATE * 30 // 1000  # 30 ms, as short as a consonant
_SILENCE_DB = -50.0
_FULL_SCALE = 0.99  # lossy formats do not give back the very top
_FLOOR_DB = -120.0


def prepare_sample(data: bytes) -> PreparedSample:
    """Decodes, measures, mixes down and encodes a voice sample.

    Raises UnsupportedFile, BrokenAudio, SampleTooShort, SampleTooLong and SampleSilent.
    """
    demuxer = _demuxer(data)
    if demuxer is None:
        raise UnsupportedFile("This is no audio file.", details={"allowed": KINDS})
    try:
        opened = bare_wav(data, _LONGEST_FORM) if demuxer == "wav" else data
        with av.open(io.BytesIO(opened), "r", format=demuxer) as container:
            samples, clipped_share = _decoded(container)
    # PyAV tells of damage by FFmpeg's errors, which are of many builtin kinds, and by ValueError.
    except (FFmpegError, ValueError, IndexError, EOFError, OverflowError) as error:
        raise BrokenAudio from error
    seconds = len(samples) / SAMPLE_RATE
    if round(seconds, 2) < MIN_SAMPLE_SECONDS:
        raise SampleTooShort(details=_limits(seconds))
    if seconds > MAX_SAMPLE_SECONDS + _PADDING:
        raise SampleTooLong(details=_limits(None))
    samples = samples[: MAX_SAMPLE_SECONDS * SAMPLE_RATE]
    return _measured(samples, clipped_share)


def _demuxer(data: bytes) -> str | None:
    """The demuxer for a file that begins like this, or None."""
    if is_wav(data):
        return "wav"
    if data[4:8] == b"ftyp":
        return "mov"
    if data[:3] == b"ID3" or (len(data) > 3 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2):
        return "mp3"  # a tag, or the sync word of layer III
    starts = {b"OggS": "ogg", b"fLaC": "flac", b"\x1a\x45\xdf\xa3": "matroska"}
    return starts.get(data[:4])


def _decoded(container: InputContainer) -> tuple[Samples, float]:
    """The sound as mono at SAMPLE_RATE, a little more than allowed at most; and the share of the
    original samples that are clipped."""
    if not container.streams.audio:
        raise UnsupportedFile("There is no sound in this file.", details={"allowed": KINDS})
    stream = container.streams.audio[0]
    # PyAV has no context where FFmpeg has no decoder, whatever its types say.
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
        _check_whole(container, stream, sum(map(len, chunks)) / SAMPLE_RATE)
    if not chunks:
        raise BrokenAudio
    return np.concatenate(chunks), clipped / max(total, 1)


def _check_whole(container: InputContainer, stream: AudioStream, seconds: float) -> None:
    """Raises BrokenAudio when the file promised clearly more than came.

    Not for MP3, whose length is often an estimate.
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


def _measured(samples: Samples, clipped_share: float) -> PreparedSample:
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
    verdict, advice = _judged(seconds, level_db, clipped_share, silence_share)
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


def _judged(
    seconds: float, level_db: float, clipped_share: float, silence_share: float
) -> tuple[str, list[str]]:
    """The verdict, which is that of the worst of all, and what would make it better."""
    findings = [
        # (fair, poor, advice)
        (seconds < 6, seconds < 3, "Record 6 to 12 seconds of running speech."),
        (level_db < -30, level_db < -40, "It is quiet: speak closer to the microphone."),
        (level_db > -9, level_db > -5, "It is very loud: lower the level of the recording."),
        (
            clipped_share > 0.001,
            clipped_share > 0.01,
            "The loudest parts are cut off: lower the level of the recording.",
        ),
        (
            silence_share > 0.4,
            silence_share > 0.6,
            "Much of it is silence: cut the pauses, above all at both ends.",
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
