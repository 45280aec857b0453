# ruff: noqa: RUF001 - this file is about the punctuation of other scripts
"""Turns what espeak-ng says about a text into the symbols that a neural voice speaks, in chunks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple, Protocol

from troupe.speech.engine import Phonemes

_ENDS, _STOPS, _OPENERS = frozenset(".!?…"), frozenset(",;:—"), frozenset("“(")
_MOST_MARKS = 4  # between two words
# How marks are written.
_MARKS = {mark: mark for mark in ';:,.!?—…"()“”'}
_MARKS |= dict(zip("–―„«「『»」』[]{}", "——““““”””()()", strict=True))
_MARKS |= dict(zip("।॥。！？，、；：؟،؛", "...!?,,;:?,;", strict=True))
MARKS = frozenset(_MARKS.values()) | {" ", "…"}


class Alphabet(Protocol):
    """The symbols of a model. `marks`: those that are no sounds, including the space."""

    @property
    def marks(self) -> frozenset[str]: ...

    def sound(self, ipa: str) -> str:
        """One sound in IPA, with or without stress, or "" if there is nothing like it."""
        ...

    def word(self, ipa: str) -> str:
        """A word in IPA, as `parse_ipa` returns it."""
        ...


class Border(IntEnum):
    """What is at a place in a line; the higher, the better to cut there."""

    NONE = 0
    WORD = 1
    CLAUSE = 2
    SENTENCE = 3


@dataclass(frozen=True, slots=True)
class Line:
    """`symbols` of the alphabet, and where words begin: pairs of an offset in the text and an index
    of the symbols, both in order."""

    symbols: str
    words: tuple[tuple[int, int], ...]


class Chunk(NamedTuple):
    """`symbols[start:end]` of a line, and the border after it."""

    start: int
    end: int
    border: Border


def line(
    text: str,
    spelled: Iterable[tuple[int, Sequence[str]]],
    phonemes: Sequence[Phonemes],
    alphabet: Alphabet,
) -> Line:
    """`spelled`: offsets of words and their sounds in IPA, as espeak-ng pronounces them. Where
    `phonemes` are given, these are taken, since the alphabet has more sounds than the language."""
    symbols: list[str] = []
    words: list[tuple[int, int]] = []
    size, end = 0, 0  # of the symbols and the text so far
    for offset, said in _said(spelled, phonemes, alphabet):
        marks = _between(text[end:offset]) if words else _before(text[:offset])
        marks = "".join(mark for mark in marks if mark in alphabet.marks)
        words.append((offset, size + len(marks)))
        symbols += [marks, said]
        size += len(marks) + len(said)
        end = offset
    symbols += (mark for mark in _after(text[end:]) if mark in alphabet.marks)
    return Line("".join(symbols), tuple(words))


def _said(
    spelled: Iterable[tuple[int, Sequence[str]]], phonemes: Sequence[Phonemes], alphabet: Alphabet
) -> Iterator[tuple[int, str]]:
    """Offsets of words and what is said for them."""
    given = list(phonemes)
    replaced = 0  # text up to here has been said
    for offset, sounds in spelled:
        while given and given[0].end <= offset:
            given.pop(0)
        if offset < replaced:
            continue
        if given and given[0].start <= offset:
            item = given.pop(0)
            said = " ".join(filter(None, (alphabet.word(each) for each in item.ipa.split())))
            replaced = item.end
        else:
            said = "".join(alphabet.sound(each) for each in sounds)
        if said:
            yield offset, said


def _between(text: str) -> str:
    """The marks between two words. `text`: from the beginning of the first one to the second."""
    marks = _marks(text)
    if marks and (marks[-1] in _OPENERS or marks[-1] in " —"):
        return marks
    return f"{marks} "


def _before(text: str) -> str:
    return "".join(mark for mark in _marks(text) if mark in _OPENERS)


def _after(text: str) -> str:
    return _marks(text).rstrip()


def _marks(text: str) -> str:
    """The marks and spaces after the last letter, in the alphabet. Those that come again are left
    out, and so are all but the first few."""
    start = len(text)
    while start and not text[start - 1].isalnum():
        start -= 1
    found = ""
    for character in text[start:]:
        mark = " " if character.isspace() else _MARKS.get(character, "")
        if mark == "." and found.endswith((".", "…")):
            found = f"{found[:-1]}…"
        elif mark and not found.endswith(mark):
            found += mark
        if len(found) > _MOST_MARKS:
            break
    return found


def chunks(symbols: str, most: int) -> Iterator[Chunk]:
    """Cuts a line into chunks of at most `most` symbols, at the best border in the second half of
    each. A rest that is not much longer than a chunk is cut near its middle."""
    start, size = 0, len(symbols)
    while size - start > most:
        rest = size - start
        latest = start + min(most, max(most // 2 + 1, rest - most // 4))
        places = range(start + most // 2, latest + 1)
        end = max(places, key=lambda at: (_border(symbols, at), at))
        yield from _chunk(symbols, start, end, _border(symbols, end))
        start = end
    yield from _chunk(symbols, start, size, Border.NONE)


def _chunk(symbols: str, start: int, end: int, border: Border) -> Iterator[Chunk]:
    while start < end and symbols[start] == " ":
        start += 1
    while start < end and symbols[end - 1] == " ":
        end -= 1
    if start < end:
        yield Chunk(start, end, border)


def _border(symbols: str, at: int) -> Border:
    if symbols[at - 1] != " ":
        return Border.NONE
    return border_before(symbols, at)[0]


def border_before(symbols: str, at: int) -> tuple[Border, int]:
    """The border that the marks before an index make, and where they begin."""
    start = at
    while start and symbols[start - 1] in MARKS:
        start -= 1
    marks = symbols[start:at]
    if not _ENDS.isdisjoint(marks):
        return Border.SENTENCE, start
    if not _STOPS.isdisjoint(marks):
        return Border.CLAUSE, start
    return Border.WORD if marks else Border.NONE, start
