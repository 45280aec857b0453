# ruff: noqa: RUF001 - this file is about the punctuation of other scripts
"""Who speaks a line of a screenplay: the usual ways to write a name and what stands beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from troupe.scripts.names import Cast
from troupe.scripts.notation import BLANK, STAMP, is_caps, stamped, without_stamp
from troupe.scripts.vocabulary import EXTENSIONS

MOST_NAME = 100  # characters before the text, with Markdown and brackets
_MOST_UNKNOWN_WORDS, _MOST_UNKNOWN_NAME = 4, 40  # for a name that is not in the cast
_MOST_NOTES = 4

_COLON = re.compile("[:：]")
_DASH = re.compile(r"[ \t]?\.?[ \t]?[—–]|[ \t]-[ \t]")
_STOP = re.compile(r"\.[ \t]")
QUOTES = frozenset("「『")
_QUOTED = re.compile("[「『]")
_UNKNOWN_QUOTED = re.compile("([^「『」』\\s。、！？…]{1,12})[「『].*[」』]")
_PAIRS = {'"': '"', "“": "”", "„": "“", "«": "»"}
_STOPS = re.compile(r"[!?,;…]\s|[。！？、，；]")
_NO_TEXT = ("//", *"0123456789")  # after the colon of a URL or a time of day
_MARKS = re.compile(r"[*_`]{1,3}")
_LIST_MARK = re.compile(r"(?:[-*+•>]|\d{1,4}[.)])\s+")
_NOTE = re.compile(r"(?:\([^()]*\)|（[^（）]*）|\[[^\[\]]*\])$")
_TAG = re.compile(r"<(v(?:\.[\w.]+)?\s+)?([^<>/]{1,100})>\s*(.*)")  # of WebVTT or a chat

_NOT_LETTERS = re.compile(r"[\W_]+")


class Spoken(NamedTuple):
    """`speakers`: the ids that the name stands for. `name`: as written. `text`: the rest of the
    line, after the directions that stood beside the name, in brackets."""

    speakers: list[str]
    name: str
    text: str


class Speakers:
    def __init__(self, cast: Cast) -> None:
        self._cast = cast

    def of(self, line: str) -> Spoken | None:
        """The speaker of a line `NAME: text`, also after a time; the longest name wins."""
        if stamp := stamped(line):
            spoken = self._of(stamp.rest) or self._separated(stamp.rest, _DASH)
            if spoken:
                return spoken
        return self._of(line)

    def printed(self, line: str) -> Spoken | None:
        """The speaker of a line of a printed play: `NAME. — text` or `NAME. text`, with the name in
        capitals."""
        for separator in (_DASH, _STOP):
            spoken = self._separated(line, separator)
            if spoken and is_caps(spoken.name):
                return spoken
        return None

    def alone(self, line: str) -> Spoken | None:
        """The speaker of a line that has only a name, as in Fountain and in printed plays."""
        if not line or len(line) > MOST_NAME:
            return None
        stamp = stamped(line)
        name = (stamp.rest if stamp else line).removeprefix("@").strip("^.*_` ")
        return self._named(name, "") if name else None

    def _of(self, line: str) -> Spoken | None:
        best = None
        for head, text in _heads(line):
            best = self._named(head, text) or best
        if best:
            return best
        found = (self._named(head, text) for head, text in _other_heads(line))
        return next(filter(None, found), None)

    def _separated(self, line: str, separator: re.Pattern[str]) -> Spoken | None:
        for found in separator.finditer(line, 1, MOST_NAME):
            spoken = self._named(line[: found.start()], line[found.end() :].strip(BLANK))
            if spoken:
                return spoken
        return None

    def _named(self, head: str, text: str) -> Spoken | None:
        """Finds the name in `head`: all of it, or without the brackets, the time or the words after
        a comma at its end."""
        name, notes = head.strip(BLANK), list[str]()
        while True:
            if speakers := self._cast.find(name):
                break
            if (untimed := without_stamp(name)) != name and (speakers := self._cast.find(untimed)):
                break
            note = _NOTE.search(name)
            if note is None or len(notes) == _MOST_NOTES:
                return self._described(head, text)
            notes.insert(0, note[0])
            name = name[: note.start()].rstrip(BLANK + "*_`")
        kept = [note for note in notes if is_spoken_note(note)]
        return Spoken(speakers, name, " ".join([*kept, text]).rstrip())

    def _described(self, head: str, text: str) -> Spoken | None:
        """`ANNA, smiling: text`."""
        name, comma, how = head.strip(BLANK + "*_`").partition(",")
        if not comma or not how.strip():
            return None
        speakers = self._cast.find(name)
        return Spoken(speakers, name, f"({how.strip()}) {text}".rstrip()) if speakers else None


def is_spoken_note(note: str) -> bool:
    """Whether what stands in brackets beside a name says how somebody speaks: `(softly)`, and not
    `(V.O.)` or `(00:12)`."""
    inside = note[1:-1].strip()
    words = re.split(r"[,/;]|\s-\s", inside)
    return (
        any(map(str.isalpha, inside))
        and not STAMP.fullmatch(inside)
        and not all(_NOT_LETTERS.sub("", word).casefold() in {*EXTENSIONS, ""} for word in words)
    )


def unknown_name(line: str) -> str | None:
    """The name that a line `NAME: text` seems to start with. If in doubt there is one: an error can
    be corrected, but speech in the wrong voice costs money."""
    stamp = stamped(line)
    if stamp:
        line = stamp.rest
    colon = _COLON.search(line, 0, MOST_NAME)
    if colon is None or line[colon.end() :].startswith(_NO_TEXT):
        return None
    head = _LIST_MARK.sub("", line[: colon.start()], count=1)
    name = _NOTE.sub("", head.strip("*_` ")).strip()
    return name if looks_like_name(name) else None


def unknown_otherwise(line: str, *, quoted: bool) -> str | None:
    """As `unknown_name`, for the other ways to write a name. `quoted`: `NAME「text」` is one."""
    if tag := _TAG.match(line):
        return tag[2] if tag[1] or not tag[2][0].islower() else None  # not <i>
    if quoted and (match := _UNKNOWN_QUOTED.fullmatch(line)):
        return match[1]
    head, tab, _ = line.partition("\t")
    stamp = stamped(line)
    if not tab and stamp:
        head, tab, _ = stamp.rest.partition(" - ")
    return head.strip() if tab and looks_like_name(head.strip()) else None


def unknown_printed(line: str, *, stops: bool) -> str | None:
    """As `unknown_name`, for printed plays. `stops`: also `NAME. text`."""
    for separator in (_DASH, _STOP) if stops else (_DASH,):
        if found := separator.search(line, 1, MOST_NAME):
            name = line[: found.start()].partition(",")[0]
            if is_caps(name) and looks_like_name(name):
                return name
    return None


def looks_like_name(name: str) -> bool:
    """One word, or a few that start like a name."""
    words = name.split()
    if (
        not 0 < len(words) <= _MOST_UNKNOWN_WORDS
        or len(name) > _MOST_UNKNOWN_NAME
        or _STOPS.search(name)
    ):
        return False
    return len(words) == 1 or not any(word[0].islower() for word in words)


def is_marked(line: str) -> bool:
    """Whether what stands around the name of a line `NAME: text` is more than text would have:
    a time, a mark of a list, Markdown or a bracket."""
    head = _COLON.split(line, maxsplit=1)[0]
    return bool(
        stamped(line) or _LIST_MARK.match(line) or _MARKS.match(line) or _NOTE.search(head.rstrip())
    )


def _heads(line: str) -> Iterator[tuple[str, str]]:
    """Every way to split a line into name and text: at each colon near its start."""
    listed = _LIST_MARK.match(line)
    for begin in (0, listed.end()) if listed else (0,):
        for colon in _COLON.finditer(line, begin, begin + MOST_NAME):
            if line[colon.start() - 1].isdigit() and line[colon.end() : colon.end() + 1].isdigit():
                continue  # a time
            head, text = line[begin : colon.start()].strip(BLANK), line[colon.end() :].strip(BLANK)
            yield head, text
            closing = _PAIRS.get(head[:1])
            if closing and text.endswith(closing) and closing not in head[1:] + text[:-1]:
                yield head[1:], text[:-1]  # "NAME: text"
            if opening := _MARKS.match(head):
                mark = opening[0]
                inner = head[len(mark) :].strip()
                if inner.endswith(mark):
                    yield inner.removesuffix(mark).strip(), text  # **NAME**: text
                elif mark in inner:
                    yield inner.replace(mark, "", 1).strip(), text  # **NAME** (softly): text
                elif text.startswith(mark):
                    yield inner, text.removeprefix(mark).strip()  # **NAME:** text


def _other_heads(line: str) -> Iterator[tuple[str, str]]:
    """`<NAME> text`, `<v NAME>text`, `NAME「text」`, and a name, a tab and text."""
    if tag := _TAG.match(line):
        yield tag[2], tag[3].removesuffix("</v>").strip(BLANK)
    if quoted := _QUOTED.search(line, 1, MOST_NAME):
        yield line[: quoted.start()], line[quoted.start() :]
    tab = line.find("\t", 1, MOST_NAME)
    if tab > 0:
        yield line[:tab], line[tab:].strip(BLANK)
