"""Shared by the transcribers that are remote services."""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING

from babel import Locale
from babel.core import get_global

from troupe.media.audio import write_wav
from troupe.recognition.catalogue import WHISPER
from troupe.recognition.transcriber import RATE
from troupe.speech.errors import SpeechError

if TYPE_CHECKING:
    from troupe.speech.engine import Samples

# Whisper's names that are not CLDR's.
_NAMES = {"myanmar": "my", "nynorsk": "nn", "moldavian": "ro", "castilian": "es", "flemish": "nl"}


def wav_file(samples: Samples) -> bytes:
    file = io.BytesIO()
    write_wav(file, RATE, [samples])
    return file.getvalue()


def bad_answer() -> SpeechError:
    return SpeechError(
        "engine_bad_answer", "The speech server's answer is not a transcript.", retryable=True
    )


def code_of(language: str) -> str:
    """Whisper's code of a language from its English name, or from its code in two or three letters;
    "" if it is unknown."""
    wanted = language.strip().lower()
    found = wanted if wanted in WHISPER else _names().get(wanted)
    found = found or get_global("language_aliases").get(wanted, "")
    return found if found in WHISPER else ""


@cache
def _names() -> dict[str, str]:
    english = {name.lower(): code for code, name in Locale("en").languages.items()}
    return english | _NAMES
