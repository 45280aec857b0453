"""A film of two minutes, dubbed from English into Portuguese by the packaged models:
`python -m bench.dubbing`.

The film's speech is made by Kokoro, so it is known when each line begins. The result is measured:
when its lines begin, whether there is sound where the captions are, and how many words Whisper
recognises. The ratio shows what fitting the lines, storing and encoding add to transcription,
translation and speech alone.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

FUNCTIONS = Path(__file__).parents[1] / "functions"
LATE_LIMIT = 0.3  # seconds
RATIO_LIMIT = 1.8  # lines that are too long are spoken twice
MEMORY_LIMIT = 1500.0  # MB
EVERY = 12.0  # seconds from one pair of lines to the next
BETWEEN = 0.4  # seconds between the lines of a pair, so that most translations are too long
WINDOW = 0.03  # seconds, of a level
# dBFS. Louder than the noise of an encoder, quieter than any vowel.
SOUND = -45.0
LINES = (
    "Good evening, and welcome to the theater.",
    "My name is Anna, and this is my brother Peter.",
    "We live in a small house near the sea.",
    "Every morning the fishermen bring their boats to the harbor.",
    "Last winter a terrible storm destroyed the old bridge.",
    "Nobody could cross the river for three weeks.",
    "Then a young engineer arrived from the city.",
    "She looked at the water and began to laugh.",
    "You do not need a bridge, she said, you need a ferry.",
    "The people of the village did not believe her.",
    "But the next day she built a boat with two engines.",
    "It carried ten cars and a hundred passengers.",
    "The children wanted to travel on it every afternoon.",
    "Even my grandmother, who hates water, bought a ticket.",
    "The mayor wrote a letter to thank the engineer.",
    "She answered that she only wanted a good dinner.",
    "So we cooked fish and potatoes for everyone.",
    "There was music, and we danced until midnight.",
    "In the spring the bridge was repaired at last.",
    "Today nobody uses it, because everybody loves the ferry.",
)


class Disk:
    """The part of a bucket's interface that the worker uses, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _at(self, path: str) -> Path:
        return self._folder / path.replace("/", "-")

    def read(self, path: str) -> bytes:
        from troupe.errors import FileMissing

        try:
            return self._at(path).read_bytes()
        except FileNotFoundError as error:
            raise FileMissing(path) from error

    def download(self, path: str, target: Path) -> None:
        target.write_bytes(self.read(path))

    def upload(self, path: str, source: Path | bytes, content_type: str) -> int:
        data = source.read_bytes() if isinstance(source, Path) else source
        return self._at(path).write_bytes(data)


class Unwatched:
    def check(self) -> None: ...

    def report(self, step: str, share: float, message: str = "") -> None: ...


def speak(engine: Any, text: str, language: str) -> Any:
    from troupe.speech.engine import SpeechRequest, Voice, VoiceType

    return engine.synthesize(SpeechRequest(text, Voice(language, VoiceType.FEMALE, "neutral")))


def make_film(path: Path, engine: Any) -> list[float]:
    """Writes the film; returns when each of its lines begins, in seconds."""
    import numpy as np

    from tests.support.film import write_film
    from troupe.speech.audible import audible

    rate, starts, end = 24_000, list[float](), 0.0
    whole = np.zeros(round((len(LINES) / 2 * EVERY + 1) * rate), np.int16)
    for number, text in enumerate(LINES):
        samples = speak(engine, text, "en-us").samples
        heard = audible(samples)
        samples = samples[heard[0] : heard[-1] + 1]
        start = end + BETWEEN if number % 2 else 0.7 + number / 2 * EVERY
        at, end = round(start * rate), start + len(samples) / rate
        whole[at : at + len(samples)] = samples
        starts.append(start)
    write_film(path, whole, rate)
    return starts


def samples_of(path: Path) -> Any:
    """int16, mono, 16 kHz."""
    import av
    import numpy as np

    resampler = av.AudioResampler("s16", "mono", 16_000)
    with av.open(str(path)) as container:
        frames = [*container.decode(audio=0), None]
    return np.concatenate(
        [part.to_ndarray()[0] for frame in frames for part in resampler.resample(frame)]
    )


def sounds(samples: Any) -> Any:
    """For each WINDOW, whether it has sound."""
    from troupe.recognition.energy import levels

    return levels(samples) > SOUND


def onset(heard: Any, near: float) -> float:
    """The start nearest to `near` of a sound that follows at least three windows of silence, in
    seconds."""
    import numpy as np

    first = max(0, round((near - 1.0) / WINDOW))
    found = [
        at
        for at in np.flatnonzero(heard[first : first + round(2.5 / WINDOW)]) + first
        if not heard[max(0, at - 3) : at].any()
    ]
    return float(min(found, key=lambda at: abs(at * WINDOW - near), default=10**9) * WINDOW)


def dub(folder: Path) -> dict[str, Any]:
    """Dubs the film of `folder`, and measures what it took and what came out."""
    from tests.support.footprint import Peak, repeating
    from troupe.adapters.firestore import now
    from troupe.adapters.models.files import ModelFiles
    from troupe.dubbing.lines import LineTranslation
    from troupe.dubbing.records import Original
    from troupe.dubbing.specs import DUBBING
    from troupe.dubbing.worker import DubbingWorker
    from troupe.media.uploads.decoders import Decoders
    from troupe.moderation.service import Moderation
    from troupe.recognition.engines.whisper import WhisperTranscriber
    from troupe.recording.records import VoiceSnapshot
    from troupe.settings import Prices, Settings
    from troupe.speech.engines import engine_named
    from troupe.transcriptions.worker import TranscriptionWorker
    from troupe.translation.engines.firefox import FirefoxTranslator

    settings = Settings.model_validate({"FUNCTIONS_EMULATOR": "true", "SPEECH_ENGINES": "kokoro"})
    transcriber = WhisperTranscriber(ModelFiles(), threads=os.cpu_count() or 1)
    translator, decoders = FirefoxTranslator(ModelFiles()), Decoders()
    kokoro = engine_named("kokoro", settings)
    starts = make_film(folder / "film.mp4", kokoro)
    disk: Any = Disk(folder)
    worker = DubbingWorker(
        TranscriptionWorker(lambda: transcriber, 600, disk, decoders.stretch, Prices()),
        LineTranslation(lambda: translator, Moderation(None)),
        lambda name: kokoro,
        disk,
        decoders.with_sound,
        settings.pauses,
        Prices(),
    )
    with (folder / "film.mp4").open("rb") as file:
        seconds = decoders.film(file).seconds
    voice = VoiceSnapshot(engine="kokoro", language="pt-br", voice_type="female")
    given = Original(path="film.mp4", seconds=seconds, film=True, target="pt", voice=voice)
    job = DUBBING.job(id="a", uid="u", given=given, request_hash="", at=now(), subject="d/a")
    job = job.model_copy(update={"cuts": worker.plan(job, given).cuts, "attempt": 1})

    outcomes = list[Any]()

    def work() -> None:
        with tempfile.TemporaryDirectory() as scratch:
            part = worker.run_part(job, given, 0, Path(scratch), Unwatched())
            outcomes.append(worker.assemble(job, given, [part], Path(scratch), Unwatched()))

    speak(kokoro, "Um.", "pt-br")  # loads the models
    transcriber.transcribe(samples_of(folder / "film.mp4")[:32_000], "en", lambda: None)
    peak = Peak()
    with repeating(lambda: peak.note(os.getpid()), every=0.5):
        ours = _cpu_of(work)
    found = _listened(folder, starts, transcriber)
    original = samples_of(folder / "film.mp4")
    bare = sum(
        (
            _cpu_of(lambda: transcriber.transcribe(original, None, _nothing)),
            _cpu_of(lambda: _translate(translator, found["heard"])),
            _cpu_of(lambda: [speak(kokoro, text, "pt-br") for text in found["said"]]),
        )
    )
    decoders.close()
    return {
        "seconds": seconds,
        "ours": ours,
        "bare": bare,
        "memory": peak.megabytes,
        "faster": outcomes[0].writes[0].data["result"]["faster"],
        **found,
    }


def _listened(folder: Path, starts: Sequence[float], transcriber: Any) -> dict[str, Any]:
    """Measures the dubbed version of the film whose lines begin at `starts`."""
    from tests.support.film import packets
    from troupe.media.captions import cues_from_json

    base = folder / "dubbings-u-a-1"
    lines = json.loads((folder / "dubbings-u-a-work-lines.json").read_text())["lines"]
    said = [line["said"] for line in lines]
    heard = sounds(samples_of(base.with_suffix(".mp4")))
    cues = cues_from_json((folder / "dubbings-u-a-1.cues.json").read_text())
    again = transcriber.transcribe(samples_of(base.with_suffix(".mp3")), "pt", _nothing)
    before = sounds(samples_of(folder / "film.mp4"))
    return {
        "heard": [line["text"] for line in lines],
        "said": said,
        "errors": [onset(heard, start) - start for start in starts],
        "told": [_told(cues, start) for start in starts],
        "shown": _agreement(cues, heard),
        "understood": _understood(said, " ".join(each.text for each in again.segments)),
        "same_picture": packets(base.with_suffix(".mp4")) == packets(folder / "film.mp4"),
        "longer": (len(heard) - len(before)) * WINDOW,
    }


def _told(cues: Sequence[Any], start: float) -> float:
    """How far from `start` the nearest line of the captions begins, in seconds."""
    first: dict[int, float] = {cue.line: cue.start for cue in reversed(cues)}
    return min((at - start for at in first.values()), key=abs)


def _agreement(cues: Sequence[Any], heard: Any) -> list[float]:
    """The share of the captions' words' time that has sound, and the share of the sound that is
    within a word of the captions."""
    import numpy as np

    shown = np.zeros(len(heard), bool)
    for cue in cues:
        for word in cue.words:
            shown[round(word.start / WINDOW) : round(word.end / WINDOW)] = True
    both = int((shown & heard).sum())
    return [both / int(shown.sum()), both / int(heard.sum())]


def _understood(said: Sequence[str], found: str) -> float:
    """The share of the spoken words that Whisper recognised."""
    words, known = _words(" ".join(said)), set(_words(found))
    return sum(word in known for word in words) / len(words)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _translate(translator: Any, texts: list[str]) -> Any:
    from troupe.translation.texts import translate

    return translate(translator, texts, "en", "pt", deadline=time.monotonic() + 600)


def _nothing() -> None:
    return


def _cpu_of(run: Callable[[], object]) -> float:
    """CPU seconds, which do not depend on other programs on the machine; without those of the child
    processes that translate and decode, which are few."""
    begun = time.process_time()
    run()
    return time.process_time() - begun


def measure() -> list[dict[str, Any]]:
    """Runs in a process of its own, so that its memory is that of the task."""
    from bench.http import row

    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        command = [sys.executable, "-m", "bench.dubbing", folder]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    minutes = found["seconds"] / 60
    heard, told = (max(map(abs, found[name])) for name in ("errors", "told"))
    return [
        row("dubbing: largest offset of a line from its original", heard, "s", LATE_LIMIT),
        row("dubbing: largest offset of a line in the captions", told, "s", LATE_LIMIT),
        row(
            "dubbing ÷ transcription, translation and speech",
            found["ours"] / found["bare"],
            "x",
            RATIO_LIMIT,
        ),
        row("dubbing of a minute of film, CPU", found["ours"] / minutes, "s"),
        row("dubbing: lines spoken faster, of 20", found["faster"], ""),
        row("memory of dubbing two minutes", found["memory"], "MB", MEMORY_LIMIT),
        row("dubbing: captions without sound", 100 * (1 - found["shown"][0]), "%", 15),
        row("dubbing: sound without captions", 100 * (1 - found["shown"][1]), "%", 15),
        row(
            "dubbing: words that Whisper does not recognise",
            100 * (1 - found["understood"]),
            "%",
            15,
        ),
        row("dubbing: packets of the picture that differ", float(not found["same_picture"]), "", 0),
        row("dubbing: change of the film's length", abs(found["longer"]), "s", 0.1),
    ]


if __name__ == "__main__":
    sys.path.insert(0, str(FUNCTIONS))
    if len(sys.argv) > 1:
        print(json.dumps(dub(Path(sys.argv[1])), ensure_ascii=False))
    else:
        for each in measure():
            print(each)
