"""What is said: pieces of a text in words, with pauses, ready for an engine."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, Self

from troupe.borders import Border
from troupe.speech.engine import Capabilities, Phonemes, WordTiming
from troupe.speech.prosody import PLAIN, Prosody
from troupe.speech.text.marks import MarkKind
from troupe.speech.text.planner import cut
from troupe.speech.text.saying import Said, SaidWord, say, together
from troupe.speech.text.segmenter import prepare
from troupe.speech.text.sentences import CLAUSE, ends_clause
from troupe.speech.text.uncollected import uncollected
from troupe.speech.text.words import is_speakable

if TYPE_CHECKING:
    from troupe.speech.text.dictionary import Dictionary
    from troupe.speech.text.pieces import Piece

# Seconds after the last word, so that captions end before the sound does.
LAST_PAUSE = 0.2
ALIAS_SECONDS = 30.0
_AT_ONCE = 500  # pieces


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


class Utterance(NamedTuple):
    """One call of an engine: the words to say, and the silence after them in seconds. Without
    words it is silence alone."""

    text: str
    words: tuple[SaidWord, ...]
    pause: float
    phonemes: tuple[Phonemes, ...] = ()
    prosody: Prosody = PLAIN


@dataclass(frozen=True, slots=True)
class Passage:
    """Everything that the sound and the words of a part depend on but the voice. `source`: the
    text that was paid for, with the aliases in it. `extra`: the seconds that the aliases of a
    dictionary may add, which are not in the source."""

    utterances: tuple[Utterance, ...] = ()
    source: str = ""
    extra: float = 0.0

    @property
    def pauses(self) -> float:
        return sum(utterance.pause for utterance in self.utterances)


@uncollected
def passage(
    pieces: Sequence[Piece],
    language: str,
    speed: float,
    offer: Capabilities,
    pauses: Pauses,
    *,
    last: bool,
    dictionary: Dictionary | None = None,
) -> Passage:
    """The pieces as an engine with the capabilities `offer` should say them. `last`: the text ends
    with them, and so with LAST_PAUSE. Linear."""
    after = {border: round(pauses.after(border, speed), 3) for border in (None, *pauses.seconds)}
    said: list[Utterance] = []
    for group in _groups(_prepared(pieces), offer, pauses):
        found = together([say(piece, language, dictionary) for piece in group])
        last_border = group[-1].border
        if not _is_one_call(found, offer, pauses):
            said += _utterances(found, last_border, language, speed, offer, pauses)
        elif is_speakable(found.text):
            said.append(Utterance(found.text.strip(), tuple(found.words), after[last_border]))
    if last and said:
        said[-1] = said[-1]._replace(pause=max(LAST_PAUSE, _asked_at_end(pieces[-1])))
    source = " ".join(map(_source, pieces))
    return Passage(tuple(said), source, ALIAS_SECONDS if dictionary else 0.0)


def _prepared(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """The pieces, with the words of the next ones found together."""
    for first in range(0, len(pieces), _AT_ONCE):
        some = pieces[first : first + _AT_ONCE]
        prepare(piece.text.text for piece in some)
        yield from some


def _source(piece: Piece) -> str:
    if not piece.marks:
        return piece.text.text
    aliases = (str(mark.value) for mark in piece.marks if mark.kind is MarkKind.ALIAS)
    return " ".join((piece.text.text, *aliases))


def _asked_at_end(piece: Piece) -> float:
    """The silence that marks ask for at the end of a piece, in seconds."""
    return sum(
        mark.value / 1000
        for mark in piece.marks
        if mark.start == len(piece.text) and isinstance(mark.value, int)
    )


def _groups(pieces: Iterable[Piece], offer: Capabilities, pauses: Pauses) -> Iterator[list[Piece]]:
    """The pieces of each call: a few sentences, unless their pauses are ours to make."""
    most = min(offer.max_characters, 800)
    ends = {
        border
        for border in (None, *Border)
        if not (offer.groups_sentences and border in (None, Border.SENTENCE))
        or border in pauses.asked
    }
    group: list[Piece] = []
    length = 0
    for piece in pieces:
        size = len(piece.text.text)
        if group and length + size > most:
            yield group
            group = []
        length = (length if group else 0) + size + 1
        group.append(piece)
        if piece.border in ends:
            yield group
            group = []
    if group:
        yield group


def _utterances(
    said: Said,
    last: Border | None,
    language: str,
    speed: float,
    offer: Capabilities,
    pauses: Pauses,
) -> Iterator[Utterance]:
    """The calls of a text that is cut, or has more than words. `last`: what ends with it."""
    text, start = said.text, 0
    if before := _silence(said, 0, pauses, speed):
        yield Utterance("", (), before)
    ends = _calls(said, language, offer, pauses)
    for end in ends:
        call = text[start:end]
        border = last if end == len(text) else _inside(text, end)
        silence = _silence(said, end, pauses, speed)
        pause = round(max(pauses.after(border, speed), silence), 3)
        first = start + len(call) - len(call.lstrip())
        if is_speakable(call):
            yield Utterance(
                call.strip(),
                tuple(said.words if len(ends) == 1 else _shifted(said.words, first, end)),
                pause,
                _sounds(said, first, end),
                _prosody(said, first, end),
            )
        elif silence:
            yield Utterance("", (), pause)
        start = end


def _is_one_call(said: Said, offer: Capabilities, pauses: Pauses) -> bool:
    """Whether a text is said without a cut, as most are."""
    return not (
        said.pauses
        or said.phonemes
        or said.prosody
        or len(said.text) > offer.max_characters
        or Border.CLAUSE in pauses.asked
    )


def _silence(said: Said, at: int, pauses: Pauses, speed: float) -> float:
    """The seconds of silence that marks ask for at a place."""
    if not said.pauses:
        return 0.0
    return sum(
        each / 1000 if isinstance(each, int) else pauses.after(each, speed)
        for place, each in said.pauses
        if place == at
    )


def _sounds(said: Said, start: int, end: int) -> tuple[Phonemes, ...]:
    """Those of a call."""
    if not said.phonemes:
        return ()
    return tuple(
        Phonemes(each.start - start, each.end - start, each.ipa)
        for each in said.phonemes
        if start <= each.start and each.end <= end
    )


def _prosody(said: Said, start: int, end: int) -> Prosody:
    """That of a call, which is the same in all of it."""
    found = PLAIN
    for first, last, prosody in said.prosody:
        if first <= start and end <= last:
            found = prosody.within(found)
    return found


def _calls(said: Said, language: str, offer: Capabilities, pauses: Pauses) -> list[int]:
    """Where a text is cut: at pauses and changes of prosody, where it is too long for one call, and
    after clauses if their pause was asked for. With its end."""
    text = said.text
    ends = {len(text), *(at for at, _ in said.pauses if at)}
    for start, end, _ in said.prosody:
        ends |= {start, end} - {0}
    if Border.CLAUSE in pauses.asked:
        ends |= {match.end() for match in CLAUSE.finditer(text)}
    if len(text) > offer.max_characters:
        for start, end in pairwise([0, *sorted(ends)]):
            inside = cut(text[start:end], offer.max_characters, language)[1:-1]
            ends |= {start + at for at in inside}
    return sorted(ends)


def _shifted(words: Iterable[SaidWord], first: int, end: int) -> list[SaidWord]:
    """The words that begin in `[first:end]`, with offsets from there."""
    return [
        SaidWord(text, start - first, min(until, end) - first, border)
        for text, start, until, border in words
        if first <= start < end
    ]


def _inside(text: str, end: int) -> Border | None:
    """The border of a cut inside a sentence."""
    return Border.CLAUSE if ends_clause(text[max(0, end - 40) : end]) else None


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
