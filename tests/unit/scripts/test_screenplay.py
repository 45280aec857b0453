"""Screenplays: who speaks which text, and which lines are invalid."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.growth import is_linear, repeated
from troupe.scripts.errors import InvalidDialogue
from troupe.scripts.records import MAX_CHARACTERS, MAX_LINE_CHARACTERS, MAX_LINES
from troupe.scripts.screenplay import parse_screenplay
from troupe.speech.text.directions import without_directions

CAST = {"a1": "Anna", "b2": "Ben", "c3": "Dr. Zoë O'Hara", "d4": "小明"}


def spoken(text: str, cast: dict[str, str] = CAST) -> list[tuple[str, str]]:
    return [(line.speaker, line.text) for line in parse_screenplay(text, cast)]


def faults(text: str, cast: dict[str, str] = CAST) -> list[dict[str, Any]]:
    with pytest.raises(InvalidDialogue) as failure:
        parse_screenplay(text, cast)
    assert failure.value.details is not None
    lines: list[dict[str, Any]] = failure.value.details["lines"]
    return lines


def test_a_screenplay() -> None:
    text = """
# The lighthouse

INT. LAMP ROOM - NIGHT

[Wind outside]

ANNA: Did you see it?
BEN (squinting): I saw it first.
It was a ship.

(They look at each other.)

**Anna:** No.

---
CUT TO:
SCENE 2: The shore
Dr. Zoë O'Hara: Who called: you?
"""
    assert spoken(text) == [
        ("a1", "Did you see it?"),
        ("b2", "(squinting) I saw it first.\nIt was a ship."),
        ("a1", "No."),
        ("c3", "Who called: you?"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "Anna: Hello.",
        "ANNA: Hello.",
        "anna:Hello.",
        "  Anna  :  Hello.  ",
        "Anna：Hello.",  # noqa: RUF001
        "a1: Hello.",
        "A1: Hello.",
        "**Anna:** Hello.",
        "**Anna**: Hello.",
        "__ANNA__: Hello.",
        "*Anna:* Hello.",
        "***Anna***: Hello.",
        "`Anna`: Hello.",
        "- Anna: Hello.",
        "12. Anna: Hello.",
        "> **Anna:** Hello.",
        "ANNA [off]: Hello.",
        "Anna:\nHello.",
        "\ufeffANNA: Hello.",
        "\u200bAn\u200bna\u200b: Hello.",
        "ANNA (O.S.) (CONT'D): Hello.",
        "ANNA (O.S., CONT\u2019D): Hello.",
        "ANNA (V.O.)(CONT'D) : Hello.",
        "“ANNA”: Hello.",
        "«Anna» : Hello.",
        '"ANNA: Hello."',
        "[Anna]: Hello.",
        "<Anna> Hello.",
        "<v Anna>Hello.</v>",
        "Anna\tHello.",
        "@Anna\nHello.",
        "ANNA\nHello.",
        "ANNA ^\nHello.",
        "ANNA (V.O.)\nHello.",
        "**ANNA**\nHello.",
        "ANNA.\nHello.",
        "ANNA. — Hello.",
        "ANNA — Hello.",
        "ANNA.— Hello.",
        "ANNA. Hello.",
        "[00:01:02] ANNA: Hello.",
        "(00:01) ANNA: Hello.",
        "00:01 ANNA: Hello.",
        "00:01:02.500 ANNA: Hello.",
        "[00:01 - 00:03] ANNA: Hello.",
        "[00:01:02] Anna - Hello.",
        "[00:01:02]\nAnna\nHello.",
        "[00:00:03:18 - 00:00:08:08]\nAnna\nHello.",
        "ANNA (00:12): Hello.",
        "ANNA [00:12]: Hello.",
        "*Anna (00:12)*\nHello.",
        "Anna  0:15\nHello.",
        "Anna 0:15: Hello.",
        "12/05/2026, 14:30 - Anna: Hello.",
        "[12.05.26, 14:30:15] Anna: Hello.",
        "5/12/26, 2:30 PM - Anna: Hello.",
        "WEBVTT\n\n1\n00:00:01.000 --> 00:00:03.000 align:start\n<v Anna>Hello.",
        "1\n00:00:01,000 --> 00:00:03,000\nANNA: Hello.",
    ],
)
def test_ways_to_name_the_speaker(line: str) -> None:
    assert spoken(line) == [("a1", "Hello.")]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("ANNA (softly): Hello.", "(softly) Hello."),
        ("ANNA (V.O.) (softly): Hello.", "(softly) Hello."),
        ("**Anna** (softly): Hello.", "(softly) Hello."),
        ("**Anna (softly):** Hello.", "(softly) Hello."),
        ("ANNA [softly]: Hello.", "[softly] Hello."),
        ("ANNA, softly: Hello.", "(softly) Hello."),
        ("ANNA, riant. — Bonjour.", "(riant) Bonjour."),
        ("ANNA (softly)\nHello.", "(softly)\nHello."),
        ("ANNA\n(beat)\nHello.", "(beat)\nHello."),
        ("ANNA:\n(she smiles)\nHello.", "(she smiles)\nHello."),
        ("ANNA: (she\nsmiles)\nHello.", "(she\nsmiles)\nHello."),
        ("ANNA:\n(she\nsmiles)\nHello.", "(she\nsmiles)\nHello."),
        ("ANNA: Hello. (laughs) Hello.", "Hello. (laughs) Hello."),
        ("ANNA: Hello.\n[sighs]", "Hello.\n[sighs]"),
    ],
)
def test_directions_in_a_speech_are_kept_with_it(text: str, kept: str) -> None:
    assert spoken(text) == [("a1", kept)]
    assert "Hello" in without_directions(kept) or "Bonjour" in without_directions(kept)
    assert not set("([") & set(without_directions(kept))


def test_emphasis_in_spoken_text_is_kept() -> None:
    assert spoken("Anna: *really* good") == [("a1", "*really* good")]


def test_full_width_colons_and_names_in_other_writing_systems() -> None:
    assert spoken("小明：你好。\n再见。") == [("d4", "你好。\n再见。")]  # noqa: RUF001


def test_names_can_contain_colons_and_parentheses() -> None:
    cast = {"x": "Agent: K", "y": "Agent", "z": "Ben (old)", "w": "Ben"}
    text = "Agent: K: one\nAgent: two\nBen (old): three\nBen (O.S.): four"
    expected = [("x", "one"), ("y", "two"), ("z", "three"), ("w", "four")]
    assert spoken(text, cast) == expected


def test_names_are_compared_by_unicode_case_folding() -> None:
    assert spoken("STRASSE: Hi.", {"s": "Straße"}) == [("s", "Hi.")]


def test_an_id_wins_over_an_equal_name() -> None:
    assert spoken("ben: Hi.", {"x": "Ben", "ben": "Anna"}) == [("ben", "Hi.")]


@pytest.mark.parametrize(
    "line", ["We meet at 10:30.", "10:30 will do.", "https://x.example is it."]
)
def test_some_colons_do_not_follow_a_name(line: str) -> None:
    assert spoken(f"Anna: Listen.\n{line}") == [("a1", f"Listen.\n{line}")]


@pytest.mark.parametrize("line", ["Zed: Hi.", "zed: Hi.", "Dr. Zed: Hi.", "OLD MAN (sad): Hi."])
def test_an_unknown_speaker_is_reported_with_its_line(line: str) -> None:
    (fault,) = faults(f"Anna: Hello.\n\n{line}\nAnd more of that.\nBen: Yes.")
    assert fault["line"] == 3
    assert "not in the cast (Anna, Ben, Dr. Zoë O'Hara, 小明)" in fault["message"]


@pytest.mark.parametrize("text", ["Anna: Hi.\n\nThe door opens.", "The door opens.\nAnna: Hi."])
def test_text_without_a_speaker_is_an_error(text: str) -> None:
    (fault,) = faults(text)
    assert text.splitlines()[fault["line"] - 1] == "The door opens."
    assert "has no speaker" in fault["message"]


def test_every_line_of_a_text_without_names_is_reported() -> None:
    lines = [fault["line"] for fault in faults("It was a dark night.\nNobody spoke.\n")]
    assert lines == [1, 2]


@pytest.mark.parametrize("text", ["", "\n \n", "(silence)", "INT. ROOM - DAY\n\n# Title"])
def test_a_screenplay_without_speech_is_an_error(text: str) -> None:
    (fault,) = faults(text)
    assert fault["line"] == 1
    assert "no spoken lines" in fault["message"]


@pytest.mark.parametrize("line", ["Ben:", "Ben:   ", "Ben: ...", "Ben: —", "**Ben:**"])
def test_an_empty_line_is_reported(line: str) -> None:
    (fault,) = faults(f"Anna: Hi.\n{line}\nAnna: Well?")
    assert fault["line"] == 2


def test_all_invalid_lines_are_reported_at_once() -> None:
    assert [fault["line"] for fault in faults("Zed: Hi.\nAnna: Yes.\nBen:\n\nWhat?")] == [1, 3, 5]


def test_a_name_shared_by_two_characters_is_ambiguous() -> None:
    (fault,) = faults("Anna: Hi.", {"x": "Anna", "y": "anna"})
    assert "use the id instead (`x:`, `y:`)" in fault["message"]


def test_too_many_lines_are_an_error() -> None:
    (fault,) = faults("Anna: Hi.\n" * 2000)
    assert fault["line"] == MAX_LINES + 1
    assert "2000" in fault["message"]


def test_a_line_that_is_too_long_is_reported_where_it_starts() -> None:
    (fault,) = faults("Anna: Hi.\nBen: " + "word " * 300 + "\n" + "word " * 300)
    assert fault["line"] == 2
    assert f"{MAX_LINE_CHARACTERS:,}" in fault["message"]


def test_a_dialogue_that_is_too_long_is_an_error() -> None:
    line = "x" * (MAX_LINE_CHARACTERS - 1)
    (fault,) = faults(f"Anna: {line}\n" * 40)
    assert fault["line"] == MAX_CHARACTERS // len(line) + 1


def test_at_most_twenty_faults_are_reported() -> None:
    assert len(faults("Nonsense.\n\n" * 50_000)) == 20


@given(st.text(alphabet="AnaBe:()[]*_ \n.1#", max_size=80))
def test_any_text_is_parsed_or_rejected(text: str) -> None:
    try:
        lines = parse_screenplay(text, CAST)
    except InvalidDialogue as error:
        assert error.details
        assert error.details["lines"]
    else:
        assert lines
        assert all(line.speaker in CAST and line.text.strip() for line in lines)


@pytest.mark.parametrize("unit", ["(", "*", ":", "Anna:", "a ("])
def test_hostile_texts_take_linear_time(unit: str) -> None:
    def parse(size: int) -> None:
        with pytest.raises(InvalidDialogue):
            parse_screenplay(repeated(unit, size), CAST)

    assert is_linear(parse, 200_000)
