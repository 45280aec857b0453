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
