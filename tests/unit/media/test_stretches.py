"""Stretches of recordings as samples: for every format, they are where they should be."""

from __future__ import annotations

import io
import itertools
from functools import cache
from typing import TYPE_CHECKING, cast

import av
import numpy as np
import pytest
from av.audio import AudioStream
from av.audio.format import AudioFormat

from tests.support.sounds import KINDS
from tests.support.speeches import noise, wav
from troupe.media.uploads.checks import BrokenAudio, UnsupportedFile
from troupe.media.uploads.decoders import Decoders
from troupe.media.uploads.stretches import MOST_SECONDS, RATE, decode_stretch

if TYPE_CHECKING:
    from troupe.speech.engine import Samples

SOURCE = 44_100
SECONDS = 12


@cache
def melody(kind: str) -> bytes:
    """Every tenth of a second has another tone, so that each place sounds differently."""
    container, codec, sample_format = KINDS[kind]
    rate = 48_000 if codec == "libopus" else SOURCE
    step = rate // 10
    tones = np.random.default_rng(3).integers(300, 3000, SECONDS * 10)
    at = np.arange(step) / rate
    samples = np.concatenate([np.sin(2 * np.pi * tone * at) for tone in tones])
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = cast(AudioStream, output.add_stream(codec, rate, layout="mono"))
        stream.format = AudioFormat(sample_format)
        values = (samples * 9000).astype(np.int16).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(values, format="s16", layout="mono")
        frame.sample_rate = rate
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return file.getvalue()


def stretch(data: bytes, start: float, seconds: float) -> Samples:
    return np.frombuffer(decode_stretch(io.BytesIO(data), start, seconds).audio, np.int16)


@pytest.mark.parametrize("kind", KINDS)
def test_a_stretch_is_where_it_should_be(kind: str) -> None:
    whole = stretch(melody(kind), 0, 60)
    assert len(whole) / RATE == pytest.approx(SECONDS, abs=0.1)
    for start in (0.0, 0.4, 3.217, 8.0):
        part = stretch(melody(kind), start, 2.0)
        assert len(part) == 2 * RATE
        assert abs(_lag(part, whole, round(start * RATE))) <= RATE * 0.03, start


def _lag(part: Samples, whole: Samples, start: int) -> int:
    """How many samples later than `start` the part is, by correlation."""
    most = RATE // 10
    around = np.pad(whole.astype(float), most)[start : start + len(part) + 2 * most]
    sought = np.fft.rfft(part[most:-most].astype(float), len(around))
    found = np.fft.irfft(np.fft.rfft(around) * sought.conj(), len(around))
    return int(found[: 4 * most + 1].argmax()) - 2 * most


@pytest.mark.parametrize("kind", KINDS)
def test_stretches_of_a_recording_fit_together(kind: str) -> None:
    cuts = (0.0, 4.0, 7.5, 60.0)
    parts = [stretch(melody(kind), a, b - a) for a, b in itertools.pairwise(cuts)]
    assert sum(map(len, parts)) / RATE == pytest.approx(SECONDS, abs=0.1)


def test_after_the_end_there_is_nothing() -> None:
    assert len(stretch(melody("wav"), 30, 5)) == 0
    assert len(stretch(melody("ogg"), 11.5, 5)) / RATE == pytest.approx(0.5, abs=0.05)
    assert len(stretch(melody("mp3"), 0, 0)) == 0


def test_what_is_no_sound_is_refused() -> None:
    with pytest.raises(UnsupportedFile):
        stretch(b"%PDF-1.7 " + bytes(100), 0, 1)
    with pytest.raises(BrokenAudio):
        stretch(melody("flac")[:60], 0, 1)


def test_decoders_return_a_stretch_of_ten_minutes(decoders: Decoders) -> None:
    long = io.BytesIO(wav(np.tile(noise(1), 630)))
    data = decoders.stretch(long, 10.0, 601.0)
    assert len(data) == 2 * RATE * 601
    assert MOST_SECONDS > 601


@pytest.fixture(scope="module")
def decoders() -> Decoders:
    return Decoders()
