"""The protocol of transcribers, and its records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # HTTP functions need the records but not numpy
    from troupe.speech.engine import Samples

RATE = 16_000  # samples per second of the sound that transcribers take


@dataclass(frozen=True, slots=True)
class Word:
    """A word as written, with its punctuation, and with the white space after it where the language
    has some. `start` and `end` in seconds from the first sample; `probability` from 0 to 1, None if
    the transcriber does not say."""

    text: str
    start: float
    end: float
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """Words that were recognised together, at least one, in order.

    Whisper's own doubts, where the transcriber reports them: `no_speech` is the probability that
    nobody speaks, `log_probability` the average over the tokens.
    """

    words: tuple[Word, ...]
    no_speech: float | None = None
    log_probability: float | None = None

    @property
    def text(self) -> str:
        return "".join(word.text for word in self.words).strip()

    @property
    def start(self) -> float:
        return self.words[0].start

    @property
    def end(self) -> float:
        return self.words[-1].end


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said. `language`: a code of the transcriber, "" if nobody spoke;
    `language_probability` from 0 to 1, None if it was given or is not known."""

    segments: tuple[Segment, ...]
    language: str = ""
    language_probability: float | None = None

    @property
    def no_speech(self) -> bool:
        return not self.segments

    @property
    def seconds(self) -> float:
        """How long somebody speaks."""
        return sum(segment.end - segment.start for segment in self.segments)


NOTHING = Transcript(())


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a transcriber supports. `languages`: their codes. `word_times`: whether it measures the
    times of words; otherwise they are estimated from the times of segments. `longest_seconds`: of
    the sound of one call."""

    languages: tuple[str, ...]
    word_times: bool
    longest_seconds: int


class Transcriber(Protocol):
    """Turns speech into text. Thread-safe."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str:
        """Changes whenever the same sound may be heard differently."""
        ...

    @property
    def capabilities(self) -> Capabilities: ...

    def transcribe(
        self, samples: Samples, language: str | None, check: Callable[[], None]
    ) -> Transcript:
        """What is said in `samples` (int16, mono, RATE, shape (n,)).

        `language`: one of the capabilities, None to detect it. `check` is called between pieces of
        the work; what it raises ends it. Raises SpeechError. Callers use `listen`, which also
        removes what was not said.
        """
        ...
