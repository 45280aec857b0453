"""What holds for all languages: edits, unknown languages, time."""

from __future__ import annotations

import random
import re
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.growth import is_linear, repeated
from tests.unit.speech.reading.rows import said
from troupe.speech.languages import ESPEAK
from troupe.speech.text.verbalise import say_as, verbalise
from troupe.speech.text.verbalise.reader import reader

LANGUAGES = (
    *("en-US", "de", "nl", "fr", "es", "it", "pt", "ru", "pl", "tr"),
    *("ja", "cmn", "yue", "ko", "hi", "ar"),
)
SIZE = 4_000
TRIVIAL = 0.025  # what takes longer would take a tenth of a second for twice the text


def _numbers() -> str:
    chance = random.Random(1)
    return " ".join(str(chance.randrange(10 ** chance.randrange(1, 7))) for _ in range(SIZE // 4))


HOSTILE = {
    "prose": "The old harbour was quiet, and Dr. Smith paid $5 for 3 boats in 1999. ",
    "numbers": _numbers(),
    **{
        text: text
        for text in (
            *("7", "1 ", "1.", "1,", "1,111", "1 111", "1/", "1/2 ", "1-", "1–", "1:", "12:", "½"),
            *("a@", "a.", "@a", "#a", "http://", "/c", "555-", "+1 ", "(1) ", "X", "X ", "V. "),
            *("$", "$1 ", "€", "a", "1a", "a1", " ", "\u00a0", "1\u00a0", "+", "=", "&", "a&", "'"),
            *(
                "May ",
                "May 3 ",
                "3. ",
                "St. ",
                "z. ",
                "5 km ",
                "5 km/",
                "_",
                "(",
                "約5年",
                "٣",
                "'9",
                "3 мая ",
                "с 3 ",
                "XX в. ",
                "1-й ",
                "3 maja ",
                "o godz. 3",
                "5'te ",
                "%5",
                "XX w. ",
            ),
        )
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_time_is_linear(language: str) -> None:
    verbalise("warm 5", language)

    def read(unit: str, size: int) -> None:
        verbalise(repeated(unit, size), language)

    assert [
        name for name, unit in HOSTILE.items() if not is_linear(partial(read, unit), SIZE, TRIVIAL)
    ] == []


@pytest.mark.parametrize(
    "language", sorted({code.split("-")[0] for code, *_ in ESPEAK} | {"fil", "xx"})
)
def test_every_language_of_the_engine_is_read_or_left_alone(language: str) -> None:
    text = "7 12,5 km 1/2 5% $3 2026-05-12 14:30 3. IV a@b.de §5 100 €"
    words = said(text, language)
    edits = verbalise(text, language)
    assert [(edit.start, edit.end) for edit in edits] == sorted(
        (edit.start, edit.end) for edit in edits
    )
    assert "None" not in words
    assert "{" not in words
    if edits:
        assert not words.startswith("7")


def test_edits_touch_only_what_changes() -> None:
    text = "It cost $5 in all, not 7."
    edits = [(text[edit.start : edit.end], edit.text) for edit in verbalise(text, "en-US")]
    assert edits == [("$5", "five dollars"), ("7", "seven")]


PIECES = (
    *("0", "1", "9", "12", "1999", "2026", "000", "7" * 5000, "½", "²", "٣", "三", "年"),
    *(".", ",", "/", "-", "–", ":", " ", "\u00a0", "'", '"', "(", ")", "_", "\n"),
    *(
        "$",
        "€",
        "£",
        "%",
        "°C",
        "km",
        "m²",
        "million",
        "Mio.",
        "k",
        "#",
        "@",
        "&",
        "+",
        "=",
        ">",
        "§",
    ),
    *(
        "May",
        "Mai",
        "rd",
        "st",
        "e",
        "er",
        "IV",
        "XIV",
        "Henry",
        "Dr.",
        "z. B.",
        "pm",
        "Uhr",
        "a.com",
    ),
)
KINDS = [
    "cardinal",
    "ordinal",
    "digits",
    "characters",
    "fraction",
    "unit",
    "date",
    "time",
    "telephone",
    "currency",
]


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), max_size=14).map("".join),
    st.sampled_from((*LANGUAGES, "en-IN", "de-CH", "fr", "ru", "ja", "ko", "ar")),
    st.sampled_from(KINDS),
    st.sampled_from(("", "dmy", "ymd", "y")),
)
def test_any_text_is_read_or_left_alone(text: str, language: str, kind: str, order: str) -> None:
    words = said(text, language)
    assert "{" not in words
    assert "None" not in words
    assert say_as(text, language, kind, order) != ""


@pytest.mark.parametrize("language", (*LANGUAGES, "fr-CH", "pt-PT", "en-IN", "sv", "cs"))
def test_what_a_kind_needs_is_in_all_that_it_matches(language: str) -> None:
    found = reader(language)
    assert found is not None
    chance = random.Random(language)
    kinds = [(kind, pattern) for kind, pattern in found.kinds if kind.needs]
    rules = found.rules
    pieces = (
        *PIECES,
        *rules.scales,
        *rules.units,
        *rules.currencies,
        *(*"0123456789" * 3, *rules.groups, rules.decimal, *rules.dash[1:-1], "\u202f", "±", "~"),
        *("1/2 ", "½ ", "km", "kg", "2026-05-12 ", "5/2026 ", "3.4.2026 ", "9:30 ") * 4,
        *("26/5/3 ", "2026. 5. 3. ", "5/3(日)") * 4,
    )
    matched = dict.fromkeys((kind.name for kind, _ in kinds), 0)
    for _ in range(3_000):
        text = "".join(chance.choices(pieces, k=chance.randrange(1, 8)))[:60]
        for at in range(len(text)):
            for kind, pattern in kinds:
                if pattern.match(text, at):
                    matched[kind.name] += 1
                    assert re.compile(kind.needs).match(text, at), (kind.name, text[at:])
    assert all(matched.values()), matched


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("3 aprİl 2026", "en-US", "the third of April, twenty twenty-six"),
        ("3 ſeptember", "en-US", "three ſeptember"),
        ("3 ARALIK", "tr", "üç Aralık"),
        ("3 ᲃая", "ru", "три ᲃая"),
    ],
)
def test_letters_that_match_only_without_case_are_no_error(
    text: str, language: str, words: str
) -> None:
    assert said(text, language) == words
