"""Turns Markdown into the text a voice should speak.

Why not a Markdown library: CommonMark is made for pages and drops words that should be spoken
(`[Bob]: hello` is a link definition, `1986. A good year` a list, `<sighs>` a tag, `2*3*4` contains
emphasis), and markdown-it-py, the best-maintained pure Python library, takes quadratic time on
hostile input (0.1, 0.3 and 0.7 s for 5, 10 and 20 thousand characters of `![`). This module deletes
only what is certainly markup, in one pass and in linear time.
"""

from __future__ import annotations

import re

from troupe.speech.text.plain_inline import CONTROLS, MARKS, strip_marks

_NEWLINES = re.compile("\r\n?|\x85|\u2028")
_FENCE = re.compile(r"(`{3,}|~{3,})[ \t]*[\w+#.-]*[ \t]*")
_QUOTE = re.compile(r"(?:[ \t]{0,3}>)+[ \t]?")
_BULLET = re.compile(r"[-*+][ \t]+(?:\[[ xX]\][ \t]+)?(?=\S)")
_HEADING = re.compile(r"#{1,6}[ \t]+(?=\S)")
_NUMBERED = re.compile(r"\d{1,9}[.)][ \t]")
_RULE = re.compile(r"(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|={3,}")
_DEFINITION = re.compile(r"\[([^\[\]]{1,200})\]:[ \t]*<?(?:https?://|mailto:|/|#|\./)\S*>?")
_TABLE_LINE = re.compile(r"[ \t|:-]+")
_CELL = re.compile(r"(?<!\\)\|")


def plain_text(text: str) -> str:
    """`text` without Markdown marks, for speaking. Paragraphs are separated by an empty line.

    Headings, list items and table rows become paragraphs, so that a voice pauses after them. Link
    texts, code, image texts and list numbers are kept; link addresses are dropped. Marks that may
    not be markup (`2 * 3 * 4`, `snake_case`, `#1`, `a < b`) stay. Control characters are removed,
    because engines interpret them as commands. Linear in len(text).
    """
    text = CONTROLS.sub("", _NEWLINES.sub("\n", text)).replace("\u2029", "\n\n")
    if not MARKS.search(text):
        return text.strip()
    text = _without_comments(text)
    lines = text.split("\n")
    references = {
        " ".join(match[1].split()).lower()
        for line in lines
        if (match := _DEFINITION.fullmatch(line.strip()))
    }
    return "\n\n".join(filter(None, _Blocks(lines, references).paragraphs()))


def _without_comments(text: str) -> str:
    kept, at = [], 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        kept.append(text[at:start])
        at = end + 3
    return "".join([*kept, text[at:]])


class _Blocks:
    """Groups lines into paragraphs. A line of dashes under a header row marks a table."""

    def __init__(self, lines: list[str], references: set[str]) -> None:
        self._lines = lines
        self._references = references
        self._done: list[str] = []
        self._block: list[str] = []
        self._fence = ""
        self._in_table = False

    def paragraphs(self) -> list[str]:
        for number, raw in enumerate(self._lines):
            line = raw.strip()
            if not self._take_code(line):
                quoted = _QUOTE.match(line)
                self._take(line[quoted.end() :].strip() if quoted else line, number)
        self._flush()
        return [paragraph.strip() for paragraph in self._done]

    def _flush(self) -> None:
        if self._block:
            self._add("\n".join(self._block))
            self._block.clear()

    def _add(self, text: str) -> None:
        self._done.append(strip_marks(text, self._references))

    def _take_code(self, line: str) -> bool:
        """Takes a line of a code block: code is spoken as it is, its fences are not."""
        fence = _FENCE.fullmatch(line)
        if self._fence:
            if fence and fence[1].startswith(self._fence) and fence.end(1) == len(line):
                self._fence = ""
            else:
                self._done.append(line)
            return True
        if fence:
            self._flush()
            self._fence = fence[1]
        return fence is not None

    def _take(self, line: str, number: int) -> None:
        if not line or _RULE.fullmatch(line) or _is_table_line(line):
            self._in_table = "|" in line
            self._flush()
        elif _DEFINITION.fullmatch(line) and not line.startswith("[^"):
            self._flush()
        elif "|" in line and (self._in_table or self._is_table_head(number)):
            self._flush()
            cells = (cell.strip() for cell in _CELL.split(line))
            self._add(", ".join(filter(None, cells)))
        else:
            self._in_table = False
            self._take_text(line)

    def _is_table_head(self, number: int) -> bool:
        return number + 1 < len(self._lines) and _is_table_line(self._lines[number + 1].strip())

    def _take_text(self, line: str) -> None:
        bullet = _BULLET.match(line)
        if bullet or _NUMBERED.match(line):
            self._flush()
            line = line[bullet.end() :] if bullet else line
        heading = _HEADING.match(line)
        if not heading:
            self._block.append(line)
            return
        self._flush()
        title = line[heading.end() :].rstrip()
        stem = title.rstrip("#")
        # Closing marks follow a space: "# About C#" keeps its #.
        self._add(stem if stem.endswith((" ", "\t")) else title)


def _is_table_line(line: str) -> bool:
    return "|" in line and "-" in line and _TABLE_LINE.fullmatch(line) is not None
