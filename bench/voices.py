"""The embedded voices: word error rates of a recogniser, and the speed of Kokoro:
`python -m bench.voices`.

BENCH_KOKORO_CHARACTERS sets the length of the text for the speed; 10,000 take ten minutes or more.

The recogniser is Whisper base, which knows few names and writes some words as digits. Its errors
with human voices are not measured here, so only the difference between two engines says much.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench import kokoro_memory
from bench.http import row
from bench.speech import prose, to_mp3
from bench.venvs import installed

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

    from troupe.speech.engine import Speech, SpeechEngine

BENCH = Path(__file__).parent
FUNCTIONS = BENCH.parent / "functions"
HEARD = BENCH / "heard"
LANGUAGES = {"en": "en-US", "es": "es", "fr": "fr", "it": "it", "pt": "pt-BR"}
ENGLISH_LIMIT = 3.0  # percent of words
SHARE_LIMIT = 1 / 3  # of espeak-ng's, in the other languages
CHARACTERS = int(os.environ.get("BENCH_KOKORO_CHARACTERS", "1500"))  # 100 seconds of speech
RATIO_LIMIT = 1.1
VOICE = "af_heart"
_HEARS_AT = 16_000
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")


def word_errors() -> list[dict[str, Any]]:
    """The word error rate in percent, for each language and engine."""
    from faster_whisper import WhisperModel

    from troupe.adapters.models.files import ModelFiles
    from troupe.speech.engines.espeak import EspeakEngine
    from troupe.speech.engines.kokoro import KokoroEngine

    files = ModelFiles()
    folder = files.path("whisper-base/model.bin").parent
    ears = WhisperModel(str(folder), device="cpu", compute_type="int8", local_files_only=True)
    rows = []
    with closing(EspeakEngine()) as espeak, closing(KokoroEngine(files)) as kokoro:
        for name, code in LANGUAGES.items():
            ours, theirs = (_wrong(ears, engine, name, code) for engine in (kokoro, espeak))
            limit = ENGLISH_LIMIT if name == "en" else round(theirs * SHARE_LIMIT, 1)
            rows.append(row(f"word error rate, {name}, Kokoro", ours, "%", limit))
            rows.append(row(f"word error rate, {name}, espeak-ng", theirs, "%"))
    return rows


def _wrong(ears: WhisperModel, engine: SpeechEngine, name: str, code: str) -> float:
    from local.demo_listening import distance
    from troupe.speech.engine import SpeechRequest, Voice, VoiceType

    voice = Voice(code, VoiceType.FEMALE, "neutral")
    wrong = words = 0
    for sentence in (HEARD / f"{name}.txt").read_text().splitlines():
        said = _words(sentence)
        speech = engine.synthesize(SpeechRequest(sentence, voice))
        # At most all of them: a recogniser that understands nothing may repeat itself for long.
        wrong += min(len(said), distance(said, _words(_heard(ears, speech, name))))
        words += len(said)
    return 100 * wrong / words


def _heard(ears: WhisperModel, speech: Speech, language: str) -> str:
    from troupe.speech.engines.resample import played

    samples = (speech.samples / 32_768).astype(np.float32)
    sound = played(samples, speech.rate / _HEARS_AT)
    found, _ = ears.transcribe(sound, language=language, beam_size=5, temperature=0.0)
    return " ".join(segment.text for segment in found)


def _words(text: str) -> Sequence[str]:
    return _WORD.findall(text.casefold().replace("\u2019", "'"))


def speed() -> list[dict[str, Any]]:
    """Kokoro from text to mp3, compared with its ONNX session and the encoder alone, and with
    kokoro-onnx."""
    text = prose(CHARACTERS)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        mine = _ours(text, folder)
        theirs = _kokoro_onnx(text, folder)
    what = f"Kokoro, {CHARACTERS:,} characters to mp3"
    return [
        row(
            f"{what} ÷ its session and the encoder",
            mine["seconds"] / mine["bare"],
            "x",
            RATIO_LIMIT,
        ),
        row(f"{what} ÷ the same, CPU time", mine["cpu"] / mine["bare cpu"], "x"),
        row(f"{what} ÷ kokoro-onnx, CPU time", mine["cpu"] / theirs["cpu"], "x", 1.0),
        row(f"{what} ÷ kokoro-onnx", mine["seconds"] / theirs["seconds"], "x"),
        row("Kokoro, seconds of mp3 made in a second", mine["sound"] / mine["seconds"], "s/s"),
        row("Kokoro, seconds of mp3 made in a second of CPU", mine["sound"] / mine["cpu"], "s/s"),
    ]


def _ours(text: str, folder: Path) -> dict[str, float]:
    """{seconds, cpu: of everything; bare, bare cpu: of the session and the encoder; sound: seconds
    of audio}."""
    from troupe.adapters.models.files import ModelFiles
    from troupe.media.audio import AudioWriter
    from troupe.media.formats import AudioFormat
    from troupe.speech.engines.kokoro import KokoroEngine
    from troupe.speech.voices_kokoro import RATE

    engine = KokoroEngine(ModelFiles(), threads=1)
    model, run = engine._model, engine._model.run
    inside = inside_cpu = 0.0

    def timed(*given: Any) -> Any:
        nonlocal inside, inside_cpu
        begun, cpu = time.perf_counter(), time.process_time()
        try:
            return run(*given)
        finally:
            inside += time.perf_counter() - begun
            inside_cpu += time.process_time() - cpu

    setattr(model, "run", timed)  # noqa: B010 (mypy forbids the assignment)
    with closing(engine):
        to_mp3(engine, "One moment.", folder, RATE)
        inside = inside_cpu = 0.0
        begun, cpu = time.perf_counter(), time.process_time()
        sound = to_mp3(engine, text, folder, RATE)
        seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    samples = np.random.default_rng(1).normal(0, 3000, round(sound * RATE)).astype(np.int16)
    begun, begun_cpu = time.perf_counter(), time.process_time()
    with AudioWriter(folder / "bare.mp3", AudioFormat.MP3, RATE) as writer:
        for chunk in np.array_split(samples, max(1, len(samples) >> 16)):
            writer.write(chunk)
    encoder, encoder_cpu = time.perf_counter() - begun, time.process_time() - begun_cpu
    return {
        **{"seconds": seconds, "cpu": cpu, "sound": sound},
        **{"bare": inside + encoder, "bare cpu": inside_cpu + encoder_cpu},
    }


def _kokoro_onnx(text: str, folder: Path) -> dict[str, float]:
    import imageio_ffmpeg

    from troupe.adapters.models.files import ModelFiles
    from troupe.adapters.models.table import KOKORO, kokoro_voice

    files, there = ModelFiles(), BENCH / "kokoro_onnx"
    (folder / "text").write_text(text)
    command = [
        *(installed(there), there / "speak.py", files.path(KOKORO)),
        *(files.path(kokoro_voice(VOICE)), folder / "text", folder / "theirs.mp3"),
        imageio_ffmpeg.get_ffmpeg_exe(),
    ]
    done = subprocess.run([str(part) for part in command], check=True, capture_output=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure() -> Iterator[dict[str, Any]]:
    yield from word_errors()
    yield from speed()
    yield from kokoro_memory.measure()


if __name__ == "__main__":
    sys.path.insert(0, str(FUNCTIONS))
    for each in measure():
        print(each, flush=True)
