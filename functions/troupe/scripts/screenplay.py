"""Dialogue as people write it: a screenplay of `NAME: line` to lines, and the checks that every
dialogue passes, wherever it comes from."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from troupe.scripts.errors import InvalidDialogue, WrongLine
from troupe.scripts.records import MAX_CHARACTERS, MAX_LINE_CHARACTERS, MAX_LINES, Line
from troupe.speech.text.words import is_speakable
from troupe.text import name_key

Utterance = tuple[str, str]  # the speaker's id, and the text

# A pasted book need not be judged line by line.
_MOST_FAULTS = 50
_LONGEST_NAME = 100  # characters before the colon, with marks and a parenthesis
_MOST_WORDS, _LONGEST_UNKNOWN = 4, 40  # of a name that is not in the cast

_COLON = re.compile("[:：]")  # noqa: RUF001 - the second is the full-width one of CJK text
_STOPS = re.compile(r"[!?,;…]\s|[。！？、，；]")  # noqa: RUF001
_NO_TEXT = ("//", *"0123456789")  # behind the colon of an address, or of a time of day
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
    lines: list[WrongLine] = field(default_factory=list)

    def add(self, line: int, message: str) -> None:
        self.lines.append({"line": line, "message": message})

    def raise_if_any(self) -> None:
        if self.lines:
            self.lines.sort(key=lambda fault: fault["line"])
            first = self.lines[0]
            raise InvalidDialogue(
                f"Line {first['line']}: {first['message']}.",
                details={"lines": self.lines[:_MOST_FAULTS]},
            )


def check_dialogue(said: Sequence[Utterance], cast: Mapping[str, str]) -> list[Line]:
    """A dialogue as lines; `cast` is the names by id. An empty one is allowed: a script may wait
    for its words. Raises InvalidDialogue."""
    return _checked([(number, *pair) for number, pair in enumerate(said, 1)], cast, _Faults())


def parse_screenplay(text: str, cast: Mapping[str, str]) -> list[Line]:
    """The dialogue of a plain text; `cast` is the names by id. Raises InvalidDialogue.

    `NAME: what is said` begins a line; the name is that of a character or its id, in any letter
    case, perhaps in Markdown emphasis or with a note (`ANNA (softly):`), which is not spoken.
    What follows without a name belongs to it until an empty line. Not spoken, when they stand on
    a line of their own: (stage directions), [notes], scene headings (`INT.`, `SCENE 2`, `# ...`),
    transitions (`CUT TO:`) and rules (`---`). Any other text that nobody is named for is an error,
    so that no word is lost or put into the wrong mouth.
    """
    return _Parser(cast).parse(text)


class _Parser:
    def __init__(self, cast: Mapping[str, str]) -> None:
        self._cast = cast
        self._names: dict[str, list[str]] = {}
        for speaker, name in cast.items():
            self._names.setdefault(name_key(name), []).append(speaker)
        # An id always means its own character, whatever the others are called.
        self._names |= {name_key(speaker): [speaker] for speaker in cast}
        self._faults = _Faults()
        self._said: list[tuple[int, str, str]] = []
        self._open = False  # whether a line without a name goes on with the last one

    def parse(self, text: str) -> list[Line]:
        for number, raw in enumerate(text.splitlines(), 1):
            self._read(number, raw.strip())
            if len(self._faults.lines) >= _MOST_FAULTS:
                break
        if not self._said and not self._faults.lines:
            self._faults.add(1, "nobody speaks here: write `NAME: what is said`")
        return _checked(self._said, self._cast, self._faults)

    def _read(self, number: int, line: str) -> None:
        if not line:
            self._open = False
            return
        found = self._speaker(line)
        if found is not None:
            speakers, text = found
            self._open = True
            if len(speakers) > 1:
                self._faults.add(number, "several characters have this name: write the id instead")
                return
            self._said.append((number, speakers[0], text))
        elif _HEADING.fullmatch(line):
            self._open = False
        elif _DIRECTION.fullmatch(line):
            return
        elif _looks_named(line):
            self._open = True  # what follows is this stranger's: one fault is enough
            self._faults.add(number, f"this speaker is not in the cast ({self._known()})")
        elif not self._open:
            self._faults.add(number, "nobody is named who says this: write `NAME: what is said`")
        elif self._said:
            begun, speaker, text = self._said[-1]
            self._said[-1] = (begun, speaker, f"{text}\n{line}" if text else line)

    def _speaker(self, line: str) -> tuple[list[str], str] | None:
        """Who of the cast a line names, and what is left of it; the longest name wins."""
        best = None
        for head, text in _heads(line):
            for name in (_NOTE.sub("", head), head):
                if speakers := self._names.get(name_key(name)):
                    best = speakers, text
        return best

    def _known(self) -> str:
        names = list(self._cast.values())
        return ", ".join(names[:10]) + (", …" if len(names) > 10 else "")


def _heads(line: str) -> Iterator[tuple[str, str]]:
    """Each way to read a line as a name and a text: at every colon near its beginning."""
    listed = _LIST_MARK.match(line)
    for begin in (0, listed.end()) if listed else (0,):
        for colon in _COLON.finditer(line, begin, begin + _LONGEST_NAME):
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
    """Whether a line seems to name a speaker: a word, or a few that begin like names do. In doubt
    it does, for an error can be mended and a wrong voice is paid for."""
    colon = _COLON.search(line, 0, _LONGEST_NAME)
    if colon is None or line[colon.end() :].startswith(_NO_TEXT):
        return False
    head = _LIST_MARK.sub("", line[: colon.start()], count=1)
    name = _NOTE.sub("", head.strip("*_` "))
    words = name.split()
    if not 0 < len(words) <= _MOST_WORDS or len(name) > _LONGEST_UNKNOWN or _STOPS.search(name):
        return False
    return len(words) == 1 or not any(word[0].islower() for word in words)


def _checked(
    said: Sequence[tuple[int, str, str]], cast: Mapping[str, str], faults: _Faults
) -> list[Line]:
    """The rules that hold for every dialogue; `said` comes with the numbers that people know."""
    total = 0
    for place, (number, speaker, text) in enumerate(said, 1):
        total += len(text)
        if place > MAX_LINES:
            faults.add(number, f"a dialogue has at most {MAX_LINES} lines; this has {len(said)}")
            break
        if speaker not in cast:
            faults.add(number, "this speaker is not in the cast")
        if fault := _fault(text):
            faults.add(number, fault)
        if total > MAX_CHARACTERS:
            faults.add(number, f"a dialogue has at most {MAX_CHARACTERS:,} characters in all")
            break
    faults.raise_if_any()
    return [Line(speaker=speaker, text=text.strip()) for _, speaker, text in said]


def _fault(text: str) -> str | None:
    if not text.strip():
        return "the line is empty"
    if any(unicodedata.category(char) in ("Cc", "Cs") and char not in "\t\n\r" for char in text):
        return "control characters cannot be spoken"
    if len(text) > MAX_LINE_CHARACTERS:
        return f"a line has at most {MAX_LINE_CHARACTERS:,} characters; this has {len(text):,}"
    if not is_speakable(text):
        return "there is nothing to speak in it"
    return None
