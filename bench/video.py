"""Video against ffmpeg and against MoviePy: `python -m bench.video`.

Renders one composition in three ways, from the same clip, pictures, caption images and audio, with
the same x264 settings: with our renderer, with one ffmpeg command with overlay filters, and with
MoviePy. The other two get the captions as images and do not fade, but draw every picture at its
place.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path
from typing import Any

from bench.venvs import installed

ROOT = Path(__file__).resolve().parents[1]
FUNCTIONS = ROOT / "functions"
CLIP = ROOT / "emulator-data" / "backgrounds" / "background_001.mp4"
MOVIEPY = ROOT / "bench" / "moviepy"
SECONDS, LONG = 60, 300
PAIRS = 3
FFMPEG_LIMIT, MOVIEPY_LIMIT, MEMORY_LIMIT = 1.3, 0.4, 1.15
RATE, SPAN, RISE = 24000, 4, 36

_SAID = (
    "The old harbour was quiet that morning,\nand the men talked of the weather.",
    "Nobody had seen the boat since Tuesday.",
    "She looked at the letter for a long time\nand then put it back in its place.",
)
_NAMES = ("Ezra", "Marta", "Pip")


def _spans(seconds: int) -> list[tuple[int, float, float]]:
    """(speaker, start, end), in seconds."""
    return [
        (number % len(_NAMES), float(start), float(min(start + SPAN, seconds)))
        for number, start in enumerate(range(0, seconds, SPAN))
    ]


def _sound(path: Path, seconds: int) -> None:
    import numpy as np

    moments = np.arange(seconds * RATE) / RATE
    tone = np.sin(2 * np.pi * 190 * moments) * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * moments))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((tone * 9000).astype("<i2").tobytes())


def _faces(folder: Path) -> list[Path]:
    """Three pictures with soft detail, like photographs."""
    import numpy as np
    from PIL import Image, ImageFilter

    paths = []
    for number in range(len(_NAMES)):
        noise = np.random.default_rng(number).integers(0, 256, (512, 512, 3), np.uint8)
        image = Image.fromarray(noise).filter(ImageFilter.GaussianBlur(12 + 6 * number))
        paths.append(folder / f"face{number}.png")
        image.save(paths[-1])
    return paths


def _cues(seconds: int) -> list[Any]:
    from troupe.media.captions import Cue

    return [
        Cue(start + 0.1, end - 0.1, _SAID[who], _NAMES[who]) for who, start, end in _spans(seconds)
    ]


def prepare(folder: Path, seconds: int) -> None:
    """Writes the inputs of all three, and plan.json with positions and times for the other two."""
    from troupe.media.formats import Resolution
    from troupe.media.video.pictures import caption, face_card
    from troupe.media.video.video import X264

    _sound(folder / "sound.wav", seconds)
    cards, captions = [], []
    for number, path in enumerate(_faces(folder)):
        card = face_card(path, Resolution.LANDSCAPE)
        card.image.save(folder / f"card{number}.png")
        place = {"image": str(folder / f"card{number}.png"), "x": card.x, "y": card.y}
        spans = [(start, end) for who, start, end in _spans(seconds) if who == number]
        cards.append({**place, "spans": spans})
    for number, cue in enumerate(_cues(seconds)):
        drawn = caption(cue, Resolution.LANDSCAPE)
        assert drawn is not None
        drawn.image.save(folder / f"caption{number}.png")
        place = {"image": str(folder / f"caption{number}.png"), "x": drawn.x, "y": drawn.y}
        captions.append({**place, "span": (cue.start, cue.end)})
    x264 = [each for name in ("crf", "profile", "g") for each in (f"-{name}:v", X264[name])]
    plan = {
        **{"clip": str(CLIP), "sound": str(folder / "sound.wav"), "seconds": seconds},
        **{"cards": cards, "captions": captions, "rise": RISE, "rate": 25},
        **{"preset": X264["preset"], "x264": x264, "target": str(folder / "moviepy.mp4")},
    }
    (folder / "plan.json").write_text(json.dumps(plan))


def ours(folder: Path, seconds: int) -> None:
    from troupe.media.formats import Resolution
    from troupe.media.video.video import Shot, render_video

    faces = [folder / f"face{number}.png" for number in range(len(_NAMES))]
    render_video(
        folder / "ours.mp4",
        sound=folder / "sound.wav",
        shots=[Shot(start, end, faces[who]) for who, start, end in _spans(seconds)],
        cues=_cues(seconds),
        resolution=Resolution.LANDSCAPE,
        background=CLIP,
        check=lambda: None,
        report=lambda share: None,
    )


def ffmpeg(folder: Path, seconds: int) -> None:
    """One command; each picture is one input and one overlay, however often it is shown."""
    import imageio_ffmpeg

    plan = json.loads((folder / "plan.json").read_text())
    inputs, filters, last = [], ["[0:v]fps=25[v0]"], "v0"
    shown = [
        # The entrance, by the time since the span's start.
        (
            *(card["image"], card["x"]),
            f"{card['y']}+{RISE}*pow(max(0,1-mod(t,{SPAN})/0.4),3)",
            "+".join(f"between(t,{start},{end - 0.02})" for start, end in card["spans"]),
        )
        for card in plan["cards"]
    ]
    for each in plan["captions"]:
        start, end = each["span"]
        shown.append((each["image"], each["x"], str(each["y"]), f"between(t,{start},{end})"))
    for number, (image, x, y, when) in enumerate(shown):
        inputs += ["-i", image]
        following = f"v{number + 1}"
        place = f"x={x}:y='{y}':enable='{when}'"
        filters.append(f"[{last}][{number + 2}:v]overlay={place}[{following}]")
        last = following
    command = [
        *(imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y"),
        *("-stream_loop", "-1", "-i", plan["clip"], "-i", plan["sound"], *inputs),
        *("-filter_complex", ";".join(filters), "-map", f"[{last}]", "-map", "1:a"),
        *("-c:v", "libx264", "-preset", plan["preset"], *plan["x264"], "-pix_fmt", "yuv420p"),
        *("-c:a", "aac", "-b:a", "96k", "-movflags", "+faststart", "-t", str(seconds)),
        str(folder / "ffmpeg.mp4"),
    ]
    subprocess.run(command, check=True)


def moviepy(folder: Path, seconds: int) -> None:
    python = installed(MOVIEPY)
    import imageio_ffmpeg

    # MoviePy uses the same ffmpeg build.
    env = {**os.environ, "IMAGEIO_FFMPEG_EXE": imageio_ffmpeg.get_ffmpeg_exe()}
    command = [str(python), str(MOVIEPY / "render.py"), str(folder / "plan.json")]
    subprocess.run(command, check=True, env=env)


def _child(what: str, seconds: int) -> dict[str, float]:
    """Measures in a fresh process: seconds, processor seconds, peak memory in MB."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.video", what, str(seconds)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
        timeout=1800,
    )
    result: dict[str, float] = json.loads(done.stdout)
    return result


def _run(what: str, seconds: int) -> None:
    import resource

    sys.path.insert(0, str(FUNCTIONS))
    work = {"ours": ours, "ffmpeg": ffmpeg, "moviepy": moviepy}[what]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if what != "ours":
            prepare(folder, seconds)
        else:
            _sound(folder / "sound.wav", seconds)
            _faces(folder)
            import troupe.media.video.video  # noqa: F401 - excludes the import
        started, cpu = time.perf_counter(), sum(os.times()[:4])
        work(folder, seconds)
        taken, cpu = time.perf_counter() - started, sum(os.times()[:4]) - cpu
        size = (folder / f"{what}.mp4").stat().st_size
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": taken, "cpu": cpu, "mb": peak, "size": size}))


def _row(name: str, value: float, limit: float | None, unit: str = "x") -> dict[str, Any]:
    ok = limit is None or value <= limit
    return {"name": name, "value": round(value, 3), "unit": unit, "limit": limit, "ok": ok}


def measure(pairs: int = PAIRS) -> list[dict[str, Any]]:
    installed(MOVIEPY)
    ratios, mine = [], {}
    for number in range(pairs):
        # Alternating, so that a slowdown of the machine affects both.
        order = ["ours", "ffmpeg"] if number % 2 else ["ffmpeg", "ours"]
        taken = {what: _child(what, SECONDS) for what in order}
        mine = taken["ours"]
        ratios.append(mine["seconds"] / taken["ffmpeg"]["seconds"])
    slow = _child("moviepy", SECONDS)
    mine = _child("ours", SECONDS)
    growth = _child("ours", LONG)["mb"] / mine["mb"]
    return [
        _row("60 s of 720p video ÷ one ffmpeg command", statistics.median(ratios), FFMPEG_LIMIT),
        _row("60 s of 720p video ÷ MoviePy", mine["seconds"] / slow["seconds"], MOVIEPY_LIMIT),
        _row("peak memory, 5-minute video ÷ 1-minute video", growth, MEMORY_LIMIT),
        _row("peak memory of a 1-minute video", mine["mb"], None, "MB"),
        _row("seconds of video made in a second", SECONDS / mine["seconds"], None, "s/s"),
    ]


if __name__ == "__main__":
    if len(sys.argv) == 3:
        _run(sys.argv[1], int(sys.argv[2]))
    else:
        for row in measure():
            print(f"{row['name']}: {row['value']} {row['unit']} (limit {row['limit']})")
