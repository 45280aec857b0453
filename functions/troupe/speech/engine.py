"""What a speech engine is: one protocol, its records, and the errors a caller can act on."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from troupe.errors import WorkError

if TYPE_CHECKING:  # the `voice` function needs these records, and has no use for numpy
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]


class VoiceType(StrEnum):
    MALE = "male"
    FEMALE = "female"
    KIDS = "kids"


class TimingSource(StrEnum):
    ENGINE = "engine"  # the engine reported when each word sounds
    ESTIMATED = "estimated"  # spread over the audio by the length of each word


@dataclass(frozen=True, slots=True)
class Reference:
    """The recording whose voice is cloned: `audio` is a mono 24 kHz 16 bit WAV file of 1 to 60 s,
    `sha256` its hash in hex, `text` what is said in it ("" when nobody wrote it down)."""

    audio: bytes = field(repr=False)
    sha256: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks and how. `language` and `style` are ids of the catalogue; `speed` 0.5 to 2.0.

    `reference` is for engines that clone; the others speak as `type`. The last three are settings
    of F5-TTS: denoising steps, seconds of cross-fade between its own pieces, and whether silence
    is cut from what it says.
    """

    language: str
    type: VoiceType
    style: str
    speed: float = 1.0
    reference: Reference | None = None
    nfe_steps: int = 32
    cross_fade_seconds: float = 0.15
    remove_silences: bool = False


@dataclass(frozen=True, slots=True)
class Language:
    """A language an engine speaks: BCP 47 `code`, English `name`, `flag` emoji (may be empty)."""

    code: str
    name: str
    flag: str


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do. `max_characters`: the most text of one `synthesize` call;
    `keeps_clones`: its service keeps a voice for each reference until it is told to forget it."""

    languages: tuple[Language, ...]
    voice_types: frozenset[VoiceType]
    styles: tuple[str, ...]
    max_characters: int
    cloning: bool
    keeps_clones: bool
    word_timings: bool


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """One utterance: plain text (no markup), at most `Capabilities.max_characters` long."""

    text: str
    voice: Voice


@dataclass(frozen=True, slots=True)
class WordTiming:
    """When a word sounds: `start` and `end` in seconds from the first sample of its audio."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Speech:
    """Spoken text. `samples`: int16, mono, shape (n,); `rate`: samples per second."""

    samples: Samples
    rate: int
    words: tuple[WordTiming, ...]
    timing_source: TimingSource

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


class SpeechError(WorkError):
    """An engine failed: retryable after a time-out, 429, 5xx or a lost connection, final after a
    refused key, an unknown voice or a refused text."""


class SpeechEngine(Protocol):
    """Turns one utterance into speech. Thread-safe: an engine that is not re-entrant locks."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str:
        """Part of the cache key: changes whenever the same request would sound different."""
        ...

    @property
    def capabilities(self) -> Capabilities: ...

    def synthesize(self, request: SpeechRequest) -> Speech:
        """Speak `request.text`. Raises SpeechError."""
        ...


@runtime_checkable
class KeepsClones(Protocol):
    """What an engine has besides that `keeps_clones`."""

    def forget(self, sha256: str) -> None:
        """Deletes the clones of the reference with that hash; there may be none. Raises
        SpeechError."""
        ...
