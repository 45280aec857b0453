"""ElevenLabs' names of formats: codec, samples per second and, of some, kilobits per second."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Literal, Self

from troupe.media.formats import LiveFormat

OutputFormat = Literal[
    "alaw_8000",
    "mp3_22050_32",
    "mp3_24000_48",
    "mp3_44100_128",
    "mp3_44100_192",
    "mp3_44100_32",
    "mp3_44100_64",
    "mp3_44100_96",
    "opus_48000_128",
    "opus_48000_192",
    "opus_48000_32",
    "opus_48000_64",
    "opus_48000_96",
    "pcm_16000",
    "pcm_22050",
    "pcm_24000",
    "pcm_32000",
    "pcm_44100",
    "pcm_48000",
    "pcm_8000",
    "ulaw_8000",
    "wav_16000",
    "wav_22050",
    "wav_24000",
    "wav_32000",
    "wav_44100",
    "wav_48000",
    "wav_8000",
]
_MIME_TYPES = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "pcm": "audio/pcm",
    "wav": "audio/wav",
    "ulaw": "audio/PCMU",
    "alaw": "audio/PCMA",
}
MIME_TYPES = tuple(_MIME_TYPES.values())


@dataclass(frozen=True, slots=True)
class Form:
    """`rate`: samples per second. MP3 and Opus ignore it: they have the rate of the voice, which
    their files tell."""

    codec: str
    rate: int

    @classmethod
    def of(cls, name: OutputFormat) -> Self:
        codec, rate, *_ = name.split("_")
        return cls(codec, int(rate))

    @property
    def live(self) -> LiveFormat:
        """The format that is spoken; `encoded` turns it into this one."""
        if self.codec == "mp3":
            return LiveFormat.MP3
        return LiveFormat.OGG if self.codec == "opus" else LiveFormat.PCM

    @property
    def whole(self) -> bool:
        """Whether it begins with its length, so that it can be sent only when it is complete."""
        return self.codec == "wav"

    @property
    def mime_type(self) -> str:
        return _MIME_TYPES[self.codec]

    def encoded(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """`chunks`: audio in the `live` format; raw samples have this `rate`."""
        if self.codec == "wav":
            return _wav(chunks, self.rate)
        if self.codec in ("ulaw", "alaw"):
            from troupe.media.companding import companded  # noqa: PLC0415 (slow to load)

            return companded(chunks, "mulaw" if self.codec == "ulaw" else "alaw")
        return iter(chunks)


def _wav(pcm: Iterable[bytes], rate: int) -> Iterator[bytes]:
    from troupe.media.sinks import WavSink  # noqa: PLC0415 (few ask for it)

    data, header = b"".join(pcm), BytesIO()
    WavSink(header, rate, len(data) // 2)
    yield header.getvalue()
    yield data
