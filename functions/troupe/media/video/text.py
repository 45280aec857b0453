"""Renders lines of text, in any script.

Pillow needs raqm to shape Arabic or Hindi, and its wheels take fribidi from the system, where it
may be missing. HarfBuzz shapes and draws without it; python-bidi gives the direction of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from unicodedata import bidirectional, category

import numpy as np
import uharfbuzz as hb
from bidi import algorithm as bidi
from numpy.typing import NDArray

from troupe.media.video.fonts import UNITS, Typeface, han_form, is_invisible, typeface_for
from troupe.speech.text.graphemes import UNSPACED, is_joined
from troupe.speech.text.segmenter import words

Coverage = NDArray[np.uint8]  # shape (height, width): 0 outside letters, 255 inside

_RIGHT_TO_LEFT = frozenset(("R", "AL", "AN"))
_BIDI_MARKS = re.compile("[\u202a-\u202e\u2066-\u2069]")  # python-bidi does not support isolates
_NO_SPACES = re.compile(f"[{UNSPACED}]")


@dataclass(frozen=True, slots=True)
class Type:
    """Typesetting of a text: pixels per em, regional form of ideographs, paragraph direction."""

    size: int
    han: int = 2
    right_to_left: bool = False

    @classmethod
    def of(cls, text: str, size: int, language: str | None = None) -> Type:
        strong = (bidirectional(each) for each in text)
        first = next((each for each in strong if each in ("L", "R", "AL")), "L")
        return cls(size, han_form(text, language), first != "L")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A rendered line. `left` and `top`: offset from its origin on the baseline, right and down."""

    pixels: Coverage
    left: int
    top: int


@dataclass(frozen=True, slots=True)
class _Run:
    text: str
    face: Typeface
    level: int  # bidi embedding level; odd is right to left


def readable(text: str) -> str:
    """The text on one line, as far as the fonts have it: a symbol without a glyph is omitted, with
    the space between it and a mark that closes the text before it; a run of letters without one
    becomes an ellipsis."""
    shown, omitted = "", False
    for known, run in groupby(_graphemes(" ".join(text.split())), _is_known):
        letters = "".join(run)
        if known:
            closes = category(letters[0]) in ("Po", "Pe", "Pf")
            shown = (shown.rstrip() if omitted and closes else shown) + letters
        elif any(category(each)[0] in "LN" for each in letters):
            shown += "…"
        omitted = not known and not shown.endswith("…")
    return " ".join(shown.split())


def _is_known(grapheme: str) -> bool:
    return grapheme.isspace() or typeface_for(grapheme) is not None


def _graphemes(text: str) -> Iterator[str]:
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or not is_joined(text, at):
            yield text[start:at]
            start = at


def width(text: str, kind: Type) -> float:
    """Width of one line, in pixels."""
    return sum(x for _, _, x in _advances(text, kind)) / UNITS


def draw(text: str, kind: Type) -> Drawn | None:
    """Renders one line; None if nothing of it is visible."""
    canvas = hb.RasterDraw()
    canvas.scale_factor = (UNITS, UNITS)
    pen = 0
    for font, buffer, advance in _advances(text, kind):
        at = pen
        for glyph, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
            canvas.transform = (1, 0, 0, 1, at + place.x_offset, place.y_offset)
            canvas.draw_glyph(font, glyph.codepoint)
            at += place.x_advance
        pen += advance
    image = canvas.render()
    if image is None or not image.extents.width:
        return None
    extents = image.extents
    rows = np.frombuffer(image.buffer, np.uint8).reshape(extents.height, extents.stride)
    # HarfBuzz's first row is the bottom one.
    pixels = rows[::-1, : extents.width].copy()
    return Drawn(pixels, extents.x_origin, -(extents.y_origin + extents.height))


def _advances(text: str, kind: Type) -> Iterator[tuple[hb.Font, hb.Buffer, int]]:
    """The shaped runs of a line, left to right, each with its advance in UNITS."""
    for run in _visual_order(list(_runs(text, kind))):
        buffer = hb.Buffer()
        buffer.add_str(run.text)
        buffer.guess_segment_properties()
        buffer.direction = "rtl" if run.level % 2 else "ltr"
        font = run.face.font(kind.size)
        hb.shape(font, buffer)
        yield font, buffer, sum(each.x_advance for each in buffer.glyph_positions)


def _runs(text: str, kind: Type) -> Iterator[_Run]:
    text = _BIDI_MARKS.sub("", text)
    levels = _levels(text, kind.right_to_left)
    start = 0
    waiting: _Run | None = None
    for grapheme in _graphemes(text):
        face = _face(grapheme, kind.han, waiting)
        level = levels[start]
        start += len(grapheme)
        if face is None:
            continue
        if waiting and (waiting.face, waiting.level) == (face, level):
            waiting = _Run(waiting.text + grapheme, face, level)
            continue
        if waiting:
            yield waiting
        waiting = _Run(grapheme, face, level)
    if waiting:
        yield waiting


def _face(grapheme: str, han: int, before: _Run | None) -> Typeface | None:
    """Spaces, digits and marks use the face of the run before them if it has them."""
    visible = [each for each in grapheme if not is_invisible(each)]
    if before and category(grapheme[0])[0] in "ZNPSMC" and all(map(before.face.has, visible)):
        return before.face
    return typeface_for(grapheme, han)


def _levels(text: str, right_to_left: bool) -> list[int]:
    """The embedding level of each character (https://www.unicode.org/reports/tr9/)."""
    base = int(right_to_left)
    if not base and not any(bidirectional(each) in _RIGHT_TO_LEFT for each in text):
        return [0] * len(text)
    storage = bidi.get_empty_storage()
    storage["base_level"], storage["base_dir"] = base, "LR"[base]
    bidi.get_embedding_levels(text, storage)
    for at, character in enumerate(storage["chars"]):
        character["at"] = at
    bidi.explicit_embed_and_overrides(storage)  # takes joiners out
    bidi.resolve_weak_types(storage, False)
    bidi.resolve_neutral_types(storage, False)
    bidi.resolve_implicit_levels(storage, False)
    known = {character["at"]: int(character["level"]) for character in storage["chars"]}
    levels: list[int] = []
    for at in range(len(text)):
        levels.append(known.get(at, levels[-1] if levels else base))
    return levels


def _visual_order(runs: list[_Run]) -> list[_Run]:
    """Rule L2: from the highest level down to the lowest odd one, reverses each sequence."""
    odd = [run.level for run in runs if run.level % 2]
    for level in range(max((run.level for run in runs), default=0), min(odd, default=1) - 1, -1):
        stretches = groupby(runs, lambda run, level=level: run.level >= level)  # type: ignore[misc]
        runs = [run for high, part in stretches for run in _reversed_if(high, part)]
    return runs


def _reversed_if(right_to_left: bool, part: Iterable[_Run]) -> list[_Run]:
    return list(part)[::-1] if right_to_left else list(part)


def wrap(text: str, kind: Type, limit: float) -> list[str]:
    """Lines of whole words, of similar width and at most `limit` pixels; a word wider than that is
    split."""
    pieces = [(each, width(each, kind)) for each in _pieces(text, kind, limit)]
    lines = _fill(pieces, limit)
    for share in (0.6, 0.7, 0.8, 0.9):
        even = _fill(pieces, limit * share)
        if len(even) == len(lines) and all(width(each, kind) <= limit for each in even):
            return even
    return lines


def _fill(pieces: list[tuple[str, float]], limit: float) -> list[str]:
    lines, room = [""], limit
    for piece, wide in pieces:
        if lines[-1] and wide > room:
            lines.append("")
            room = limit
        lines[-1] += piece
        room -= wide
    return [line.strip() for line in lines]


def _pieces(text: str, kind: Type, limit: float) -> Iterator[str]:
    """The unbreakable pieces: words with their trailing space, and parts of wider words."""
    starts = [start for start, _ in words(text)]
    for start, end in pairwise([0, *starts[1:], len(text)]):
        word = text[start:end]
        if width(word.rstrip(), kind) <= limit:
            yield word
            continue
        piece = ""
        for grapheme in _graphemes(word):
            if piece and width((piece + grapheme).rstrip(), kind) > limit:
                yield piece
                piece = ""
            piece += grapheme
        yield piece


def joined(lines: Iterable[str]) -> str:
    """Joins lines into one, without a space where the script has none."""
    whole = ""
    for line in lines:
        touching = whole[-1:] + line[:1]
        apart = bool(whole) and not _NO_SPACES.search(touching)
        whole += (" " if apart else "") + line
    return whole
