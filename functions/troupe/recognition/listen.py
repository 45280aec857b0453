"""Listening: what is said in a sound, and nothing that is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from troupe.counters import COUNTERS
from troupe.recognition.energy import is_audible
from troupe.recognition.filters import said
from troupe.recognition.transcriber import NOTHING, RATE, Transcriber, Transcript

if TYPE_CHECKING:
    from troupe.speech.engine import Samples


def nothing_to_check() -> None:
    return


def listen(
    transcriber: Transcriber,
    samples: Samples,
    language: str | None = None,
    check: Callable[[], None] = nothing_to_check,
) -> Transcript:
    """What is said in `samples` (int16, mono, RATE, shape (n,)). The transcriber does not get what
    nobody could hear. Raises SpeechError."""
    if not is_audible(samples):
        return NOTHING
    found = transcriber.transcribe(samples, language, check)
    COUNTERS.add("recognisedSeconds", len(samples) * 1000 // RATE)  # shown in seconds
    kept = said(found.segments, samples)
    return replace(found, segments=kept) if kept else NOTHING
