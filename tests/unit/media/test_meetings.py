"""What a browser has recorded of a call becomes a film, whatever it has sent."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from fractions import Fraction

import av
import numpy as np
import pytest

from tests.support.call_recordings import RATE, a_picture, film, look_at
from troupe.call_recordings import worker
from troupe.call_recordings.records import MOST_SECONDS
from troupe.errors import TroupeError
from troupe.media.uploads import decoders as decoder_limits
from troupe.media.uploads import meetings
from troupe.media.uploads.checks import BrokenFilm, JoinedFilm, UnsupportedFile
from troupe.media.uploads.decoders import Decoders

MOST = 20.0


@pytest.fixture(scope="module")
def decoders() -> Iterator[Decoders]:
    made = Decoders()
    yield made
    made.close()


def joined(decoders: Decoders, stream: bytes, seconds: float = MOST) -> JoinedFilm:
    return decoders.joined(io.BytesIO(stream), films=[(len(stream), seconds)])


@pytest.mark.parametrize("codec", ["libvpx", "libvpx-vp9"])
def test_sound_and_picture_stay_together(decoders: Decoders, codec: str) -> None:
    made = joined(decoders, film(3.0, (440.0, 1000.0), codec=codec))
    seen = look_at(made.video, count=2)
    assert seen.codecs == ["h264", "aac"]
    assert seen.tones == {440, 1000}
    assert (made.width, made.height) == seen.size == (320, 180)
    assert made.seconds == pytest.approx(3.0, abs=0.2)
    assert seen.seconds == pytest.approx(3.0, abs=0.2)
    assert seen.index_first
    with av.open(io.BytesIO(made.video), "r") as container:
        moments = [float(frame.time or 0) for frame in container.decode(video=0)]
    assert np.allclose(np.diff(moments), 1 / 15, atol=0.001)


def test_a_stream_that_breaks_off_keeps_what_there_is(decoders: Decoders) -> None:
    whole = film(4.0)
    made = joined(decoders, whole[: len(whole) * 2 // 3])
    assert 1.0 < made.seconds < 4.0
    assert look_at(made.video).tones == {440}


def test_it_is_no_longer_than_it_may_be(decoders: Decoders) -> None:
    made = joined(decoders, film(6.0), seconds=2.0)
    assert made.seconds == pytest.approx(2.0, abs=0.2)
    assert look_at(made.video).seconds == pytest.approx(2.0, abs=0.2)


def test_a_large_picture_becomes_smaller(decoders: Decoders) -> None:
    made = joined(decoders, film(1.0, size=(1600, 900)))
    assert (made.width, made.height) == (640, 360)


def test_the_longest_film_is_within_the_limit_of_the_child() -> None:
    seconds = worker._SHARE * MOST_SECONDS + worker._REST
    bits = 1000 * int(meetings._X264["maxrate"].removesuffix("k")) + meetings._AUDIO_BITS
    packets = seconds * (meetings.FPS + meetings.RATE / meetings._SAMPLES)
    index = meetings._ENTRY * packets + meetings._REST
    assert bits * seconds / 8 + index < decoder_limits._TASKS["joined"].limits.output


def jumping(*moments: int) -> bytes:
    """A film whose frames are at these milliseconds."""
    target = io.BytesIO()
    with av.open(target, "w", format="webm", options={"live": "1"}) as container:
        stream = a_picture(container, "libvpx", (64, 48))
        stream.codec_context.time_base = Fraction(1, 1000)
        for number, at in enumerate(moments):
            grey = np.full((48, 64, 3), 40 * number % 256, np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, "rgb24")
            frame.pts, frame.time_base = at, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()


def test_a_gap_shows_the_frame_before(decoders: Decoders) -> None:
    made = joined(decoders, jumping(0, 100, 4000, 4100))
    assert made.seconds == pytest.approx(4.2, abs=0.2)


def test_times_that_jump_make_no_endless_film(decoders: Decoders) -> None:
    made = joined(decoders, jumping(0, 100, 3_000_000_000), seconds=3.0)
    assert made.seconds <= 3.2
    late = joined(decoders, jumping(2_000_000_000, 2_000_000_100), seconds=3.0)
    assert late.seconds < 1.0


def matroska(codec: str, size: tuple[int, int] = (64, 48), streams: int = 1) -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format="matroska") as container:
        made = [a_picture(container, codec, size) for _ in range(streams)]
        frame = av.VideoFrame(*size, "yuv420p")
        frame.pts = 0
        for stream in made:
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return target.getvalue()


@pytest.mark.parametrize(
    "stream",
    [
        lambda: matroska("ffv1"),
        lambda: matroska("mpeg4"),
        lambda: matroska("libvpx", (4096, 4096)),
        lambda: b"\x1a\x45\xdf\xa3" + bytes(5000),
        lambda: b"\x1a\x45\xdf\xa3" + b"\xff" * 5000,
        lambda: film(1.0)[:400],
    ],
    ids=["a codec", "another codec", "huge", "zeros", "ones", "a head"],
)
def test_what_no_browser_records_is_broken(decoders: Decoders, stream: Callable[[], bytes]) -> None:
    with pytest.raises(BrokenFilm):
        joined(decoders, stream())


@pytest.mark.parametrize(
    "stream", [b"#EXTM3U\nfile:///etc/passwd\n", b"RIFF\0\0\0\0AVI LIST", b"", b"\0" * 100]
)
def test_what_is_no_film_is_not_opened(decoders: Decoders, stream: bytes) -> None:
    with pytest.raises(UnsupportedFile):
        joined(decoders, stream)


@pytest.mark.parametrize("seed", range(6))
def test_damage_never_harms_more_than_the_film(decoders: Decoders, seed: int) -> None:
    dice, stream = random.Random(seed), bytearray(film(2.0))
    for _ in range(40):
        stream[dice.randrange(100, len(stream))] = dice.randrange(256)
    try:
        made = joined(decoders, bytes(stream), seconds=3.0)
    except TroupeError as error:
        assert isinstance(error, BrokenFilm)
    else:
        assert made.seconds <= 4.2


def test_the_sound_of_a_pause_is_silent(decoders: Decoders) -> None:
    """Samples are where their times say."""
    target = io.BytesIO()
    with av.open(target, "w", format="webm", options={"live": "1"}) as container:
        heard = container.add_stream("libopus", RATE)
        heard.layout = "mono"
        for second in (0, 3):
            moments = np.arange(RATE) / RATE
            samples = (8000 * np.sin(2 * np.pi * 440 * moments)).astype(np.int16).reshape(1, -1)
            for start in range(0, RATE, 960):
                piece = np.ascontiguousarray(samples[:, start : start + 960])
                frame = av.AudioFrame.from_ndarray(piece, "s16", "mono")
                frame.sample_rate, frame.pts = RATE, second * RATE + start
                frame.time_base = Fraction(1, RATE)
                container.mux(heard.encode(frame))
        container.mux(heard.encode(None))
    made = joined(decoders, target.getvalue())
    assert made.seconds == pytest.approx(4.0, abs=0.2)
    with av.open(io.BytesIO(made.video), "r") as container:
        sound = np.concatenate([each.to_ndarray()[0] for each in container.decode(audio=0)])
    assert np.abs(sound[int(1.5 * RATE) : int(2.5 * RATE)]).max() < 0.01
    assert np.abs(sound[int(3.2 * RATE) : int(3.8 * RATE)]).max() > 0.1
