"""What the engines that are services share: what to refuse before asking, when to ask again, and
what an answer means."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from troupe.calls import bounded, retry
from troupe.speech.catalogue import capabilities, language_named
from troupe.speech.engine import (
    Language,
    Speech,
    SpeechError,
    SpeechRequest,
    TimingSource,
)
from troupe.speech.text.words import estimate_words, is_speakable

if TYPE_CHECKING:
    from troupe.speech.engine import Samples

T = TypeVar("T")

MAX_BYTES = 64 << 20  # of one answer; 4,096 characters at half speed are some 30 MB of sound
WAITS = (0.5,)  # seconds before the second attempt, unless the server says
_SILENT = 200  # of 32767


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an attempt failed, and the seconds that the server wants us to wait before another."""

    error: SpeechError
    wait: float | None = None


def check(request: SpeechRequest, engine_name: str) -> Language:
    """The language to speak. Raises SpeechError for what no server need be asked."""
    offered = capabilities(engine_name)
    if not is_speakable(request.text):
        raise SpeechError("nothing_to_speak", "there is nothing to say", retryable=False)
    if len(request.text) > offered.max_characters:
        raise SpeechError("text_too_long", "too much text for one call", retryable=False)
    language = language_named(request.voice.language, engine_name)
    if language is None or request.voice.style not in offered.styles:
        raise SpeechError("unknown_voice", "no such language or style", retryable=False)
    return language


def persist(
    attempt: Callable[[float], T], explain: Callable[[Exception], Fault | None], timeout: float
) -> T:
    """What `attempt(deadline)` returns, tried again once after a passing fault; `deadline` is of
    time.monotonic, `timeout` seconds from now, for all attempts and waits together.

    `explain` tells faults from bugs: an exception that it has no word for is raised as it is.
    Raises SpeechError.
    """
    deadline = time.monotonic() + timeout

    def again(error: Exception, planned: float) -> float | None:
        fault = explain(error)
        if fault is None or not fault.error.retryable:
            return None
        return planned if fault.wait is None else fault.wait

    try:
        return retry(lambda: attempt(deadline), again, WAITS, deadline=deadline)
    except Exception as error:
        fault = explain(error)
        if fault is None:
            raise
        raise fault.error from error


def sound_chunks(
    chunks: Iterable[bytes], deadline: float, late: Callable[[], Exception], limit: int = MAX_BYTES
) -> Iterator[bytes]:
    """As `troupe.calls.bounded`; more than `limit` bytes are no sound."""
    return bounded(
        chunks,
        deadline=deadline,
        limit=limit,
        late=late,
        large=lambda: bad_audio("more than an answer can have"),
    )


def status_fault(status: int, headers: Mapping[str, str]) -> Fault:
    """What an HTTP status other than 200 means. Messages of a server may hold the text that was
    sent: none is passed on."""
    wait = _retry_after(headers)
    if status in (401, 403):
        return Fault(
            SpeechError("engine_auth_failed", f"refused the key ({status})", retryable=False)
        )
    if status == 429:
        message = "too many requests (429)"
        return Fault(SpeechError("engine_rate_limited", message, retryable=True), wait)
    if status in (408, 409) or status >= 500:
        message = f"the server failed ({status})"
        return Fault(SpeechError("engine_unavailable", message, retryable=True), wait)
    return Fault(SpeechError("engine_refused", f"refused the request ({status})", retryable=False))


def _retry_after(headers: Mapping[str, str]) -> float | None:
    try:
        return max(0.0, float(headers["retry-after"]))
    except (KeyError, ValueError):  # absent, or a date
        return None


def timed_out() -> SpeechError:
    return SpeechError("engine_timeout", "no answer in time", retryable=True)


def unavailable(message: str = "no connection") -> SpeechError:
    return SpeechError("engine_unavailable", message, retryable=True)


def bad_audio(message: str) -> SpeechError:
    return SpeechError("engine_bad_audio", message, retryable=True)


def no_credit() -> SpeechError:
    return SpeechError("engine_auth_failed", "the account has no credit", retryable=False)


def server_mark(*parts: str) -> str:
    """Eight letters for the `version` of an engine: the same model elsewhere is another voice."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:8]


def estimated(samples: Samples, rate: int, text: str) -> Speech:
    """Speech whose words are spread over what is heard of `samples` (int16, mono, shape (n,))."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > _SILENT)
    first, last = (int(loud[0]), int(loud[-1]) + 1) if len(loud) else (0, len(samples))
    words = estimate_words(text, last / rate, start=first / rate)
    return Speech(samples, rate, words, TimingSource.ESTIMATED)


class OncePerKey(Generic[T]):
    """Values that are made once for each key, by one thread at a time for each key."""

    def __init__(self) -> None:
        self._values: dict[str, T] = {}
        self._locks: dict[str, threading.Lock] = {}

    def get(self, key: str, make: Callable[[], T], deadline: float) -> T:
        """Raises SpeechError("engine_timeout") when another thread still makes it at `deadline`
        (of time.monotonic), and what `make` raises."""
        if key in self._values:
            return self._values[key]
        lock = self._locks.setdefault(key, threading.Lock())
        if not lock.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise timed_out()
        try:
            if key not in self._values:
                self._values[key] = make()
            return self._values[key]
        finally:
            lock.release()

    def forget(self, key: str) -> None:
        """The next `get` makes it anew."""
        self._values.pop(key, None)
