"""Checks a text that somebody wants spoken, before anything is held for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from troupe.borders import Border, pause_seconds
from troupe.errors import Unprocessable
from troupe.speech.catalogue import capabilities, unsupported
from troupe.speech.estimate import seconds_about, seconds_at_most
from troupe.speech.prosody import Prosody
from troupe.speech.readable import check_readable, unreadable_share
from troupe.speech.text.marks import Marked, MarkKind, ReadingWarning, parse_marks
from troupe.speech.text.plain import plain_text
from troupe.speech.text.ssml import parse_ssml
from troupe.speech.text.words import is_speakable


class TextType(StrEnum):
    TEXT = "text"  # plain text or Markdown, with marks
    SSML = "ssml"


# Whether a longer one has a word to speak is found out by the worker: to read it takes time.
_SHORT = 2_000


class NothingToSpeak(Unprocessable):
    code = "nothing_to_speak"
    message = "The text has no words to speak. Send some."


@dataclass(frozen=True, slots=True)
class Checked:
    """A text that can be spoken: how long that takes, in seconds; its words without marks, with
    their aliases; and what will not be read as its writer may expect."""

    about: float
    at_most: float
    spoken: str
    warnings: tuple[ReadingWarning, ...]


def marked(text: str, text_type: TextType) -> Marked:
    """The text without its marks. Raises InvalidSSML."""
    return parse_ssml(text) if text_type is TextType.SSML else parse_marks(text)


def check_text(
    text: str,
    text_type: TextType,
    *,
    language: str,
    speed: float,
    engine: str,
    pauses: Mapping[Border, int],
    asked: Mapping[Border, int],
) -> Checked:
    """`pauses`: the usual ones, in milliseconds; `asked`: those of the request.

    Raises InvalidSSML, NothingToSpeak and UnreadableText.
    """
    found = marked(text, text_type)
    words = found.text.text
    if not is_speakable(plain_text(words) if len(words) < _SHORT else words):
        raise NothingToSpeak
    check_readable(words, language, engine)
    warnings = [*found.warnings, *unsupported(found, capabilities(engine))]
    if share := unreadable_share(words, language, engine):
        warnings.append(
            ReadingWarning(
                "unreadable_letters",
                f"The voice of {language} cannot read some letters of the text ({share:.1%}).",
            )
        )
    aliases = [str(mark.value) for mark in found.marks if mark.kind is MarkKind.ALIAS]
    silence = silence_of(found, pauses)
    speed *= _slowest(found)
    about = seconds_about(words, language, speed) + pause_seconds(words, asked) / speed
    return Checked(
        about=about + silence,
        at_most=seconds_at_most(words, language, speed)
        + pause_seconds(words, {**pauses, **asked}) / speed
        + silence,
        spoken=" ".join((words, *aliases)),
        warnings=tuple(warnings),
    )


def _slowest(found: Marked) -> float:
    """The factor of the slowest stretch of a text; two marks can be inside of each other."""
    rates = [
        mark.value.rate
        for mark in found.marks
        if isinstance(mark.value, Prosody) and mark.value.rate < 1
    ]
    return max(0.5, min(rates) ** min(2, len(rates))) if rates else 1.0


def silence_of(found: Marked, pauses: Mapping[Border, int]) -> float:
    """The silence that the marks of a text ask for, in seconds."""
    return sum(_seconds(mark.value, pauses) for mark in found.marks if mark.kind is MarkKind.PAUSE)


def _seconds(value: object, pauses: Mapping[Border, int]) -> float:
    """The length of a pause that a mark asks for: milliseconds, or that of a border."""
    if isinstance(value, Border):
        return pauses[value] / 1000
    return value / 1000 if isinstance(value, int) else 0.0
