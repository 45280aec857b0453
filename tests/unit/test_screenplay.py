"""Screenplays and dialogues: who speaks which text, and which lines are invalid."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troupe.scripts.errors import InvalidDialogue
from troupe.scripts.records import MAX_CHARACTERS, MAX_LINE_CHARACTERS, MAX_LINES
from troupe.scripts.screenplay import check_dialogue, parse_screenplay

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
        ("b2", "I saw it first.\nIt was a ship."),
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
        "Anna (whispering): Hello.",
        "ANNA [off]: Hello.",
        "**Anna** (whispering): Hello.",
        "**Anna (whispering):** Hello.",
        "Anna:\nHello.",
        "Anna:\n(she smiles)\nHello.",
    ],
)
def test_ways_to_name_the_speaker(line: str) -> None:
    assert spoken(line) == [("a1", "Hello.")]


def test_emphasis_in_spoken_text_is_kept() -> None:
    assert spoken("Anna: *really* good") == [("a1", "*really* good")]


def test_full_width_colons_and_names_in_other_writing_systems() -> None:
    assert spoken("小明：你好。\n再见。") == [("d4", "你好。\n再见。")]  # noqa: RUF001


def test_names_can_contain_colons_and_parentheses() -> None:
    cast = {"x": "Agent: K", "y": "Agent", "z": "Ben (old)", "w": "Ben"}
    text = "Agent: K: one\nAgent: two\nBen (old): three\nBen (sad): four"
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
    assert "use the id" in fault["message"]


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


def test_a_dialogue_keeps_its_order_and_words() -> None:
    lines = check_dialogue([("b2", " Hi. "), ("a1", "Ho.\nHey."), ("b2", "Hi.")], CAST)
    assert [(line.speaker, line.text) for line in lines] == [
        ("b2", "Hi."),
        ("a1", "Ho.\nHey."),
        ("b2", "Hi."),
    ]


def test_a_dialogue_can_be_empty() -> None:
    assert check_dialogue([], CAST) == []


@pytest.mark.parametrize(
    ("invalid", "message"),
    [
        (("zz", "Hi."), "not in the cast"),
        (("Anna", "Hi."), "not in the cast"),  # names are not accepted here
        (("a1", ""), "empty"),
        (("a1", " \n "), "empty"),
        (("a1", "?!"), "no words to speak"),
        (("a1", "a\x00b"), "control"),
        (("a1", "x" * (MAX_LINE_CHARACTERS + 1)), "at most 2,000"),
    ],
)
def test_an_invalid_line_of_a_dialogue_is_reported(invalid: tuple[str, str], message: str) -> None:
    with pytest.raises(InvalidDialogue) as failure:
        check_dialogue([("a1", "Hi."), invalid, ("b2", "Ho.")], CAST)
    assert failure.value.details is not None
    (fault,) = failure.value.details["lines"]
    assert fault["line"] == 2
    assert message in fault["message"]
    assert failure.value.text.startswith("Line 2: ")


def test_a_dialogue_of_two_thousand_lines_is_an_error() -> None:
    with pytest.raises(InvalidDialogue) as failure:
        check_dialogue([("a1", "Hi.")] * 2000, CAST)
    assert failure.value.details == {
        "lines": [
            {"line": 501, "message": "a dialogue can have at most 500 lines; this one has 2000"},
        ]
    }


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


@pytest.mark.parametrize(
    "text", ["(" * 200_000, "*" * 200_000, ":" * 200_000, "Anna:" * 40_000, "a (" * 66_000]
)
def test_hostile_texts_are_parsed_quickly(text: str) -> None:
    started = time.process_time()
    with pytest.raises(InvalidDialogue):
        parse_screenplay(text, CAST)
    assert time.process_time() - started < 1.0
