"""Words of a text in any script, as they can be shown on lines.

Scripts without spaces are cut by ICU: by its dictionaries (Thai, Lao, Khmer, Burmese, Chinese,
Japanese), and Japanese also into phrases (https://unicode-org.github.io/icu/userguide/boundaryanalysis/).
ICU is loaded when the first such text comes, so that functions that only serve never load it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Protocol
from unicodedata import category

from troupe.speech.text.graphemes import UNSPACED, is_joined

_TOKEN = re.compile(r"\S+")
_RUN = re.compile(f"([{UNSPACED}]+)|[^{UNSPACED}]+")
_HAS_UNSPACED = re.compile(f"[{UNSPACED}]")
_TWO_UNSPACED = re.compile(f"[{UNSPACED}]{{2}}")
_KANA = re.compile("[\u3040-\u30ff]")
# icu4py counts in UTF-16. Characters of two units are replaced, so that its offsets are ours.
_FAR_IDEOGRAPH = re.compile("[\U00020000-\U0003ffff]")
_FAR = re.compile("[\ud800-\udfff\U00010000-\U0010ffff]")
# Letters that ICU cuts off in words that it does not know, and that never begin a line.
_CLINGING = frozenset("ーっッゃゅょゎャュョヮぁぃぅぇぉァィゥェォ々ゝゞヽヾๆໆ")
_PHRASES = "ja@lw=phrase"
# ICU takes quadratic time for a long run of katakana, so it gets a stretch at a time. What it says
# near the end of a stretch may change with what follows, and is asked again with the next one.
_STRETCH, _UNSURE = 400, 40
# Of the lines that `prepare` was last given. If another thread replaces them, they are cut again.
_prepared: dict[str, list[int]] = {}

Span = tuple[int, int]


class _Breaker(Protocol):
    def segments(self) -> Iterable[Span]: ...


class _BreakerOf(Protocol):
    def __call__(self, text: str, locale: str) -> _Breaker: ...


def is_speakable(text: str) -> bool:
    """Whether `text` has a letter, digit or symbol. Punctuation alone is silent."""
    return text[:1].isalnum() or any(map(_is_heard, text))


@lru_cache(maxsize=4096)
def _is_heard(character: str) -> bool:
    return character.isalnum() or category(character)[0] == "S"


def words(text: str) -> list[Span]:
    """The words of `text` as (start, end) offsets, in order and without overlap. Linear.

    Words are separated by spaces; in scripts without spaces, they are those of ICU. Punctuation
    belongs to the word that it touches; an opening mark and the mark at the start of a line (a
    bullet, a dash) to the word after them, any other to the word before, if there is one.
    """
    if len(text) == 1:
        return [(0, 1)] if is_speakable(text) else []
    unspaced = has_unspaced(text)
    if not unspaced and text.isalnum():
        return [(0, len(text))]
    cuts = _word_cuts(text) if unspaced else []
    if unspaced and text.isalnum():  # nothing but words
        return _pieces(text, 0, len(text), cuts)
    spans: list[Span] = []
    opening: int | None = None  # start of punctuation that belongs to the next word
    before = 0
    for token in _TOKEN.finditer(text):
        first, last = token.span()
        for start, end in _pieces(text, first, last, cuts) if unspaced else ((first, last),):
            if text[start].isalnum() or is_speakable(text[start:end]):
                spans.append((start if opening is None else opening, end))
                opening = None
            elif opening is not None:
                continue
            elif (
                not spans
                or is_opening(text[start])
                or (start == first and (end < last or text.find("\n", before, first) >= 0))
            ):
                opening = start
            else:
                spans[-1] = (spans[-1][0], end)
        before = last
    if opening is not None and spans:
        spans[-1] = (spans[-1][0], before)
    return spans


def prepare(texts: Iterable[str]) -> None:
    """Has ICU cut many texts at once; `words` then knows their cuts until the next call. Linear.

    To start ICU takes four times as long as to cut a short line. It breaks a text before and after
    each line feed (https://unicode.org/reports/tr29/#WB3a), whatever stands around it, so it cuts
    lines together as it cuts each alone; only a carriage return could join the line feed.
    """
    lines = dict.fromkeys(
        text
        for text in texts
        if len(text) <= _STRETCH and _TWO_UNSPACED.search(text) and "\r" not in text
    )
    _prepared.clear()
    if len(lines) > 1:
        _prepared.update(_cuts_of_lines(list(lines)))


def phrases(text: str) -> frozenset[int]:
    """Where Japanese, in `text`, is divided into phrases (a word with its particles); empty if
    there is no kana. A line broken elsewhere begins with a particle or an ending."""
    if not _KANA.search(text):
        return frozenset()
    from icu4py.breakers import LineBreaker

    return frozenset(_cuts(text, LineBreaker, _PHRASES))


def is_opening(character: str) -> bool:
    """Whether a mark belongs to what follows it: an opening bracket or quote."""
    return category(character) in ("Ps", "Pi") or character in "¿¡"


def has_unspaced(text: str) -> bool:
    """Whether `text` has a letter of a script without spaces."""
    return bool(_HAS_UNSPACED.search(text))


def _word_cuts(text: str) -> list[int]:
    """Where ICU cuts words; nothing if there is nothing to cut."""
    if (known := _prepared.get(text)) is not None:
        return known
    if not _TWO_UNSPACED.search(text):
        return []
    from icu4py.breakers import WordBreaker

    return _cuts(text, WordBreaker, "ja")


def _cuts_of_lines(lines: Sequence[str]) -> dict[str, list[int]]:
    from icu4py.breakers import WordBreaker

    ends = [end for _, end in WordBreaker(_near("\n".join(lines)), "ja").segments()]
    found: dict[str, list[int]] = {}
    start = first = 0
    for line in lines:
        last = bisect_left(ends, start + len(line), first) + 1
        found[line] = [end - start for end in ends[first:last]]
        start += len(line) + 1
        first = last + 1  # the line feed is a segment
    return found


def _cuts(text: str, breaker: _BreakerOf, locale: str) -> list[int]:
    """The ends of all segments, in order."""
    text = _near(text)
    if len(text) <= _STRETCH:
        return [end for _, end in breaker(text, locale).segments()]
    found: list[int] = []
    start = 0
    while start < len(text):
        stretch = text[start : start + _STRETCH]
        ends = [start + end for _, end in breaker(stretch, locale).segments()]
        start += len(stretch)
        if start < len(text):
            sure = bisect_left(ends, start - _UNSURE)
            while not sure and is_joined(text, start):  # a segment longer than the stretch
                start += 1
                if start == len(text):
                    break
            ends = ends[:sure] or [start]
            start = ends[-1]
        found += ends
    return found


def _near(text: str) -> str:
    """With characters of one UTF-16 unit each."""
    if max(text) < "\ud800":
        return text
    return _FAR.sub("\ufffc", _FAR_IDEOGRAPH.sub("\u3400", text))


def _pieces(text: str, first: int, last: int, cuts: list[int]) -> list[Span]:
    """The pieces of a token: words, and punctuation apart from them where scripts meet."""
    if not _HAS_UNSPACED.search(text, first, last):
        return [(first, last)]
    found: list[Span] = []
    for run in _RUN.finditer(text, first, last):
        start, end = run.span()
        if run.lastindex:
            found += _unspaced(text, start, end, cuts)
            continue
        if text[start].isalnum() and text[end - 1].isalnum():  # no marks around
            found.append((start, end))
            continue
        core, tail = start, end
        if start > first:  # marks that close what was before
            while core < end and not is_speakable(text[core]) and not is_opening(text[core]):
                core += 1
        if end < last:  # marks that open what comes
            while tail > core and is_opening(text[tail - 1]):
                tail -= 1
        found += ((a, b) for a, b in ((start, core), (core, tail), (tail, end)) if a < b)
    return found


def _unspaced(text: str, start: int, end: int, cuts: list[int]) -> Iterable[Span]:
    if end - start == 1:
        return ((start, end),)
    inside = cuts[bisect_right(cuts, start) : bisect_left(cuts, end)]
    return pairwise([start, *(at for at in inside if text[at] not in _CLINGING), end])
