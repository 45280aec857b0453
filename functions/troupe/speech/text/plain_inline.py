"""Removes Markdown and HTML marks inside a paragraph. See troupe.speech.text.blocks."""

from __future__ import annotations

import html
import re

from troupe.speech.text.mapped import Edit

# Most text has none of these, and then there is nothing to strip.
MARKS = re.compile(r"[*_`~\[\]<>#|&\\]|^[ \t]*(?:[-+][ \t]|-{3}|={3})", re.MULTILINE)
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff]")

_TAGS = (
    "a|abbr|address|article|aside|audio|b|big|blockquote|body|br|button|caption|center|cite|code|"
    "col|colgroup|dd|del|details|dfn|div|dl|dt|em|embed|fieldset|figcaption|figure|font|footer|"
    "form|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|kbd|label|legend|li|link|main|mark|"
    "meta|nav|object|ol|option|p|picture|pre|q|s|samp|script|section|select|small|source|span|"
    "strike|strong|style|sub|summary|sup|svg|table|tbody|td|template|textarea|tfoot|th|thead|time|"
    "title|tr|tt|u|ul|var|video|wbr"
)
# Inline tags can be inside a word; all others separate words, as a space does.
_INLINE_TAG = re.compile(
    "a|abbr|b|big|cite|code|del|dfn|em|font|i|ins|kbd|mark|q|s|samp|small|span|strike|strong|sub|"
    "sup|tt|u|var|wbr",
    re.IGNORECASE,
)
_ATTRIBUTE = (
    r"\s+[\w:@.-]{1,64}\s*=\s*"
    r"(?:\"[^\"<>]{0,2000}\"|'[^'<>]{0,2000}'|[^\s\"'<>=`]{1,2000})"
)
_INLINE = re.compile(
    r"(?P<escape>\\[!-/:-@\[-`{-~])"
    r"|(?P<ticks>`+)"
    r"|<(?P<auto>(?:https?://|mailto:)[^\s<>]{1,2000})>"
    rf"|</?(?P<tag>{_TAGS})(?:{_ATTRIBUTE}){{0,20}}\s*/?>"
    r"|(?P<entity>&(?:\#\d{1,7}|\#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)"
    r"|(?P<note>\[\^[^\]\s]{1,32}\]:?)"
    r"|(?P<open>!?\[)"
    r"|(?P<close>\])"
    r"|(?P<stars>\*+)|(?P<scores>_+)|(?P<tildes>~~+)",
    re.IGNORECASE,
)
# What follows the `]` of a link. It must look like an address, so that "[sic](really)" survives.
_ADDRESS = re.compile(
    r"\(\s{0,9}(?:<[^<>\n]{0,2000}>|(?=[^\s()<>]{0,2000}[/.#:@(])"
    r"[^\s()<>]{0,2000}(?:\([^\s()<>]{0,200}\)[^\s()<>]{0,200}){0,3})"
    r"(?:\s{1,9}(?:\"[^\"\n]{0,300}\"|'[^'\n]{0,300}'))?\s{0,9}\)"
)
_REFERENCE = re.compile(r"\[([^\[\]]{0,200})\]")


def mark_edits(text: str, references: set[str]) -> list[Edit]:
    """What removes the marks of one paragraph. `references`: the defined link labels."""
    return _Inline(text, references).edits()


class _Inline:
    """One pass over a paragraph. Each handler takes a match and returns where to continue."""

    def __init__(self, text: str, references: set[str]) -> None:
        self._text = text
        self._references = references
        self._edits = _Edits()
        self._brackets: list[tuple[int, int]] = []
        self._emphasis = _Emphasis(text, self._edits)
        self._ticks: dict[int, list[int]] = {}  # starts of the runs of each length, last first
        for ticks in reversed(list(re.finditer(r"`+", text))):
            self._ticks.setdefault(len(ticks[0]), []).append(ticks.start())

    def edits(self) -> list[Edit]:
        handlers = {
            "ticks": self._code,
            "close": self._link,
            "stars": self._mark,
            "scores": self._mark,
            "tildes": self._mark,
        }
        at = 0
        while match := _INLINE.search(self._text, at):
            at = handlers.get(match.lastgroup or "", self._simple)(match)
        return self._edits.sorted()

    def _simple(self, match: re.Match[str]) -> int:
        start, end = match.span()
        match match.lastgroup:
            case "escape":
                self._edits.put(start, start + 1)
            case "auto":
                self._edits.put(start, start + 1)
                self._edits.put(end - 1, end)
            case "tag":
                glue = _INLINE_TAG.fullmatch(match["tag"])
                self._edits.put(start, end, "" if glue else " ")
            case "entity":
                self._edits.put(start, end, CONTROLS.sub("", html.unescape(match[0])))
            case "note":
                self._edits.put(start, end)
            case "open":
                self._brackets.append((start, end))
        return end

    def _code(self, match: re.Match[str]) -> int:
        start, end = match.span()
        same = self._ticks.get(end - start, [])
        while same and same[-1] < end:
            same.pop()
        if not same:
            return end
        closing = same[-1], same[-1] + end - start
        self._edits.put(start, end)
        self._edits.put(*closing)
        return closing[1]

    def _mark(self, match: re.Match[str]) -> int:
        self._emphasis.run(*match.span())
        return match.end()

    def _link(self, match: re.Match[str]) -> int:
        at = match.end()
        if not self._brackets:
            return at
        opened = self._brackets.pop()
        end = _link_end(self._text, at, opened, self._references)
        if end > at:
            self._edits.put(*opened)
            self._edits.put(match.start(), end)
        return end


def _link_end(text: str, at: int, opened: tuple[int, int], references: set[str]) -> int:
    """Where a link ends whose text ends before `at`; `at` if it is not a link."""
    if address := _ADDRESS.match(text, at):
        return address.end()
    if references and (label := _REFERENCE.match(text, at)):
        named = label[1] or text[opened[1] : min(at - 1, opened[1] + 200)]
        if " ".join(named.split()).lower() in references:
            return label.end()
    return at


def _is_letter(text: str, at: int) -> bool:
    """Whether the character at `at` makes a mark next to it part of a word, as in `2*3` and `a_b`.

    Characters of scripts without spaces do not: `这是**重要**的` contains emphasis.
    """
    if not 0 <= at < len(text) or not text[at].isalnum():
        return False
    code = ord(text[at])
    unspaced = 0x0E00 <= code <= 0x109F or 0x1100 <= code <= 0x11FF or 0x1780 <= code <= 0x17FF
    return code < 0x2E80 and not unspaced


class _Edits:
    """Deletions and replacements in one text, to be applied together."""

    def __init__(self) -> None:
        self._edits: dict[int, tuple[int, str]] = {}

    def put(self, start: int, end: int, replacement: str = "") -> None:
        self._edits[start] = (end, replacement)

    def sorted(self) -> list[Edit]:
        """In order. What begins inside an earlier edit is left out."""
        kept: list[Edit] = []
        for start, edit in sorted(self._edits.items()):
            if not kept or start >= kept[-1].end:
                kept.append(Edit(start, *edit))
        return kept


class _Emphasis:
    """Pairs runs of `*`, `_` and `~~`. Each mark is pushed and popped once."""

    def __init__(self, text: str, edits: _Edits) -> None:
        self._text = text
        self._edits = edits
        self._open: list[list[int]] = []  # [start of the unpaired rest, end]
        self._last: dict[str, list[int]] = {"*": [], "_": [], "~": []}  # indexes into _open

    def run(self, start: int, end: int) -> None:
        text, mark = self._text, self._text[start]
        if mark == "~" and end - start != 2:
            return
        blank_before = start == 0 or text[start - 1].isspace()
        blank_after = end == len(text) or text[end].isspace()
        if not blank_before and not _is_letter(text, end):
            start = self._close(mark, start, end)
        if start < end and not blank_after and not _is_letter(text, start - 1):
            self._last[mark].append(len(self._open))
            self._open.append([start, end])

    def _close(self, mark: str, start: int, end: int) -> int:
        """Pair marks from `start` on with open ones; returns the start of the unpaired rest."""
        mine = self._last[mark]
        while start < end and mine:
            opener = self._open[mine[-1]]
            if opener[1] == start:
                break  # nothing between them
            count = min(end - start, opener[1] - opener[0])
            self._edits.put(opener[1] - count, opener[1])
            self._edits.put(start, start + count)
            start += count
            opener[1] -= count
            keep = mine[-1] + (1 if opener[0] < opener[1] else 0)
            while len(self._open) > keep:
                dropped = self._text[self._open.pop()[0]]
                self._last[dropped].pop()
        return start
