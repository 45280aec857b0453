"""Voice samples: any audio file to a mono WAV, with a report on its quality.

Runs in the child process of `decoders`.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import av
import numpy as np
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
)
from troupe.media.uploads.opening import open_sound

if TYPE_CHECKING:
    from av.audio import AudioStream
    from av.container import InputContainer

    from troupe.speech.engine import Samples

_PADDING = 0.1  # seconds that an encoder may add

_WINDOW = SAMPLE_RATE * 30 // 1000  # 30 ms, about a consonant
_SILENCE_DB = -50.0
_FULL_SCALE = 0.99  # lossy formats do not reproduce exact full scale
_FLOOR_DB = -120.0
_ESTIMATED = {"mp3", "aac", "amr"}  # demuxers
_DRIFT_WINDOW = SAMPLE_RATE // 20 * 2 + 1  # 0.1 s: what is below 10 Hz is no voice


def prepare_sample(file: BinaryIO) -> PreparedSample:
    """Decodes, mixes down, measures and encodes a voice sample.

    Raises UnsupportedFile, BrokenAudio, SampleTooShort, SampleTooLong, SampleSilent, MemoryError.
    """
    with open_sound(file) as (container, stream):
        samples, clipped_share = _decode(container, stream)
    seconds = len(samples) / SAMPLE_RATE
    if round(seconds, 2) < MIN_SAMPLE_SECONDS:
        raise SampleTooShort(details=_limits(seconds))
    if seconds > MAX_SAMPLE_SECONDS + _PADDING:
        raise SampleTooLong(details=_limits(None))
    samples = samples[: MAX_SAMPLE_SECONDS * SAMPLE_RATE]
    return _measure(without_drift(samples), clipped_share)


def _decode(container: InputContainer, stream: AudioStream) -> tuple[Samples, float]:
    """Mono samples at SAMPLE_RATE, cut a little above the maximum; and the clipped share of the
    original samples."""
    resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE)
    most = round((MAX_SAMPLE_SECONDS + 2 * _PADDING) * SAMPLE_RATE)
    chunks: list[Samples] = []
    length = total = clipped = 0
    for frame in container.decode(stream):
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
        check_complete(container, stream, sum(map(len, chunks)) / SAMPLE_RATE)
    if not chunks:
        raise BrokenAudio
    return np.concatenate(chunks), clipped / max(total, 1)


def check_complete(container: InputContainer, stream: AudioStream, seconds: float) -> None:
    """Raises BrokenAudio if the audio is clearly shorter than the file declares.

    Skips formats without an index, whose length FFmpeg estimates from their first bit rate.
    """
    if container.format.name in _ESTIMATED:
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


def without_drift(samples: Samples) -> Samples:
    """The samples around their moving average: cheap sound cards add a constant, which is silent
    but would count as a level, and clicks where recordings are joined. At least 0.1 s."""
    half = _DRIFT_WINDOW // 2
    sums = np.cumsum(np.pad(samples, (half + 1, half), "reflect"), dtype=np.int64)
    average = (sums[_DRIFT_WINDOW:] - sums[:-_DRIFT_WINDOW]).astype(np.float32)
    average /= _DRIFT_WINDOW
    kept = np.clip(np.rint(samples - average), -32768, 32767)
    return cast("Samples", kept.astype(np.int16))


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
