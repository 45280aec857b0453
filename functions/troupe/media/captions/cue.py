"""What captions are made of, and how wide it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import category, east_asian_width

from troupe.speech.engine import WordTiming
from troupe.speech.text.graphemes import is_joined

# Columns of a line. Netflix: 42 characters on each of two lines, 16 ideographs.
# https://partnerhelp.netflixstudios.com/hc/en-us/articles/217350977-English-Timed-Text-Style-Guide
LINE = 42
WIDE = LINE / 16  # columns of an ideograph
_NAME = 18  # columns of a speaker's name, so that most words fit after it


@dataclass(frozen=True, slots=True)
class Said:
    """Words that belong together, in order: a text, or the line of a script. `line`: its number,
    from 0. A word's text may end with white space where the source has it; if no word's does,
    words are separated by the rules of their script."""

    words: Sequence[WordTiming]
    speaker: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Cue:
    """`text` (one or two lines) is shown from `start` to `end`, in seconds. `line`: the number of
    the script's line that it is from. `words`: its words with the white space after them; none in
    old data."""

    start: float
    end: float
    text: str
    speaker: str | None = None
    line: int | None = None
    words: tuple[WordTiming, ...] = ()

    @property
    def unbroken(self) -> str | None:
        """The text as the source has it, on one line; None without words."""
        return "".join(word.text for word in self.words).strip() or None


def label(speaker: str | None) -> str:
    """What stands before a speaker's text where the format has only text: `NAME: `. A very long
    name is shortened."""
    name = " ".join((speaker or "").split())
    if width(name) > _NAME:
        name = name[: cut(name, 0, _NAME - 1)].rstrip() + "…"
    return f"{name}: " if name else ""


def width(text: str) -> float:
    """Width of `text` on a caption line, in columns."""
    if text.isascii():
        return float(len(text))
    total = 0.0
    for character in text:
        if east_asian_width(character) in "WF":
            total += WIDE
        elif category(character) not in ("Mn", "Me", "Cf"):
            total += 1
    return total


def cut(text: str, start: int, room: float) -> int:
    """The end of what fits into `room` columns from `start` on: whole graphemes, unless the first
    one is wider; at least one character."""
    total, end = 0.0, start
    while end < len(text) and (total := total + width(text[end])) <= room:
        end += 1
    whole = end
    while start < whole < len(text) and is_joined(text, whole):
        whole -= 1
    return whole if whole > start else max(end, start + 1)
