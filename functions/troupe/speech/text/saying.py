"""What is said for a piece of a text: its marks, the user's dictionary, and the rules of its
language, each mapped to the words of the source."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from troupe.borders import Border
from troupe.speech.engine import Phonemes
from troupe.speech.prosody import Prosody
from troupe.speech.text.blocks import Kind
from troupe.speech.text.clean import speakable
from troupe.speech.text.graphemes import is_unspaced
from troupe.speech.text.mapped import Edit, Mapped, applied, located
from troupe.speech.text.marks import Mark, MarkKind, SayAs
from troupe.speech.text.sentences import ends_clause
from troupe.speech.text.verbalise import say_as, spell, verbalise
from troupe.speech.text.words import word_spans

if TYPE_CHECKING:
    from troupe.speech.text.dictionary import Dictionary
    from troupe.speech.text.pieces import Piece

# "1. Peel the apple" is said "one, peel the apple".
_NUMBER = re.compile(r"\(?(?:\d{1,9}|[a-z]|[ivx]{1,5})([.)])(?=\s)")
_SHORT = 16  # characters of a piece for which it is remembered what is said

Span = tuple[int, int]
Places = Sequence[Span | None]  # what is said for each word, if anything is


class SaidWord(NamedTuple):
    """A word of the source as written, with the white space after it, and the offsets of what is
    said for it. `border`: what ends after it."""

    text: str
    start: int
    end: int
    border: Border | None = None

    def moved(self, by: int) -> SaidWord:
        return self._replace(start=self.start + by, end=self.end + by)


class Said(NamedTuple):
    """`text` is what is said; all offsets are in it. `pauses`: places, and milliseconds or the
    border whose pause is meant."""

    text: str
    words: Sequence[SaidWord]
    phonemes: Sequence[Phonemes] = ()
    pauses: Sequence[tuple[int, int | Border]] = ()
    prosody: Sequence[tuple[int, int, Prosody]] = ()


def say(piece: Piece, language: str, dictionary: Dictionary | None = None) -> Said:
    """What is said for a piece. Linear."""
    shown = piece.text.text
    if not piece.marks and dictionary is None:
        by_rules = _read_again if len(shown) <= _SHORT else _read
        return by_rules(shown, piece.kind, piece.space, piece.border, language)
    plain = _plain(shown, piece.kind)
    named, sounds, read = _replaced(plain, piece.marks, language, dictionary)
    edits = [
        edit for edit in verbalise(named.text, language) if _is_apart(edit.start, edit.end, read)
    ]
    said = named.edited(edits)
    moved = Mapped.of(named.text).edited(edits)
    pauses: list[tuple[int, int | Border]] = []
    prosody: list[tuple[int, int, Prosody]] = []
    for mark in piece.marks:
        if mark.kind is MarkKind.PAUSE and isinstance(mark.value, int | Border):
            pauses.append((bisect_right(said.ends, mark.start), mark.value))
        elif isinstance(mark.value, Prosody):
            prosody.append((*_located(said, mark.start, mark.end), mark.value))
    phonemes = [Phonemes(*_located(moved, each.start, each.end), each.ipa) for each in sounds]
    words = _words(shown, piece.space, piece.border, said)
    return Said(said.text, words, phonemes, pauses, prosody)


def _read(shown: str, kind: Kind, space: str, border: Border | None, language: str) -> Said:
    """What is said for a piece without marks, by the rules of its language alone."""
    spans = word_spans(shown)
    said, places = _edited(shown, spans, speakable(shown))
    if kind is Kind.ITEM:
        said, places = _edited(said, places, _comma(said))
    said, places = _edited(said, places, verbalise(said, language))
    apart = spans if places is spans else _apart(spans, places)
    return Said(said, _words_at(shown, space, border, spans, apart))


def _edited(text: str, places: Sequence[Span], edits: Sequence[Edit]) -> tuple[str, Sequence[Span]]:
    """A text with edits, and where the places in it are then."""
    return (applied(text, edits), located(places, edits)) if edits else (text, places)


# A text of tens of thousands of lines repeats itself: numbers, names, the cells of tables.
_read_again = lru_cache(maxsize=16_384)(_read)


def _plain(shown: str, kind: Kind) -> Mapped:
    """A piece in plain letters, with a comma after the number of an item."""
    plain = Mapped.of(shown).edited(speakable(shown))
    return plain.edited(_comma(plain.text)) if kind is Kind.ITEM else plain


def _comma(item: str) -> list[Edit]:
    """The comma after the number of an item."""
    number = _NUMBER.match(item)
    return [] if number is None else [Edit(*number.span(1), ",")]


def together(found: Sequence[Said]) -> Said:
    """What is said for several pieces, in one text. Linear in the words."""
    if len(found) == 1:
        return found[0]
    text = ""
    words: list[SaidWord] = []
    phonemes: list[Phonemes] = []
    pauses: list[tuple[int, int | Border]] = []
    prosody: list[tuple[int, int, Prosody]] = []
    for number, said in enumerate(found):
        by = len(text) + (number > 0 and not is_unspaced(text[-1:]))
        text = text.ljust(by) + said.text
        words += [each.moved(by) for each in said.words]
        phonemes += [Phonemes(each.start + by, each.end + by, each.ipa) for each in said.phonemes]
        pauses += [(at + by, pause) for at, pause in said.pauses]
        prosody += [(start + by, end + by, each) for start, end, each in said.prosody]
    return Said(text, words, phonemes, pauses, prosody)


@dataclass(frozen=True, slots=True)
class _Instead:
    """What a mark or the dictionary says for `[start:end]` of a text: `text`, or if it is None the
    text itself. `sounds`: ranges of that and their IPA. `read`: whether it is words already."""

    start: int
    end: int
    text: str | None = None
    sounds: tuple[tuple[int, int, str], ...] = ()
    read: bool = False


def _replaced(
    plain: Mapped, marks: Iterable[Mark], language: str, dictionary: Dictionary | None
) -> tuple[Mapped, list[Phonemes], list[tuple[int, int]]]:
    """The text with what marks and dictionary say, the sounds in it, and the stretches that are
    words already. Marks win, and of those the outer ones."""
    found = list(_by_marks(plain, marks, language))
    if dictionary is not None:
        found += _by_dictionary(plain.text, dictionary, [(each.start, each.end) for each in found])
        found.sort(key=lambda each: each.start)
    edits = [Edit(each.start, each.end, each.text) for each in found if each.text is not None]
    moved = Mapped.of(plain.text).edited(edits)
    sounds: list[Phonemes] = []
    read: list[tuple[int, int]] = []
    for each in found:
        first, last = _located(moved, each.start, each.end)
        mine = [Phonemes(first + start, first + end, ipa) for start, end, ipa in each.sounds]
        sounds += mine
        read += [(first, last)] if each.read else [(sound.start, sound.end) for sound in mine]
    return plain.edited(edits), sounds, read


def _by_marks(plain: Mapped, marks: Iterable[Mark], language: str) -> Iterator[_Instead]:
    at = 0
    for mark in marks:
        start, end = _located(plain, mark.start, mark.end)
        if start < at or start == end:
            continue
        said = _instead(mark, plain.text[start:end], language)
        if mark.kind is MarkKind.PHONEMES:
            yield _Instead(start, end, None, ((0, end - start, str(mark.value)),), read=True)
        elif said is not None:
            yield _Instead(start, end, said, read=mark.kind is not MarkKind.ALIAS)
        else:
            continue
        at = end


def _by_dictionary(
    text: str, dictionary: Dictionary, taken: list[tuple[int, int]]
) -> Iterator[_Instead]:
    for start, end, entry in dictionary.find(text):
        if not _is_apart(start, end, taken):
            continue
        if entry.ipa is not None:
            yield _Instead(start, end, None, ((0, end - start, entry.ipa),), read=True)
        else:
            alias, sounds = dictionary.alias(entry)
            yield _Instead(start, end, alias, tuple(sounds))


def _instead(mark: Mark, text: str, language: str) -> str | None:
    """What a mark says instead of its text; None for the text."""
    if mark.kind is MarkKind.ALIAS:
        return str(mark.value)
    if mark.kind is MarkKind.SPELL:
        return spell(text, language)
    if isinstance(mark.value, SayAs):
        return say_as(text, language, mark.value.interpret_as, mark.value.format)
    return None


def _is_apart(start: int, end: int, spans: list[tuple[int, int]]) -> bool:
    """Whether a range overlaps none of the spans, which are in order."""
    at = bisect_left(spans, (end, 0))
    return not at or spans[at - 1][1] <= start


def _located(text: Mapped, start: int, end: int) -> tuple[int, int]:
    """Where in `text` something is said for `[start:end]` of its source; empty if nothing is."""
    first = bisect_right(text.ends, start)
    return first, max(first, bisect_left(text.starts, end))


def _words(shown: str, space: str, last: Border | None, said: Mapped) -> tuple[SaidWord, ...]:
    """The words of a piece that something is said for."""
    spans = word_spans(shown)
    places = _apart(spans, [_located(said, *span) for span in spans])
    return _words_at(shown, space, last, spans, places)


def _words_at(
    shown: str, space: str, last: Border | None, spans: Sequence[Span], places: Places
) -> tuple[SaidWord, ...]:
    """The words of a piece, by what is said for each of its words."""
    words: list[SaidWord] = []
    final = len(spans) - 1
    for number, place in enumerate(places):
        if place is None:
            continue
        first, end = spans[number]
        if number == final:
            words.append(SaidWord(shown[first:] + space, *place, last))
        else:
            clause = not shown[end - 1].isalnum() and ends_clause(shown[first:end])
            text = shown[first : spans[number + 1][0]]
            words.append(SaidWord(text, *place, Border.CLAUSE if clause else None))
    return tuple(words)


def _apart(spans: Sequence[Span], located: Sequence[Span]) -> Places:
    """What is said for each word alone, if `located` are the places of all that is said for it;
    None where that is nothing."""
    places: list[Span | None] = []
    reached = 0
    for place in located:
        begin, until = place
        if begin == until:
            places.append(None)
        elif begin < reached:
            return _shared(spans, located)
        else:
            places.append(place)
            reached = until
    return places


def _shared(spans: Sequence[Span], located: Sequence[Span]) -> Places:
    """The same for words of which an edit replaced several together: they share what is said for
    them by length."""
    places: list[Span | None] = [None] * len(spans)
    group: list[int] = []
    first = reached = 0

    def share() -> None:
        total = sum(spans[each][1] - spans[each][0] for each in group)
        at = float(first)
        for each in group:
            start, end = spans[each]
            until = reached if each == group[-1] else at + (end - start) / total * (reached - first)
            places[each] = round(at), round(until)
            at = until

    for number, (begin, until) in enumerate(located):
        if begin == until:
            continue
        if group and begin >= reached:
            share()
            group.clear()
        if not group:
            first = begin
        group.append(number)
        reached = max(reached, until)
    share()
    return places
