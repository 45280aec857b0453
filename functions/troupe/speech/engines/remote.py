"""Shared by the engines that are remote services: validation before a call, retries, and the
meaning of responses."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from troupe.outbound import bounded, retry
from troupe.speech.audible import audible
from troupe.speech.catalogue import capabilities, language_named
from troupe.speech.engine import Language, Speech, SpeechRequest, TimingSource
from troupe.speech.engines.volume import with_volume
from troupe.speech.errors import SpeechError
from troupe.speech.text.words import estimate_words, is_speakable

if TYPE_CHECKING:
    from troupe.speech.engine import Samples

T = TypeVar("T")

MAX_BYTES = 64 << 20  # per response; 4,096 characters at half speed are about 30 MB of audio
WAITS = (0.5,)  # seconds before the second attempt, unless the server sends Retry-After
_SILENT = 200  # of 32767


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an attempt failed, and how many seconds the server wants us to wait (None: not said)."""

    error: SpeechError
    wait: float | None = None


def check(request: SpeechRequest, engine_name: str) -> Language:
    """The language to speak. Raises SpeechError for requests that cannot succeed."""
    offered = capabilities(engine_name)
    if not is_speakable(request.text):
        raise SpeechError("nothing_to_speak", "There is nothing to speak.", retryable=False)
    if len(request.text) > offered.max_characters:
        raise SpeechError("text_too_long", "The text is too long for one call.", retryable=False)
    language = language_named(request.voice.language, engine_name)
    if language is None or request.voice.style not in offered.styles:
        raise SpeechError(
            "unknown_voice", "The engine does not have this language or style.", retryable=False
        )
    return language


def with_retry(
    attempt: Callable[[float], T], explain: Callable[[Exception], Fault | None], timeout: float
) -> T:
    """Returns `attempt(deadline)`, retried once after a retryable fault. `deadline` is `timeout`
    seconds from now (time.monotonic), for all attempts and waits together.

    `explain` maps exceptions to faults. Exceptions it returns None for are bugs and are raised
    unchanged. Raises SpeechError.
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
    """As `troupe.outbound.bounded`, for audio of at most `limit` bytes."""
    return bounded(
        chunks,
        deadline=deadline,
        limit=limit,
        late=late,
        large=lambda: bad_audio("The speech server sent too much data."),
    )


def status_fault(status: int, headers: Mapping[str, str]) -> Fault:
    """The fault for an HTTP status other than 200. The server's own message is not passed on, since
    it may contain the user's text."""
    wait = _retry_after(headers)
    if status in (401, 403):
        return Fault(
            SpeechError(
                "engine_auth_failed",
                f"The speech server rejected our key ({status}).",
                retryable=False,
            )
        )
    if status == 429:
        message = "The speech server is receiving too many requests (429)."
        return Fault(SpeechError("engine_rate_limited", message, retryable=True), wait)
    if status in (408, 409) or status >= 500:
        message = f"The speech server failed ({status})."
        return Fault(SpeechError("engine_unavailable", message, retryable=True), wait)
    message = f"The speech server rejected the request ({status})."
    return Fault(SpeechError("engine_refused", message, retryable=False))


def _retry_after(headers: Mapping[str, str]) -> float | None:
    try:
        return max(0.0, float(headers["retry-after"]))
    except (KeyError, ValueError):  # absent, or a date
        return None


def timed_out() -> SpeechError:
    return SpeechError(
        "engine_timeout", "The speech server did not answer in time.", retryable=True
    )


def unavailable(message: str = "The speech server cannot be reached.") -> SpeechError:
    return SpeechError("engine_unavailable", message, retryable=True)


def bad_audio(message: str) -> SpeechError:
    return SpeechError("engine_bad_audio", message, retryable=True)


def no_credit() -> SpeechError:
    return SpeechError(
        "engine_auth_failed",
        "The account at the speech service has no credit left.",
        retryable=False,
    )


def server_hash(*parts: str) -> str:
    """Eight hex digits for an engine's `version`: the same model elsewhere is another voice."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:8]


def estimated(samples: Samples, rate: int, request: SpeechRequest) -> Speech:
    """Speech of `samples` (int16, mono, shape (n,)) in the volume of the request, with words spread
    over the audible range."""
    loud = audible(samples, _SILENT)
    first, last = (int(loud[0]), int(loud[-1]) + 1) if len(loud) else (0, len(samples))
    words = estimate_words(request.text, last / rate, start=first / rate)
    speech = Speech(samples, rate, words, TimingSource.ESTIMATED)
    return with_volume(speech, request.prosody.volume)


class OncePerKey(Generic[T]):
    """A cache whose values are made once per key, by one thread at a time."""

    def __init__(self) -> None:
        self._values: dict[str, T] = {}
        self._locks: dict[str, threading.Lock] = {}

    def get(self, key: str, make: Callable[[], T], deadline: float) -> T:
        """The value of `key`, made by `make` if it is not cached.

        Raises SpeechError("engine_timeout") if another thread is still making it at `deadline`
        (time.monotonic), and whatever `make` raises.
        """
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
        """Drops the value, so that the next `get` makes it again."""
        self._values.pop(key, None)
