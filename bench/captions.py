"""The quality of captions over a corpus of texts: `python -m bench.captions`.

The texts are in bench/corpus, `NAME.LANGUAGE.md`; `.txt` is a dialogue, `NAME: line`.
"""

from __future__ import annotations

import io
import re
import sys
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import webvtt

CORPUS = Path(__file__).parent / "corpus"
LIMITS = {  # of what is counted: the share of all cues or lines, in percent
    "cues that end after an abbreviation": 0.0,
    "lines that begin or end inside a word": 0.0,
    "lines over 42 columns, with names": 0.0,
    "lines that end with an opening mark or begin with a closing one": 0.0,
    "cues of more than two lines": 0.0,
    "cues of several blocks or lines": 0.0,
    "cues over 7 s": 0.0,
    "cues over 20 characters a second": 2.0,
    "cues under 5/6 s where silence follows": 1.0,
    "gaps of less than two frames": 0.0,
}
# Of the corpus, in all its languages.
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:Dr|Mrs?|Prof|St|No|Art|para|Nr|Hr|M|ca|bzw|tsp|approx|min|Mon|Sept|cf|etc"
    r"|[a-z]\. ?[a-z]|[a-z])\.$"
)
_OPENING, _CLOSING = "«“„「『（([{¿¡", "»”」』）)]}。、，！？!?.,;:…"  # noqa: RUF001
_PAUSE = 0.5  # seconds between two lines of a dialogue


@dataclass(frozen=True)
class Text:
    name: str
    language: str
    words: list[list[Any]]  # of each line of a dialogue, or of the only one
    speakers: list[str | None]
    seconds: float


def corpus() -> Iterator[Text]:
    from bench.reading import spoken

    for path in sorted(CORPUS.iterdir()):
        name, language, kind = path.name.split(".")
        text = path.read_text()
        if kind == "md":
            words, seconds = spoken(text, language)
            yield Text(name, language, [words], [None], seconds)
            continue
        at = 0.0
        said: list[list[Any]] = []
        speakers: list[str | None] = []
        for line in text.splitlines():
            speaker, _, words_of = line.partition(": ")
            words, seconds = spoken(words_of, language)
            said.append([replace(w, start=at + w.start, end=at + w.end) for w in words])
            speakers.append(speaker)
            at += seconds + _PAUSE
        yield Text(name, language, said, speakers, at - _PAUSE)


def cues_of(text: Text) -> list[Any]:
    from troupe.media.captions import Said
    from troupe.media.captions.cues import captions

    said = [
        Said(words, speaker, number if speaker else None)
        for number, (words, speaker) in enumerate(zip(text.words, text.speakers, strict=True))
    ]
    return captions(said, until=text.seconds)


# What may end within a paragraph.
_INSIDE = (None, "clause", "sentence")


def faults(text: Text, shown: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """What is wrong in the captions of a text: the name of the measure, and where."""
    from troupe.media.captions import LINE, to_srt, width

    for cue in shown:
        seconds, plain = cue.end - cue.start, cue.text.replace("\n", " ")
        if _ABBREVIATION.search(plain) and not _ends_block(text, cue):
            yield "cues that end after an abbreviation", plain
        if cue.text.count("\n") > 1:
            yield "cues of more than two lines", cue.text
        if seconds > 7:
            yield "cues over 7 s", plain
        if len(plain) > 20 * seconds:
            yield "cues over 20 characters a second", f"{len(plain) / seconds:.0f}: {plain}"
        for line in cue.text.split("\n"):
            # German closes with the mark that English opens with.
            if line[-1] in _OPENING.replace("“" * (text.language == "de"), "") or (
                line[0] in _CLOSING
            ):
                yield "lines that end with an opening mark or begin with a closing one", line
    for one, other in pairwise([*shown, None]):
        gap = (other.start if other else text.seconds) - one.end
        if one.end - one.start < 5 / 6 - 0.001 and gap > 0.001:
            yield "cues under 5/6 s where silence follows", one.text
        if other and 0.001 < gap < 0.079:
            yield "gaps of less than two frames", one.text
    for block in webvtt.from_buffer(io.StringIO(to_srt(shown)), format="srt").captions:
        yield from (
            ("lines over 42 columns, with names", line)
            for line in block.lines
            if width(line) > LINE
        )
    yield from _torn(text, shown)


def _ends_block(text: Text, cue: Any) -> bool:
    """Whether a paragraph or a line ends with the cue: then it may end with an abbreviation."""
    last = cue.words[-1].end
    return any(
        abs(word.end - last) < 0.001
        for words in text.words
        for number, word in enumerate(words)
        if word.border not in _INSIDE or number + 1 == len(words)
    )


def _torn(text: Text, shown: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """Lines that end where the text has neither white space nor, by ICU, the end of a word; and
    cues over the end of a block."""
    from icu4py.breakers import WordBreaker

    whole = "".join("".join(word.text for word in words) + "\n" for words in text.words)
    solid = [at for at, character in enumerate(whole) if not character.isspace()]
    blocks = [0]
    for words in text.words:
        for number, word in enumerate(words):
            size = len("".join(word.text.split()))
            strong = word.border not in _INSIDE or number + 1 == len(words)
            blocks[-1] += size
            if strong:
                blocks.append(blocks[-1])
    ends = {end for _, end in WordBreaker(whole, "ja").segments()}
    done = 0
    for cue in shown:
        begun = done
        for line in cue.text.split("\n"):
            done += len("".join(line.split()))
            at = solid[done - 1] + 1
            if not (whole[at].isspace() or at in ends):
                yield "lines that begin or end inside a word", line
        at = bisect_left(blocks, begun + 1)
        if blocks[at] < done:
            yield "cues of several blocks or lines", cue.text
    if done != len(solid):
        yield "lines that begin or end inside a word", "the captions lack some of the text"


def measure() -> list[dict[str, Any]]:
    from bench.http import row

    found, count = Counter[str](), 0
    for text in corpus():
        shown = cues_of(text)
        count += len(shown)
        found.update(what for what, _ in faults(text, shown))
    return [
        row(f"captions: {what}", round(100 * found[what] / count, 2), "%", limit)
        for what, limit in LIMITS.items()
    ]


def _table() -> None:
    total, cues = Counter[str](), 0
    for text in corpus():
        shown = cues_of(text)
        if "-v" in sys.argv:
            print("\n\n".join(f"{c.end - c.start:.2f} {c.text}" for c in shown))
        here = list(faults(text, shown))
        total.update(what for what, _ in here)
        cues += len(shown)
        print(f"{text.name}.{text.language}: {len(shown)} cues, {text.seconds:.0f} s")
        for what, where in here:
            print(f"  {what}: {where!r}")
    for what, limit in LIMITS.items():
        print(f"{100 * total[what] / cues:6.2f} % (≤ {limit:g} %)  {what}")


if __name__ == "__main__":
    _table()
