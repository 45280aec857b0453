"""Parses screenplays (`NAME: line`) and checks dialogues from any source."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from troupe.errors import MOST_FIELDS
from troupe.scripts.errors import InvalidDialogue, InvalidLine
from troupe.scripts.records import MAX_CHARACTERS, MAX_LINE_CHARACTERS, MAX_LINES, Line
from troupe.speech.text.words import is_speakable
from troupe.text import name_key, shorten

Utterance = tuple[str, str]  # the speaker's id, and the text

_MAX_FAULTS = MOST_FIELDS  # parsing stops there, for example on a pasted book
_MAX_CAST_NAMES = 100  # characters; repeated for each fault
_MAX_NAME = 100  # characters before the colon, including Markdown and a parenthesis
_MAX_UNKNOWN_WORDS, _MAX_UNKNOWN_NAME = 4, 40  # for a name that is not in the cast

_COLON = re.compile("[:：]")  # noqa: RUF001 - the second is full-width, for CJK text
_STOPS = re.compile(r"[!?,;…]\s|[。！？、，；]")  # noqa: RUF001
_NO_TEXT = ("//", *"0123456789")  # after the colon of a URL or a time of day
_MARKS = re.compile(r"[*_`]{1,3}")
_LIST_MARK = re.compile(r"(?:[-*+•>]|\d{1,4}[.)])\s+")
_NOTE = re.compile(r"\s*(?:\([^()]*\)|（[^（）]*）|\[[^\[\]]*\])$")  # noqa: RUF001
_DIRECTION = re.compile(r"[*_]{0,3}(?:\(.*\)|（.*）|\[.*\]|【.*】)[*_]{0,3}")  # noqa: RUF001
_HEADING = re.compile(
    r"#{1,6}\s.*|[-*_=]{3,}"
    r"|(?:INT|EXT|INT\./EXT|INT/EXT|I/E)\.\s.*"
    r"|(?:ACT|SCENE)\s+(?:\d+|[IVXLC]+)\b.*"
    r"|(?:FADE|CUT|DISSOLVE|SMASH CUT|MATCH CUT)\s(?:IN|OUT|TO)\b[A-Z ]*[:.]?"
)


@dataclass(slots=True)
class _Faults:
    lines: list[InvalidLine] = field(default_factory=list)

    def add(self, line: int, message: str) -> None:
        self.lines.append({"line": line, "message": message})

    def raise_if_any(self) -> None:
        if self.lines:
            self.lines.sort(key=lambda fault: fault["line"])
            first = self.lines[0]
            raise InvalidDialogue(
                f"Line {first['line']}: {first['message']}.",
                details={"lines": self.lines[:_MAX_FAULTS]},
            )


def check_dialogue(utterances: Sequence[Utterance], cast: Mapping[str, str]) -> list[Line]:
    """The lines of a dialogue; `cast` maps ids to names. An empty dialogue is allowed: a script
    may be filled in later. Raises InvalidDialogue."""
    numbered = [(number, *utterance) for number, utterance in enumerate(utterances, 1)]
    return _checked(numbered, cast, _Faults())


def parse_screenplay(text: str, cast: Mapping[str, str]) -> list[Line]:
    """The lines of a plain-text screenplay; `cast` maps ids to names. Raises InvalidDialogue.

    `NAME: text` starts a line. The name is a character's name or id, in any letter case; it may
    have Markdown emphasis or a note (`ANNA (softly):`), which is not spoken. Text without a name
    continues the line until an empty line. Not spoken, if on a separate line: (stage directions),
    [notes], scene headings (`INT.`, `SCENE 2`, `# ...`), transitions (`CUT TO:`) and rules
    (`---`). Any other text without a speaker is an error, so that no words are lost or given to
    the wrong character.
    """
    return _Parser(cast).parse(text)


class _Parser:
    def __init__(self, cast: Mapping[str, str]) -> None:
        self._cast = cast
        self._names: dict[str, list[str]] = {}
        for speaker, name in cast.items():
            self._names.setdefault(name_key(name), []).append(speaker)
        # An id takes precedence over another character's name.
        self._names |= {name_key(speaker): [speaker] for speaker in cast}
        self._faults = _Faults()
        self._utterances: list[tuple[int, str, str]] = []
        self._open = False  # whether text without a name continues the previous line

    def parse(self, text: str) -> list[Line]:
        for number, raw in enumerate(text.splitlines(), 1):
            self._read(number, raw.strip())
            if len(self._faults.lines) >= _MAX_FAULTS:
                break
        if not self._utterances and not self._faults.lines:
            self._faults.add(1, "the screenplay has no spoken lines; write `NAME: text`")
        return _checked(self._utterances, self._cast, self._faults)

    def _read(self, number: int, line: str) -> None:
        if not line:
            self._open = False
            return
        spoken = self._speaker(line)
        if spoken is not None:
            speakers, text = spoken
            self._open = True
            if len(speakers) > 1:
                self._faults.add(number, "several characters have this name; use the id instead")
                return
            self._utterances.append((number, speakers[0], text))
        elif _HEADING.fullmatch(line):
            self._open = False
        elif _DIRECTION.fullmatch(line):
            return
        elif _looks_named(line):
            self._open = True  # the text that follows belongs to it; report one fault only
            self._faults.add(number, f"this speaker is not in the cast ({self._cast_names()})")
        elif not self._open:
            self._faults.add(number, "this text has no speaker; write `NAME: text`")
        elif self._utterances:
            start, speaker, text = self._utterances[-1]
            self._utterances[-1] = (start, speaker, f"{text}\n{line}" if text else line)

    def _speaker(self, line: str) -> tuple[list[str], str] | None:
        """The ids a line's name stands for, and the rest of the line; the longest name wins."""
        best = None
        for head, text in _heads(line):
            for name in (_NOTE.sub("", head), head):
                if speakers := self._names.get(name_key(name)):
                    best = speakers, text
        return best

    def _cast_names(self) -> str:
        return shorten(", ".join(self._cast.values()), _MAX_CAST_NAMES)


def _heads(line: str) -> Iterator[tuple[str, str]]:
    """Every way to split a line into name and text: at each colon near its start."""
    listed = _LIST_MARK.match(line)
    for begin in (0, listed.end()) if listed else (0,):
        for colon in _COLON.finditer(line, begin, begin + _MAX_NAME):
            head, text = line[begin : colon.start()].strip(), line[colon.end() :].strip()
            yield head, text
            if opening := _MARKS.match(head):
                mark = opening[0]
                inner = head[len(mark) :].strip()
                if inner.endswith(mark):
                    yield inner.removesuffix(mark).strip(), text  # **NAME**: text
                elif mark in inner:
                    yield inner.replace(mark, "", 1).strip(), text  # **NAME** (softly): text
                elif text.startswith(mark):
                    yield inner, text.removeprefix(mark).strip()  # **NAME:** text


def _looks_named(line: str) -> bool:
    """Whether a line seems to name a speaker: one word, or a few that start like a name. If in
    doubt it does: an error can be corrected, but speech in the wrong voice costs money."""
    colon = _COLON.search(line, 0, _MAX_NAME)
    if colon is None or line[colon.end() :].startswith(_NO_TEXT):
        return False
    head = _LIST_MARK.sub("", line[: colon.start()], count=1)
    name = _NOTE.sub("", head.strip("*_` "))
    words = name.split()
    if (
        not 0 < len(words) <= _MAX_UNKNOWN_WORDS
        or len(name) > _MAX_UNKNOWN_NAME
        or _STOPS.search(name)
    ):
        return False
    return len(words) == 1 or not any(word[0].islower() for word in words)


def _checked(
    utterances: Sequence[tuple[int, str, str]], cast: Mapping[str, str], faults: _Faults
) -> list[Line]:
    """Applies the rules of every dialogue; `utterances` come with the line numbers to report."""
    total = 0
    for place, (number, speaker, text) in enumerate(utterances, 1):
        total += len(text)
        if place > MAX_LINES:
            faults.add(
                number,
                f"a dialogue can have at most {MAX_LINES} lines; this one has {len(utterances)}",
            )
            break
        if speaker not in cast:
            faults.add(number, "this speaker is not in the cast")
        if fault := _fault(text):
            faults.add(number, fault)
        if total > MAX_CHARACTERS:
            faults.add(
                number, f"a dialogue can have at most {MAX_CHARACTERS:,} characters in total"
            )
            break
    faults.raise_if_any()
    return [Line(speaker=speaker, text=text.strip()) for _, speaker, text in utterances]


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
    return None
