"""Runs the demo like `make demo`, and checks its results: audio, captions, video, charges."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from local import cast
from local.demo import PIECES
from local.demo_room import TRANSCRIPT
from local.demo_scene import NAME as SCENE
from local.demo_scene import WRITTEN
from local.layout import ROOT
from tests.fakes.openai_server import KEY, openai_server
from tests.support.film import Film, Pixels, crop
from tests.unit.speech.sound import pitch, rms
from troupe.media.formats import Resolution
from troupe.media.video.layout import face_box, layout

BY_NAME = {piece.name: piece for piece in PIECES}
MALE, KIDS = "1-opening-male", "3-dragon-kids"
# (speaker, text), read from the screenplay.
LINES = re.findall(r"^([A-Z]+): (.+)$", cast.screenplay(), re.MULTILINE)


@dataclass(frozen=True)
class Demo:
    out: Path
    printed: str


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    out = tmp_path_factory.mktemp("demo") / "out"
    out.mkdir()  # an existing folder must be accepted
    (out / f"{MALE}.mp3").write_bytes(b"left by an earlier run")
    with openai_server() as server:
        done = subprocess.run(
            [sys.executable, "-m", "local", "demo", "--out", str(out)],
            cwd=ROOT,
            env=os.environ | {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": server.base_url},
            capture_output=True,
            text=True,
            timeout=420,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    return Demo(out, done.stdout)


@cache
def sound(path: Path) -> tuple[NDArray[np.int16], int]:
    """(samples, rate): mono, int16."""
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
        rate = container.streams.audio[0].rate
    samples = np.concatenate([frame.mean(axis=0) for frame in frames])
    return (samples * 32767).astype(np.int16), rate


def seconds(path: Path) -> float:
    samples, rate = sound(path)
    return len(samples) / rate


def last_cue_end(vtt: str) -> float:
    hours, minutes, rest = re.findall(r"--> (\d+):(\d+):([\d.]+)", vtt)[-1]
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def test_the_demo_speaks_two_languages_and_every_voice_type() -> None:
    assert {piece.voice_type for piece in PIECES} == {"male", "female", "kids"}
    assert len({piece.language.partition("-")[0] for piece in PIECES}) >= 2


def test_the_first_piece_lasts_more_than_ten_seconds(demo: Demo) -> None:
    assert seconds(demo.out / f"{MALE}.mp3") > 10


@pytest.mark.parametrize("name", BY_NAME)
def test_the_audio_has_a_natural_speaking_rate(demo: Demo, name: str) -> None:
    per_second = len(BY_NAME[name].text) / seconds(demo.out / f"{name}.mp3")

    assert 9 < per_second < 25  # people speak 12 to 20 characters per second


@pytest.mark.parametrize("name", BY_NAME)
def test_the_audio_is_never_silent_for_a_second(demo: Demo, name: str) -> None:
    samples, rate = sound(demo.out / f"{name}.mp3")
    length = len(samples) - len(samples) % rate
    loudness = [rms(second) for second in samples[:length].reshape(-1, rate)]

    assert min(loudness) > 150  # of 32767
    assert int(samples.max()) - int(samples.min()) > 6000


@pytest.mark.parametrize("name", BY_NAME)
def test_the_captions_end_with_the_audio(demo: Demo, name: str) -> None:
    captions = (demo.out / f"{name}.vtt").read_text()

    assert captions.startswith("WEBVTT")
    assert last_cue_end(captions) == pytest.approx(seconds(demo.out / f"{name}.mp3"), abs=0.3)


@pytest.mark.parametrize("name", BY_NAME)
def test_the_captions_contain_every_word_in_order(demo: Demo, name: str) -> None:
    cues = (demo.out / f"{name}.vtt").read_text().split("\n\n")[1:]
    shown = " ".join(line for cue in cues for line in cue.splitlines() if "-->" not in line)

    assert shown.split() == BY_NAME[name].text.split()


def test_a_child_speaks_higher_than_a_man(demo: Demo) -> None:
    child, man = (pitch(*sound(demo.out / f"{name}.mp3")) for name in (KIDS, MALE))

    assert child > 1.5 * man


def test_the_ledger_has_one_settlement_per_job(demo: Demo) -> None:
    settled = re.findall(r"^  ([0-9a-f]+)-settle .* (-\d+) tokens$", demo.printed, re.MULTILINE)
    texts = [piece.text for piece in PIECES]
    texts.append("".join(text for _, text in LINES))
    expected = [-(-len(text) // 1000) for text in texts]  # one per thousand, rounded up
    expected += [1, 1]  # the video, and the scene that a model wrote

    assert [-int(amount) for _, amount in settled] == expected
    assert len({job for job, _ in settled}) == len(expected)


@dataclass(frozen=True)
class Spoken:
    """A caption cue."""

    start: float
    end: float
    speaker: str
    text: str


def spoken(out: Path) -> list[Spoken]:
    found = []
    for cue in (out / f"{SCENE}.vtt").read_text().split("\n\n")[1:]:
        times, *lines = cue.strip().splitlines()
        start, end = (
            sum(float(x) * 60**n for n, x in enumerate(reversed(moment.split(":"))))
            for moment in times.split(" --> ")
        )
        speaker, text = re.fullmatch(r"<v ([^>]+)>(.*)", " ".join(lines)).groups()  # type: ignore[union-attr]
        found.append(Spoken(start, end, speaker, text))
    return found


def turns(out: Path) -> list[Spoken]:
    """The first cue of each line where the speaker changes."""
    cues = spoken(out)
    return [cue for n, cue in enumerate(cues) if not n or cue.speaker != cues[n - 1].speaker]


def test_the_captions_contain_the_screenplay_with_its_speakers(demo: Demo) -> None:
    shown: list[tuple[str, str]] = []
    for cue in spoken(demo.out):
        if shown and shown[-1][0] == cue.speaker:
            shown[-1] = (cue.speaker, f"{shown[-1][1]} {cue.text}")
        else:
            shown.append((cue.speaker, cue.text))

    assert shown == [(speaker.title(), text) for speaker, text in LINES]


def test_the_audio_of_the_scene_ends_with_its_captions(demo: Demo) -> None:
    assert spoken(demo.out)[-1].end == pytest.approx(seconds(demo.out / f"{SCENE}.mp3"), abs=0.3)


def test_the_video_is_as_long_as_the_audio(demo: Demo) -> None:
    with av.open(str(demo.out / f"{SCENE}.mp4")) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        codecs = (video.codec_context.name, audio.codec_context.name)
        streams = (video, audio)
        lengths = [float(s.duration * s.time_base) for s in streams if s.duration and s.time_base]

    assert codecs == ("h264", "aac")
    assert lengths == pytest.approx([seconds(demo.out / f"{SCENE}.mp3")] * 2, abs=0.2)


def test_the_video_has_the_same_sound_as_the_audio(demo: Demo) -> None:
    film, audio = sound(demo.out / f"{SCENE}.mp4"), sound(demo.out / f"{SCENE}.mp3")

    assert rms(film[0]) == pytest.approx(rms(audio[0]), rel=0.1)
    assert rms(film[0]) > 500  # of 32767


def likeness(seen: Pixels, picture: Path) -> float:
    """The mean difference of the pixels that the picture covers, 0 to 255."""
    height, width = seen.shape[:2]
    image = Image.open(picture).convert("RGBA").resize((width, height), Image.Resampling.LANCZOS)
    pixels = np.asarray(image).astype(np.int16)
    return float(np.abs(seen - pixels[..., :3])[pixels[..., 3] > 250].mean())


def test_the_speakers_face_is_on_screen_at_the_start_of_each_line(demo: Demo) -> None:
    """Half a second after the start, because pictures fade in."""
    film = Film(demo.out / f"{SCENE}.mp4")
    box = face_box(Resolution.LANDSCAPE, (512, 512))
    begun = turns(demo.out)
    frames = film.frames([turn.start + 0.5 for turn in begun])
    names = [member["name"] for member in cast.members()]

    for turn, frame in zip(begun, frames, strict=True):
        seen = crop(frame, box)
        nearest = {
            name: min(likeness(seen, picture) for picture in cast.pictures(name)) for name in names
        }
        assert min(nearest, key=nearest.__getitem__) == turn.speaker, turn
        assert nearest[turn.speaker] < 8, turn


def test_the_captions_are_visible_while_they_are_spoken(demo: Demo) -> None:
    """White letters in the captions' area; none in the pause before the next line."""
    film = Film(demo.out / f"{SCENE}.mp4")
    place = layout(Resolution.LANDSCAPE)
    cues = spoken(demo.out)
    begun = [cue for cue in turns(demo.out) if cue.start > 1]

    def white(frame: Pixels) -> int:
        shown = frame[place.caption_bottom - place.caption_height : place.caption_bottom]
        return int((shown.min(axis=2) > 215).sum())

    during = film.frames([(cue.start + cue.end) / 2 for cue in cues])
    between = film.frames([cue.start - 0.12 for cue in begun])
    assert min(white(frame) for frame in during) > 300
    assert max(white(frame) for frame in between) < 50


def test_a_scene_written_by_a_model_is_spoken(demo: Demo) -> None:
    captions = (demo.out / f"{WRITTEN}.vtt").read_text()

    assert len(set(re.findall(r"<v ([^>]+)>", captions))) > 1
    assert seconds(demo.out / f"{WRITTEN}.mp3") == pytest.approx(last_cue_end(captions), abs=0.3)


def test_the_room_is_read_in_the_languages_of_its_members(demo: Demo) -> None:
    """By the translator that is built in, which knows English and Portuguese."""
    transcript = (demo.out / TRANSCRIPT).read_text()
    assert (
        "- Bruno reads pt, translated by firefox: Bom dia! Quem está vindo para Lisboa"
        in transcript
    )
    assert "- Ada reads en, translated by firefox: Good morning! I" in transcript
    assert "- Greta reads en, translated by firefox: Good morning! I" in transcript
    assert re.search(
        r"\*\*Ada\*\* \(corrected\)\n\n- Ada reads en: .* at nine o'clock\?", transcript
    )
    assert transcript.count("https://example.com/hotel") == 3
    assert "late" not in demo.printed
    assert "the room still has 10 messages" in demo.printed


def test_the_demo_stops_the_stack(demo: Demo) -> None:
    assert "The stack has stopped" in demo.printed


def test_the_demo_tells_how_much_a_recogniser_gets_wrong(demo: Demo) -> None:
    """Both columns are espeak-ng here, of which it gets about a quarter wrong."""
    rows = re.findall(r"^  (\w+, \w+) +(\d+) of (\d+) +(\d+) of (\d+)$", demo.printed, re.MULTILINE)
    assert [row[0] for row in rows] == [piece.title for piece in PIECES[:2]]
    for _, wrong, words, *other in rows:
        assert 0 < int(wrong) < 0.8 * int(words)
        assert other[1] == words
