# ruff: noqa: RUF001 - this file is about the punctuation of other scripts
"""The pieces of a caption's text that no line tears: words, with what must not be left alone."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from unicodedata import category, east_asian_width

from troupe.borders import Border
from troupe.media.captions.cue import LINE, Said, cut, label, width
from troupe.media.captions.leaning import ARTICLES, LEADING
from troupe.speech.engine import WordTiming
from troupe.speech.text.segmenter import has_unspaced, phrases
from troupe.speech.text.segmenter import words as word_spans
from troupe.speech.text.sentences import sentence_ends

_SPACES = re.compile(r"\s+")
_KEPT_SPACES = "\u00a0\u202f\u3000"  # no-break and ideographic ones; any other run is one space
_NO_BREAK = "\u00a0\u202f"
_COMMAS = tuple(",;:—–、，；：،؛")
_CLOSERS = "\"'”’»)]}」』】）》"
# Chinese particles, which no line begins with.
_PARTICLES = frozenset("的地得了着著过過们們吗嗎呢吧啊")
_ENDS = "。，、；：！？…」』）"
_OPENERS = "\"'“‘„«([{¿¡"
PAUSE = 0.7  # seconds of silence that separate two cues
TOGETHER = (None, Border.CLAUSE, Border.SENTENCE)  # a cue can go on after these


@dataclass(slots=True)
class Piece:
    """`text` without surrounding white space, and the `space` after it. `words`: what it is made
    of, each with its white space. `border`: what ends after it. `leans`: it should not be left
    without what follows. `leads`: what follows a break rather than what comes before it."""

    text: str
    space: str
    start: float
    end: float
    width: float
    border: Border | None
    leans: bool
    leads: bool
    words: tuple[WordTiming, ...]

    @property
    def ends_clause(self) -> bool:
        return self.border is Border.CLAUSE or self.text.rstrip(_CLOSERS).endswith(_COMMAS)


def pieces(said: Said, *, bordered: bool) -> list[Piece]:
    """The pieces of a text, in order. Words that are wider than a line are split.

    `bordered`: whether the source told the borders; without them, the ends of sentences are
    guessed from the text.
    """
    words = _spoken(said.words)
    if not words:
        return []
    text, offsets = _joined(words)
    if bordered:
        borders = [
            (at + len(word.text.strip()), word.border)
            for at, word in zip(offsets, words, strict=True)
            if word.border is not None
        ]
    else:
        borders = [(len(text[:end].rstrip()), Border.SENTENCE) for end in sentence_ends(text, "")]
    single = _single(text, borders, _Clock(words, offsets))
    return list(_glued(_split(single), LINE - width(label(said.speaker))))


def _joined(words: Sequence[WordTiming]) -> tuple[str, list[int]]:
    """The text of all words, and where each begins in it."""
    as_written = any(word.text[-1:].isspace() for word in words)
    parts: list[str] = []
    offsets: list[int] = []
    at = 0
    for word, following in zip_longest(words, words[1:]):
        text = word.text.strip()
        offsets.append(at)
        if following is not None:
            text += _between(word, following, as_written)
        parts.append(text)
        at += len(text)
    return "".join(parts), offsets


def _between(word: WordTiming, following: WordTiming, as_written: bool) -> str:
    if word.border not in TOGETHER:
        return "\n"
    written = word.text[len(word.text.rstrip()) :]
    if written or following.text[0].isspace():
        return written or " "
    touching = as_written and word.border is not Border.SENTENCE
    return "" if touching or _are_unspaced(word.text, following.text) else " "


def _spoken(words: Iterable[WordTiming]) -> list[WordTiming]:
    """Without words of nothing but white space, which is put after the word before."""
    spoken: list[WordTiming] = []
    for word in words:
        if word.text.strip():
            spoken.append(word)
        elif word.text and spoken:
            spoken[-1] = replace(spoken[-1], text=spoken[-1].text + word.text)
    return spoken


def _are_unspaced(left: str, right: str) -> bool:
    """Whether the script of one side has no spaces."""
    return _is_unspaced(left.rstrip(_CLOSERS)[-1:]) or _is_unspaced(right.lstrip()[:1])


def _is_unspaced(character: str) -> bool:
    if not character or character.isascii():
        return False
    if has_unspaced(character):
        return True
    code = ord(character)
    hangul = 0x1100 <= code <= 0x11FF or 0x3130 <= code <= 0x318F or 0xAC00 <= code <= 0xD7FF
    return east_asian_width(character) in "WF" and not hangul and category(character) != "So"


@dataclass(frozen=True, slots=True)
class _Clock:
    """When each character of the joined text is spoken: words share their time evenly."""

    words: Sequence[WordTiming]
    offsets: Sequence[int]

    def start(self, at: int) -> float:
        return self._time(bisect_right(self.offsets, at) - 1, at)

    def end(self, at: int) -> float:
        return self._time(bisect_right(self.offsets, at - 1) - 1, at)

    def _time(self, number: int, at: int) -> float:
        word = self.words[number]
        said = at - self.offsets[number]
        length = len(word.text.strip())
        if said >= length:
            return word.end
        return word.start + (word.end - word.start) * said / length


def _single(text: str, borders: list[tuple[int, Border]], clock: _Clock) -> Iterator[Piece]:
    """A piece for each word."""
    spans = word_spans(text) or [(0, len(text))]
    together = phrases(text)
    ends = iter([*borders, (len(text) + 1, Border.SENTENCE)])
    border_at, border = next(ends)
    for (start, end), following in zip_longest(spans, spans[1:], fillvalue=(len(text), len(text))):
        found: Border | None = None
        while border_at <= end:
            found = border
            border_at, border = next(ends)
        shown, space = _spaced(text[start:end]), _space(text[end : following[0]])
        bare = shown.lstrip(_OPENERS).casefold()
        if space:
            leans = bare in ARTICLES or space in _NO_BREAK
        else:  # a script without spaces
            next_word = text[slice(*following)]
            leans = shown[-1].isdigit() or next_word.rstrip(_ENDS) in _PARTICLES
            leans = leans or (bool(together) and end not in together)
        # A full stop that ends no sentence is that of an abbreviation.
        leans = leans or (shown[-1] == "." and shown[-2:] != "..")
        begin, until = clock.start(start), clock.end(end)
        yield Piece(
            text=shown,
            space=space,
            start=begin,
            end=until,
            width=width(shown),
            border=found,
            leans=found is None and leans,
            leads=bare in LEADING,
            words=(WordTiming(shown + space, begin, until),),
        )


def _spaced(text: str) -> str:
    return _SPACES.sub(lambda run: _space(run[0]), text)


def _space(run: str) -> str:
    return (run[0] if run[0] in _KEPT_SPACES else " ") if run else ""


def _split(single: Iterable[Piece]) -> Iterator[Piece]:
    """Splits words that are wider than a line; each part gets its share of the time."""
    for piece in single:
        if piece.width <= LINE:
            yield piece
            continue
        start = 0
        per_character = (piece.end - piece.start) / len(piece.text)
        while start < len(piece.text):
            end = cut(piece.text, start, LINE)
            last = end == len(piece.text)
            text, space = piece.text[start:end], piece.space if last else ""
            begin = piece.start + start * per_character
            until = piece.end if last else piece.start + end * per_character
            yield replace(
                piece,
                text=text,
                space=space,
                start=begin,
                end=until,
                width=width(text),
                border=piece.border if last else None,
                leans=last and piece.leans,
                words=(WordTiming(text + space, begin, until),),
            )
            start = end


def _glued(single: Iterable[Piece], room: float) -> Iterator[Piece]:
    """Joins what leans on the next piece with it, if both fit into `room` columns."""
    waiting: Piece | None = None
    for piece in single:
        if waiting is None:
            waiting = piece
            continue
        wide = waiting.width + width(waiting.space) + piece.width
        if waiting.leans and wide <= room and piece.start - waiting.end <= PAUSE:
            waiting = Piece(
                text=waiting.text + waiting.space + piece.text,
                space=piece.space,
                start=waiting.start,
                end=piece.end,
                width=wide,
                border=piece.border,
                leans=piece.leans,
                leads=waiting.leads,
                words=waiting.words + piece.words,
            )
        else:
            yield waiting
            waiting = piece
    if waiting is not None:
        yield waiting
