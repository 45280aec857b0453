"""The background clips: two short loops, drawn by a formula.

`python -m local.backgrounds` rewrites them and their list in emulator-data/backgrounds. All motion
has the period of the clip, so that the first frame follows the last seamlessly.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

FOLDER = Path(__file__).resolve().parents[1] / "emulator-data" / "backgrounds"
WIDTH, HEIGHT, RATE, SECONDS = 1280, 720, 25, 8
# Soft shapes need no more detail; the rest is interpolated.
_SMALL = (HEIGHT // 4, WIDTH // 4)

Pixels = NDArray[np.float32]  # shape (height, width, 3), 0..1
_TURN = 2 * np.pi


@dataclass(frozen=True, slots=True)
class Background:
    name: str
    title: str
    draw: Callable[[float], Pixels]  # argument: position in the loop, 0..1


def _grid() -> tuple[Pixels, Pixels]:
    """x and y of every pixel; y from 0 to 1, x from 0 to the aspect ratio."""
    rows, columns = _SMALL
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32) / np.float32(rows)
    return x, y


def _blend(low: str, high: str, share: Pixels) -> Pixels:
    """A mix of two colours "rrggbb"; `share` has shape (height, width)."""
    first, last = (
        np.array([int(each[at : at + 2], 16) / 255 for at in (0, 2, 4)], np.float32)
        for each in (low, high)
    )
    return cast(Pixels, first + (last - first) * np.clip(share, 0, 1)[..., None])


def evening_lights(moment: float) -> Pixels:
    """Soft discs of light that move on closed paths over a night sky."""
    x, y = _grid()
    picture = _blend("0d1226", "33244f", 0.25 + 0.75 * y)
    random = np.random.default_rng(11)
    for number in range(16):
        # Golden-ratio steps spread the discs evenly without looking like a grid.
        place = (number * 0.618 % 1 * 16 / 9, random.uniform(0, 1))
        size = random.uniform(0.05, 0.17)
        phase, sway = random.uniform(0, 1, 2), random.uniform(0.02, 0.07, 2)
        at_x = place[0] + sway[0] * np.sin(_TURN * (moment + phase[0]))
        at_y = place[1] + sway[1] * np.cos(_TURN * (moment + phase[1]))
        distance = np.hypot(x - at_x, y - at_y) / size
        disc = 1 / (1 + np.exp((distance - 1) * 9))  # flat inside, soft at the edge
        glow = 0.14 + 0.06 * np.sin(_TURN * (moment + phase[0] + phase[1]))
        colour = ("ffb46b", "ff7a90", "7fb2ff", "ffe3a8")[number % 4]
        light = _blend("000000", colour, disc * glow)
        picture = 1 - (1 - picture) * (1 - light)
    return picture


def slow_tide(moment: float) -> Pixels:
    """Broad bands of blue and green that roll through each other."""
    x, y = _grid()
    turn = _TURN * moment
    wave = np.sin(2.2 * x + 1.1 * np.sin(turn) + 2.4 * y)
    wave += 0.8 * np.sin(3.4 * y - 1.6 * x + np.cos(turn) + turn)
    wave += 0.6 * np.sin(2.9 * np.hypot(x - 0.9, y - 1.2) - turn)
    picture = _blend("0b2f3d", "1f7a74", (wave + 2.4) / 4.8)
    shade = np.float32(0.35) * np.hypot((x - 8 / 9) / (8 / 9), (y - 0.5) / 0.5) ** 2 / 2
    return cast(Pixels, picture * (1 - shade[..., None]))


BACKGROUNDS = (
    Background("background_001", "Evening lights", evening_lights),
    Background("background_002", "Slow tide", slow_tide),
)


def write(background: Background, path: Path) -> None:
    """Encode one loop. One thread and no timestamps, so that the file is reproducible."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        options = {"preset": "slower", "crf": "21", "threads": "1", "aq-mode": "3"}
        stream = container.add_stream("libx264", RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.color_range = 1
        stream.codec_context.colorspace = 1
        stream.codec_context.time_base = Fraction(1, RATE)
        # Grain hides banding in dark gradients; the same on every frame, it costs few bits.
        grain = np.random.default_rng(5).uniform(-1.2, 1.2, (HEIGHT, WIDTH, 1))
        for number in range(RATE * SECONDS):
            frame = _frame(background.draw(number / (RATE * SECONDS)), grain)
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _frame(small: Pixels, grain: NDArray[Any]) -> av.VideoFrame:
    channels = (Image.fromarray(np.ascontiguousarray(small[..., each])) for each in range(3))
    smooth = Image.Resampling.BICUBIC
    pixels = np.dstack([np.asarray(each.resize((WIDTH, HEIGHT), smooth)) for each in channels])
    pixels = pixels * 255 + grain
    whole = av.VideoFrame.from_ndarray(
        np.clip(np.rint(pixels), 0, 255).astype(np.uint8), format="rgb24"
    )
    return whole.reformat(format="yuv420p", dst_colorspace="ITU709")


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    rows = []
    for background in BACKGROUNDS:
        path = FOLDER / f"{background.name}.mp4"
        write(background, path)
        print(f"{path.name}: {path.stat().st_size // 1000} KB")
        size = {"seconds": SECONDS, "width": WIDTH, "height": HEIGHT}
        rows.append({"name": path.name, "title": background.title} | size)
    (FOLDER / "backgrounds.json").write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
