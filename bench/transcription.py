"""Transcription against its bare engine: `python -m bench.transcription`.

The ratio shows what the child process that decodes, cutting at pauses, filters and captions add to
faster-whisper, with the same model, options and threads. The memory is that of the whole task:
the process with the model, and the one that decodes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.speech import prose

FUNCTIONS = Path(__file__).parents[1] / "functions"
SECONDS = 600
RATIO_LIMIT = 1.1
MEMORY_LIMIT = 1200.0  # MB


def recording(seconds: int) -> bytes:
    """A WAV of speech by espeak-ng, 16 kHz."""
    import numpy as np

    from tests.support.speeches import spoken, wav

    parts, length, number = [], 0, 0
    while length < seconds * 16_000:
        parts.append(spoken(prose(400, seed=number), before=0.4))
        length += len(parts[-1])
        number += 1
    return wav(np.concatenate(parts)[: seconds * 16_000])


class Disk:
    """What the worker uses of a bucket."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def download(self, path: str, target: Path) -> None:
        target.symlink_to(self._folder / path)

    def upload(self, path: str, source: bytes, content_type: str) -> int:
        return (self._folder / path.replace("/", "-")).write_bytes(source)


class Unwatched:
    def check(self) -> None: ...

    def report(self, step: str, share: float, message: str = "") -> None: ...


def compare(folder: Path) -> dict[str, Any]:
    """The seconds that each takes, how many segments it finds, and the MB of memory of ours."""
    from faster_whisper import WhisperModel

    from tests.support.footprint import Peak, repeating
    from tests.support.speeches import spoken
    from troupe.adapters.firestore import now
    from troupe.adapters.models.files import ModelFiles
    from troupe.media.uploads.decoders import Decoders
    from troupe.recognition.engines.whisper import WhisperTranscriber
    from troupe.settings import Prices
    from troupe.transcriptions.records import Sound
    from troupe.transcriptions.specs import TRANSCRIPTION
    from troupe.transcriptions.worker import TranscriptionWorker

    threads = os.cpu_count() or 1
    files = ModelFiles()
    transcriber = WhisperTranscriber(files, threads=threads)
    decoders = Decoders()
    worker: Any = TranscriptionWorker(
        lambda: transcriber,
        transcriber.capabilities.longest_seconds,
        Disk(folder),  # type: ignore[arg-type]
        decoders.stretch,
        Prices(),
    )
    given = Sound(path="sound.wav", seconds=float(SECONDS), language="en")
    job = TRANSCRIPTION.job(id="a", uid="u", given=given, request_hash="", at=now(), subject="t/a")
    job = job.model_copy(update={"cuts": worker.plan(job, given).cuts})

    def ours() -> int:
        with tempfile.TemporaryDirectory() as scratch:
            parts = []
            for number in range(job.parts_total):
                (Path(scratch) / "sound").unlink(missing_ok=True)
                parts.append(worker.run_part(job, given, number, Path(scratch), Unwatched()))
            worker.assemble(job, given, parts, Path(scratch), Unwatched())
        return sum(len(json.loads(part.segments)["segments"]) for part in parts)

    def bare() -> int:
        found, _ = model.transcribe(
            str(folder / "sound.wav"),
            language="en",
            word_timestamps=True,
            vad_filter=True,
            temperature=0.0,
            condition_on_previous_text=False,
            hallucination_silence_threshold=2.0,
        )
        return len(list(found))

    transcriber.transcribe(spoken(), "en", lambda: None)  # loads the model
    peak = Peak()
    with repeating(lambda: peak.note(os.getpid()), every=0.5):
        mine = _timed(ours)
    model = WhisperModel(
        str(files.path("whisper-base/model.bin").parent),
        device="cpu",
        compute_type="int8",
        cpu_threads=threads,
        local_files_only=True,
    )
    theirs = _timed(bare)
    decoders.close()
    return {
        "ours": mine[0],
        "bare": theirs[0],
        "segments": [mine[1], theirs[1]],
        "memory": peak.megabytes,
    }


def _timed(run: Any) -> tuple[float, int]:
    begun = time.perf_counter()
    many = run()
    return time.perf_counter() - begun, many


def measure() -> list[dict[str, Any]]:
    """In a process of its own, whose memory is that of the task."""
    from bench.http import row

    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder, "sound.wav").write_bytes(recording(SECONDS))
        done = subprocess.run(
            [sys.executable, "-m", "bench.transcription", folder],
            check=True,
            capture_output=True,
            text=True,
        )
    found = json.loads(done.stdout.splitlines()[-1])
    ratio = found["ours"] / found["bare"]
    return [
        row("transcription of 10 minutes ÷ bare faster-whisper", ratio, "x", RATIO_LIMIT),
        row("transcription, times real time", SECONDS / found["ours"], "x"),
        row("memory of a transcription of 10 minutes", found["memory"], "MB", MEMORY_LIMIT),
    ]


if __name__ == "__main__":
    sys.path.insert(0, str(FUNCTIONS))
    if len(sys.argv) > 1:
        print(json.dumps(compare(Path(sys.argv[1]))))
    else:
        for each in measure():
            print(each)
