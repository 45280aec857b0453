"""The time to read a text of the greatest length: `python -m bench.reading_time`.

Prose, and other kinds of text that cost much a character: tens of thousands of pieces, and
something to say in words at every second or third character.
"""

from __future__ import annotations

import random
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
    *("我", "我。", "ก", "e\u0301 ", "👍 ", "\u2028a", "Ⅳ ", "±3"),
)
# Numbers have cases, ordinals have full stops, words have no spaces between.
_IN_LANGUAGES = (("ru", "1-2 "), ("ru", "5×3 "), ("pl", "1+1 "), ("de", "3. "), ("ja", "約5年"))  # noqa: RUF001
# Lines that are all different, and have something to say.
_VARIED = (
    *(("ko", "2살\n"), ("ko", "1-2가8\n"), ("en-US", "1-2字\n")),
    *(("ja", "字字\n"), ("ja", "字Ⅳ\n\n"), ("yue", "2字\n"), ("sv", "字字/2\n")),
    ("ko", "2字字2\n"),
)
_SLOWEST = 5  # kinds that are reported


def _ideographs(in_line: int) -> str:
    chance = random.Random(1)
    lines = CHARACTERS // (in_line + 1)
    return "".join(
        "".join(chr(chance.randrange(0x4E00, 0x9FFF)) for _ in range(in_line)) + "\n"
        for _ in range(lines)
    )


def _varied(unit: str) -> str:
    """Lines like `unit` with other digits, ideographs and syllables of Hangul."""
    chance = random.Random(1)

    def other(character: str) -> str:
        if character.isdecimal():
            return str(chance.randrange(10))
        if "가" <= character <= "힣":
            return chr(chance.randrange(ord("가"), ord("힣")))
        return chr(chance.randrange(0x4E00, 0x9FFF)) if character.isalpha() else character

    return "".join("".join(map(other, unit)) for _ in range(CHARACTERS // len(unit)))


def _kinds() -> dict[str, tuple[str, str]]:
    """By name, texts and their languages."""
    found = {repr(unit): (_repeat(unit), "en-US") for unit in _REPEATED}
    for language, unit in _IN_LANGUAGES:
        found[f"{unit!r} in {language}"] = _repeat(unit), language
    numbers = "\n".join(map(str, range(CHARACTERS)))[:CHARACTERS]
    found["lines of numbers"] = numbers, "en-US"
    for language, unit in _VARIED:
        found[f"different lines like {unit!r} in {language}"] = _varied(unit), language
    for in_line in (1, 2, 3):
        found[f"lines of {in_line} of all ideographs"] = _ideographs(in_line), "en-US"
    return found


def _repeat(unit: str) -> str:
    return unit * (CHARACTERS // len(unit))


def seconds(text: str, language: str = "en-US") -> float:
    """Of a processor, to divide a text into parts and to find what is said for it."""
    from troupe.borders import parse_pauses
    from troupe.speech.catalogue import capabilities
    from troupe.speech.text.pieces import parts, pieces
    from troupe.speech.text.reading import Pauses, passage

    pauses, offer = Pauses.of(parse_pauses(""), {}), capabilities("espeak")
    started = time.process_time()
    found = pieces(text, language)
    parts(found, text, 4_000, language)
    passage(found, language, 1.0, offer, pauses, last=True)
    return time.process_time() - started


def measure() -> list[dict[str, Any]]:
    for language in ("en-US", *(language for language, _ in (*_IN_LANGUAGES, *_VARIED))):
        seconds("5 km. 我们", language)  # loads what is loaded once
    usual = seconds(prose(CHARACTERS))
    found = [(seconds(*text), kind) for kind, text in _kinds().items()]
    return [
        row("reading 200,000 characters of prose", usual, "s", LIMIT),
        *(
            row(f"reading 200,000 characters of {kind}", each, "s", LIMIT)
            for each, kind in sorted(found, reverse=True)[:_SLOWEST]
        ),
    ]


if __name__ == "__main__":
    for each in measure():
        print(f"{each['name']}: {each['value']:g} s (limit {each['limit']:g} s)")
