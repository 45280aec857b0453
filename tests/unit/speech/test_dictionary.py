# ruff: noqa: RUF001 - this file is about letters of other scripts
"""Pronunciation dictionaries: which terms are found, and what is said for them."""

from __future__ import annotations

from unicodedata import normalize

import pytest

from tests.support.growth import is_linear
from troupe.speech.text.dictionary import (
    MOST_SPOKEN,
    AliasCycle,
    AliasTooLong,
    Dictionary,
    Phonemes,
)
from troupe.speech.text.entry import Entry
from troupe.speech.text.folding import key_of
from troupe.speech.text.mapped import Edit, Mapped


def of(*entries: tuple[str, str] | Entry) -> Dictionary:
    return Dictionary([each if isinstance(each, Entry) else Entry(*each) for each in entries])


def said(dictionary: Dictionary, text: str) -> str:
    edits = [
        Edit(start, end, dictionary.alias(entry)[0])
        for start, end, entry in dictionary.find(text)
        if entry.alias is not None
    ]
    return Mapped.of(text).edited(edits).text


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        # whole words
        ("Ada", "Ada met Adam and ADA.", ["Ada", "ADA"]),
        ("Ada", "Ada's, Ada’s, l'Ada", ["Ada", "Ada", "Ada"]),
        ("ONU", "l'ONU et d’ONU", ["ONU", "ONU"]),
        ("Luc", "Jean-Luc, Lucas", ["Luc"]),
        ("New York", "New York, New\n York, New Yorker", ["New York", "New\n York"]),
        ("example", "example.com has an example.", ["example"]),
        ("U.S.", "the U.S. and the U.S.A.", ["U.S."]),
        ("3", "3 of 3.5 or 1,300 or 3rd", ["3"]),
        ("snake", "snake_case snake", ["snake"]),
        ("C++", "C++ and C++20, not Objective-C+", ["C++", "C++"]),
        (".NET", ".NET, ASP.NET", [".NET"]),
        ("24/7", "open 24/7!", ["24/7"]),
        # forms of the same letters
        ("café", normalize("NFD", "café"), [normalize("NFD", "café")]),
        ("cafe", normalize("NFD", "café"), []),
        ("cafe", "café", []),
        ("office", "oﬃce", ["oﬃce"]),
        ("f", "ﬀ", []),
        ("Straße", "STRASSE, straße", ["STRASSE", "straße"]),
        ("GPT4", "ＧＰＴ４", ["ＧＰＴ４"]),
        ("don't", "don’t", ["don’t"]),
        (
            "word",
            "wo\u00adrd and wo\u200brd and word\u00ad",
            ["wo\u00adrd", "wo\u200brd", "word\u00ad"],
        ),
        ("ᾳ", "ΑΙ ᾼ", ["ΑΙ", "ᾼ"]),
        ("ΟΔΟΣ", "οδος", ["οδος"]),
        # other scripts
        ("東京", "私は東京都に行く。東京", ["東京", "東京"]),
        ("AI", "このAIは、AIM", ["AI"]),
        ("กทม", "ไปกทมวันนี้", ["กทม"]),
        ("ガ", "カ\u3099カ", ["カ\u3099"]),
        ("カ", "カ\u3099", []),
        ("서울", "서울에서, 남서울", ["서울"]),
        ("서울", normalize("NFD", "서울은"), [normalize("NFD", "서울")]),
        ("दिल्ली", "दिल्ली, दिल्लीवाला", ["दिल्ली"]),
        ("दिल", "दिल्ली", []),
        ("Київ", "в Київ, Києві", ["Київ"]),
    ],
)
def test_terms_are_found_as_whole_words(term: str, text: str, found: list[str]) -> None:
    matches = of((term, "x")).find(text)
    assert [text[start:end] for start, end, _ in matches] == found


@pytest.mark.parametrize(
    ("entries", "text", "says"),
    [
        # the longest term first, and what is left after it
        ([("X Y", "1"), ("X Y Z", "2"), ("Z", "3")], "X Y Z X Y X Y Z Q Z", "2 1 2 Q 3"),
        ([("a b", "1"), ("b c d", "2"), ("b", "3")], "a b c d b", "1 c d 3"),
        # letter case, also of terms that only differ in it
        ([Entry("IT", "I T", None, True)], "IT or it", "I T or it"),
        ([Entry("US", "U S", None, True), ("us", "all")], "US us Us", "U S all all"),
        (
            [Entry("Job", "1", None, True), Entry("job", "2", None, True)],
            "Job job JOB",
            "1 2 JOB",
        ),
        ([Entry("A", "x", None, True), ("a b", "y")], "A B, A", "y, x"),
        # aliases are read with the other entries
        ([("NYC", "New York City"), ("York", "Yohrk")], "in NYC", "in New Yohrk City"),
        ([("a", "b b"), ("b", "c"), ("c", "d")], "a", "d d"),
        ([("go", "gone")], "go going", "gone going"),
        ([("Dr", "Doctor")], "Dr Dr.", "Doctor Doctor."),
        ([Entry("US", "us", None, True)], "US", "us"),
        ([], "nothing", "nothing"),
        ([("a", "b")], "", ""),
    ],
)
def test_what_is_said(entries: list[tuple[str, str] | Entry], text: str, says: str) -> None:
    assert said(of(*entries), text) == says


def test_the_sounds_in_an_alias_have_offsets_in_what_is_said() -> None:
    village = Entry("VN", "from Hue: NY, Hue")
    dictionary = of(Entry("Hue", None, "hwe"), ("NY", "New York near Hue"), village)
    text, sounds = dictionary.alias(village)
    assert text == "from Hue: New York near Hue, Hue"
    assert [text[start:end] for start, end, _ in sounds] == ["Hue", "Hue", "Hue"]
    assert sounds == [Phonemes(5, 8, "hwe"), Phonemes(24, 27, "hwe"), Phonemes(29, 32, "hwe")]


@pytest.mark.parametrize(
    ("entries", "numbers"),
    [
        ([("a", "a")], [0]),
        ([("York", "New York")], [0]),
        ([("x", "y"), ("a", "the B"), ("b", "an A!")], [1, 2]),
        ([("a", "b"), ("b", "c"), ("c", "a")], [0, 1, 2]),
        ([("ﬁn", "FIN")], [0]),
    ],
)
def test_aliases_that_lead_back_to_their_term_are_found(
    entries: list[tuple[str, str]], numbers: list[int]
) -> None:
    with pytest.raises(AliasCycle) as error:
        of(*entries)
    found = list(error.value.numbers)
    at = found.index(numbers[0])
    assert found[at:] + found[:at] == numbers


def test_a_long_chain_of_aliases_is_no_cycle() -> None:
    chain = [(f"w{n}", f"w{n + 1}") for n in range(1000)]
    assert said(of(*chain), "w0 w999") == "w1000 w1000"


def test_aliases_cannot_grow_without_a_limit() -> None:
    growing = [(f"w{n}", " ".join([f"w{n + 1}"] * 40)) for n in range(30)]
    with pytest.raises(AliasTooLong) as error:
        of(*growing)
    assert error.value.number == 28
    assert len(said(of(*growing[-1:]), "w29")) <= MOST_SPOKEN


def test_entries_with_the_same_key_are_no_dictionary() -> None:
    with pytest.raises(ValueError, match="same term"):
        of(("ﬁ", "x"), ("FI", "y"))


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("Café", normalize("NFD", "CAFÉ"), True),
        ("a  b", "a\u00a0b", True),
        ("co\u00adop", "coop", True),
        ("it’s", "it's", True),
        ("re\u2011do", "re-do", True),
        ("ab", "a b", False),
        ("café", "cafe", False),
    ],
)
def test_keys(one: str, other: str, equal: bool) -> None:
    assert (key_of(one) == key_of(other)) is equal
    assert key_of(one, case=True) != key_of(one.swapcase(), case=True)


# With entries that are made to cost as much as possible.
HOSTILE = {
    "one word": ([("a" * n, "x") for n in range(1, 101)], "a" * 100_000),
    "almost every term": ([("a" * 99 + chr(0x4E00 + n), "x") for n in range(500)], "a " * 50_000),
    "unspaced, almost": ([("あ" * 99 + chr(0x4E00 + n), "x") for n in range(500)], "あ" * 100_000),
    "unspaced, nested": ([("あ" * n, "x") for n in range(1, 101)], "あ" * 100_000),
    "ends inside words": ([("ab " * n + "a", "x") for n in range(33)], "ab " * 33_333),
    "marks": ([("a", "x")], "a" + "\u0301" * 99_999),
    "stops": ([("a.a", "x")], "a." * 50_000),
    "spaces": ([("a b", "x")], "a" + " " * 99_998 + "b"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_take_linear_time(name: str) -> None:
    entries, text = HOSTILE[name]
    dictionary = of(*entries)

    assert is_linear(lambda size: dictionary.find(text[:size]), len(text))
