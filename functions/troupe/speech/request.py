"""Checks a text that somebody wants spoken, before anything is held for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from troupe.borders import Border
from troupe.speech.catalogue import capabilities
from troupe.speech.engine import Capabilities, Control
from troupe.speech.errors import NothingToSpeak
from troupe.speech.estimate import pause_seconds, seconds_about, seconds_at_most
from troupe.speech.prosody import Prosody
from troupe.speech.readable import check_readable, unreadable_share
from troupe.speech.text.forms import TextType
from troupe.speech.text.marks import Mark, Marked, MarkKind, ReadingWarning, parse_marks
from troupe.speech.text.ssml import parse_ssml
from troupe.speech.text.words import is_speakable


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
    if not is_speakable(words):
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


def unsupported(marked: Marked, engine: Capabilities) -> tuple[ReadingWarning, ...]:
    """A warning for each thing that the marks ask for and the engine cannot do. It speaks the text
    without it."""
    first: dict[Control, int] = {}
    for mark in marked.marks:
        for control in _asked(mark) - engine.controls:
            first.setdefault(control, marked.text.span(mark.start, mark.end)[0])
    return tuple(
        ReadingWarning(
            "mark_unsupported",
            f"The voice cannot change {_MEANINGS[control]}: the text is spoken without it.",
            at,
        )
        for control, at in first.items()
    )


_MEANINGS = {
    Control.RATE: "its speed",
    Control.PITCH: "its pitch",
    Control.VOLUME: "its volume",
    Control.EMPHASIS: "its emphasis",
    Control.PHONEMES: "a pronunciation",
}


def _asked(mark: Mark) -> frozenset[Control]:
    match mark.kind, mark.value:
        case MarkKind.PHONEMES, _:
            return frozenset((Control.PHONEMES,))
        case MarkKind.EMPHASIS, level if level != "none":
            return frozenset((Control.EMPHASIS,))
        case _, Prosody() as prosody:
            wanted = {
                Control.RATE: prosody.rate != 1,
                Control.PITCH: prosody.pitch != 0,
                Control.VOLUME: prosody.volume != 0,
            }
            return frozenset(control for control, asked in wanted.items() if asked)
    return frozenset()
