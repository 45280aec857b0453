"""An entry of a pronunciation dictionary."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """How to say a term: as `alias`, other words, or as `ipa`, its sounds. One of them is set."""

    term: str
    alias: str | None = None
    ipa: str | None = None
    case_sensitive: bool = False
