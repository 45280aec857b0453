# ruff: noqa: RUF002 - IPA has letters that look like others
"""What a text says about how to read it: pauses, spelling, pronunciations. Only the standard
library is used, so that the HTTP functions can check a text without loading the reading layer.

In plain text, three marks can be written anywhere; their names in any case:

- `[pause 500ms]`, `[pause 0.5s]`: silence, at most 10 s each; longer ones are shortened, with a
  warning. `[pause]` is as long as the pause after a paragraph.
- `[spell: ABC]`: the letters one by one.
- `[say: Nguyen|ˈwɪn]`: a word and its pronunciation in IPA.

Everything else in brackets is text. A mark with a mistake stays text too, with a warning. A
backslash before the bracket makes it text (`\\[pause 1s]`); the backslash is left for Markdown,
whose escapes are removed later. SSML has its own module.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from troupe.borders import Border
from troupe.speech.prosody import Prosody
from troupe.speech.text.graphemes import UNSPACED
from troupe.speech.text.ipa import InvalidIPA, parse_ipa
from troupe.speech.text.mapped import Edit, Mapped

LONGEST_PAUSE = 10_000  # milliseconds, of one mark
MOST_WARNINGS = 20
_MOST_CONTENT = 300  # code points in a mark


class MarkKind(StrEnum):
    """What a mark asks for, and the type of its value."""

    PAUSE = "pause"  # int: milliseconds; or Border: as long as the pause of this border
    SPELL = "spell"  # None
    PHONEMES = "phonemes"  # str: IPA as `parse_ipa` returns it
    ALIAS = "alias"  # str: the words to say instead
    SAY_AS = "say_as"  # SayAs
    EMPHASIS = "emphasis"  # str: "strong", "moderate", "none" or "reduced"
    PROSODY = "prosody"  # Prosody
    BORDER = "border"  # Border: the range is a paragraph or a sentence


@dataclass(frozen=True, slots=True)
class SayAs:
    """`interpret_as`: "date", "time", "cardinal"...; `format` as SSML has it ("dmy"), or ""."""

    interpret_as: str
    format: str = ""


MarkValue = int | str | Border | SayAs | Prosody | None


@dataclass(frozen=True, slots=True)
class Mark:
    """Offsets are in the text without marks. A pause has `start == end`, after the last character
    before it that is no space; all others have `start < end`."""

    start: int
    end: int
    kind: MarkKind
    value: MarkValue = None


@dataclass(frozen=True, slots=True)
class ReadingWarning:
    """Something of the text that is not read as its writer may expect. `code` is stable. `at`: the
    offset in the source of the first place, or None if it is not about one place."""

    code: str
    message: str
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Marked:
    """A text without its marks; `text` leads back to the source. Marks are in order of their
    start; of two that start together, the outer one is first."""

    text: Mapped
    marks: tuple[Mark, ...] = ()
    warnings: tuple[ReadingWarning, ...] = ()


class Warnings:
    """Collects at most MOST_WARNINGS, each message once."""

    def __init__(self) -> None:
        self._found: dict[str, ReadingWarning] = {}

    def add(self, code: str, message: str, at: int) -> None:
        if len(self._found) < MOST_WARNINGS:
            self._found.setdefault(message, ReadingWarning(code, message, at))

    def all(self) -> tuple[ReadingWarning, ...]:
        return tuple(self._found.values())


_MARK = re.compile(
    rf"\\.|\[(?P<name>pause|spell|say)(?P<body>[^\[\]\n]{{0,{_MOST_CONTENT}}})(?P<close>\]?)",
    re.IGNORECASE | re.DOTALL,
)
_OPENING = re.compile(r"\[(?=pause|spell|say)", re.IGNORECASE)
_PAUSE = re.compile(r"(\d{1,9}(?:\.\d{0,9})?|\.\d{1,9}) ?(ms|s)", re.IGNORECASE)
# What `[pause]` is in a Markdown link, `[pause](address)`, or the definition of one.
_AFTER_LABEL = re.compile(r"[(:]")
_AFTER_PAUSE = " \t:.0123456789"
_BLANKS = re.compile(r"([ \t]*)(\r?\n)?")
_SPACED_LETTER = re.compile(rf"[^\W{UNSPACED}]")


def milliseconds(text: str) -> float | None:
    """The length of a time as `500ms` or `0.5s`; None if it is none."""
    time = _PAUSE.fullmatch(text.strip())
    if time is None:
        return None
    return float(time[1]) * (1 if time[2].lower() == "ms" else 1000)


def splits(before: str, after: str) -> bool:
    """Whether a pause between these two characters splits a word, so that a space is missing."""
    return bool(_SPACED_LETTER.match(before) and _SPACED_LETTER.match(after))


def literal(source: str) -> str:
    """A text whose marks are read as text, because its writer means none. An invisible character is
    put into each, which is not spoken."""
    return _OPENING.sub("[\u2060", source)


def parse_marks(source: str) -> Marked:
    """Plain text with marks. Linear."""
    if "[" not in source:
        return Marked(Mapped.of(source))
    return _Marks(source).marked()


class _Marks:
    """One pass over a text. `_at`: the end of what was taken; `_length`: of the text so far;
    `_spoken`: the same without white space at its end; `_before`: its last character."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._edits: list[Edit] = []
        self._marks: list[Mark] = []
        self._warnings = Warnings()
        self._at = 0
        self._length = 0
        self._spoken = 0
        self._before = "\n"

    def marked(self) -> Marked:
        for match in _MARK.finditer(self._source):
            if match["name"]:
                self._take(match)
        text = Mapped.of(self._source).edited(self._edits)
        return Marked(text, tuple(self._marks), self._warnings.all())

    def _take(self, match: re.Match[str]) -> None:
        name, body = match["name"].lower(), match["body"]
        if name == "pause":
            self._pause(match, body)
        elif body.lstrip().startswith(":"):
            if not match["close"]:
                self._mistake(match, f"A mark [{name}: …] is not closed on its line, or too long.")
            elif name == "spell":
                self._spell(match)
            else:
                self._say(match)

    def _mistake(self, match: re.Match[str], message: str, code: str = "unknown_mark") -> None:
        self._warnings.add(code, message, match.start())

    def _pause(self, match: re.Match[str], body: str) -> None:
        if body[:1] not in _AFTER_PAUSE or not body + match["close"]:
            return  # another word, such as [pauses]
        value: int | Border = Border.PARAGRAPH
        wanted = body.lstrip(" \t:")
        if wanted.strip():
            length = milliseconds(wanted)
            if length is None or not match["close"]:
                self._mistake(
                    match,
                    "A mark that begins with [pause is read as text: write [pause 500ms], "
                    "[pause 0.5s] or [pause].",
                )
                return
            if length > LONGEST_PAUSE:
                message = f"A pause is shortened to the longest, {LONGEST_PAUSE // 1000} s."
                self._mistake(match, message, "pause_shortened")
            value = min(round(length), LONGEST_PAUSE)
        elif _AFTER_LABEL.match(self._source, match.end()):
            return
        self._remove(match, value)

    def _remove(self, match: re.Match[str], value: int | Border) -> None:
        """Takes a pause out, and the space that would be doubled, or the line that it was on."""
        self._keep(match.start())
        end = match.end()
        blanks = _BLANKS.match(self._source, end)
        space = ""
        if self._before.isspace():
            if blanks is not None:
                end = blanks.end() if self._before == "\n" else blanks.end(1)
        elif splits(self._before, self._source[end : end + 1]):
            space = " "
        self._marks.append(Mark(self._spoken, self._spoken, MarkKind.PAUSE, value))
        self._edit(match.start(), end, space)

    def _spell(self, match: re.Match[str]) -> None:
        start, end = self._trimmed(match.end("name"), match.end("body"))
        if start == end:
            self._mistake(match, "[spell: …] has nothing to spell and is read as text.")
        else:
            self._wrap(match, start, end, MarkKind.SPELL, None)

    def _say(self, match: re.Match[str]) -> None:
        bar = self._source.rfind("|", match.start(), match.end())
        start, end = self._trimmed(match.end("name"), max(bar, match.end("name")))
        if bar < 0 or start == end:
            self._mistake(match, "[say: …] is read as text: write [say: word|ipa].")
            return
        try:
            said = parse_ipa(self._source[bar + 1 : match.end("body")])
        except InvalidIPA as error:
            message = f"[say: …] is read as text: the pronunciation {error}."
            self._mistake(match, message, "invalid_ipa")
        else:
            self._wrap(match, start, end, MarkKind.PHONEMES, said)

    def _trimmed(self, start: int, end: int) -> tuple[int, int]:
        """The range without the colon at its start and white space around."""
        text = self._source[start:end]
        inner = text.lstrip()[1:].lstrip()
        return end - len(inner), end - len(inner) + len(inner.rstrip())

    def _wrap(
        self, match: re.Match[str], start: int, end: int, kind: MarkKind, value: str | None
    ) -> None:
        self._keep(match.start())
        self._edit(match.start(), start)
        first = self._length
        self._keep(end)
        self._marks.append(Mark(first, self._length, kind, value))
        self._edit(end, match.end())

    def _keep(self, end: int) -> None:
        """Keeps the source up to `end` as it is."""
        kept = self._source[self._at : end]
        self._at = end
        self._count(kept)

    def _edit(self, start: int, end: int, text: str = "") -> None:
        self._edits.append(Edit(start, end, text))
        self._at = end
        self._count(text)

    def _count(self, text: str) -> None:
        if spoken := len(text.rstrip()):
            self._spoken = self._length + spoken
        self._length += len(text)
        self._before = text[-1:] or self._before
