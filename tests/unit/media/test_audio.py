from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from troupe.media.audio import AudioWriter, read_wav, wav_rate, write_wav
from troupe.media.formats import AudioFormat
from troupe.speech.engine import SpeechRequest, Voice, VoiceType
from troupe.speech.engines.espeak import EspeakEngine

if TYPE_CHECKING:
    from troupe.speech.engine import Samples

RATE = 22050


@pytest.fixture(scope="module")
def speech() -> Samples:
    """About ten seconds of speech."""
    engine = EspeakEngine()
    text = "The old harbour was quiet that morning, and the men talked of the weather. " * 2
    samples = engine.synthesize(
        SpeechRequest(text, Voice("en", VoiceType.FEMALE, "neutral"))
    ).samples
    engine.close()
    return samples


def decoded(path: Path, rate: int) -> tuple[Samples, float]:
    """The samples of a file at `rate`, and the duration in its header."""
    resampler = av.AudioResampler("s16", "mono", rate)
    chunks = []
    with av.open(str(path)) as container:
        assert container.duration is not None
        header = container.duration / 1_000_000
        for frame in container.decode(audio=0):
            chunks += [each.to_ndarray()[0] for each in resampler.resample(frame)]
        chunks += [each.to_ndarray()[0] for each in resampler.resample(None)]
    return np.concatenate(chunks), header


def likeness(one: Samples, other: Samples) -> float:
    """Correlation without alignment, so that a codec delay would show."""
    length = min(len(one), len(other))
    return float(np.corrcoef(one[:length].astype(float), other[:length].astype(float))[0, 1])


@pytest.mark.parametrize("audio_format", AudioFormat)
def test_the_file_contains_the_audio(
    tmp_path: Path, speech: Samples, audio_format: AudioFormat
) -> None:
    path = tmp_path / f"a{audio_format.extension}"
    with AudioWriter(path, audio_format, RATE) as writer:
        for start in range(0, len(speech), 3001):  # not a multiple of any codec's frame size
            writer.write(speech[start : start + 3001])
    seconds = len(speech) / RATE
    assert writer.seconds == seconds
    sound, header = decoded(path, RATE)
    assert len(sound) / RATE == pytest.approx(seconds, abs=0.05)
    assert header == pytest.approx(seconds, abs=0.05)
    assert likeness(sound, speech) > (0.95 if audio_format == "ogg" else 0.998)


@pytest.mark.parametrize("audio_format", [AudioFormat.WAV, AudioFormat.FLAC])
def test_lossless_formats_are_lossless(
    tmp_path: Path, speech: Samples, audio_format: AudioFormat
) -> None:
    path = tmp_path / "a"
    with AudioWriter(path, audio_format, RATE) as writer:
        writer.write(speech)
    assert decoded(path, RATE)[0].tobytes() == speech.tobytes()


@pytest.mark.parametrize(
    ("audio_format", "kilobits"), [(AudioFormat.MP3, (60, 68)), (AudioFormat.OGG, (20, 45))]
)
def test_bit_rates(
    tmp_path: Path, speech: Samples, audio_format: AudioFormat, kilobits: tuple[int, int]
) -> None:
    path = tmp_path / "a"
    with AudioWriter(path, audio_format, RATE) as writer:
        writer.write(speech)
    assert kilobits[0] < path.stat().st_size * 8 / 1000 / writer.seconds < kilobits[1]


def test_other_sample_rates_are_resampled(tmp_path: Path) -> None:
    def tone(rate: int) -> Samples:
        return (8000 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)).astype(np.int16)

    path = tmp_path / "a.wav"
    with AudioWriter(path, AudioFormat.WAV, RATE) as writer:
        for rate in (22050, 24000, 44100, 16000, 22050):
            writer.write(tone(rate), rate)
    assert writer.seconds == 5.0
    sound, _ = decoded(path, RATE)
    assert len(sound) / RATE == pytest.approx(5.0, abs=0.005)
    for second in range(5):
        middle = sound[second * RATE + 2000 : (second + 1) * RATE - 2000].astype(float)
        spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
        assert np.argmax(spectrum) * RATE / len(middle) == pytest.approx(440, abs=2)


@pytest.mark.parametrize("rate", [7000, 22051, 96000])
@pytest.mark.parametrize("audio_format", AudioFormat)
def test_any_rate_can_be_requested(tmp_path: Path, audio_format: AudioFormat, rate: int) -> None:
    path = tmp_path / "a"
    with AudioWriter(path, audio_format, rate) as writer:
        writer.write(np.full(rate, 500, np.int16))
    assert decoded(path, 48000)[1] == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("audio_format", AudioFormat)
def test_very_short_audio(tmp_path: Path, audio_format: AudioFormat) -> None:
    path = tmp_path / "a"
    with AudioWriter(path, audio_format, RATE) as writer:
        writer.write(np.full(10, 500, np.int16))
    assert decoded(path, RATE)[1] < 0.06


@pytest.mark.parametrize("audio_format", AudioFormat)
def test_a_title_is_kept(tmp_path: Path, audio_format: AudioFormat) -> None:
    path = tmp_path / "a"
    with AudioWriter(path, audio_format, RATE, title="Märchen:\n eins\0zwei") as writer:
        writer.write(np.full(RATE, 500, np.int16))
    with av.open(str(path)) as container:
        tags = {**container.metadata, **container.streams.audio[0].metadata}
    assert {key.lower(): value for key, value in tags.items()}["title"] == "Märchen: eins zwei"


def test_a_failure_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    with (
        pytest.raises(RuntimeError, match="mine"),
        AudioWriter(path, AudioFormat.MP3, RATE) as writer,
    ):
        writer.write(np.full(100_000, 500, np.int16))
        raise RuntimeError("mine")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("audio_format", AudioFormat)
def test_no_audio_leaves_no_file(tmp_path: Path, audio_format: AudioFormat) -> None:
    with (
        pytest.raises(ValueError, match="no audio"),
        AudioWriter(tmp_path / "a", audio_format, RATE) as writer,
    ):
        writer.write(np.zeros(0, np.int16))
    assert list(tmp_path.iterdir()) == []


def test_a_part_file_comes_back_block_by_block() -> None:
    samples = np.arange(-5000, 5001, dtype=np.int16)
    file = io.BytesIO()
    assert write_wav(file, 24000, iter([samples[:10], samples[10:11], samples[11:]])) == 10001
    file.seek(0)
    assert wav_rate(file) == 24000
    blocks = list(read_wav(file, 4000))
    assert [len(block) for block in blocks] == [4000, 4000, 2001]
    assert np.array_equal(np.concatenate(blocks), samples)
    assert all(block.dtype == np.int16 for block in blocks)


def test_a_truncated_part_file_is_rejected() -> None:
    file = io.BytesIO()
    write_wav(file, RATE, [np.ones(1000, np.int16)])
    broken = io.BytesIO(file.getvalue()[:-500])
    with pytest.raises(ValueError, match="too short"):
        list(read_wav(broken, 100))


@pytest.mark.parametrize("data", [b"", b"RIFF", b"nothing of the kind" * 9])
def test_a_file_that_is_not_wav_is_rejected(data: bytes) -> None:
    with pytest.raises(ValueError, match="WAV"):
        list(read_wav(io.BytesIO(data), 100))


def test_stereo_is_rejected() -> None:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(2)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes(bytes(400))
    file.seek(0)
    with pytest.raises(ValueError, match="mono"):
        list(read_wav(file, 100))


def test_formats_have_mime_types() -> None:
    assert {each.value: (each.mime_type, each.extension) for each in AudioFormat} == {
        "mp3": ("audio/mpeg", ".mp3"),
        "wav": ("audio/wav", ".wav"),
        "ogg": ("audio/ogg", ".ogg"),
        "flac": ("audio/flac", ".flac"),
    }
