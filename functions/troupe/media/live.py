"""Encodes speech while it is spoken: bytes can be sent as soon as there is something to hear."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import IO, TYPE_CHECKING, Self, cast

from troupe.media.audio import AudioWriter, live_encoding
from troupe.media.formats import LiveFormat

if TYPE_CHECKING:
    from troupe.speech.engine import Samples

Send = Callable[[bytes], object]


class LiveEncoder:
    """Hears samples and sends the bytes of a file in order, once for each piece of sound. Use it in
    a `with` block, which sends the end. `rate`: of the sound, in samples per second; None before
    any was heard. `pcm_rate`: that of raw samples, if it is to be another one."""

    def __init__(self, form: LiveFormat, send: Send, pcm_rate: int | None = None) -> None:
        self._encoding = live_encoding(form, pcm_rate)
        self._send = send
        self._encoded = bytearray()
        self._writer: AudioWriter | None = None
        self.rate: int | None = None

    def __call__(self, samples: Samples, rate: int) -> None:
        """int16, mono, shape (n,)."""
        self.rate = self.rate or rate
        if self._writer is None:
            self._writer = AudioWriter(cast("IO[bytes]", self), self._encoding, rate)
        self._writer.write(samples, rate)
        self._writer.flush()
        self._pass_on()

    def write(self, data: bytes) -> None:
        """The stream of the writer."""
        self._encoded += data

    def _pass_on(self) -> None:
        if self._encoded:
            self._send(bytes(self._encoded))
            self._encoded.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._writer is not None:
            self._writer.__exit__(kind, error, trace)
        if kind is None:
            self._pass_on()
