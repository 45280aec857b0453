"""Makes sounds, pictures and clips for video tests, and reads frames from finished videos."""

from __future__ import annotations

import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from troupe.media.formats import Resolution
from troupe.media.video.video import VideoFacts, render_video

if TYPE_CHECKING:
    from av.video import VideoStream

Pixels = NDArray[np.int16]  # shape (height, width, 3), RGB
GREY = "#405060"


def rising_tone(seconds: float, rate: int) -> NDArray[np.int16]:
    """No two moments sound the same."""
    moments = np.arange(round(seconds * rate)) / rate
    return (9000 * np.sin(2 * np.pi * (200 + 40 * moments) * moments)).astype(np.int16)


def write_sound(path: Path, seconds: float, rate: int = 24000) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(rising_tone(seconds, rate).astype("<i2").tobytes())
    return path


def write_picture(path: Path, colours: Sequence[str], size: tuple[int, int] = (200, 200)) -> Path:
    """Vertical stripes."""
    image = Image.new("RGBA", size)
    wide = -(-size[0] // len(colours))
    for number, colour in enumerate(colours):
        image.paste(Image.new("RGBA", (wide, size[1]), colour), (number * wide, 0))
    if path.suffix == ".jpg":
        image = image.convert("RGB")
    image.save(path)
    return path


def write_clip(path: Path, frames: int, rate: int = 25, size: tuple[int, int] = (320, 180)) -> Path:
    """Grey, brighter with each frame."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate, options={"crf": "10"})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for number in range(frames):
            pixels = np.full((size[1], size[0], 3), 40 + 160 * number // frames, np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_film(
    path: Path, sound: NDArray[np.int16], rate: int, *, codec: str = "libx264", late: float = 0.0
) -> Path:
    """A square that moves for as long as the sound (mono) lasts, which begins `late` seconds after
    the picture."""
    frames = len(sound) * 25 // rate
    with av.open(str(path), "w", format=path.suffix[1:]) as container:
        options = {"preset": "ultrafast", "bf": "2"}
        picture = cast("VideoStream", container.add_stream(codec, 25, options=options))
        picture.width, picture.height, picture.pix_fmt = 320, 180, "yuv420p"
        if codec == "libx265":
            picture.codec_context.codec_tag = "hvc1"  # as phones write it
        heard = container.add_stream("aac", rate, layout="mono")
        for number in range(frames):
            pixels = np.full((180, 320, 3), 60, np.uint8)
            pixels[60:120, number * 3 % 260 : number * 3 % 260 + 60] = (200, 120, 40)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = number
            container.mux(picture.encode(frame))
        said = av.AudioFrame.from_ndarray(sound.reshape(1, -1), format="s16", layout="mono")
        said.sample_rate, said.time_base, said.pts = rate, Fraction(1, rate), round(late * rate)
        container.mux([*picture.encode(None), *heard.encode(said), *heard.encode(None)])
    return path


def packets(path: Path) -> list[tuple[float, float, bytes]]:
    """The times (decoding, showing) and the bytes of the packets of the picture."""
    with av.open(str(path)) as container:
        return [
            (float(each.dts * each.time_base), float(each.pts * each.time_base), bytes(each))
            for each in container.demux(video=0)
            if each.dts is not None and each.pts is not None
        ]


def render(
    folder: Path, seconds: float = 1.0, name: str = "film.mp4", **changes: Any
) -> VideoFacts:
    """A video of `seconds`; by default plain grey, with no speaker."""
    sound = folder / "sound.wav"
    if not sound.exists():
        write_sound(sound, seconds)
    settings: dict[str, Any] = {
        **{"sound": sound, "shots": [], "cues": [], "resolution": Resolution.LANDSCAPE},
        **{"background": GREY, "check": lambda: None, "report": lambda share: None},
    }
    return render_video(folder / name, **settings | changes)


@dataclass(frozen=True)
class Film:
    path: Path

    def frame(self, moment: float) -> Pixels:
        """The frame on screen at `moment` seconds."""
        return self.frames([moment])[0]

    def frames(self, moments: Sequence[float]) -> list[Pixels]:
        wanted, found = list(moments), []
        with av.open(str(self.path)) as container:
            for frame in container.decode(video=0):
                assert frame.time is not None
                while wanted and frame.time + 0.039 >= wanted[0]:
                    found.append(frame.to_ndarray(format="rgb24").astype(np.int16))
                    wanted.pop(0)
        assert not wanted, "the video is shorter"
        return found

    def map(self, look: Callable[[Pixels], Any]) -> list[Any]:
        with av.open(str(self.path)) as container:
            return [
                look(frame.to_ndarray(format="rgb24").astype(np.int16))
                for frame in container.decode(video=0)
            ]


def crop(frame: Pixels, box: tuple[int, int, int, int]) -> Pixels:
    x, y, wide, high = box
    return frame[y : y + high, x : x + wide]


def scaled(path: Path, size: tuple[int, int]) -> Pixels:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB").resize(size), np.int16)


def apart(one: Pixels, other: Pixels) -> float:
    """The mean difference per byte."""
    return float(np.abs(one - other).mean())


def touched(one: Pixels, other: Pixels, more_than: int = 24) -> tuple[int, int, int, int]:
    """x, y, width and height of the area where two frames differ; zeros if they are equal."""
    rows, columns = np.nonzero(np.abs(one - other).max(2) > more_than)
    if not len(rows):
        return 0, 0, 0, 0
    x, y = int(columns.min()), int(rows.min())
    return x, y, int(columns.max()) - x + 1, int(rows.max()) - y + 1
