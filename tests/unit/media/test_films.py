"""The sound of a film is replaced, and its picture stays as it is."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest

from tests.support.film import packets, write_film
from tests.support.media_files import tone
from troupe.media.audio import AAC, AudioWriter
from troupe.media.uploads.checks import BrokenFilm, UnsupportedFile
from troupe.media.uploads.films import with_sound
from troupe.media.uploads.recordings import prove_recording

RATE = 48_000


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "new.m4a"
    with AudioWriter(path, AAC, 24_000) as writer:
        writer.write(tone(1, 24_000))
    return path


@pytest.mark.parametrize(
    ("name", "codec", "late"),
    [("a.mp4", "libx264", 0.0), ("a.mov", "libx264", 0.4), ("a.mp4", "libx265", 0.0)],
)
def test_the_picture_is_copied_and_the_sound_begins_with_the_films_own(
    tmp_path: Path, sound: Path, name: str, codec: str, late: float
) -> None:
    film = write_film(tmp_path / name, tone(1, RATE), RATE, codec=codec, late=late)
    with film.open("rb") as file:
        assert prove_recording(file, films=True).film
        with pytest.raises(UnsupportedFile, match="is a video"):
            prove_recording(file)
        with sound.open("rb") as new:
            video = with_sound(file, new).video
    made = tmp_path / "made.mp4"
    made.write_bytes(video)
    assert packets(made) == packets(film)
    assert video.index(b"moov") < video.index(b"mdat")
    with av.open(str(made)) as container, av.open(str(film)) as before:
        tags = [each.streams.video[0].codec_context.codec_tag for each in (container, before)]
        assert tags[0] == tags[1]
        heard = container.streams.audio[0]
        start = (heard.start_time or 0) * (heard.time_base or 0)
        assert float(start) == pytest.approx(late, abs=0.05)
        assert sum(frame.samples for frame in container.decode(heard)) >= 24_000


def test_a_film_that_cannot_be_copied_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    write_film(path.with_suffix(".mp4"), tone(1, RATE), RATE)
    with (
        av.open(str(path.with_suffix(".mp4"))) as film,
        av.open(str(path), "w", format="matroska") as other,
    ):
        streams = {each.index: other.add_stream_from_template(each) for each in film.streams}
        for packet in film.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                other.mux(packet)
    with path.open("rb") as file, pytest.raises(UnsupportedFile, match="MP4 or QuickTime"):
        prove_recording(file, films=True)


@pytest.mark.parametrize("cut", [0, 500, 3_000])
def test_a_damaged_film_is_reported_as_such(tmp_path: Path, sound: Path, cut: int) -> None:
    film = write_film(tmp_path / "a.mp4", np.zeros(RATE, np.int16), RATE)
    with sound.open("rb") as new, pytest.raises(BrokenFilm):
        with_sound(io.BytesIO(film.read_bytes()[:cut]), new)
