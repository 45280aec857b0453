"""The embedded default engine: libespeak-ng from the espeakng-loader wheel.

The library runs in a child process, because some text overruns its stack: 440 bytes of
`s's's's...` crash any process that speaks them (fixed after 1.52:
https://github.com/espeak-ng/espeak-ng/pull/2495), and so does one circled letter in Nepali. In a
child with an empty environment such a text only fails its own request. Sending the samples through
a pipe takes negligible time compared with making them.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
import unicodedata
import weakref
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import IO, cast

import espeakng_loader
import numpy as np

from troupe.speech.catalogue import capabilities, language_named
from troupe.speech.engine import Capabilities, Speech, SpeechRequest, TimingSource, Voice, VoiceType
from troupe.speech.engines import espeak_host
from troupe.speech.engines.espeak_timing import word_timings
from troupe.speech.errors import SpeechError
from troupe.speech.languages import ESPEAK

# Part of the cache key. Increase it when the tables below change.
_TABLES = "1"

_RATE, _VOLUME, _PITCH, _RANGE, _WORDGAP = 1, 2, 3, 4, 7  # espeak_PARAMETER of speak_lib.h
_NORMAL_RATE, _MIN_RATE, _MAX_RATE = 175, 80, 450  # words per minute

# Variant and pitch (0 to 99). In the neutral style, the median pitch of an English sentence is
# about 105, 208 and 305 Hz. f3 also gives the kids voice higher formants: a shorter vocal tract.
_TYPES = {VoiceType.MALE: ("m3", 50), VoiceType.FEMALE: ("f3", 50), VoiceType.KIDS: ("f3", 86)}
_WHISPERS = {VoiceType.MALE: "whisper", VoiceType.FEMALE: "whisperf", VoiceType.KIDS: "whisperf"}


@dataclass(frozen=True, slots=True)
class _StyleParameters:
    """The parameters of a style. `rate`: a factor; `pitch`: added to the voice's; `range`: 50 is
    normal; `volume`: 100 is full, more would clip; `gap`: between words, in units of 10 ms."""

    rate: float = 1.0
    pitch: int = 0
    range: int = 50
    volume: int = 100
    gap: int = 0


_STYLES = {
    "neutral": _StyleParameters(),
    "narration": _StyleParameters(rate=0.92, pitch=-3, range=58, gap=1),
    "conversational": _StyleParameters(rate=1.06, range=60),
    "cheerful": _StyleParameters(rate=1.08, pitch=7, range=80),
    "calm": _StyleParameters(rate=0.86, pitch=-5, range=30, volume=80, gap=1),
    "serious": _StyleParameters(rate=0.94, pitch=-8, range=35),
    "excited": _StyleParameters(rate=1.18, pitch=12, range=95),
    "whisper": _StyleParameters(rate=0.9, volume=90),
}

_VOICE_FILES = {code: file for code, _, _, file in ESPEAK}
_SECONDS = 60.0  # per call; the longest allowed text takes about one second


class EspeakEngine:
    """Thread-safe. Calls start the child process when needed: at first, after a crash or a fork.

    `timeout`: seconds per call. The child ends on `close()`, on garbage collection, and when this
    process ends in any way (its input closes).
    """

    name = "espeak"

    def __init__(self, timeout: float = _SECONDS) -> None:
        self._timeout = timeout
        self._lock = threading.Lock()
        self._child: _Child | None = None

    @property
    def version(self) -> str:
        return f"{version('espeakng-loader')}+{_TABLES}"

    @property
    def capabilities(self) -> Capabilities:
        return capabilities(self.name)

    def close(self) -> None:
        with self._lock:
            if self._child is not None:
                self._child.close()
            self._child = None

    def synthesize(self, request: SpeechRequest) -> Speech:
        """Speak `request.text` at 22050 Hz with the library's own word timings.

        Raises SpeechError. Final: nothing_to_speak, text_too_long, unknown_voice, engine_crashed
        (the text crashes the library). Retryable: engine_timeout, engine_unavailable.
        """
        text = request.text.translate(_CLEAN)
        if len(text) > self.capabilities.max_characters:
            raise SpeechError(
                "text_too_long", "The text is too long for one call.", retryable=False
            )
        file, parameters = _settings(request.voice)
        payload = json.dumps({"text": text, "voice": file, "parameters": parameters}).encode()
        with self._lock:
            answer = self._ask(payload)
        if answer.status == espeak_host.NOT_FOUND:
            raise SpeechError("unknown_voice", f"espeak has no voice {file}.", retryable=False)
        if answer.status != espeak_host.OK:
            raise SpeechError("engine_unavailable", "espeak failed to speak.", retryable=True)
        samples = np.frombuffer(answer.samples, np.int16)
        words = word_timings(text, answer.events, samples, answer.rate)
        if not words or not samples.any():
            raise SpeechError("nothing_to_speak", "There is nothing to speak.", retryable=False)
        return Speech(samples, answer.rate, words, TimingSource.ENGINE)

    def _ask(self, payload: bytes) -> _Answer:
        for attempt in (1, 2):
            if self._child is None or self._child.parent != os.getpid():
                # After a fork the parent still uses the old child: leave it alone.
                self._child = _Child()
            try:
                return self._child.ask(payload, self._timeout)
            except (EOFError, OSError) as error:
                self._child.close()
                self._child = None
                if isinstance(error, TimeoutError):
                    raise SpeechError(
                        "engine_timeout", "espeak took too long.", retryable=True
                    ) from error
                # A second crash, in a fresh child, is caused by the text; the first may not be.
                if attempt == 2:
                    raise SpeechError(
                        "engine_crashed", "espeak cannot speak this text.", retryable=False
                    ) from error
        raise AssertionError("unreachable")


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    rate: int
    events: list[tuple[int, int, int]]  # of espeak_host.EVENT
    samples: bytes


class _Child:
    def __init__(self) -> None:
        self.parent = os.getpid()
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-I",
                "-S",
                str(Path(espeak_host.__file__)),
                espeakng_loader.get_library_path(),
                espeakng_loader.get_data_path(),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # the library complains about missing envelopes
            env={"LC_ALL": "C.UTF-8"},  # keep secrets out of a process that may be exploited
            bufsize=0,
        )
        self._input = cast("IO[bytes]", self._process.stdin)
        self._output = cast("IO[bytes]", self._process.stdout)
        self.close = weakref.finalize(self, _end, self._process, self.parent)

    def ask(self, payload: bytes, timeout: float) -> _Answer:
        """Raises EOFError or OSError if the child is gone, TimeoutError if it is too slow."""
        deadline = time.monotonic() + timeout
        # Cannot block: a request is a few kilobytes, and the child is waiting for it.
        self._input.write(espeak_host.LENGTH.pack(len(payload)) + payload)
        header = self._read(espeak_host.HEADER.size, deadline)
        status, rate, events, samples = espeak_host.HEADER.unpack(header)
        packed = self._read(events * espeak_host.EVENT.size, deadline)
        return _Answer(
            status,
            rate,
            list(espeak_host.EVENT.iter_unpack(packed)),
            bytes(self._read(samples * 2, deadline)),
        )

    def _read(self, size: int, deadline: float) -> bytearray:
        data = bytearray(size)
        view = memoryview(data)
        poll = select.poll()
        poll.register(self._output, select.POLLIN)
        filled = 0
        while filled < size:
            if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise TimeoutError
            count = os.readv(self._output.fileno(), [view[filled:]])
            if count == 0:
                raise EOFError
            filled += count
        return data


def _end(process: subprocess.Popen[bytes], parent: int) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    if os.getpid() == parent:
        process.kill()
        process.wait()
    else:
        process.returncode = 0  # the child of another process, which we cannot wait for


class _Clean(dict[int, int | None]):
    """Replaces characters that the library must not see, one for one, so that offsets stay valid.

    The library interprets control characters as commands (0x01 changes speed and volume).
    Unassigned and private-use characters have no sound. Enclosed letters crash it in some
    languages; the plain letters sound the same.
    """

    def __missing__(self, code: int) -> int:
        character = chr(code)
        kind = unicodedata.category(character)
        replacement = code
        if kind in ("Cc", "Cn", "Co", "Cs") and character not in "\t\n":
            replacement = ord(" ")
        elif 0x2460 <= code <= 0x24FF or 0x1F100 <= code <= 0x1F1E5:
            plain = unicodedata.normalize("NFKC", character)
            replacement = ord(plain) if len(plain) == 1 else ord(" ")
        if len(self) < 4096:
            self[code] = replacement
        return replacement


_CLEAN = _Clean()


@lru_cache(maxsize=256)
def _settings(voice: Voice) -> tuple[str, list[list[int]]]:
    """The voice file with its variant, and the parameters. Raises SpeechError("unknown_voice")."""
    language = language_named(voice.language, EspeakEngine.name)
    style = _STYLES.get(voice.style)
    if language is None or style is None:
        raise SpeechError(
            "unknown_voice", "espeak does not have this language or style.", retryable=False
        )
    variant, pitch = _TYPES[voice.type]
    if voice.style == "whisper":
        variant = _WHISPERS[voice.type]
    rate = round(_NORMAL_RATE * style.rate * voice.speed)
    return f"{_VOICE_FILES[language.code]}+{variant}", [
        [_RATE, max(_MIN_RATE, min(_MAX_RATE, rate))],
        [_VOLUME, style.volume],
        [_PITCH, max(0, min(99, pitch + style.pitch))],
        [_RANGE, style.range],
        [_WORDGAP, style.gap],
    ]
