"""Makes long audio and long videos in a process of its own, whose memory can be measured:

    python -m tests.support.long_work audio FORMAT SECONDS
    python -m tests.support.long_work video BACKGROUND SECONDS [PART_SECONDS]

The speech is synthetic: parts are in storage before the work starts. Everything else is the real
worker. With PART_SECONDS, the parts of a video are about that long, and those with as many frames
share one rendered picture. Prints JSON: seconds taken, the peak of the process's memory, and that
of local files, which are in memory on Cloud Run; both in MB.
"""

from __future__ import annotations

import itertools
import json
import sys
import tempfile
import threading
import time
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from tests.support.directory_files import DirectoryFiles
from tests.support.factories import test_settings
from troupe.adapters.firestore import Database, now
from troupe.adapters.storage import Files
from troupe.dictionaries.library import Dictionaries
from troupe.generations.records import SpokenText
from troupe.generations.specs import VOICE
from troupe.generations.worker import VoiceWorker
from troupe.media.captions import words_to_json
from troupe.media.video.frames import frames_of
from troupe.recording.join import timeline
from troupe.recording.records import Recorded, Segment, Sound
from troupe.scripts import film
from troupe.scripts import worker as script_worker
from troupe.scripts.records import Line, Performance, Performer
from troupe.scripts.specs import VIDEO
from troupe.scripts.worker import ScriptWorker
from troupe.speech.engine import WordTiming
from troupe.speech.engines.espeak import EspeakEngine

RATE = 22050  # of espeak
PART_CHARACTERS = 4000
PER_CHARACTER = 0.43  # seconds, of Japanese at normal speed
ROOT = Path(__file__).parents[2]


class Watcher:
    """The watch of the work, and a thread that measures the folder of local files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.peak = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._measure)

    def check(self) -> None: ...

    def report(self, step: str, share: float, message: str = "") -> None: ...

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _measure(self) -> None:
        while not self._ended.wait(0.01):
            size = 0
            for place in self._folder.iterdir():
                try:
                    size += place.stat().st_size
                except FileNotFoundError:
                    continue
            self.peak = max(self.peak, size)


def memory() -> float:
    """The peak of this process in MB. `ru_maxrss` would start with that of the parent."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line) / 1024


def stored_sound(
    files: DirectoryFiles, path: str, seconds: float, words: Sequence[str], source: Path
) -> Sound:
    """Stores synthetic speech; one file, linked, serves all sounds of the same length."""
    place = files.local(path)
    if not source.exists():
        with wave.open(str(source), "wb") as file:
            file.setparams((1, 2, RATE, 0, "NONE", ""))
            moments = np.arange(RATE * 10) / RATE
            block = (6000 * np.sin(2 * np.pi * 180 * moments) * np.sin(3 * moments)).astype("<i2")
            left = round(seconds * RATE)
            while left > 0:
                file.writeframesraw(block[:left].tobytes())
                left -= len(block)
    place.hardlink_to(source)
    each = seconds / len(words)
    timings = [WordTiming(word, n * each, (n + 1) * each) for n, word in enumerate(words)]
    sound = Sound(
        path=path,
        samples=round(seconds * RATE),
        rate=RATE,
        timing_source="engine",
        words=words_to_json(timings),
    )
    files.upload(Sound.facts_path(path), sound.model_dump_json().encode(), "application/json")
    return sound


def audio(form: str, seconds: float, root: Path) -> dict[str, Any]:
    files = DirectoryFiles(root / "storage")
    per_part = PART_CHARACTERS * PER_CHARACTER
    count = max(1, round(seconds / per_part))
    sounds = [
        stored_sound(
            files,
            f"speech/u/{number}.wav",
            per_part,
            ["あいうえ"] * (PART_CHARACTERS // 4),
            root / "speech.wav",
        )
        for number in range(count)
    ]
    text = SpokenText.model_validate(
        {
            **{"text": "あ" * PART_CHARACTERS * count, "language": "ja", "voice_type": "female"},
            **{"voice_style": "neutral", "speed": 1.0, "format": form},
        }
    )
    job = VOICE.job(id="a" * 32, uid="u", given=text, request_hash="", at=now())
    job = job.model_copy(
        update={"cuts": list(range(0, len(text.text) + 1, PART_CHARACTERS)), "attempt": 1}
    )
    worker = VoiceWorker(
        lambda _: EspeakEngine(),
        cast(Files, files),
        part_characters=PART_CHARACTERS,
        max_seconds=86_400,
        pauses=test_settings().pauses,
        dictionary=Dictionaries(cast(Database, None)).load,
    )
    folder = root / "local"
    folder.mkdir()
    cpu, before, started = time.process_time(), memory(), time.perf_counter()
    with Watcher(folder) as watch:
        done = [Recorded(sounds=[sound]) for sound in sounds]
        outcome = worker.assemble(job, text, done, folder, watch)
    taken = time.perf_counter() - started
    path = outcome.files[0]
    return {
        **{"seconds": per_part * count, "taken": round(taken, 1), "bytes": files.stat(path).size},
        **{"cpu": round(time.process_time() - cpu, 1), "peak": memory()},
        **{"process": memory() - before, "local": watch.peak / 1e6, "path": path},
    }


def video(background: str, seconds: float, reuse: bool, root: Path) -> dict[str, Any]:
    files = DirectoryFiles(root / "storage")
    each = 12.0
    words = ("The quick brown fox jumps over the lazy dog, " * 2).split()
    text = " ".join(words * 2)
    count = round(seconds / each)
    performers = {
        name: Performer(
            id=name, name=name.title(), language="en-US", voice_type="female", speed=0.75
        )
        for name in ("ada", "ben")
    }
    performance = Performance(
        script_id="s",
        revision=1,
        title="A long evening",
        lines=[Line(speaker="ada" if n % 3 else "ben", text=f"{n}. {text}") for n in range(count)],
        performers=performers,
        background=background,
        resolution="1280x720",
    )
    if not background.startswith("#"):
        clip = ROOT / "emulator-data/backgrounds/background_001.mp4"
        files.upload(f"backgrounds/{background}", clip, "video/mp4")
    worker = ScriptWorker(
        lambda _: EspeakEngine(),
        cast(Files, files),
        part_characters=PART_CHARACTERS,
        max_audio_seconds=86_400,
        max_video_seconds=test_settings().max_video_seconds,
        pauses=test_settings().pauses,
        dictionary=Dictionaries(cast(Database, None)).load,
    )
    job = VIDEO.job(
        id="b" * 32, uid="u", subject="scripts/s", given=performance, request_hash="", at=now()
    )
    plan = worker.plan(job, performance)
    job = job.model_copy(update={"cuts": plan.cuts, "attempt": 1})
    folder = root / "local"
    folder.mkdir()
    with Watcher(folder) as watch:
        dialogue = worker._dialogue(job, performance)
        for number in range(count):
            path = dialogue.line(number).path
            stored_sound(files, path, each, words * 2, root / "speech.wav")
        before = memory()
        done: list[Recorded] = []
        rendered: dict[int, Segment] = {}  # by the number of frames
        slowest = 0.0
        for number, (first, end) in enumerate(itertools.pairwise(plan.cuts)):
            if reuse:
                sounds = [worker._recorder.find(dialogue.line(n).path) for n in range(first, end)]
                found = [sound for sound in sounds if sound is not None]
                takes = worker._film(job, dialogue, performance, folder, watch)._takes(first, found)
                _, length = timeline(takes)
                if segment := rendered.get(frames_of(length)):
                    done.append(Recorded(sounds=found, segment=segment))
                    continue
            started = time.perf_counter()
            part = worker.run_part(job, performance, number, folder, watch)
            slowest = max(slowest, time.perf_counter() - started)
            assert not list(folder.glob("*.wav")), "a part leaves no sound behind"
            assert part.segment is not None
            rendered[part.segment.frames] = part.segment
            done.append(part)
        rendering, watch.peak = memory() - before, 0
        cpu, started = time.process_time(), time.perf_counter()
        outcome = worker.assemble(job, performance, done, folder, watch)
        taken = time.perf_counter() - started
    path = outcome.files[0]
    return {
        **{"seconds": sum(d.segment.frames for d in done if d.segment) / 25, "parts": len(done)},
        **{"slowest_part": round(slowest, 1), "taken": round(taken, 1)},
        **{"cpu": round(time.process_time() - cpu, 1), "bytes": files.stat(path).size},
        **{
            "peak": memory(),
            "process": memory() - before,
            "rendering": rendering,
            "local": watch.peak / 1e6,
        },
        "path": path,
    }


def main(kind: str, what: str, seconds: str, *rest: str) -> None:
    if rest:
        film.SHORT_SECONDS = 0.0
        script_worker.PART_SECONDS = float(rest[0])
    with tempfile.TemporaryDirectory(prefix="troupe-long-") as folder:
        if kind == "audio":
            result = audio(what, float(seconds), Path(folder))
        else:
            result = video(what, float(seconds), bool(rest), Path(folder))
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
