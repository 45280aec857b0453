"""The rules for the lines of a dialogue, from whatever source."""

from __future__ import annotations

import pytest

from troupe.scripts.errors import InvalidDialogue
from troupe.scripts.lines import check_dialogue
from troupe.scripts.records import MAX_LINE_CHARACTERS

CAST = {"a1": "Anna", "b2": "Ben"}


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
        (("Anna", "Hi."), "not in the cast; write the id 'a1'"),  # names are not accepted here
        (("a1", ""), "empty"),
        (("a1", " \n "), "empty"),
        (("a1", "?!"), "no words to speak"),
        (("a1", "(sighs)"), "only a direction"),
        (("a1", "[pause] (looks up)\n…"), "only a direction"),
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
