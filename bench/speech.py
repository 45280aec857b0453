"""Speech against its bare engine and encoder: `python -m bench.speech`.

The ratio shows what planner, timings, child process, part files and join add, on the same text; the
memory shows whether usage grows with the text.
"""

from __future__ import annotations

import ctypes
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from troupe.speech.engine import SpeechEngine

FUNCTIONS = Path(__file__).parents[1] / "functions"
CHARACTERS = 100_000
SMALL = 1_000
PART = 4_000
PAIRS = 3
RATIO_LIMIT = 1.2
MEMORY_LIMIT = 60.0  # MB

_SUBJECTS = "the old harbour|a fisherman|my sister|the last train|nobody|an early frost|the baker"
_VERBS = "remembered|had left behind|could hardly see|was waiting for|spoke of|returned to|forgot"
_OBJECTS = "the storm of that winter|three empty boats|the road to the north|what he had promised"
_OBJECTS += "|a letter without a name|the first light|everything that mattered|the price of bread"
_TAILS = "before the bells rang|in spite of the rain|as far as anyone knew|for the second time"
_TAILS += "|although it was late|without a word|between two and three o'clock"


def prose(characters: int, seed: int = 7) -> str:
    """Paragraphs of English sentences, deterministic by seed."""
    pick = random.Random(seed)
    lists = [each.split("|") for each in (_SUBJECTS, _VERBS, _OBJECTS, _TAILS)]
    parts: list[str] = []
    size = 0
    while size < characters:
        subject, verb, thing, tail = (pick.choice(each) for each in lists)
        joint = pick.choice([" ", ", ", ", and "])
        end = pick.choice([". ", ". ", ". ", "! ", "? ", ".\n\n"])
        sentence = f"{subject} {verb} {thing}{joint}{tail}{end}"
        parts.append(sentence[0].upper() + sentence[1:])
        size += len(sentence)
    return "".join(parts)[:characters]


def ours(text: str, folder: Path) -> float:
    from troupe.speech.engines.espeak import EspeakEngine

    with closing(EspeakEngine()) as engine:
        return to_mp3(engine, text, folder, 22_050)


def to_mp3(engine: SpeechEngine, text: str, folder: Path, rate: int) -> float:
    """Like the worker: parts to WAV files and words, then all parts to one mp3. `rate`: the
    engine's sample rate in Hz. Returns the seconds of audio."""
    from troupe.borders import parse_pauses
    from troupe.media.audio import AudioWriter, read_wav, write_wav
    from troupe.media.captions import words_from_json, words_to_json
    from troupe.media.formats import AudioFormat
    from troupe.speech.engine import Voice, VoiceType, WordTiming
    from troupe.speech.speak import speak
    from troupe.speech.text.pieces import parts, pieces, within
    from troupe.speech.text.reading import Passage, Pauses, passage

    voice = Voice("en", VoiceType.FEMALE, "neutral")
    found, pauses = pieces(text, "en"), Pauses.of(parse_pauses(""), {})
    offsets = parts(found, text, PART, "en")
    for number, (start, end) in enumerate(pairwise(offsets)):
        words: list[WordTiming] = []
        at = 0.0

        def chunks(said: Passage, words: list[WordTiming], at: float) -> Iterator[Any]:
            for speech in speak(engine, said, voice):
                words += (WordTiming(w.text, at + w.start, at + w.end) for w in speech.words)
                at += speech.seconds
                yield speech.samples

        with (folder / f"{number}.wav").open("wb") as file:
            part = within(found, start, end)
            said = passage(part, "en", 1.0, engine.capabilities, pauses, last=end == len(text))
            write_wav(file, rate, chunks(said, words, at))
        (folder / f"{number}.json").write_text(words_to_json(words))
    with AudioWriter(folder / "all.mp3", AudioFormat.MP3, rate) as writer:
        for number in range(len(offsets) - 1):
            words_from_json((folder / f"{number}.json").read_bytes())
            with (folder / f"{number}.wav").open("rb") as spoken:
                for samples in read_wav(spoken, 1 << 16):
                    writer.write(samples)
    return writer.seconds


def bare(text: str, folder: Path) -> float:
    """Only libespeak-ng by ctypes and libmp3lame by PyAV, with our settings: the whole text at
    once, with its samples straight into the encoder."""
    import av
    import espeakng_loader
    import numpy as np

    lib = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = lib.espeak_Initialize(2, 1000, espeakng_loader.get_data_path().encode(), 0)
    callback = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
    )
    total = 0
    with av.open(str(folder / "bare.mp3"), "w", format="mp3") as container:
        stream = container.add_stream(
            "libmp3lame", rate, layout="mono", options={"compression_level": "7"}
        )
        stream.format = "s16p"
        stream.bit_rate = 64_000
        waiting = bytearray()

        def encode() -> None:
            nonlocal total
            if not waiting:
                return
            samples = np.frombuffer(bytes(waiting), np.int16).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.sample_rate = rate
            frame.pts = total
            total += frame.samples
            waiting.clear()
            container.mux(stream.encode(frame))

        def collect(samples: Any, count: int, events: Any) -> int:
            if samples and count:
                waiting.extend(ctypes.string_at(samples, count * 2))
                if len(waiting) >= 1 << 16:
                    encode()
            return 0

        heard = callback(collect)  # a reference, because the library keeps none
        lib.espeak_SetSynthCallback(heard)
        lib.espeak_SetVoiceByName(b"gmw/en-US+f3")
        data = text.encode()
        lib.espeak_Synth(
            *(ctypes.c_char_p(data), ctypes.c_size_t(len(data) + 1), 0, 1, 0, 1),
            *(ctypes.c_void_p(None), ctypes.c_void_p(None)),
        )
        encode()
        container.mux(stream.encode(None))
    return float(total / rate)


def _child(what: str, characters: int) -> dict[str, float]:
    """Measures in a fresh process. Memory: peak of that process and its children, in MB."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.speech", what, str(characters)],
        cwd=FUNCTIONS.parent,
        capture_output=True,
        check=True,
        timeout=900,
    )
    result: dict[str, float] = json.loads(done.stdout)
    return result


def _run(what: str, characters: int) -> None:
    import resource

    sys.path.insert(0, str(FUNCTIONS))
    work = {"ours": ours, "bare": bare}[what]
    text = prose(characters)
    with tempfile.TemporaryDirectory() as folder:
        work(prose(200, seed=1), Path(folder))  # exclude imports and first starts
        started = time.perf_counter()
        audio = work(text, Path(folder))
        seconds = time.perf_counter() - started
    peaks = [resource.getrusage(who).ru_maxrss for who in (0, resource.RUSAGE_CHILDREN)]
    print(json.dumps({"seconds": seconds, "audio": audio, "mb": sum(peaks) / 1024}))


def measure(pairs: int = PAIRS) -> list[dict[str, Any]]:
    ratios, last = [], {}
    for number in range(pairs):
        # Alternating, so that a slowdown of the machine affects both.
        order = ["ours", "bare"] if number % 2 else ["bare", "ours"]
        last = {what: _child(what, CHARACTERS) for what in order}
        ratios.append(last["ours"]["seconds"] / last["bare"]["seconds"])
    ratio = statistics.median(ratios)
    growth = last["ours"]["mb"] - _child("ours", SMALL)["mb"]
    speed = last["ours"]["audio"] / last["ours"]["seconds"]
    return [
        {
            "name": "100,000 characters to mp3 ÷ bare engine and encoder",
            **{"value": round(ratio, 3), "unit": "x", "limit": RATIO_LIMIT},
            "ok": ratio <= RATIO_LIMIT,
        },
        {
            "name": "peak memory, 100,000 against 1,000 characters",
            **{"value": round(growth, 1), "unit": "MB", "limit": MEMORY_LIMIT},
            "ok": growth < MEMORY_LIMIT,
        },
        {
            "name": "seconds of mp3 made in a second",
            **{"value": round(speed, 1), "unit": "s/s", "limit": None},
            "ok": True,
        },
    ]


if __name__ == "__main__":
    if len(sys.argv) == 3:
        _run(sys.argv[1], int(sys.argv[2]))
    else:
        for row in measure():
            print(f"{row['name']}: {row['value']} {row['unit']} (limit {row['limit']})")
