# ruff: noqa: RUF001 - this file is about the punctuation of other scripts
"""Cuts a text into blocks of a kind, without the marks of Markdown.

Why not a Markdown library: CommonMark is made for pages and drops words that should be spoken
(`[Bob]: hello` is a link definition, `1986. A good year` a list, `<sighs>` a tag, `2*3*4` contains
emphasis), and markdown-it-py, the best-maintained pure Python library, takes quadratic time on
hostile input (0.1, 0.3 and 0.7 s for 5, 10 and 20 thousand characters of `![`). This module deletes
only what is certainly markup, in one pass and in linear time.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from troupe.speech.text.layout import furniture
from troupe.speech.text.mapped import Edit, Mapped
from troupe.speech.text.plain_inline import MARKS, mark_edits

_FENCE = re.compile(r"(`{3,}|~{3,})[ \t]*[\w+#.-]*[ \t]*")
_QUOTE = re.compile(r"(?:[ \t]{0,3}>)+[ \t]?")
_BULLET = re.compile(r"(?:[-*+][ \t]+(?:\[[ xX]\][ \t]+)?|[•▪◦‣·●○■□►▸➤✓✔❖–—][ \t]+)(?=\S)")
_HEADING = re.compile(r"#{1,6}[ \t]+(?=\S)")
_NUMBERED = re.compile(r"(?:\d{1,9}[.)]|\(?(?:\d{1,3}|[a-z]|[ivx]{1,5})\))[ \t]")
_RULE = re.compile(r"(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|={3,}")
_UNDERLINE = re.compile(r"-{3,}|={3,}")
_SCENE = re.compile(r"[*#~⁂❦❧☙◆◇•·✦✶†—–\s]{1,12}")
_DEFINITION = re.compile(r"\[([^\[\]]{1,200})\]:[ \t]*<?(?:https?://|mailto:|/|#|\./)\S*>?")
_TABLE_LINE = re.compile(r"[ \t|:-]+")
_CELL = re.compile(r"(?<!\\)\|")
_CHAPTER = re.compile(
    r"(?:chapter|part|book|act|scene|prologue|epilogue|kapitel|teil|chapitre|partie|acte|scène"
    r"|capítulo|parte|acto|capitolo|atto|hoofdstuk|deel|rozdział|część|глава|часть|bölüm|kısım"
    r"|الفصل|अध्याय)\b"
    r"|第\s?[\d一二三四五六七八九十百〇零]{1,5}\s?[章回節节部話话]|제\s?\d{1,4}\s?[장화부]",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?…:;,。！？：；，、।؟۔،]['\"”’»)\]」』]*\Z")
_MOST_HEADING = 80  # characters

Span = tuple[int, int]


class Kind(StrEnum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    CODE = "code"
    QUOTE = "quote"
    SCENE = "scene"  # a break without text


class Block(NamedTuple):
    """`text` has `\\n` where a line of the source ends."""

    kind: Kind
    text: Mapped


def blocks(text: Mapped) -> list[Block]:
    """The blocks of `text`, which is tidy (see `clean.tidy`), in order.

    Rows of tables are items. Link texts, code, image texts and the numbers of lists are kept;
    link addresses and bullets are dropped. Marks that may not be markup (`2 * 3 * 4`, `snake_case`,
    `#1`, `a < b`) stay. Linear.
    """
    text = text.edited(_comments(text.text))
    spans = list(_lines(text.text))
    lines = [text.text[start:end] for start, end in spans]
    hidden = furniture(lines)
    spans = [span for number, span in enumerate(spans) if number not in hidden]
    lines = [line.strip("\f ") for number, line in enumerate(lines) if number not in hidden]
    references = {
        " ".join(match[1].split()).lower()
        for line in lines
        if line.startswith("[") and (match := _DEFINITION.fullmatch(line))
    }
    found = _Blocks(text, lines, spans, references).found()
    return list(_with_headings(found))


def _comments(text: str) -> Iterator[Edit]:
    at = 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        at = end + 3
        yield Edit(start, at, "")


def _lines(text: str) -> Iterator[Span]:
    """The lines without surrounding white space."""
    start = 0
    for line in text.split("\n"):
        stripped = line.strip(" \t\v\xa0\u3000")
        first = start + line.find(stripped)
        yield first, first + len(stripped)
        start += len(line) + 1


class _Blocks:
    """Groups lines into blocks. A line of dashes under a header row marks a table."""

    def __init__(
        self, text: Mapped, lines: list[str], spans: list[Span], references: set[str]
    ) -> None:
        self._text = text
        self._lines = lines
        self._spans = spans
        self._references = references
        self._done: list[Block] = []
        self._block: list[Span] = []
        self._kind = Kind.PARAGRAPH
        self._fence = ""
        self._in_table = False

    def found(self) -> list[Block]:
        for number, line in enumerate(self._lines):
            end = self._spans[number][1]
            start = end - len(line)
            # The usual line needs no look for marks: none but those of tables and numbered lists
            # have a letter or digit first.
            if line[:1].isalnum() and "|" not in line and not self._fence:
                self._take_plain(line, start)
                continue
            if self._take_code(line, (start, end)):
                continue
            quoted = _QUOTE.match(line)
            if quoted:
                inner = line[quoted.end() :].lstrip()
                self._take(inner, end - len(inner), number, Kind.QUOTE)
            else:
                self._take(line, start, number, Kind.PARAGRAPH)
        self._flush()
        return self._done

    def _flush(self) -> None:
        if self._block:
            self._add(self._kind, self._block, "\n")
            self._block = []

    def _add(
        self, kind: Kind, spans: Sequence[Span], separator: str, *, code: bool = False
    ) -> None:
        first, last = spans[0][0], spans[-1][1]
        source = self._text.text
        text = self._text.cut(first, last)
        if len(spans) > 1:
            text = text.edited(
                Edit(end - first, start - first, separator)
                for (_, end), (start, _) in itertools.pairwise(spans)
                if source[end:start] != separator
            )
        if not code and MARKS.search(text.text):
            text = text.edited(mark_edits(text.text, self._references))
        text = text.stripped()
        if text.text:
            self._done.append(Block(kind, text))

    def _take_code(self, line: str, span: Span) -> bool:
        """Takes a line of a code block: code is spoken as it is, its fences are not."""
        fence = _FENCE.fullmatch(line)
        if self._fence:
            if fence and fence[1].startswith(self._fence) and fence.end(1) == len(line):
                self._fence = ""
            elif line:
                self._add(Kind.CODE, [span], "", code=True)
            return True
        if fence:
            self._flush()
            self._fence = fence[1]
        return fence is not None

    def _take(self, line: str, start: int, number: int, kind: Kind) -> None:
        if self._block and _UNDERLINE.fullmatch(line) and self._is_title():
            self._kind = Kind.HEADING
            self._flush()
        elif not line or _is_table_line(line):
            self._in_table = "|" in line
            self._flush()
        elif _RULE.fullmatch(line) or _SCENE.fullmatch(line):
            self._in_table = False
            self._flush()
            self._done.append(Block(Kind.SCENE, self._text.cut(start, start)))
        elif _DEFINITION.fullmatch(line) and not line.startswith("[^"):
            self._flush()
        elif "|" in line and (self._in_table or self._is_table_head(number)):
            self._flush()
            if cells := list(_cells(line, start)):
                self._add(Kind.ITEM, cells, ", ")
        else:
            self._take_text(line, start, kind)

    def _is_title(self) -> bool:
        return len(self._block) == 1 and self._kind is Kind.PARAGRAPH

    def _is_table_head(self, number: int) -> bool:
        return number + 1 < len(self._lines) and _is_table_line(self._lines[number + 1])

    def _take_plain(self, line: str, start: int) -> None:
        """Takes a line that begins with a letter or digit, and so with no mark."""
        self._in_table = False
        kind = Kind.PARAGRAPH
        if _NUMBERED.match(line):
            self._flush()
            kind = Kind.ITEM
        if not self._block:
            self._kind = kind
        self._block.append((start, start + len(line)))

    def _take_text(self, line: str, start: int, kind: Kind) -> None:
        self._in_table = False
        bullet = _BULLET.match(line)
        if bullet or _NUMBERED.match(line):
            self._flush()
            kind = Kind.ITEM
            if bullet:
                line, start = line[bullet.end() :], start + bullet.end()
        heading = _HEADING.match(line)
        if heading:
            self._flush()
            title = line[heading.end() :]
            stem = title.rstrip("#")
            # Closing marks follow a space: "# About C#" keeps its #.
            kept = stem.rstrip() if stem.endswith((" ", "\t")) else title
            first = start + heading.end()
            self._add(Kind.HEADING, [(first, first + len(kept))], "")
            return
        if not self._block:
            self._kind = kind
        self._block.append((start, start + len(line)))


def _cells(line: str, start: int) -> Iterator[Span]:
    for cell in re.finditer(r"(?:[^|\\]|\\.?)+", line):
        text = cell[0].strip()
        if text:
            first = start + cell.start() + cell[0].find(text)
            yield first, first + len(text)


def _is_table_line(line: str) -> bool:
    return "|" in line and "-" in line and _TABLE_LINE.fullmatch(line) is not None


def _with_headings(found: Sequence[Block]) -> Iterator[Block]:
    """Marks the headings of plain text: a short line without a stop before a longer block, and the
    line that names a chapter, even if the text follows without an empty line."""
    for number, block in enumerate(found):
        if block.kind is not Kind.PARAGRAPH:
            yield block
            continue
        first, _, rest = block.text.text.partition("\n")
        follows = found[number + 1] if number + 1 < len(found) else None
        if rest and len(first) <= _MOST_HEADING and _CHAPTER.match(first):
            yield Block(Kind.HEADING, block.text.cut(0, len(first)))
            rest_of = block.text.cut(len(first) + 1, len(block.text)).stripped()
            yield Block(Kind.PARAGRAPH, rest_of)
        elif not rest and follows is not None and _is_heading(first, follows):
            yield Block(Kind.HEADING, block.text)
        else:
            yield block


def _is_heading(line: str, follows: Block) -> bool:
    if len(line) > _MOST_HEADING or _SENTENCE_END.search(line):
        return False
    return _CHAPTER.match(line) is not None or (
        follows.kind is not Kind.SCENE and len(follows.text) > max(len(line), 20)
    )
