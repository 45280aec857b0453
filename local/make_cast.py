"""Makes the files of the sample cast, reproducibly:
`PYTHONPATH=functions functions/venv/bin/python -m local.make_cast` draws each character's pictures
and records its voice sample into emulator-data/cast."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from local.cast import MOODS, members, pictures, sample
from troupe.media.audio import AudioWriter
from troupe.media.formats import AudioFormat
from troupe.speech.engine import Voice, VoiceType
from troupe.speech.engines.espeak import EspeakEngine
from troupe.speech.speak import speak

SIZE = 512
_FINE = 4  # supersampling factor, for smooth edges
_INK = "#2a1f1c"


@dataclass(frozen=True)
class Face:
    """How far the mouth is open and the brows are raised, each 0 to 1."""

    mouth: float
    brows: float


FACES = {"calm": Face(mouth=0.15, brows=0.2), "speaking": Face(mouth=0.8, brows=0.7)}


def portrait(look: dict[str, str], face: Face) -> Image.Image:
    """Head and shoulders on a round background; the corners are transparent."""
    side = SIZE * _FINE
    image = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)

    def oval(x: float, y: float, wide: float, high: float, fill: str) -> None:
        """An ellipse given by its centre and size, in hundredths of the picture."""
        box = (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
        draw.ellipse([each * side / 100 for each in box], fill=fill)

    style = look["style"]
    oval(50, 50, 100, 100, look["ground"])
    if style == "bun":
        oval(50, 15, 20, 18, look["hair"])
    oval(50, 108, 88, 62, look["coat"])
    oval(50, 76, 20, 22, look["skin"])
    oval(50, 42, 50, 56, look["hair"])
    oval(27, 50, 9, 13, look["skin"])
    oval(73, 50, 9, 13, look["skin"])
    oval(50, 51, 44, 52, look["skin"])
    draw.pieslice(
        [30 * side / 100, 19 * side / 100, 70 * side / 100, 55 * side / 100],
        180,
        360,
        fill=look["hair"],
    )
    if style == "tuft":
        for x, lean in ((42, -6), (50, 0), (58, 6)):
            top = [(x - 5, 24), (x + 5, 24), (x + lean, 8)]
            draw.polygon([(a * side / 100, b * side / 100) for a, b in top], fill=look["hair"])
        for x, y in ((38, 58), (42, 61), (58, 61), (62, 58)):
            oval(x, y, 1.6, 1.6, "#b5763f")
    if style == "beard":
        draw.pieslice(
            [28 * side / 100, 34 * side / 100, 72 * side / 100, 84 * side / 100],
            8,
            172,
            fill=look["hair"],
        )
    lift = 3 * face.brows
    for x in (41, 59):
        oval(x, 50, 6.5, 7.5, "#ffffff")
        oval(x, 50.6, 3.6, 4.4, _INK)
        oval(x + 0.9, 49.4, 1.2, 1.2, "#ffffff")
        draw.line(
            [
                (each[0] * side / 100, each[1] * side / 100)
                for each in ((x - 4.5, 44 - lift), (x, 42.6 - lift), (x + 4.5, 44 - lift))
            ],
            fill=look["hair"],
            width=side // 60,
            joint="curve",
        )
    draw.line(
        [
            (50 * side / 100, 53 * side / 100),
            (48.6 * side / 100, 58 * side / 100),
            (51 * side / 100, 58.6 * side / 100),
        ],
        fill="#00000055",
        width=side // 110,
        joint="curve",
    )
    oval(50, 66, 13, 2.2 + 8 * face.mouth, "#7c2f2c")
    if face.mouth > 0.5:
        oval(50, 63.4, 9, 2.6, "#ffffff")
    ground = Image.new("L", (side, side), 0)
    ImageDraw.Draw(ground).ellipse((0, 0, side - 1, side - 1), fill=255)
    image.putalpha(ground)
    return image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def record(member: dict[str, Any], target: Path) -> float:
    """Speaks the sample's text with the embedded engine; returns its duration in seconds."""
    voice = Voice(member["language"], VoiceType(member["voiceType"]), "neutral", member["speed"])
    engine = EspeakEngine()
    spoken = list(speak(engine, member["sampleText"], voice))
    engine.close()
    with AudioWriter(target, AudioFormat.OGG, spoken[0].rate) as writer:
        for speech in spoken:
            writer.write(speech.samples)
    return writer.seconds


def main() -> int:
    for member in members():
        for mood, path in zip(MOODS, pictures(member["name"]), strict=True):
            portrait(member["look"], FACES[mood]).save(path, optimize=True)
        seconds = record(member, sample(member["name"]))
        print(f"{member['name']}: {len(MOODS)} pictures, {seconds:.1f} s of voice")
    return 0


if __name__ == "__main__":
    sys.exit(main())
