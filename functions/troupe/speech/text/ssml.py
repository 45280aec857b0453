"""Reads a subset of SSML 1.1 (https://www.w3.org/TR/speech-synthesis11/) into text and marks.

Supported: speak, p, s, break, say-as, sub, phoneme (IPA), emphasis, prosody. Other elements of SSML
and those of vendors are ignored with a warning, and text in them is spoken. Any other element is
refused, since it is most likely a slip of the pen, and its writer would not hear what they wrote.

expat reads the document without a DTD, so there are no entities to expand and nothing to load.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from xml.parsers import expat

from troupe.speech.errors import InvalidSSML
from troupe.speech.text.marks import Mark, Marked, MarkKind, Warnings
from troupe.speech.text.ssml_elements import (
    IGNORED,
    SUPPORTED,
    TEXT_ONLY,
    BadElement,
    Meaning,
    meaning,
)
from troupe.speech.text.ssml_text import TextBuilder

NAMESPACE = "http://www.w3.org/2001/10/synthesis"
MOST_ELEMENTS, MOST_DEPTH = 10_000, 20
_MOST_ATTRIBUTES, _MOST_VALUE = 20, 1_000  # of one element; code points of a value
_GAPS = {"p": "\n\n", "s": "\n"}
_CODES = expat.errors.codes
_UNKNOWN_ENTITY = _CODES[expat.errors.XML_ERROR_UNDEFINED_ENTITY]
_INCOMPLETE = _CODES[expat.errors.XML_ERROR_NO_ELEMENTS]
_MISMATCH = _CODES[expat.errors.XML_ERROR_TAG_MISMATCH]


def parse_ssml(source: str) -> Marked:
    """The text of a document, without tags, and its marks. Linear. Raises InvalidSSML.

    White space is one space, or a line break between sentences (`s`), or an empty line between
    paragraphs (`p`).
    """
    return _Document(source).marked()


@dataclass(frozen=True, slots=True)
class _Open:
    """An open element. `name` is for messages; `local` is "" for those of vendors. `at`: offset in
    the source; `start`: in the text; `order`: of opening; `namespaces`: in force inside, by
    prefix."""

    name: str
    local: str
    at: int
    start: int
    order: int
    meaning: Meaning
    namespaces: dict[str, str]


class _Document:
    def __init__(self, source: str) -> None:
        self._source = source
        self._skipped = len(source) - len(source.lstrip())  # `<?xml` must be first
        try:
            self._bytes = source[self._skipped :].encode()
        except UnicodeEncodeError as error:
            at = self._skipped + error.start
            raise InvalidSSML.at(source, at, "half of a character", "Send all of it.") from None
        self._read = (0, 0)  # bytes and characters before the last event
        self._text = TextBuilder()
        self._open: list[_Open] = []
        self._marks: list[tuple[int, Mark]] = []
        self._warnings = Warnings()
        self._elements = 0
        self._in_cdata = False
        self._parser = expat.ParserCreate("UTF-8")  # whatever the document declares
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._data
        self._parser.StartCdataSectionHandler = lambda: self._cdata(True)
        self._parser.EndCdataSectionHandler = lambda: self._cdata(False)

    def marked(self) -> Marked:
        try:
            self._parser.Parse(self._bytes, True)
        except expat.ExpatError as error:
            raise self._malformed(error) from None
        text = self._text.mapped()

        def place(found: tuple[int, Mark]) -> tuple[int, bool, int, int]:
            order, mark = found
            return mark.start, mark.start < mark.end, -mark.end, order

        marks = [(order, _without_gap(mark, text.text)) for order, mark in self._marks]
        in_order = tuple(mark for _, mark in sorted(marks, key=place))
        return Marked(text, in_order, self._warnings.all())

    def _malformed(self, error: expat.ExpatError) -> InvalidSSML:
        problem = expat.ErrorString(error.code)
        expected = 'Write & as &amp; and < as &lt;, and attributes as name="value".'
        if error.code == _UNKNOWN_ENTITY:
            expected = "Only &amp; &lt; &gt; &quot; &apos; and numbers such as &#233; are known."
        elif not self._elements:
            expected = "Begin with <speak> and end with </speak>."
        elif error.code in (_INCOMPLETE, _MISMATCH) and self._open:
            name = self._open[-1].name
            problem, expected = f"<{name}> is not closed", f"Close it with </{name}> first."
        at = self._parser.ErrorByteIndex
        if error.code == _MISMATCH:
            at = self._bytes.rfind(b"<", 0, at)  # expat points at the name
        offset = self._skipped + len(self._bytes[:at].decode(errors="ignore"))
        return InvalidSSML.at(self._source, offset, problem, expected)

    def _here(self) -> int:
        """The offset in the source of the current event."""
        at = self._parser.CurrentByteIndex
        seen, characters = self._read
        self._read = at, characters + len(self._bytes[seen:at].decode())
        return self._skipped + self._read[1]

    def _fault(self, problem: str, expected: str) -> InvalidSSML:
        return InvalidSSML.at(self._source, self._here(), problem, expected)

    def _warn(self, message: str) -> None:
        self._warnings.add("ssml_ignored", message, self._here())

    def _doctype(self, *_: Any) -> None:
        raise self._fault("a DOCTYPE is not allowed", "Begin with <speak>.")

    def _cdata(self, inside: bool) -> None:
        self._in_cdata = inside

    def _data(self, data: str) -> None:
        at = self._here()
        if self._is_silent():
            return
        if self._open[-1].local == "break" and data.strip():
            raise self._fault("<break> has text in it", "Write <break/>.")
        # Nothing else differs from the source but line breaks, which are one character each.
        reference = self._source[at] == "&" and not self._in_cdata
        self._text.add(data, at, self._source.index(";", at) + 1 if reference else None)

    def _is_silent(self) -> bool:
        return any(element.local == "metadata" for element in self._open)

    def _start(self, written: str, attributes: dict[str, str]) -> None:
        at, name = self._here(), written[:40]
        self._elements += 1
        self._check_limits(name, attributes)
        namespaces = self._namespaces(attributes)
        prefix, _, local = written.rpartition(":")
        ours = namespaces.get(prefix, "" if prefix else NAMESPACE) == NAMESPACE
        if not self._open and not (ours and local == "speak"):
            expected = f'Begin with <speak>, or <speak version="1.1" xmlns="{NAMESPACE}">.'
            raise self._fault(f"the document begins with <{name}>", expected)
        found = Meaning() if self._is_silent() else self._meaning(name, local, ours, attributes)
        if found.kind is MarkKind.PAUSE:
            end = self._text.length
            self._marks.append((self._elements, Mark(end, end, MarkKind.PAUSE, found.value)))
            self._text.pause(at)
        if found.kind is MarkKind.BORDER:
            self._text.separate(_GAPS[local], at)
        self._open.append(
            _Open(
                name,
                local if ours else "",
                at,
                self._text.length,
                self._elements,
                found,
                namespaces,
            )
        )

    def _check_limits(self, name: str, attributes: dict[str, str]) -> None:
        if self._elements > MOST_ELEMENTS or len(self._open) >= MOST_DEPTH:
            most = f"{MOST_ELEMENTS:,} elements, {MOST_DEPTH} inside of each other"
            raise self._fault("too many elements", f"There can be at most {most}.")
        longest = max(map(len, (*attributes, *attributes.values())), default=0)
        if len(attributes) > _MOST_ATTRIBUTES or longest > _MOST_VALUE:
            most = f"{_MOST_ATTRIBUTES} attributes of {_MOST_VALUE:,} characters"
            raise self._fault(f"<{name}> is too long", f"It can have at most {most}.")

    def _namespaces(self, attributes: dict[str, str]) -> dict[str, str]:
        around = self._open[-1].namespaces if self._open else {}
        declared = {
            name[6:]: uri
            for name, uri in attributes.items()
            if name == "xmlns" or name.startswith("xmlns:")
        }
        return around | declared if declared else around

    def _meaning(self, name: str, local: str, ours: bool, attributes: dict[str, str]) -> Meaning:
        around = self._open[-1] if self._open else None
        if around is not None and (around.local in TEXT_ONLY or around.local == "break"):
            holds = "nothing" if around.local == "break" else "only text"
            expected = f"<{around.name}> holds {holds}."
            raise self._fault(f"<{name}> is inside of <{around.name}>", expected)
        if not ours or local in IGNORED:
            silent = ours and local == "metadata"
            self._warn(f"<{name}> is ignored{'' if silent else '; text in it is spoken'}.")
            return Meaning()
        if local not in SUPPORTED:
            raise self._fault(f"<{name}> is not SSML", f"Supported are {', '.join(SUPPORTED)}.")
        if local == "speak" and around is not None:
            raise self._fault("<speak> is inside of another element", "Send one document.")
        try:
            return meaning(local, attributes, self._warn)
        except BadElement as error:
            raise self._fault(str(error), error.expected) from None

    def _end(self, _: str) -> None:
        at = self._here()
        element = self._open.pop()
        kind, value = element.meaning
        if kind is MarkKind.BORDER:
            self._text.separate(_GAPS[element.local], at)
        if element.start < self._text.length:
            if kind is not None:
                mark = Mark(element.start, self._text.length, kind, value)
                self._marks.append((element.order, mark))
        elif element.local in TEXT_ONLY and not self._is_silent():
            expected = f"Write the words that captions show inside of <{element.name}>."
            raise InvalidSSML.at(self._source, element.at, f"<{element.name}> is empty", expected)


def _without_gap(mark: Mark, text: str) -> Mark:
    """Without the gap before the first word, which was not there when the element began."""
    start = mark.start
    while start < mark.end and text[start] in " \n":
        start += 1
    return replace(mark, start=start)
