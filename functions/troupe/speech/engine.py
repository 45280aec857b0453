"""The protocol of speech engines, and its records."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from troupe.borders import Border
from troupe.speech.prosody import PLAIN, Prosody

if TYPE_CHECKING:  # the `voice` function needs these records but not numpy
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]


class VoiceType(StrEnum):
    MALE = "male"
    FEMALE = "female"
    KIDS = "kids"


class TimingSource(StrEnum):
    ENGINE = "engine"  # reported by the engine
    ESTIMATED = "estimated"  # spread over the audio by word length


@dataclass(frozen=True, slots=True)
class Reference:
    """A recording to clone: `audio` is a mono 24 kHz 16-bit WAV of 1 to 60 s, `sha256` its hash
    in hex, `text` its transcript ("" if there is none)."""

    audio: bytes = field(repr=False)
    sha256: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks, and how. `language` and `style` are ids from the catalogue; `speed`: 0.5 to 2.0.

    `id` names one of the engine's voices, or a blend of them ("a:0.7+b:0.3"). Without it, engines
    that can clone use `reference`, and the others choose by `type`. The last three fields are
    settings of F5-TTS: denoising steps, cross-fade between its own chunks, and whether to remove
    silence from the result.
    """

    language: str
    type: VoiceType
    style: str
    speed: float = 1.0
    id: str = ""
    reference: Reference | None = None
    nfe_steps: int = 32
    cross_fade_seconds: float = 0.15
    remove_silences: bool = False


@dataclass(frozen=True, slots=True)
class Language:
    """A language of an engine: BCP 47 `code`, English `name`, `flag` emoji (may be empty)."""

    code: str
    name: str
    flag: str


class Control(StrEnum):
    """What a request can ask of some engines only."""

    RATE = "rate"
    PITCH = "pitch"
    VOLUME = "volume"
    EMPHASIS = "emphasis"
    PHONEMES = "phonemes"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine supports. `max_characters`: the limit of one `synthesize` call.
    `keeps_clones`: its service stores a voice for each reference until `forget` deletes it.
    `controls`: what it does of a request's `prosody` and `phonemes`; it ignores the rest.
    `groups_sentences`: a call should have several sentences, for their intonation and because each
    call takes time; the pauses between them are the engine's. `reads_all_languages`: a voice reads
    the text of any of the languages, whichever was chosen."""

    languages: tuple[Language, ...]
    voice_types: frozenset[VoiceType]
    styles: tuple[str, ...]
    max_characters: int
    cloning: bool
    keeps_clones: bool
    word_timings: bool
    groups_sentences: bool
    reads_all_languages: bool
    controls: frozenset[Control]


@dataclass(frozen=True, slots=True)
class Phonemes:
    """`[start:end]` of a text is pronounced as `ipa`, which `parse_ipa` returned."""

    start: int
    end: int
    ipa: str


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """One utterance: plain text (no markup), at most `Capabilities.max_characters` long.
    `phonemes` are in order and do not overlap; `prosody` is that of the whole utterance."""

    text: str
    voice: Voice
    phonemes: tuple[Phonemes, ...] = ()
    prosody: Prosody = PLAIN

    @property
    def speed(self) -> float:
        """Of the voice and the prosody together."""
        return self.voice.speed * self.prosody.rate


@dataclass(frozen=True, slots=True)
class WordTiming:
    """When a word is spoken: `start` and `end` in seconds from the first sample of the audio.
    `border`: what ends after the word, if anything does. Engines leave it out."""

    text: str
    start: float
    end: float
    border: Border | None = None


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


class SpeechEngine(Protocol):
    """Turns one utterance into speech. Thread-safe; engines that are not reentrant take a lock."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str:
        """Part of the cache key. Changes whenever the same request would sound different."""
        ...

    @property
    def capabilities(self) -> Capabilities: ...

    def synthesize(self, request: SpeechRequest) -> Speech:
        """Speak `request.text`. Raises SpeechError."""
        ...


@runtime_checkable
class KeepsClones(Protocol):
    """What engines with the capability `keeps_clones` implement as well."""

    def forget(self, sha256: str) -> None:
        """Deletes all clones of the reference with this hash, if any. Raises SpeechError."""
        ...
