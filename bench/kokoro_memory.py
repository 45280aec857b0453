"""The memory of `generate` while Kokoro speaks a long text: `python -m bench.kokoro_memory`.

The real worker plans a text of the greatest length and speaks its first parts, each as a task of
its own, in a process that has loaded what the function loads. What counts is what Cloud Run counts:
the process, its children, and local files.

BENCH_KOKORO_PARTS says how many parts; each takes a minute or more.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, cast

from bench.speech import prose

FUNCTIONS = Path(__file__).parents[1] / "functions"
CHARACTERS = 200_000
PARTS = int(os.environ.get("BENCH_KOKORO_PARTS", "2"))
MEMORY_LIMIT = 1500.0  # MB
GROWTH_LIMIT = 60.0  # MB
_MB = 1024**2


class Unwatched:
    def check(self) -> None: ...

    def report(self, step: str, share: float, message: str = "") -> None: ...


def speak(parts: int, folder: Path) -> dict[str, Any]:
    """{planned: MB after the plan; peaks: MB of each part; seconds: of speech; cpu: seconds}."""
    import main  # noqa: F401 (what the function loads is part of its memory)
    from tests.support.directory_files import DirectoryFiles
    from tests.support.footprint import Peak, footprint, repeating
    from troupe.adapters.firestore import Database, now
    from troupe.adapters.storage import Files
    from troupe.app import task  # noqa: F401
    from troupe.dictionaries.library import Dictionaries
    from troupe.generations.records import SpokenText
    from troupe.generations.specs import VOICE
    from troupe.generations.worker import VoiceWorker
    from troupe.settings import Settings
    from troupe.speech.engines import engine_named

    settings = Settings.model_validate({"FUNCTIONS_EMULATOR": "true", "SPEECH_ENGINES": "kokoro"})
    kokoro: Any = engine_named("kokoro", settings)
    worker = VoiceWorker(
        lambda _: kokoro,
        cast(Files, DirectoryFiles(folder / "storage")),
        part_characters=settings.part_characters,
        max_seconds=settings.max_audio_seconds,
        pauses=settings.pauses,
        dictionary=Dictionaries(cast(Database, None)).load,
    )
    given = SpokenText.model_validate(
        {
            **{"text": prose(CHARACTERS), "language": "en-US", "voice_type": "female"},
            **{"engine": "kokoro", "voice_style": "neutral", "speed": 1.0, "format": "mp3"},
        }
    )
    job = VOICE.job(id="a" * 32, uid="u", given=given, request_hash="", at=now())
    job = job.model_copy(update={"cuts": worker.plan(job, given).cuts, "attempt": 1})
    planned = footprint(os.getpid()) / _MB
    peaks, seconds, cpu = list[float](), 0.0, time.process_time()
    for number in range(min(parts, job.parts_total)):
        local, peak = folder / str(number), Peak()
        local.mkdir()

        def note(local: Path = local, peak: Peak = peak) -> None:
            files = sum(each.stat().st_size for each in local.iterdir())
            peak.value = max(peak.value, footprint(os.getpid()) + files)

        with repeating(note, every=0.1):
            part = worker.run_part(job, given, number, local, Unwatched())
        seconds += sum(sound.samples / sound.rate for sound in part.sounds)
        peaks.append(peak.value / _MB)
    cpu = time.process_time() - cpu
    kokoro.close()
    found = {"parts": job.parts_total, "planned": planned, "peaks": peaks}
    return {**found, "seconds": seconds, "cpu": cpu}


def measure() -> list[dict[str, Any]]:
    """In a process of its own, whose memory is that of the task."""
    from bench.http import row

    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        command = [sys.executable, "-m", "bench.kokoro_memory", folder]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    peaks = found["peaks"]
    what = f"Kokoro, {len(peaks)} of the {found['parts']} parts of 200,000 characters"
    return [
        row(f"memory of {what}", max(peaks), "MB", MEMORY_LIMIT),
        row(
            "growth of it from the first part to the last", peaks[-1] - peaks[0], "MB", GROWTH_LIMIT
        ),
    ]


if __name__ == "__main__":
    sys.path.insert(0, str(FUNCTIONS))
    if len(sys.argv) > 1:
        print(json.dumps(speak(PARTS, Path(sys.argv[1]))))
    else:
        for each in measure():
            print(each)
