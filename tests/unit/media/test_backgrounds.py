"""The clips in emulator-data, which `python -m local.backgrounds` makes."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest

from local.backgrounds import BACKGROUNDS, FOLDER, HEIGHT, RATE, SECONDS, WIDTH

CLIPS = sorted(FOLDER.glob("*.mp4"))


def grey(path: Path) -> list[np.ndarray[tuple[int, ...], np.dtype[np.int16]]]:
    """Each frame in grey, at a quarter of its size."""
    with av.open(str(path)) as container:
        return [
            frame.reformat(320, 180, "gray").to_ndarray().astype(np.int16)
            for frame in container.decode(video=0)
        ]


def test_the_list_matches_the_files() -> None:
    rows = json.loads((FOLDER / "backgrounds.json").read_text())
    assert [row["name"] for row in rows] == [path.name for path in CLIPS]
    assert [row["title"] for row in rows] == [each.title for each in BACKGROUNDS]
    size = {"seconds": SECONDS, "width": WIDTH, "height": HEIGHT}
    assert all({key: row[key] for key in size} == size for row in rows)


@pytest.mark.parametrize("path", CLIPS, ids=lambda path: path.name)
def test_a_clip_is_small_and_loops(path: Path) -> None:
    assert path.stat().st_size < 700_000
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (WIDTH, HEIGHT)
        assert stream.average_rate == RATE
    frames = grey(path)
    assert len(frames) == RATE * SECONDS
    assert np.abs(frames[0] - frames[len(frames) // 2]).mean() > 2  # it moves
    assert np.abs(frames[0] - frames[-1]).mean() < 1  # of 255: the seam is invisible


@pytest.mark.parametrize("background", BACKGROUNDS, ids=lambda each: each.name)
def test_the_formula_repeats_with_the_length_of_the_clip(background: object) -> None:
    draw = background.draw  # type: ignore[attr-defined]
    assert np.allclose(draw(0.0), draw(1.0), atol=1e-4)
    assert not np.allclose(draw(0.0), draw(0.5), atol=1e-2)
