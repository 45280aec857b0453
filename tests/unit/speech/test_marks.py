# ruff: noqa: RUF001 - IPA has letters that look like others
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.growth import is_linear, repeated
from troupe.borders import Border
from troupe.speech.prosody import Prosody
from troupe.speech.text.ipa import parse_ipa
from troupe.speech.text.marks import MOST_WARNINGS, Mark, MarkKind, parse_marks

PAUSE, SPELL, PHONEMES = MarkKind.PAUSE, MarkKind.SPELL, MarkKind.PHONEMES
FUNCTIONS = Path(__file__).parents[3] / "functions"


@pytest.mark.parametrize(
    ("source", "text", "marks"),
    [
        ("No marks [here].", "No marks [here].", []),
        ("Wait [pause 500ms] here", "Wait here", [(4, 4, PAUSE, 500)]),
        ("Wait[pause 500ms] here", "Wait here", [(4, 4, PAUSE, 500)]),
        ("Wait [pause 500ms]here", "Wait here", [(4, 4, PAUSE, 500)]),
        ("Wait[pause 500ms]here", "Wait here", [(4, 4, PAUSE, 500)]),
        ("等等[pause 500ms]这里", "等等这里", [(2, 2, PAUSE, 500)]),
        ("Wait.[pause .5 s]", "Wait.", [(5, 5, PAUSE, 500)]),
        ("Wait [pause 0.5s], now", "Wait , now", [(4, 4, PAUSE, 500)]),
        ("[PAUSE: 2S] Now", "Now", [(0, 0, PAUSE, 2000)]),
        ("[pause500ms] Now", "Now", [(0, 0, PAUSE, 500)]),
        ("[pause ١s] Now", "Now", [(0, 0, PAUSE, 1000)]),
        ("One. [pause] Two.", "One. Two.", [(4, 4, PAUSE, Border.PARAGRAPH)]),
        ("a [pause 1s] [pause 2s] b", "a b", [(1, 1, PAUSE, 1000), (1, 1, PAUSE, 2000)]),
        ("A\n\n[pause 2s]\n\nB", "A\n\n\nB", [(1, 1, PAUSE, 2000)]),
        ("A\n[pause 2s] [pause 1s]\nB", "A\nB", [(1, 1, PAUSE, 2000), (1, 1, PAUSE, 1000)]),
        ("A\r\n[pause 2s]\r\nB", "A\r\nB", [(1, 1, PAUSE, 2000)]),
        ("The [spell: ABC] car", "The ABC car", [(4, 7, SPELL, None)]),
        ("The [Spell:ABC]s", "The ABCs", [(4, 7, SPELL, None)]),
        ("[spell:  A B ]", "A B", [(0, 3, SPELL, None)]),
        ("Ms [say: Nguyen|ˈwɪn]'s", "Ms Nguyen's", [(3, 9, PHONEMES, "ˈwɪn")]),
        ("[say: Nguyen | /'wɪn/ ]", "Nguyen", [(0, 6, PHONEMES, "ˈwɪn")]),
        ("[say: a|b|ˈwɪn]", "a|b", [(0, 3, PHONEMES, "ˈwɪn")]),
        ("[[pause 1s]]", "[]", [(1, 1, PAUSE, 1000)]),
        (r"\\[pause 1s] x", r"\\ x", [(2, 2, PAUSE, 1000)]),
        # Text, without a warning:
        (r"\[pause 1s] x", r"\[pause 1s] x", []),
        (r"\\\[spell: a]", r"\\\[spell: a]", []),
        ("[pauses] [paused 1s]", "[pauses] [paused 1s]", []),
        ("[say hello] [Spell it]", "[say hello] [Spell it]", []),
        ("[laughs] [sic] [1]", "[laughs] [sic] [1]", []),
        ("[pause](https://a.b)", "[pause](https://a.b)", []),
        ("[pause]: https://a.b", "[pause]: https://a.b", []),
        ("[pause", "[pause", []),
        ("", "", []),
    ],
)
def test_marks_are_taken_out_of_the_text(
    source: str, text: str, marks: list[tuple[int, int, MarkKind, object]]
) -> None:
    marked = parse_marks(source)
    assert marked.text.text == text
    assert marked.marks == tuple(Mark(*mark) for mark in marks)  # type: ignore[arg-type]
    assert marked.warnings == ()


@pytest.mark.parametrize(
    ("source", "code", "why"),
    [
        ("a [pause 5 bananas] b", "unknown_mark", "[pause 500ms]"),
        ("a [pause 500] b", "unknown_mark", "[pause 500ms]"),
        ("a [pause -1s] b", "unknown_mark", "[pause 500ms]"),
        ("a [pause 1s b", "unknown_mark", "[pause 500ms]"),
        ("a [pause 1e3s] b", "unknown_mark", "[pause 500ms]"),
        ("a [spell:] b", "unknown_mark", "nothing to spell"),
        ("a [spell: ABC\n] b", "unknown_mark", "not closed"),
        ("a [spell: " + "x" * 301 + "] b", "unknown_mark", "too long"),
        ("a [say: Nguyen] b", "unknown_mark", "[say: word|ipa]"),
        ("a [say: |ˈwɪn] b", "unknown_mark", "[say: word|ipa]"),
        ("a [say: Nguyen|] b", "invalid_ipa", "has no sound"),
        ("a [say: Nguyen|win7] b", "invalid_ipa", "“7”"),
        ("a [say: Nguyen|мир] b", "invalid_ipa", "“м”"),
        ("a [say: Nguyen|" + "a" * 101 + "] b", "invalid_ipa", "longer than 100"),
    ],
)
def test_a_mark_with_a_mistake_stays_text_with_a_warning(source: str, code: str, why: str) -> None:
    marked = parse_marks(source)
    assert (marked.text.text, marked.marks) == (source, ())
    (warning,) = marked.warnings
    assert (warning.code, warning.at) == (code, 2)
    assert why in warning.message


@pytest.mark.parametrize(
    ("source", "most"), [("[pause 11s]", 10_000), ("[pause 999999999s]", 10_000)]
)
def test_a_long_pause_is_shortened_with_a_warning(source: str, most: int) -> None:
    marked = parse_marks(source)
    assert [mark.value for mark in marked.marks] == [most]
    assert [warning.code for warning in marked.warnings] == ["pause_shortened"]


def test_the_way_back_to_the_source_is_kept() -> None:
    source = "Dr [say: Nguyen|ˈwɪn] [pause 1s] spells [spell: ABC], then[pause 1s]ends."
    marked = parse_marks(source)
    assert marked.text.text == "Dr Nguyen spells ABC, then ends."
    for word in ("Dr", "Nguyen", "spells", "ABC", "ends."):
        at = marked.text.text.index(word)
        start, end = marked.text.span(at, at + len(word))
        assert source[start:end] == word
    named = {marked.text.text[mark.start : mark.end]: mark.kind for mark in marked.marks}
    assert named == {"Nguyen": PHONEMES, "": PAUSE, "ABC": SPELL}
    assert [mark.start for mark in marked.marks] == sorted(mark.start for mark in marked.marks)


def test_warnings_are_told_once_and_are_not_many() -> None:
    source = "[pause x] " * 50 + " ".join(f"[say: a|{chr(0x430 + n)}]" for n in range(32))
    warnings = parse_marks(source).warnings
    assert len(warnings) == MOST_WARNINGS
    assert len({warning.message for warning in warnings}) == MOST_WARNINGS


@pytest.mark.parametrize(
    "piece",
    [
        "[",
        "[[pause",
        "[say:",
        "[say: a|",
        "[say: a|b]",
        "[spell:",
        "[spell: a] ",
        "[pause 1s]",
        "[pause 1s] \n",
        "[pause 1s]   ",
        "[pause ",
        "[pause 1" + "0" * 200,
        "\\",
        "\\[",
        "]",
        "[say: " + "|" * 200 + "]",
        "[spell: " + " " * 250 + "]",
        " ",
        "\n",
    ],
)
def test_hostile_text_takes_linear_time(piece: str) -> None:
    assert is_linear(lambda size: parse_marks(repeated(piece, size)), 100_000)


def test_prosody_inside_of_another_adds_up() -> None:
    inner, outer = Prosody(1.5, 3.0, -6.0), Prosody(1.2, -1.0, -2.0)
    assert inner.within(outer) == Prosody(pytest.approx(1.8), 2.0, -8.0)  # type: ignore[arg-type]
    assert Prosody(2.0, 12.0, 10.0).within(Prosody(2.0, 12.0, 10.0)) == Prosody(2.0, 12.0, 10.0)
    assert Prosody().within(outer) == outer


def test_the_parsers_load_only_the_standard_library() -> None:
    program = (
        "import sys, troupe.speech.text.marks\n"
        "loaded = {name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names\n"
        "print(sorted(name for name in loaded if not name.startswith('_')))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        cwd=FUNCTIONS,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "['troupe']"


def test_pronunciations_of_marks_are_in_their_usual_form() -> None:
    (mark,) = parse_marks("[say: word|/'wɜ:d/]").marks
    assert mark.value == parse_ipa("ˈwɜːd")
