"""The time to read a text of the greatest length: `python -m bench.reading_time`.

Prose, and other kinds of text that cost much a character: tens of thousands of pieces, and
something to say in words at every second or third character.
"""

from __future__ import annotations

import time
from typing import Any

from bench.http import row
from bench.speech import prose

LIMIT = 1.5  # seconds of a processor
CHARACTERS = 200_000
_REPEATED = (
    *("a\n", "1\n", "Ⅳ\n", "$\n", "é\n", "ก\n", "a\n\n", "1\n\n", "- a\n", "1. ", "A. ", "a? "),
    *(
        "|a|\n",
        "# a\n\n",
        "> a\n",
        "**a**\n",
        "[pause]a\n",
        "[pause 1s]a ",
        "[say: a|b]",
        "\u2028a",
    ),
    *("1 ", "1-2 ", "1+1 ", "1% ", "$5 ", "€1 ", "I ", "+ ", "3/4 ", "½ ", "① ", "Dr. ", "a@b.co "),
    *("我", "我。", "ก", "e\u0301 ", "👍 ", "\u2028a"),
)


def _kinds() -> dict[str, str]:
    found = {repr(unit): unit * (CHARACTERS // len(unit)) for unit in _REPEATED}
    found["lines of numbers"] = "\n".join(map(str, range(CHARACTERS)))[:CHARACTERS]
    return found


def seconds(text: str) -> float:
    """Of a processor, to divide a text into parts and to find what is said for it."""
    from troupe.borders import parse_pauses
    from troupe.speech.catalogue import capabilities
    from troupe.speech.text.pieces import parts, pieces
    from troupe.speech.text.reading import Pauses, passage

    pauses, offer = Pauses.of(parse_pauses(""), {}), capabilities("espeak")
    started = time.process_time()
    found = pieces(text, "en-US")
    parts(found, text, 4_000, "en-US")
    passage(found, "en-US", 1.0, offer, pauses, last=True)
    return time.process_time() - started


def measure() -> list[dict[str, Any]]:
    seconds("5 km. 我们")  # loads what is loaded once
    usual = seconds(prose(CHARACTERS))
    worst, kind = max((seconds(text), kind) for kind, text in _kinds().items())
    return [
        row("reading 200,000 characters of prose", usual, "s", LIMIT),
        row(f"reading 200,000 characters, worst kind: {kind}", worst, "s", LIMIT),
    ]


if __name__ == "__main__":
    for each in measure():
        print(f"{each['name']}: {each['value']:g} s (limit {each['limit']:g} s)")
