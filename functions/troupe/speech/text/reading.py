"""What is said: pieces of a text in words, with pauses, ready for an engine."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from troupe.speech.borders import Border
from troupe.speech.engine import Capabilities, WordTiming
from troupe.speech.text.clean import speakable
from troupe.speech.text.graphemes import is_unspaced
from troupe.speech.text.mapped import Mapped
from troupe.speech.text.pieces import Piece
from troupe.speech.text.planner import cut
from troupe.speech.text.sentences import CLAUSE, CLAUSE_END
from troupe.speech.text.verbalise import verbalise
from troupe.speech.text.words import is_speakable, word_spans

# Seconds after the last word, so that captions end before the sound does.
LAST_PAUSE = 0.2


@dataclass(frozen=True, slots=True)
class Pauses:
    """The silence at each kind of border, in seconds at normal speed. `asked`: the kinds that the
    request has set, which engines must not choose themselves."""

    seconds: Mapping[Border, float]
    asked: frozenset[Border] = frozenset()

    @classmethod
    def of(cls, usual: Mapping[Border, int], asked: Mapping[Border, int]) -> Self:
        """From milliseconds; those that were asked for win."""
        seconds = {border: each / 1000 for border, each in {**usual, **asked}.items()}
        return cls(seconds, frozenset(asked))

    def after(self, border: Border | None, speed: float) -> float:
        return self.seconds[border] / speed if border else 0.0


@dataclass(frozen=True, slots=True)
class SaidWord:
    """A word of the source as written, with the white space after it, and the offsets of what is
    said for it in its utterance. `border`: what ends after it."""

    text: str
    start: int
    end: int
    border: Border | None = None


@dataclass(frozen=True, slots=True)
class Utterance:
    """One call of an engine: the words to say, and the silence after them in seconds."""

    text: str
    words: tuple[SaidWord, ...]
    pause: float


@dataclass(frozen=True, slots=True)
class Passage:
    """Everything that the sound of a part depends on but the voice. `last`: whether the text ends
    with it."""

    utterances: tuple[Utterance, ...] = field(default=())

    @property
    def text(self) -> str:
        """The words that are said, for estimates."""
        return " ".join(utterance.text for utterance in self.utterances)

    @property
    def pauses(self) -> float:
        return sum(utterance.pause for utterance in self.utterances)


def passage(
    pieces: Sequence[Piece],
    language: str,
    speed: float,
    offer: Capabilities,
    pauses: Pauses,
    *,
    last: bool,
) -> Passage:
    """The pieces as an engine with the capabilities `offer` should say them. `last`: the text ends
    with them, and so with LAST_PAUSE. Linear."""
    said = [
        utterance
        for group in _groups(pieces, offer, pauses)
        for utterance in _utterances(group, language, speed, offer, pauses)
    ]
    if last and said:
        said[-1] = replace(said[-1], pause=LAST_PAUSE)
    return Passage(tuple(said))


def _groups(pieces: Sequence[Piece], offer: Capabilities, pauses: Pauses) -> Iterator[list[Piece]]:
    """The pieces of each call: a few sentences, unless their pauses are ours to make."""
    group: list[Piece] = []
    for piece in pieces:
        room = min(offer.max_characters, 800) - sum(len(each.text) + 1 for each in group)
        if group and len(piece.text) > room:
            yield group
            group = []
        group.append(piece)
        joins = piece.border in (None, Border.SENTENCE) and offer.groups_sentences
        if not joins or piece.border in pauses.asked:
            yield group
            group = []
    if group:
        yield group


def _utterances(
    group: Sequence[Piece], language: str, speed: float, offer: Capabilities, pauses: Pauses
) -> Iterator[Utterance]:
    text, words = _said(group[0], language)
    for piece in group[1:]:
        said, more = _said(piece, language)
        gap = "" if is_unspaced(text[-1:]) else " "
        words += _shifted(more, len(text) + len(gap))
        text += gap + said
    ends = [*_calls(text, language, offer, pauses), len(text)]
    start = 0
    for end in ends:
        call = text[start:end]
        border = group[-1].border if end == len(text) else _inside(text, end)
        mine = words
        if len(ends) > 1:
            mine = [each for each in words if start <= each.start < end]
        if first := start + len(call) - len(call.lstrip()):
            mine = _shifted(mine, -first)
        if is_speakable(call):
            yield Utterance(call.strip(), tuple(mine), round(pauses.after(border, speed), 3))
        start = end


def _shifted(words: Iterable[SaidWord], by: int) -> list[SaidWord]:
    return [replace(each, start=max(0, each.start + by), end=each.end + by) for each in words]


def _calls(text: str, language: str, offer: Capabilities, pauses: Pauses) -> list[int]:
    """Where a text is cut because it is too long for one call, or after clauses if their pause was
    asked for."""
    ends: set[int] = set()
    if len(text) > offer.max_characters:
        ends.update(cut(text, offer.max_characters, language)[1:-1])
    if Border.CLAUSE in pauses.asked:
        ends |= {match.end() for match in CLAUSE.finditer(text) if match.end() < len(text)}
    return sorted(ends)


def _inside(text: str, end: int) -> Border | None:
    """The border of a cut inside a sentence."""
    if CLAUSE_END.search(text[max(0, end - 40) : end].rstrip()):
        return Border.CLAUSE
    return None


def _said(piece: Piece, language: str) -> tuple[str, list[SaidWord]]:
    """What is said for a piece, and its words."""
    shown = piece.text.text
    plain = Mapped.of(shown).edited(speakable(shown))
    said = plain.edited(verbalise(plain.text, language))
    return said.text, list(_words(shown, said, piece.border))


def _words(shown: str, said: Mapped, border: Border | None) -> Iterator[SaidWord]:
    """The words of `shown` that something is said for. Those that an edit replaced together share
    its words by length."""
    spans = word_spans(shown)
    bounds = [start for start, _ in spans[1:]] + [len(shown)]
    group: list[int] = []
    reached = 0

    def flush() -> Iterator[SaidWord]:
        total = sum(spans[each][1] - spans[each][0] for each in group)
        at = first
        for number, each in enumerate(group):
            share = (spans[each][1] - spans[each][0]) / total * (reached - first)
            until = reached if number == len(group) - 1 else round(at + share)
            text = shown[spans[each][0] : bounds[each]]
            yield SaidWord(text, round(at), until, _border_of(text, each == len(spans) - 1, border))
            at = until

    first = 0
    for number, (start, end) in enumerate(spans):
        begin, until = bisect_right(said.ends, start), bisect_left(said.starts, end)
        if begin >= until:
            continue
        if group and begin >= reached:
            yield from flush()
            group = []
        if not group:
            first = begin
        group.append(number)
        reached = max(reached, until)
    if group:
        yield from flush()


def _border_of(text: str, is_last: bool, border: Border | None) -> Border | None:
    if is_last:
        return border
    return Border.CLAUSE if CLAUSE_END.search(text.rstrip()) else None


def as_written(utterance: Utterance, timings: Sequence[WordTiming]) -> tuple[WordTiming, ...]:
    """The words of the source, timed by an engine's timings of the words that it said."""
    said = _located(utterance.text, timings)
    if not said:
        return ()
    starts = [start for start, _, _ in said]
    ends = [end for _, end, _ in said]

    def begin(at: int) -> float:
        index = min(bisect_right(ends, at), len(said) - 1)
        return _within(said[index], at)

    def until(at: int) -> float:
        index = max(bisect_left(starts, at) - 1, 0)
        return _within(said[index], at)

    result: list[WordTiming] = []
    reached = 0.0
    for word in utterance.words:
        start = max(reached, begin(word.start))
        reached = max(start, until(word.end))
        result.append(WordTiming(word.text, start, reached, word.border))
    return tuple(result)


Located = tuple[int, int, WordTiming]


def _located(text: str, timings: Iterable[WordTiming]) -> list[Located]:
    """The timings with their offsets in the text. Engines tell words in order, as in the text."""
    found: list[Located] = []
    at = 0
    for timing in timings:
        start = text.find(timing.text, at)
        if start < 0 or not timing.text:
            continue
        at = start + len(timing.text)
        found.append((start, at, timing))
    return found


def _within(located: Located, at: int) -> float:
    """The time of an offset in a word."""
    start, end, timing = located
    share = min(1.0, max(0.0, (at - start) / (end - start)))
    return timing.start + share * (timing.end - timing.start)
