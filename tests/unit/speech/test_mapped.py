from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from itertools import pairwise

import pytest

from troupe.speech.text.mapped import Edit, Mapped, applied, located


def source_of(text: Mapped, source: str, part: str) -> str:
    at = text.text.index(part)
    start, end = text.span(at, at + len(part))
    return source[start:end]


def test_edits_keep_the_way_back_to_the_source() -> None:
    source = "It costs $5 on 3 May."
    once = Mapped.of(source).edited([Edit(9, 11, "five dollars"), Edit(15, 16, "the third of")])
    assert once.text == "It costs five dollars on the third of May."
    assert source_of(once, source, "five") == "$5"
    assert source_of(once, source, "dollars") == "$5"
    assert source_of(once, source, "costs five") == "costs $5"
    assert source_of(once, source, "third") == "3"
    assert source_of(once, source, "May") == "May"
    twice = once.edited([Edit(9, 21, "5 dollars"), Edit(25, 25, "around ")])
    assert twice.text == "It costs 5 dollars on around the third of May."
    assert source_of(twice, source, "dollars on") == "$5 on"


def test_cut_and_stripped_still_lead_to_the_whole_source() -> None:
    source = "One.  Two three. "
    sentence = Mapped.of(source).cut(4, 17).stripped()
    assert sentence.text == "Two three."
    assert source_of(sentence, source, "three") == "three"


def test_an_empty_range_is_a_place() -> None:
    text = Mapped.of("abc")
    assert [text.span(at, at) for at in (0, 2, 3)] == [(0, 0), (2, 2), (3, 3)]
    assert Mapped.of("").edited([]).span(0, 0) == (0, 0)


@pytest.mark.parametrize("edits", [[Edit(1, 3, ""), Edit(2, 3, "")], [Edit(2, 9, "")]])
def test_edits_that_overlap_or_leave_the_text_are_errors(edits: list[Edit]) -> None:
    with pytest.raises(ValueError, match="overlaps"):
        Mapped.of("abcd").edited(edits)


def test_a_long_text_is_edited_as_a_short_one() -> None:
    edits = [Edit(0, 0, "so "), Edit(1, 2, ""), Edit(3, 5, "five")]
    short, long = (Mapped.of("abcdef" + "x" * more).edited(edits) for more in (0, 1_000))
    for found, expected in ((long.text, short.text), (long.starts, short.starts)):
        assert list(found)[: len(expected)] == list(expected)
    assert list(long.ends)[: len(short)] == list(short.ends)


def _random_edits(chance: random.Random, text: str) -> list[Edit]:
    cuts = sorted(chance.sample(range(len(text) + 1), chance.randrange(min(9, len(text) + 2))))
    return [
        Edit(start, end, "x" * chance.choice((0, 1, 4)))
        for start, end in pairwise(cuts)
        if chance.random() < 0.6
    ]


def test_places_are_those_of_the_map_after_any_edits() -> None:
    chance = random.Random(1)
    for _ in range(2_000):
        text = "".join(chance.choice("ab c") for _ in range(chance.randrange(30)))
        cuts = sorted(chance.sample(range(len(text) + 1), chance.randrange(len(text) + 1)))
        spans = list(pairwise(cuts))
        edits = _random_edits(chance, text)
        mapped = Mapped.of(text).edited(edits)
        again = _random_edits(chance, mapped.text)
        both = mapped.edited(again)
        assert applied(applied(text, edits), again) == both.text
        expected = []
        for start, end in spans:
            first = bisect_right(both.ends, start)
            expected.append((first, max(first, bisect_left(both.starts, end))))
        assert located(located(spans, edits), again) == expected
