"""Borders between pieces of a text, from the weakest to the strongest."""

from __future__ import annotations

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
