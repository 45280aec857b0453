"""Borders between pieces of a text, from the weakest to the strongest."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Border(StrEnum):
    """What ends after a word."""

    CLAUSE = "clause"
    SENTENCE = "sentence"
    ITEM = "item"  # of a list, a line of a poem, a row of a table
    PARAGRAPH = "paragraph"
    HEADING = "heading"
    SCENE = "scene"


PAUSES = "clause=150, sentence=300, item=450, paragraph=650, heading=900, scene=1500"
LONGEST_PAUSE = 10_000  # milliseconds


def parse_pauses(text: str) -> dict[Border, int]:
    """Parses `paragraph=700, scene=2000`: the silence at each kind of border, in milliseconds. A
    missing kind keeps its default. Raises ValueError."""
    pauses = {}
    for entry in filter(str.strip, f"{PAUSES},{text}".split(",")):
        name, _, value = entry.partition("=")
        if name.strip() not in frozenset(Border) or not value.strip().isdecimal():
            raise ValueError(f"must be like {PAUSES!r}")
        pauses[Border(name.strip())] = int(value)
    if max(pauses.values()) > LONGEST_PAUSE:
        raise ValueError(f"a pause can be at most {LONGEST_PAUSE} milliseconds")
    return pauses


_COMMAS = ",;:\u2014\u2013\u060c\u061b\u3001\uff0c\uff1b\uff1a"
_STOPS = ".!?\u2026\u0964\u061f\u06d4\u3002\uff01\uff1f"


def pause_seconds(text: str, pauses: Mapping[Border, int]) -> float:
    """The silence that `pauses` (milliseconds at each kind of border) can add to a text at most, in
    seconds at normal speed."""
    lines = max(
        (pauses.get(each, 0) for each in Border if each not in (Border.CLAUSE, Border.SENTENCE)),
        default=0,
    )
    total = lines * text.count("\n")
    for border, marks in ((Border.CLAUSE, _COMMAS), (Border.SENTENCE, _STOPS)):
        if pause := pauses.get(border, 0):
            total += pause * sum(map(text.count, marks))
    return total / 1000
