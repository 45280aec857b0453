"""The last part of the demo: what a recogniser gets wrong of what was spoken."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from local.client import Client

_WORD = re.compile(r"[\w']+")


def wrong_words(client: Client, audio: Path, text: str) -> str:
    """How many words of `text` the recogniser gets wrong in `audio`, as "2 of 53"."""
    with audio.open("rb") as file:
        heard = client.data("POST", "/api/audio/transcribe", files={"audio": (audio.name, file)})
    said = _words(text)
    return f"{distance(said, _words(heard['text'] or ''))} of {len(said)}"


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def distance(said: Sequence[str], heard: Sequence[str]) -> int:
    """Words that must be replaced, added or left out to make one of the other (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for number, word in enumerate(said, 1):
        before, row[0] = row[0], number
        for place, other in enumerate(heard, 1):
            changed = before + (word != other)
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, changed)
    return row[-1]
