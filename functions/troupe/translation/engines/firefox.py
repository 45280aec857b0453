"""Translation by the models of Firefox, in a child process: the embedded default.

The package panics with a BaseException when another thread uses a translator than the one that
made it, and holds the interpreter's lock while it works. In a process of its own it stops nobody,
and one that takes too long is killed.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import distribution, version
from importlib.util import find_spec
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from troupe.adapters.models.errors import ModelMissing
from troupe.adapters.models.files import ModelFiles
from troupe.logs import log
from troupe.translation.engines import firefox_host
from troupe.translation.engines.firefox_models import FirefoxModels, PairFiles, characters
from troupe.translation.placeholders import MARK
from troupe.translation.translator import (
    Capabilities,
    Languages,
    TranslationError,
    TranslationRequest,
    timed_out,
)

_SECONDS = 30.0  # per call
# The models have plain marks only.
_PLAIN = str.maketrans(
    "“”„‟«»‘’‚‛‹›–—\u00a0\u202f\u2010\u2011", "\"\"\"\"\"\"''''''--  --", "\u00ad\u200b\u2060\ufeff"
) | {ord("…"): "..."}
# Letters that the models copy with the number after them; the first one is taken that is not so
# in the text.
_LETTERS = "XQZKW"


class FirefoxTranslator:
    """Thread-safe. Calls start the child process when needed: at first, after a crash or a fork.

    `seconds`: the longest time of a call. The child ends on `close()`, on garbage collection, and
    when this process ends in any way (its connection closes).
    """

    name = "firefox"

    def __init__(self, files: ModelFiles, *, seconds: float = _SECONDS) -> None:
        if find_spec("fxtranslate") is None:
            raise ValueError("TRANSLATOR=firefox needs the package fxtranslate")
        self._models = FirefoxModels(files)
        self._seconds = seconds
        self._lock = threading.Lock()
        self._child: _Child | None = None

    @property
    def version(self) -> str:
        return f"{version('fxtranslate')}+{self._models.fingerprint()}"

    @property
    def capabilities(self) -> Capabilities:
        # Of a sentence of 400 characters, the models begin to leave something out.
        return Capabilities(texts=100, characters=2_000, text_characters=300)

    def languages(self, deadline: float) -> Languages:
        with _models_are_there():
            return self._models.languages()

    def alphabet(self, source: str, target: str) -> frozenset[str] | None:
        """Of the first model, whose unknown characters make the others repeat themselves. Raises
        TranslationError."""
        first = self._files(self._models.route(source, target)[0])
        known = _characters(first.source_vocabulary)
        return None if known is None else known | {chr(code) for code in _PLAIN}

    def close(self) -> None:
        with self._lock:
            self._end()

    def translate(self, request: TranslationRequest) -> list[str]:
        """Raises TranslationError. Final: translator_crashed, translator_model. Retryable:
        translator_timeout."""
        route = [
            (pair, _paths(self._files(pair)))
            for pair in self._models.route(request.source, request.target)
        ]
        both = [_plain(text) for text in request.texts]
        deadline = min(request.deadline, time.monotonic() + self._seconds)
        # Others wait for the child, too.
        if not self._lock.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise timed_out()
        try:
            answer = self._asked({"route": route, "texts": [text for text, _ in both]}, deadline)
        finally:
            self._lock.release()
        if "error" in answer:
            log.error("translation_model_failed", reason=answer["error"])
            raise TranslationError(
                "translator_model", "A model of this language is damaged.", retryable=False
            )
        return [
            _marked(text, letter) for text, (_, letter) in zip(answer["texts"], both, strict=True)
        ]

    def _files(self, pair: str) -> PairFiles:
        with _models_are_there():
            return self._models.files(pair)

    def _asked(self, request: dict[str, Any], deadline: float) -> dict[str, Any]:
        payload = json.dumps(request).encode()
        for attempt in (1, 2):
            if self._child is None or self._child.parent != os.getpid():
                # After a fork the parent still uses the old child: leave it alone.
                self._child = _Child()
            try:
                return self._child.ask(payload, deadline)
            except TimeoutError as error:
                self._end()
                raise timed_out() from error
            except (EOFError, OSError) as error:
                self._end()
                # A second crash, in a fresh child, is caused by the text; the first may not be.
                if attempt == 2:
                    raise TranslationError(
                        "translator_crashed", "This text cannot be translated.", retryable=False
                    ) from error
        raise AssertionError("unreachable")

    def _end(self) -> None:
        if self._child is not None:
            self._child.close()
        self._child = None


class _Child:
    def __init__(self) -> None:
        self.parent = os.getpid()
        self._connection, theirs = Pipe()
        with theirs:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-I",
                    "-S",
                    str(Path(firefox_host.__file__)),
                    str(distribution("fxtranslate").locate_file("")),
                ],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # a panic prints the text
                env={"LC_ALL": "C.UTF-8"},  # keep secrets out
            )
        self.close = weakref.finalize(self, _ended, self._connection, process, self.parent)

    def ask(self, payload: bytes, deadline: float) -> dict[str, Any]:
        """Raises EOFError or OSError if the child is gone, TimeoutError if it is too slow."""
        # Cannot block: a request is a few kilobytes, and the child is waiting for it.
        self._connection.send_bytes(payload)
        if not self._connection.poll(max(0.0, deadline - time.monotonic())):
            raise TimeoutError
        answer: dict[str, Any] = json.loads(self._connection.recv_bytes())
        return answer


def _ended(connection: Connection, process: subprocess.Popen[bytes], parent: int) -> None:
    connection.close()
    if os.getpid() == parent:
        process.kill()
        process.wait()
    else:
        process.returncode = 0  # the child of another process, which we cannot wait for


@contextmanager
def _models_are_there() -> Iterator[None]:
    try:
        yield
    except ModelMissing as error:
        log.error("translation_model_missing", reason=str(error))
        raise TranslationError(error.code, error.text, retryable=False) from error


@lru_cache(maxsize=16)
def _characters(vocabulary: Path) -> frozenset[str] | None:
    return characters(vocabulary.read_bytes())


def _paths(files: PairFiles) -> list[str]:
    paths = (files.model, files.source_vocabulary, files.target_vocabulary, files.shortlist)
    return [str(path or "") for path in paths]


def _plain(text: str) -> tuple[str, str]:
    """The text as the models can read it, and the letter of its placeholders."""
    letter = next((each for each in _LETTERS if not re.search(rf"{each}\d", text)), _LETTERS[0])
    return MARK.sub(rf"{letter}\1", text).translate(_PLAIN), letter


def _marked(text: str, letter: str) -> str:
    return re.sub(rf"(?<![A-Za-z]){letter}(\d{{1,5}})(?!\d)", r"⟦\1⟧", text)
