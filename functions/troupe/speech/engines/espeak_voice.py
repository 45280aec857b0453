"""The voices, styles and parameters of espeak."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from troupe.speech.catalogue import language_named
from troupe.speech.engine import Voice, VoiceType
from troupe.speech.errors import SpeechError
from troupe.speech.languages import ESPEAK

NAME = "espeak"

# Part of the cache key. Increase it when the tables below change.
TABLES = "1"

_RATE, _VOLUME, _PITCH, _RANGE, _WORDGAP = 1, 2, 3, 4, 7  # espeak_PARAMETER of speak_lib.h
_NORMAL_RATE, _MIN_RATE, _MAX_RATE = 175, 80, 450  # words per minute

# Variant and pitch (0 to 99). In the neutral style, the median pitch of an English sentence is
# about 105, 208 and 305 Hz. f3 also gives the kids voice higher formants: a shorter vocal tract.
_TYPES = {VoiceType.MALE: ("m3", 50), VoiceType.FEMALE: ("f3", 50), VoiceType.KIDS: ("f3", 86)}
_WHISPERS = {VoiceType.MALE: "whisper", VoiceType.FEMALE: "whisperf", VoiceType.KIDS: "whisperf"}


@dataclass(frozen=True, slots=True)
class _StyleParameters:
    """The parameters of a style. `rate`: a factor; `pitch`: added to the voice's; `range`: 50 is
    normal; `volume`: 100 is full, more would clip; `gap`: between words, in units of 10 ms."""

    rate: float = 1.0
    pitch: int = 0
    range: int = 50
    volume: int = 100
    gap: int = 0


_STYLES = {
    "neutral": _StyleParameters(),
    "narration": _StyleParameters(rate=0.92, pitch=-3, range=58, gap=1),
    "conversational": _StyleParameters(rate=1.06, range=60),
    "cheerful": _StyleParameters(rate=1.08, pitch=7, range=80),
    "calm": _StyleParameters(rate=0.86, pitch=-5, range=30, volume=80, gap=1),
    "serious": _StyleParameters(rate=0.94, pitch=-8, range=35),
    "excited": _StyleParameters(rate=1.18, pitch=12, range=95),
    "whisper": _StyleParameters(rate=0.9, volume=90),
}

_VOICE_FILES = {code: file for code, _, _, file in ESPEAK}


@lru_cache(maxsize=256)
def settings(voice: Voice, speed: float, semitones: float) -> tuple[str, list[list[int]]]:
    """The voice file with its variant, and the parameters. Raises SpeechError("unknown_voice")."""
    language = language_named(voice.language, NAME)
    style = _STYLES.get(voice.style)
    if language is None or style is None:
        raise SpeechError(
            "unknown_voice", "espeak does not have this language or style.", retryable=False
        )
    variant, pitch = _TYPES[voice.type]
    if voice.style == "whisper":
        variant = _WHISPERS[voice.type]
    rate = round(_NORMAL_RATE * style.rate * speed)
    return f"{_VOICE_FILES[language.code]}+{variant}", [
        [_RATE, max(_MIN_RATE, min(_MAX_RATE, rate))],
        [_VOLUME, style.volume],
        *_pitched(pitch + style.pitch, style.range, semitones),
        [_WORDGAP, style.gap],
    ]


def _pitched(pitch: int, spread: int, semitones: float) -> list[list[int]]:
    """Pitch and range, shifted by semitones, up to the library's limits.

    Its pitch sets the lowest frequency, which doubles every 50 steps; its range, in proportion,
    what is above. A wider range lowers the pitch (SetPitch2 in its source): the 0.2, found by
    measuring, makes up for it.
    """
    factor = 2 ** (semitones / 12)
    lowest = factor * 2 ** ((pitch - 50) / 50) + 0.2 * (factor - 1)
    shifted = 50 + 50 * math.log2(max(lowest, 0.5)) if semitones else pitch
    return [
        [_PITCH, max(0, min(99, round(shifted)))],
        [_RANGE, min(99, round(spread * factor))],
    ]
