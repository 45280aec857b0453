"""The values of SSML attributes. Each function raises BadValue, which says what is expected."""

from __future__ import annotations

import math
import re

from troupe.borders import Border
from troupe.speech.text.marks import LONGEST_PAUSE, milliseconds

_NUMBER = r"\d{1,6}(?:\.\d{0,6})?|\.\d{1,6}"
_SIGNED = re.compile(rf"([+-]?)({_NUMBER})(%|st|dB|Hz|)")

# A <break> without a time is as long as the pause of a border.
_STRENGTHS: dict[str, int | Border] = {
    "none": 0,
    "x-weak": Border.CLAUSE,
    "weak": Border.CLAUSE,
    "medium": Border.SENTENCE,
    "strong": Border.PARAGRAPH,
    "x-strong": Border.SCENE,
}
_RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.5, "x-fast": 2.0}
_PITCHES = {"x-low": -6.0, "low": -3.0, "medium": 0.0, "default": 0.0, "high": 3.0, "x-high": 6.0}
_VOLUMES = {
    "silent": -96.0,
    "x-soft": -12.0,
    "soft": -6.0,
    "medium": 0.0,
    "default": 0.0,
    "loud": 4.0,
    "x-loud": 8.0,
}
LEVELS = ("strong", "moderate", "none", "reduced")


class BadValue(ValueError):
    """The message ends the sentence "… must be"."""


def time(text: str) -> int:
    """Milliseconds."""
    length = milliseconds(text.removeprefix("+"))
    if length is None or length > LONGEST_PAUSE:
        raise BadValue(f"a time such as 500ms or 0.5s, at most {LONGEST_PAUSE // 1000} s")
    return round(length)


def strength(text: str) -> int | Border:
    """No milliseconds, or the border whose pause it is."""
    if text not in _STRENGTHS:
        raise BadValue(f"one of {', '.join(_STRENGTHS)}")
    return _STRENGTHS[text]


def rate(text: str) -> float:
    """A factor: `80%`, `-20%` and `0.8` are the same."""
    if text in _RATES:
        return _RATES[text]
    sign, number, unit = _parts(text)
    factor = number / 100 if unit == "%" else number
    if sign:
        factor = 1 + factor if sign == "+" else 1 - factor
    if unit not in ("%", "") or (sign and unit != "%") or not 0.5 <= factor <= 2:
        raise BadValue(f"50% to 200%, or one of {', '.join(_RATES)}")
    return factor


def pitch(text: str) -> float | None:
    """Semitones; None for a frequency, as that of the voice is not known."""
    if text in _PITCHES:
        return _PITCHES[text]
    sign, number, unit = _parts(text)
    if unit == "Hz":
        return None
    change = -number if sign == "-" else number
    if unit == "%" and sign and change > -100:
        change = 12 * math.log2(1 + change / 100)
    elif unit != "st" or not sign:
        change = math.inf
    if abs(change) > 12:
        raise BadValue(f"a change such as +2st or -10%, or one of {', '.join(_PITCHES)}")
    return change


def volume(text: str) -> float:
    """Decibels. A number without a unit, 0 to 100, is a share of the full volume."""
    if text in _VOLUMES:
        return _VOLUMES[text]
    sign, number, unit = _parts(text)
    change = -number if sign == "-" else number
    if unit == "" and not sign and number <= 100:
        change = max(20 * math.log10(number / 100), -96.0) if number else -96.0
    elif unit != "dB" or not -96 <= change <= 10:
        raise BadValue(f"a change such as -6dB, at most +10dB, or one of {', '.join(_VOLUMES)}")
    return change


def level(text: str) -> str:
    if text not in LEVELS:
        raise BadValue(f"one of {', '.join(LEVELS)}")
    return text


def _parts(text: str) -> tuple[str, float, str]:
    """Sign, number and unit; an impossible unit if it is no number."""
    found = _SIGNED.fullmatch(text)
    return (found[1], float(found[2]), found[3]) if found else ("", 0.0, "?")
