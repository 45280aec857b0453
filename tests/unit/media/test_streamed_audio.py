"""Audio that is sent away while it is encoded equals the file that is written locally."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.support.film import rising_tone
from troupe.media.audio import AudioWriter
from troupe.media.formats import AudioFormat

RATE, SECONDS = 22050, 5


class Pipe(io.BytesIO):
    """Takes bytes in order and cannot go back."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: object) -> int:
        raise io.UnsupportedOperation("seek")


def encoded(target: Path | Pipe, form: AudioFormat) -> None:
    expected = Fraction(SECONDS) if isinstance(target, Pipe) else None
    with AudioWriter(target, form, RATE, title="A tone", expected=expected) as writer:
        for block in np.array_split(rising_tone(SECONDS, RATE), 7):
            writer.write(block)


def decoded(data: bytes) -> tuple[np.ndarray, float]:
    """The samples, and the duration by the header."""
    with av.open(io.BytesIO(data), "r") as container:
        stream = container.streams.audio[0]
        declared = float((stream.duration or 0) * (stream.time_base or 0))
        resampler = av.AudioResampler("s16", "mono", RATE)
        frames = [*container.decode(stream), None]
        samples = [part.to_ndarray()[0] for frame in frames for part in resampler.resample(frame)]
    return np.concatenate(samples), declared


@pytest.mark.parametrize("form", AudioFormat)
def test_a_streamed_file_sounds_like_a_local_one(tmp_path: Path, form: AudioFormat) -> None:
    pipe, local = Pipe(), tmp_path / "local"
    encoded(pipe, form)
    encoded(local, form)
    samples, declared = decoded(pipe.getvalue())
    meant, _ = decoded(local.read_bytes())
    assert declared == pytest.approx(SECONDS, abs=0.1)
    # An MP3 that is streamed cannot tell players how much silence its encoder added.
    assert len(samples) == pytest.approx(len(meant), abs=0.1 * RATE)
    if form in (AudioFormat.WAV, AudioFormat.FLAC):
        assert np.array_equal(samples, rising_tone(SECONDS, RATE))
        assert declared == SECONDS


def test_a_wav_header_has_the_sizes() -> None:
    pipe = Pipe()
    encoded(pipe, AudioFormat.WAV)
    assert len(pipe.getvalue()) == 44 + 2 * RATE * SECONDS
    assert int.from_bytes(pipe.getvalue()[4:8], "little") == len(pipe.getvalue()) - 8
    assert int.from_bytes(pipe.getvalue()[40:44], "little") == len(pipe.getvalue()) - 44


@pytest.mark.parametrize("spoken", [SECONDS - 1, SECONDS + 1])
def test_audio_of_another_length_than_declared_is_an_error(spoken: int) -> None:
    with (
        pytest.raises(ValueError, match="declared"),
        AudioWriter(Pipe(), AudioFormat.WAV, RATE, expected=Fraction(SECONDS)) as writer,
    ):
        writer.write(rising_tone(spoken, RATE))


def test_sounds_of_other_rates_still_have_the_declared_length() -> None:
    pipe = Pipe()
    with AudioWriter(pipe, AudioFormat.WAV, 24000, expected=Fraction(2)) as writer:
        writer.write(rising_tone(1, 22050), 22050)
        writer.write(rising_tone(1, 24000), 24000)
    assert len(pipe.getvalue()) == 44 + 2 * 24000 * 2


def test_a_wav_of_more_than_four_gigabytes_is_an_error() -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        AudioWriter(Pipe(), AudioFormat.WAV, 48000, expected=Fraction(86_400))
