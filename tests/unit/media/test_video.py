from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.support.film import (
    Film,
    apart,
    crop,
    render,
    scaled,
    touched,
    write_clip,
    write_picture,
    write_sound,
)
from troupe.media.captions import Cue
from troupe.media.formats import Resolution
from troupe.media.video.frames import Shot
from troupe.media.video.layout import face_box, layout
from troupe.media.video.video import VideoFacts

LANDSCAPE, PORTRAIT = Resolution.LANDSCAPE, Resolution.PORTRAIT
SECONDS = 4.5


class Scene:
    """Ann, Ben and Ann again over a one-second clip."""

    def __init__(self, folder: Path) -> None:
        self.ann = write_picture(folder / "ann.png", ["#c02020", "#f0e040", "#c02020"])
        self.ben = write_picture(folder / "ben.jpg", ["#2040c0", "#20c060"], (300, 200))
        self.sound = write_sound(folder / "sound.wav", SECONDS)
        self.shots = [
            Shot(0, 1.5, self.ann),
            Shot(1.5, 3, self.ben),
            Shot(3, SECONDS, self.ann),
        ]
        self.cues = [
            Cue(0.1, 1.4, "The old harbour was quiet that morning,\nand cold.", "Ann"),
            Cue(1.6, 2.9, "Nobody had seen the boat.", "Ben"),
        ]
        clip = write_clip(folder / "clip.mp4", 25)
        self.reports: list[float] = []
        self.facts = render(
            folder,
            shots=self.shots,
            cues=self.cues,
            background=clip,
            report=self.reports.append,
            title="The harbour\0\nat night",
        )
        self.path = folder / "film.mp4"
        self.film = Film(self.path)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(tmp_path_factory.mktemp("scene"))


def test_the_streams_are_h264_and_aac_that_players_support(scene: Scene) -> None:
    with av.open(str(scene.path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        context = video.codec_context
        assert (context.name, context.profile, context.pix_fmt) == ("h264", "High", "yuv420p")
        assert (video.width, video.height) == (1280, 720)
        assert (context.colorspace, context.color_range) == (1, 1)
        assert (audio.codec_context.name, audio.layout.name) == ("aac", "mono")
        assert container.metadata["title"] == "The harbour at night"


def test_the_video_is_as_long_as_the_audio_at_a_constant_rate(scene: Scene) -> None:
    with av.open(str(scene.path)) as container:
        assert container.duration is not None
        assert container.duration / 1_000_000 == pytest.approx(SECONDS, abs=0.04)
        assert container.streams.video[0].average_rate == Fraction(25)
        times = [frame.time for frame in container.decode(video=0)]
    assert times[0] == 0
    assert all(later - time == pytest.approx(0.04) for time, later in pairwise(times))
    assert times[-1] + 0.04 == pytest.approx(SECONDS, abs=0.04)


def test_the_returned_facts_match_the_file(scene: Scene) -> None:
    size = scene.path.stat().st_size
    assert scene.facts == VideoFacts(scene.facts.seconds, size, 1280, 720)
    assert scene.facts.seconds == pytest.approx(SECONDS, abs=0.04)


def test_the_index_comes_first(scene: Scene) -> None:
    data = scene.path.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_the_speakers_face_is_on_screen(scene: Scene) -> None:
    """From half a second after the start of a line to its end, compared by pixels."""
    box = face_box(LANDSCAPE, (200, 200)), face_box(LANDSCAPE, (300, 200))
    for number, shot in enumerate(scene.shots):
        who = number % 2
        right, wrong = (scene.ann, scene.ben) if who == 0 else (scene.ben, scene.ann)
        for frame in scene.film.frames([shot.start + 0.5, shot.end - 0.1]):
            seen = crop(frame, box[who])
            assert apart(seen, scaled(right, seen.shape[1::-1])) < 8
            assert apart(seen, scaled(wrong, seen.shape[1::-1])) > 40


def test_a_face_fades_in(scene: Scene) -> None:
    box = face_box(LANDSCAPE, (200, 200))
    frames = scene.film.frames([3.0 + number * 0.08 for number in range(7)])
    still = scaled(scene.ann, box[2:])
    distances = [apart(crop(frame, box), still) for frame in frames]
    assert distances[0] > 40
    assert all(later < earlier + 0.5 for earlier, later in pairwise(distances))
    assert distances[-1] < 8


def test_the_audio_is_in_sync(scene: Scene) -> None:
    with av.open(str(scene.path)) as container:
        resampler = av.AudioResampler("s16", "mono", 24000)
        heard = np.concatenate(
            [
                part.to_ndarray()[0]
                for frame in [*container.decode(audio=0), None]
                for part in resampler.resample(frame)
            ]
        )
    with av.open(str(scene.sound)) as container:
        meant = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    assert len(heard) == pytest.approx(len(meant), abs=24000 * 0.05)
    size = min(len(heard), len(meant))
    assert np.corrcoef(heard[:size].astype(float), meant[:size].astype(float))[0, 1] > 0.99


def test_the_clip_loops(scene: Scene) -> None:
    corner = scene.film.map(lambda frame: float(frame[:20, :20].mean()))
    assert corner[24] - corner[0] > 100
    for number in range(25, len(corner)):
        assert corner[number] == pytest.approx(corner[number % 25], abs=4)


def test_progress_grows_to_one(scene: Scene) -> None:
    assert scene.reports[0] == 0
    assert scene.reports[-1] == 1
    assert len(scene.reports) >= SECONDS
    assert scene.reports == sorted(scene.reports)


@pytest.mark.parametrize("resolution", Resolution)
def test_captions_are_within_their_area(tmp_path: Path, resolution: Resolution) -> None:
    text = "She looked at the letter for a long time\nand then she put it back in its place."
    cues = [Cue(0, 0.5, text, "Ann"), Cue(0.5, 1, "مرحبا بالعالم، كيف حالك؟", "آن")]
    render(tmp_path, name="with.mp4", cues=cues, resolution=resolution)
    render(tmp_path, name="without.mp4", resolution=resolution)
    bare = Film(tmp_path / "without.mp4").frame(0.2)
    for frame in Film(tmp_path / "with.mp4").frames([0.2, 0.7]):
        # The speaker's disc is above; captions start below the faces' area.
        top = layout(resolution).face[1] + layout(resolution).face[3]
        x, y, wide, high = touched(frame[top:], bare[top:])
        assert high > 60
        assert wide > 200
        assert x >= resolution.width * 0.05
        assert x + wide <= resolution.width * 0.95
        assert y + top + high <= resolution.height * 0.93
        assert abs(2 * x + wide - resolution.width) <= 8
        assert (crop(frame[top:], (x, y, wide, high)).min(2) > 230).sum() > 1000  # white letters


def test_captions_disappear_when_they_end(tmp_path: Path) -> None:
    render(tmp_path, cues=[Cue(0.2, 0.6, "Now.")])
    before, during, after = Film(tmp_path / "film.mp4").frames([0.08, 0.4, 0.8])
    assert touched(before, after) == (0, 0, 0, 0)
    assert touched(before, during)[2] > 50


def test_a_portrait_video(tmp_path: Path) -> None:
    """The clip covers the screen, the picture keeps its aspect ratio."""
    picture = write_picture(tmp_path / "ann.webp", ["#c02020", "#20c060", "#2040c0"], (640, 360))
    clip = write_clip(tmp_path / "clip.mp4", 10, rate=10, size=(642, 360))
    shots = [Shot(0, 1, picture)]
    facts = render(tmp_path, shots=shots, background=clip, resolution=PORTRAIT)
    assert (facts.width, facts.height) == (720, 1280)
    early, late = Film(tmp_path / "film.mp4").frames([0.5, 0.9])
    box = face_box(PORTRAIT, (640, 360))
    assert box[2] / box[3] == pytest.approx(16 / 9, abs=0.01)
    assert apart(crop(late, box), scaled(picture, box[2:])) < 8
    # At ten frames per second, every corner is brighter by four tenths of the ramp.
    for corner in (np.s_[:8, :8], np.s_[-8:, :8], np.s_[:8, -8:], np.s_[-8:, -8:]):
        assert late[corner].mean() - early[corner].mean() == pytest.approx(64, abs=6)


def test_a_colour_background_has_that_colour(tmp_path: Path) -> None:
    render(tmp_path, 0.4, background="#2080c0")
    frame = Film(tmp_path / "film.mp4").frame(0.2)
    assert np.abs(frame - np.array([0x20, 0x80, 0xC0])).max() <= 3


def test_transparent_parts_of_a_picture_show_the_background(tmp_path: Path) -> None:
    picture = write_picture(tmp_path / "ann.png", ["#c02020", "#00000000", "#c02020"])
    render(tmp_path, shots=[Shot(0, 1, picture)], background="#20a040")
    x, y, wide, high = face_box(LANDSCAPE, (200, 200))
    frame = Film(tmp_path / "film.mp4").frame(0.8)
    middle = frame[y + high // 2, x + wide // 2]
    # A little darker, because of the shadow next to it.
    assert middle[1] > 120 > middle[0]
    assert frame[y + high // 2, x + 60, 0] > 180


def test_the_face_of_a_continuing_speaker_does_not_move(tmp_path: Path) -> None:
    picture = write_picture(tmp_path / "ann.png", ["#c02020", "#f0e040"])
    render(tmp_path, shots=[Shot(0, 0.6, picture), Shot(0.6, 1, picture)])
    one, other = Film(tmp_path / "film.mp4").frames([0.52, 0.64])
    assert touched(one, other) == (0, 0, 0, 0)


def test_a_speaker_without_a_picture_is_a_letter_on_a_disc(tmp_path: Path) -> None:
    shots = [Shot(0, 1, None)]
    render(tmp_path, shots=shots, cues=[Cue(0, 1, "Yes.", "Ben")], name="named.mp4")
    render(tmp_path, shots=shots, name="nameless.mp4")
    named = Film(tmp_path / "named.mp4").frame(0.8)
    nameless = Film(tmp_path / "nameless.mp4").frame(0.8)
    x, y, wide, high = layout(LANDSCAPE).face
    seen = touched(crop(named, (x, y, wide, high)), crop(nameless, (x, y, wide, high)))
    assert seen[2] == pytest.approx(seen[3], rel=0.15)
    assert seen[2] > 200
    assert touched(nameless[:20], nameless[300:320]) == (0, 0, 0, 0)


@pytest.mark.parametrize(("rate", "seconds"), [(8000, 1.013), (22050, 0.02), (44100, 0.5)])
def test_audio_of_any_rate_and_length(tmp_path: Path, rate: int, seconds: float) -> None:
    sound = write_sound(tmp_path / "odd.wav", seconds, rate)
    facts = render(tmp_path, sound=sound)
    assert seconds <= facts.seconds < seconds + 0.04
    with av.open(str(tmp_path / "film.mp4")) as container:
        heard = sum(frame.samples / frame.rate for frame in container.decode(audio=0))
    assert heard == pytest.approx(seconds, abs=0.08)


class Stopped(Exception):
    pass


def test_a_check_that_raises_leaves_no_file(tmp_path: Path) -> None:
    calls = []

    def check() -> None:
        calls.append((tmp_path / "film.mp4").exists())
        if len(calls) == 2:
            raise Stopped

    with pytest.raises(Stopped):
        render(tmp_path, 3, check=check)
    assert calls == [False, True]  # it had started
    assert not (tmp_path / "film.mp4").exists()


@pytest.mark.parametrize("broken", ["sound", "background", "face", "colour", "silence", "cut"])
def test_a_broken_input_is_rejected_and_leaves_no_file(tmp_path: Path, broken: str) -> None:
    rubbish = tmp_path / "rubbish"
    rubbish.write_bytes(b"\x89PNG\r\n nothing of the kind" * 40)
    cut = tmp_path / "cut.png"
    cut.write_bytes(write_picture(tmp_path / "whole.png", ["red", "blue"]).read_bytes()[:120])
    changes: dict[str, dict[str, Any]] = {
        "sound": {"sound": rubbish},
        "background": {"background": rubbish},
        "face": {"shots": [Shot(0, 1, rubbish)]},
        "cut": {"shots": [Shot(0, 1, cut)]},
        "colour": {"background": "#nocolour"},
        "silence": {"sound": write_sound(tmp_path / "none.wav", 0)},
    }
    with pytest.raises(ValueError, match=r"\w"):
        render(tmp_path, **changes[broken])
    assert not (tmp_path / "film.mp4").exists()


def test_a_truncated_clip_is_rejected(tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "whole.mp4", 25).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"cut\.mp4"):
        render(tmp_path, background=tmp_path / "cut.mp4")
    assert not (tmp_path / "film.mp4").exists()
