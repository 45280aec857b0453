"""The demo, run as `make demo` runs it, and what it leaves behind: the sound, captions, charges."""

from __future__ import annotations

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

from local.demo import PIECES
from local.layout import ROOT
from tests.unit.speech.sound import pitch, rms

BY_NAME = {piece.name: piece for piece in PIECES}
MALE, KIDS = "1-opening-male", "3-dragon-kids"


@dataclass(frozen=True)
class Demo:
    out: Path
    printed: str


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    out = tmp_path_factory.mktemp("demo") / "out"
    out.mkdir()  # an earlier run's folder is no obstacle
    (out / f"{MALE}.mp3").write_bytes(b"left by an earlier run")
    done = subprocess.run(
        [sys.executable, "-m", "local", "demo", "--out", str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
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


def test_it_speaks_two_languages_and_every_voice_type() -> None:
    assert {piece.voice_type for piece in PIECES} == {"male", "female", "kids"}
    assert len({piece.language.partition("-")[0] for piece in PIECES}) >= 2


def test_the_first_piece_lasts_more_than_ten_seconds(demo: Demo) -> None:
    assert seconds(demo.out / f"{MALE}.mp3") > 10


@pytest.mark.parametrize("name", BY_NAME)
def test_the_audio_is_as_long_as_its_text_takes_to_say(demo: Demo, name: str) -> None:
    per_second = len(BY_NAME[name].text) / seconds(demo.out / f"{name}.mp3")

    assert 9 < per_second < 25  # people speak 12 to 20 characters a second


@pytest.mark.parametrize("name", BY_NAME)
def test_the_audio_sounds_from_beginning_to_end(demo: Demo, name: str) -> None:
    samples, rate = sound(demo.out / f"{name}.mp3")
    length = len(samples) - len(samples) % rate
    loudness = [rms(second) for second in samples[:length].reshape(-1, rate)]

    assert min(loudness) > 150  # of 32767: no second of it is silent
    assert np.abs(samples).max() > 3000


@pytest.mark.parametrize("name", BY_NAME)
def test_the_captions_end_with_the_audio(demo: Demo, name: str) -> None:
    captions = (demo.out / f"{name}.vtt").read_text()

    assert captions.startswith("WEBVTT")
    assert last_cue_end(captions) == pytest.approx(seconds(demo.out / f"{name}.mp3"), abs=0.3)


@pytest.mark.parametrize("name", BY_NAME)
def test_the_captions_hold_every_word_in_order(demo: Demo, name: str) -> None:
    cues = (demo.out / f"{name}.vtt").read_text().split("\n\n")[1:]
    shown = " ".join(line for cue in cues for line in cue.splitlines() if "-->" not in line)

    assert shown.split() == BY_NAME[name].text.split()


def test_a_child_speaks_higher_than_a_man(demo: Demo) -> None:
    child, man = (pitch(*sound(demo.out / f"{name}.mp3")) for name in (KIDS, MALE))

    assert child > 1.5 * man


def test_the_ledger_holds_one_settlement_for_each_job(demo: Demo) -> None:
    settled = re.findall(r"^  ([0-9a-f]+)-settle .* (-\d+) tokens$", demo.printed, re.MULTILINE)
    expected = [-(-len(piece.text) // 1000) for piece in PIECES]  # a token per started thousand

    assert [-int(amount) for _, amount in settled] == expected
    assert len({job for job, _ in settled}) == len(PIECES)


def test_it_stops_the_stack(demo: Demo) -> None:
    assert "The stack is stopped" in demo.printed
