"""The rules for the lines of a dialogue, from whatever source."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from troupe.errors import MOST_FIELDS
from troupe.scripts.errors import InvalidDialogue, InvalidLine
from troupe.scripts.records import (
    MAX_CHARACTERS,
    MAX_LINE_CHARACTERS,
    MAX_LINES,
    Delivery,
    Line,
    Utterance,
)
from troupe.speech.text.directions import without_directions
from troupe.speech.text.words import is_speakable

MAX_FAULTS = MOST_FIELDS  # parsing stops there, for example on a pasted book
MAX_DIRECTIONS = 2 * MAX_CHARACTERS  # characters that are kept between the lines


@dataclass(slots=True)
class Faults:
    lines: list[InvalidLine] = field(default_factory=list)

    def add(self, line: int, message: str) -> None:
        self.lines.append({"line": line, "message": message})

    def raise_if_any(self) -> None:
        if self.lines:
            self.lines.sort(key=lambda fault: fault["line"])
            first = self.lines[0]
            text = first["message"]
            raise InvalidDialogue(
                f"Line {first['line']}: {text}{'' if text.endswith(('.', '?')) else '.'}",
                details={"lines": self.lines[:MAX_FAULTS]},
            )


@dataclass(slots=True)
class Speech:
    """`number`: the line of the source to report. `directions`: what stands before it and is not
    spoken."""

    number: int
    speaker: str
    texts: list[str]
    directions: list[str] = field(default_factory=list)


def check_dialogue(utterances: Sequence[Utterance], cast: Mapping[str, str]) -> list[Line]:
    """The lines of a dialogue; `cast` maps ids to names. An empty dialogue is allowed: a script
    may be filled in later. Raises InvalidDialogue."""
    speeches = [
        Speech(number, speaker, [text]) for number, (speaker, text) in enumerate(utterances, 1)
    ]
    return checked(speeches, cast, Faults())


def delivered(lines: Sequence[Line], deliveries: Sequence[Delivery]) -> list[Line]:
    """The lines, each with how it is to be spoken; without `deliveries` as usual."""
    if not deliveries:
        return list(lines)
    return [
        line.model_copy(update=delivery._asdict())
        for line, delivery in zip(lines, deliveries, strict=True)
    ]


def checked(speeches: Sequence[Speech], cast: Mapping[str, str], faults: Faults) -> list[Line]:
    """Applies the rules of every dialogue."""
    total, lines = 0, []
    for place, speech in enumerate(speeches, 1):
        number, speaker, text = speech.number, speech.speaker, "\n".join(speech.texts)
        total += len(text)
        if place > MAX_LINES:
            faults.add(
                number,
                f"a dialogue can have at most {MAX_LINES} lines; this one has {len(speeches)}",
            )
            break
        if speaker not in cast:
            faults.add(number, _not_in_cast(speaker, cast))
        if fault := _fault(text):
            faults.add(number, fault)
        if total > MAX_CHARACTERS:
            faults.add(
                number, f"a dialogue can have at most {MAX_CHARACTERS:,} characters in total"
            )
            break
        directions = "\n".join(speech.directions)
        lines.append(Line(speaker=speaker, text=text.strip(), directions=directions))
    if sum(len(line.directions) for line in lines) > MAX_DIRECTIONS:
        faults.add(1, f"directions can have at most {MAX_DIRECTIONS:,} characters in total")
    faults.raise_if_any()
    return lines


def _not_in_cast(speaker: str, cast: Mapping[str, str]) -> str:
    message = "this speaker is not in the cast"
    named = [each for each, name in cast.items() if name.casefold() == speaker.casefold()]
    return f"{message}; write the id '{named[0]}' instead of the name" if named else message


def _fault(text: str) -> str | None:
    if not text.strip():
        return "the line is empty"
    if any(unicodedata.category(char) in ("Cc", "Cs") and char not in "\t\n\r" for char in text):
        return "control characters cannot be spoken"
    if len(text) > MAX_LINE_CHARACTERS:
        most, length = f"{MAX_LINE_CHARACTERS:,}", f"{len(text):,}"
        return f"a line can have at most {most} characters; this one has {length}"
    if not is_speakable(text):
        return "the line has no words to speak"
    if not is_speakable(without_directions(text)):
        return "the line has no words to speak, only a direction; write it without a name"
    return None
