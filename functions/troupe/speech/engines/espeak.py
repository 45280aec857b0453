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
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, cast

import espeakng_loader
import numpy as np

from troupe.speech.catalogue import capabilities
from troupe.speech.engine import Capabilities, Phonemes, Speech, SpeechRequest, TimingSource
from troupe.speech.engines import espeak_host
from troupe.speech.engines.espeak_ipa import sounds, with_phonemes
from troupe.speech.engines.espeak_timing import WORD, word_timings
from troupe.speech.engines.espeak_voice import NAME, TABLES, settings
from troupe.speech.engines.volume import with_volume
from troupe.speech.errors import SpeechError
from troupe.speech.text.mapped import Mapped

_SECONDS = 60.0  # per call; the longest allowed text takes about one second


class EspeakEngine:
    """Thread-safe. Calls start the child process when needed: at first, after a crash or a fork.

    `timeout`: seconds per call. The child ends on `close()`, on garbage collection, and when this
    process ends in any way (its input closes).
    """

    name = NAME

    def __init__(self, timeout: float = _SECONDS) -> None:
        self._timeout = timeout
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._known: dict[str, dict[str, str]] = {}

    @property
    def version(self) -> str:
        return f"{version('espeakng-loader')}+{TABLES}"

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
        text = cleaned(request.text)
        pronounced = Mapped.of(text)
        if len(text) > self.capabilities.max_characters:
            raise SpeechError(
                "text_too_long", "The text is too long for one call.", retryable=False
            )
        file, parameters = settings(request.voice, request.speed, request.prosody.pitch)
        if request.phonemes:
            pronounced = with_phonemes(text, request.phonemes, self._sounds(file))
        answer = self._ask(
            text=pronounced.text,
            voice=file,
            parameters=parameters,
            phonemes=bool(request.phonemes),
        )
        samples = np.frombuffer(answer.samples, np.int16)
        events = [
            (kind, pronounced.span(offset - 1, offset)[0] + 1 if kind == WORD else offset, sample)
            for kind, offset, sample in answer.events
        ]
        words = word_timings(text, events, samples, answer.rate)
        if not words or not samples.any():
            raise SpeechError("nothing_to_speak", "There is nothing to speak.", retryable=False)
        speech = Speech(samples, answer.rate, words, TimingSource.ENGINE)
        return with_volume(speech, request.prosody.volume)

    def spell(
        self, text: str, file: str, phonemes: Sequence[Phonemes] = ()
    ) -> list[tuple[int, list[str]]]:
        """How `text` is pronounced by a voice file: for each word that the library tells apart, in
        order, its offset and the IPA of its sounds, with stress before vowels. It says some words
        together ("of the") and some in several steps ("3.14"). Where `phonemes` are given, they
        take the place of the text, as near as the language has them.

        Raises SpeechError, as `synthesize` does.
        """
        pronounced = Mapped.of(cleaned(text))
        if phonemes:
            pronounced = with_phonemes(pronounced.text, phonemes, self._sounds(file))
        answer = self._ask(spell=True, text=pronounced.text, voice=file, phonemes=bool(phonemes))
        return [
            (pronounced.span(offset - 1, offset)[0], said)
            for offset, said in json.loads(answer.samples)
        ]

    def _sounds(self, voice: str) -> dict[str, str]:
        """The mnemonics of a voice by IPA. Their making takes about 20 ms."""
        file = voice.partition("+")[0]
        if file not in self._known:
            self._known[file] = sounds(json.loads(self._ask(voice=file).samples))
        return self._known[file]

    def _ask(self, **request: Any) -> _Answer:
        """Raises SpeechError."""
        with self._lock:
            answer = self._answer(json.dumps(request).encode())
        if answer.status == espeak_host.NOT_FOUND:
            message = f"espeak has no voice {request['voice']}."
            raise SpeechError("unknown_voice", message, retryable=False)
        if answer.status != espeak_host.OK:
            raise SpeechError("engine_unavailable", "espeak failed to speak.", retryable=True)
        return answer

    def _answer(self, payload: bytes) -> _Answer:
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


def cleaned(text: str) -> str:
    """The text without characters that the library must not see; all others keep their offsets."""
    return text.translate(_CLEAN)


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
