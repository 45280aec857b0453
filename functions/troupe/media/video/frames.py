"""The frames of a video: background, speaker and caption, blended plane by plane."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.error import FFmpegError
from PIL import ImageColor

from troupe.media.captions import Cue
from troupe.media.formats import Resolution
from troupe.media.uploads.opening import open_clip
from troupe.media.video.layers import Layer, Plane, ycbcr
from troupe.media.video.pictures import badge, caption, face_card

RATE = 25  # frames a second

# Seconds. From 0.4 s after the start of a shot, its picture is at `face_box`.
_FADE_IN, _FADE_OUT = 0.4, 0.2
_RISE = 36  # pixels that a picture rises while it fades in

Planes = tuple[Plane, Plane, Plane]


@dataclass(frozen=True, slots=True)
class Shot:
    """Who is on screen from `start` to `end`, in seconds: a picture file, or None."""

    start: float
    end: float
    face: Path | None


def frames_of(seconds: float | Fraction) -> int:
    """How many frames show so many seconds."""
    return max(1, ceil(Fraction(seconds) * RATE - Fraction(1, 10**6)))


def planes_of(frame: av.VideoFrame) -> Planes:
    """Views of the pixels of a yuv420p frame, without padding."""
    y, cb, cr = (
        np.frombuffer(cast(Any, plane), np.uint8).reshape(plane.height, plane.line_size)[
            :, : plane.width
        ]
        for plane in frame.planes
    )
    return y, cb, cr


def colour_background(colour: str, resolution: Resolution) -> Iterator[Planes]:
    """The same frame forever. `colour` is "#rrggbb", else raises ValueError."""
    values = ycbcr(*ImageColor.getrgb(colour)[:3])
    width, height = resolution.width, resolution.height
    sizes = ((height, width), (height // 2, width // 2), (height // 2, width // 2))
    filled = [np.full(size, v, np.uint8) for size, v in zip(sizes, values, strict=True)]
    while True:
        yield cast(Planes, tuple(filled))


def clip_background(path: Path, resolution: Resolution) -> Iterator[Planes]:
    """The frames of a looped clip, cropped and scaled to cover the screen. Raises ValueError if it
    is not a video, or damaged. A frame is valid until the next one is requested.
    """
    fitted = _CropAndScale(resolution)
    number = 0
    current: Planes | None = None
    for until, frame in _loop(path):
        # If the clip has another frame rate, frames are repeated or dropped.
        while number / RATE < until - 1e-6:
            if current is None:
                current = fitted(frame)
            yield current
            number += 1
        current = None


def _loop(path: Path) -> Iterator[tuple[float, av.VideoFrame]]:
    """The frames in an endless loop, each with the second at which the next one starts."""
    begun = 0.0
    while True:
        ended = begun
        waiting: av.VideoFrame | None = None
        first = 0.0
        try:
            with path.open("rb") as file, open_clip(file) as container:
                stream = container.streams.video[0]
                stream.thread_type = "AUTO"
                each = 1 / float(stream.average_rate or RATE)
                for frame in container.decode(stream):
                    moment = frame.time or 0.0
                    if waiting is None:
                        first = moment
                    else:
                        ended = begun + moment - first
                        yield ended, waiting
                    waiting = frame
        except (FFmpegError, IndexError) as error:
            raise ValueError(f"{path.name} is not a video") from error
        if waiting is None:
            raise ValueError(f"{path.name} has no frames")
        begun = ended + each
        yield begun, waiting


class _CropAndScale:
    """Crops frames to the screen's aspect ratio, around the centre, and scales them."""

    def __init__(self, resolution: Resolution) -> None:
        self._size = resolution.width, resolution.height

    def __call__(self, frame: av.VideoFrame) -> Planes:
        wide, high = self._size
        if frame.format.name != "yuv420p":
            frame = frame.reformat(format="yuv420p")
        # The visible part; even, because chroma has half the resolution.
        seen_wide = max(2, min(frame.width, round(frame.height * wide / high)) // 2 * 2)
        seen_high = max(2, min(frame.height, round(frame.width * high / wide)) // 2 * 2)
        left = (frame.width - seen_wide) // 4 * 2
        top = (frame.height - seen_high) // 4 * 2
        planes = planes_of(frame)
        if (seen_wide, seen_high) != (frame.width, frame.height):
            cut = av.VideoFrame(seen_wide, seen_high, "yuv420p")
            for target, source, half in zip(planes_of(cut), planes, (1, 2, 2), strict=True):
                rows = slice(top // half, (top + seen_high) // half)
                target[:] = source[rows, left // half : (left + seen_wide) // half]
            frame = cut
        if (seen_wide, seen_high) != self._size:
            frame = frame.reformat(wide, high, interpolation="BICUBIC")
        return planes_of(frame)


class Composer:
    """Draws the frames in order: `draw(number, planes)` for number 0, 1, 2…

    A picture fades in when the speaker changes, and stays while the same speaker continues.
    Pictures are loaded when first shown; two are kept in memory. Raises ValueError if a file is not
    a picture.
    """

    def __init__(
        self,
        resolution: Resolution,
        shots: Sequence[Shot],
        cues: Sequence[Cue],
        language: str | None = None,
    ) -> None:
        self._resolution = resolution
        self._language = language
        self._cues = list(cues)
        self._scenes = _scenes(shots, cues)
        self._cards: dict[Path | str, Layer] = {}
        self._caption: tuple[Cue, Layer | None] | None = None

    def draw(self, number: int, planes: Planes) -> None:
        moment = number / RATE
        while len(self._scenes) > 1 and self._scenes[1].start <= moment:
            self._scenes.pop(0)
            self._drop_unused_cards()
        if self._scenes and self._scenes[0].start <= moment:
            self._draw_scene(self._scenes[0], moment, planes)
        while self._cues and self._cues[0].end <= moment:
            self._cues.pop(0)
        if self._cues and self._cues[0].start <= moment:
            self._draw_caption(self._cues[0], planes)

    def _draw_scene(self, scene: _Scene, moment: float, planes: Planes) -> None:
        age = moment - scene.start
        if scene.before is not None and age < _FADE_OUT:
            self._card(scene.before).faded(1 - age / _FADE_OUT).blend(planes)
        if scene.who is None:
            return
        card = self._card(scene.who)
        if age >= _FADE_IN:
            card.blend(planes)
            return
        left = (1 - age / _FADE_IN) ** 3  # ease out
        card.faded(1 - left).blend(planes, round(_RISE * left / 2) * 2)

    def _card(self, who: Path | str) -> Layer:
        if who not in self._cards:
            if isinstance(who, Path):
                card = face_card(who, self._resolution)
            else:
                card = badge(who, self._resolution)
            self._cards[who] = Layer.of(card.image, card.x, card.y)
        return self._cards[who]

    def _drop_unused_cards(self) -> None:
        wanted = (self._scenes[0].who, self._scenes[0].before)
        self._cards = {who: card for who, card in self._cards.items() if who in wanted}

    def _draw_caption(self, cue: Cue, planes: Planes) -> None:
        if self._caption is None or self._caption[0] is not cue:
            drawn = caption(cue, self._resolution, self._language)
            self._caption = cue, Layer.of(drawn.image, drawn.x, drawn.y) if drawn else None
        if self._caption[1]:
            self._caption[1].blend(planes)


@dataclass(frozen=True, slots=True)
class _Scene:
    """Consecutive shots of one speaker: a picture, the name of a speaker without one, or None."""

    start: float
    who: Path | str | None
    before: Path | str | None


def _scenes(shots: Sequence[Shot], cues: Sequence[Cue]) -> list[_Scene]:
    scenes: list[_Scene] = []
    at = 0
    for shot in shots:
        while at < len(cues) and cues[at].end <= shot.start:
            at += 1
        who: Path | str | None = shot.face
        if who is None and at < len(cues) and cues[at].start < shot.end:
            who = cues[at].speaker or None
        before = scenes[-1].who if scenes else None
        if not scenes or who != before:
            scenes.append(_Scene(shot.start, who, before))
    return scenes
