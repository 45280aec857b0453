# ruff: noqa: RUF001 - this file is about the punctuation of other scripts
"""Cuts text where a reader would pause: into the parts of a job, and into engine calls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from troupe.speech.text.graphemes import UNSPACED, is_joined
from troupe.speech.text.plain import plain_text
from troupe.speech.text.words import is_speakable

__all__ = ["VERSION", "cut", "plain_text", "utterances"]

# Part of the cache key of spoken parts. Increase it when the cutting changes.
VERSION = "1"

# A few sentences per call: enough to make the overhead of a call negligible, and short enough that
# its audio (about a minute, 2.5 MB) needs little memory.
UTTERANCE_CHARACTERS = 800

# Sentence ends and commas of scripts with spaces (Latin, Armenian, Ethiopic, Arabic, Devanagari,
# Urdu, Myanmar, Khmer, Tibetan), and of scripts without, where no space follows.
_ENDS = ".!?…‽։።፧।॥؟۔။៕།"
_COMMAS = ",;:—–،؛፣፤၊"
_UNSPACED_ENDS = "。！？｡．"
_UNSPACED_COMMAS = "、，；："
_CLOSERS = "\"'”’»›)\\]}」』】）》〉"

# Boundaries from strongest to weakest. A cut falls after a match.
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*|\u2029\s*")
_SENTENCE = re.compile(
    rf"(?:(?P<stop>\.)|[{_ENDS}])[{_CLOSERS}]*\s+|[{_UNSPACED_ENDS}…]+[{_CLOSERS}]*\s*"
)
_CLAUSE = re.compile(
    rf"[{_COMMAS}][{_CLOSERS}]*\s+|[{_UNSPACED_COMMAS}]+[{_CLOSERS}]*\s*|[^\S\n]*\n\s*"
)
_SPACE = re.compile(r"\s+")
_BORDERS = (_PARAGRAPH, _SENTENCE, _CLAUSE, _SPACE)

_WORD = re.compile(rf"[^\s{UNSPACED}{_UNSPACED_ENDS}{_UNSPACED_COMMAS}]+")
# A line of Chinese or Japanese must not begin with these.
_CLINGING = frozenset("。！？｡．…、，；：」』】）》〉ーっッゃゅょャュョ々")

_BEFORE_STOP = re.compile(r"[^\s\"“‘«(\[{]*\Z")
_DOTTED = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]\Z")  # "e.g", "U.S" and initials
_LOOK_BACK = 40

# Abbreviations, in lower case: the full stop after them does not end a sentence.
_ABBREVIATIONS = frozenset(
    (  # noqa: SIM905 - a hundred short words are easier to read as text
        "mr mrs ms mx dr prof st ste jr sr rev fr hon gen col maj capt cpt lt sgt cmdr adm gov sen "
        "rep pres vol vols fig figs eq pp ch sec art par ed eds al vs etc cf viz approx dept inc "
        "ltd corp bros ave blvd rd mt ft ext jan feb mar apr jun jul aug sep sept oct nov dec "
        "bzw usw ca nr hr str inkl evtl ggf vgl abb bd hrsg "  # German
        "mm mme mmes mlle mgr env chap éd "  # French
        "sra srta dra ud uds vd pág págs núm "  # Spanish, Portuguese
        "sig dott pag ecc "  # Italian
        "dhr mevr bijv blz enz "  # Dutch
        "гг ул стр рис им др пр тыс млн млрд"  # Russian
    ).split()
)
# Languages that write ordinals as "3.".
_ORDINAL_DOT = re.compile("da|de|et|fi|hr|hu|is|lb|lv|nb|nn|no|sk|sl|sr|cs|bs|pl|tr")


def cut(text: str, limit: int, language: str) -> list[int]:
    """Offsets [0, ..., len(text)] that cut `text` into pieces of at most `limit` code points.

    Cuts after a paragraph, or else after a sentence, a clause or a space, into pieces of similar
    size. Words are cut only if longer than `limit`, and then between graphemes; graphemes only if
    longer than `limit`. A script without spaces may be cut between any two characters if there is
    no punctuation in reach. Linear in len(text).

    Raises ValueError for a limit below 1.
    """
    if limit < 1:
        raise ValueError("limit must be at least 1")
    total = len(text)
    if not text:
        return [0]
    ordinal_dot = bool(_ORDINAL_DOT.fullmatch(language.partition("-")[0].lower()))
    offsets = [0]
    while (rest := total - (start := offsets[-1])) > limit:
        pieces = -(-rest // limit)
        target = start + -(-rest // pieces)
        offsets.append(_best(text, start, target, start + limit, ordinal_dot))
    return [*offsets, total]


def _best(text: str, start: int, target: int, last: int, ordinal_dot: bool) -> int:
    """The strongest boundary from half the target on; among equals, the closest to the target.
    If there is none, the last space, or else the least harmful place."""
    half = start + (target - start + 1) // 2
    for border in _BORDERS:
        found = [
            match.end()
            for match in border.finditer(text, half, last)
            if not is_joined(text, match.end()) and _is_end(text, match, ordinal_dot)
        ]
        if found:
            return min(found, key=lambda at: abs(at - target))
    early = start
    for match in _SPACE.finditer(text, start, half):
        if not is_joined(text, match.end()):
            early = match.end()
    return _between_words(text, early, last) or (
        early if early > start else _between_graphemes(text, start, last)
    )


def _is_end(text: str, match: re.Match[str], ordinal_dot: bool) -> bool:
    """Whether a match really is a boundary: a full stop may follow an abbreviation or a number."""
    if match.re is not _SENTENCE or match["stop"] is None:
        return True
    if text[match.end()].islower():
        return False
    stop = match.start()
    before = text[max(0, stop - _LOOK_BACK) : stop]
    found = _BEFORE_STOP.search(before)
    word = found[0] if found else ""
    if _DOTTED.fullmatch(word) or word.lower() in _ABBREVIATIONS:
        return False
    if word.isdecimal():
        line = before[: len(before) - len(word)].rstrip(" \t")
        numbered = not line or line.endswith("\n")  # "1. One" begins a list item
        return not (numbered or ordinal_dot)
    return True


def _between_words(text: str, start: int, last: int) -> int | None:
    """The last place in (start, last] that does not split a word of a script with spaces."""
    at = last
    end = 0
    for run in _WORD.finditer(text, start, min(last + 1, len(text))):
        begin, end = run.span()
    if end > last:
        at = begin
    while at > start and (
        is_joined(text, at) or (text[at] in _CLINGING and text[at - 1] not in _CLINGING)
    ):
        at -= 1
    # Stepping back over marks may have led back into a word.
    if at > start and not (_WORD.match(text[at - 1]) and _WORD.match(text[at])):
        return at
    return None


def _between_graphemes(text: str, start: int, last: int) -> int:
    for at in range(last, start, -1):
        if not is_joined(text, at):
            return at
    return last


def utterances(text: str, language: str, limit: int) -> Iterator[tuple[int, str]]:
    """Yields pieces of a few sentences, one per engine call, with their offsets in `text`.

    `limit`: the maximum length of a piece, in code points. Surrounding space is stripped, and
    pieces with nothing to speak are left out.
    """
    offsets = cut(text, min(limit, UTTERANCE_CHARACTERS), language)
    for start, end in pairwise(offsets):
        piece = text[start:end]
        spoken = piece.strip()
        if spoken and is_speakable(spoken):
            yield start + len(piece) - len(piece.lstrip()), spoken


def sentence_ends(text: str, language: str = "") -> list[int]:
    """The ends of the sentences that end within `text`, with their closing marks."""
    ordinal_dot = bool(_ORDINAL_DOT.fullmatch(language.partition("-")[0].lower()))
    text = text.rstrip()
    return [
        match.start() + len(match[0].rstrip())
        for match in _SENTENCE.finditer(text)
        if _is_end(text, match, ordinal_dot)
    ]
