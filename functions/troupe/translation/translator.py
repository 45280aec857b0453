"""The interface of translators, and how they fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from troupe.errors import WorkError


class TranslationError(WorkError):
    """A translator failed. Retryable after a time-out, 429, 5xx or a lost connection; final after a
    rejected key, a rejected text or an unusable answer."""


@dataclass(frozen=True, slots=True)
class Languages:
    """BCP 47 codes. Every source can be translated into every target that is not the same."""

    sources: tuple[str, ...]
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TranslationRequest:
    """`texts`: each is one line, which may have placeholders (`troupe.translation.placeholders`).
    `source` and `target`: codes of `Translator.languages`. `style`: how to write, in words, for
    translators that take it. `deadline`: of time.monotonic, for all attempts."""

    texts: Sequence[str]
    source: str
    target: str
    deadline: float
    style: str = ""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The limits of one call, in texts and characters of all texts, and whether it takes a style.
    No text is longer than `text_characters`."""

    texts: int
    characters: int
    text_characters: int
    styles: bool = False


class Translator(Protocol):
    """Thread-safe. `name` and `version` say what made a translation; equal ones translate alike,
    so both belong in cache keys."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def capabilities(self) -> Capabilities: ...

    def languages(self, deadline: float) -> Languages:
        """Raises TranslationError."""
        ...

    def alphabet(self, source: str, target: str) -> frozenset[str] | None:
        """The characters that the translator can read, besides white space; None: all."""
        ...

    def translate(self, request: TranslationRequest) -> list[str]:
        """A translation of each text, in order. A text may come back empty, or without some of its
        placeholders; the caller checks that. Raises TranslationError."""
        ...

    def close(self) -> None: ...


def unavailable(message: str = "The translation service cannot be reached.") -> TranslationError:
    return TranslationError("translator_unavailable", message, retryable=True)


def timed_out() -> TranslationError:
    return TranslationError(
        "translator_timeout", "The translation took too long. Send less text.", retryable=True
    )


def bad_answer(message: str) -> TranslationError:
    return TranslationError("translator_bad_answer", message, retryable=False)
