# ruff: noqa: RUF001 - texts in other scripts
"""Stage directions inside a speech are found, and what is only in brackets is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.growth import is_linear, repeated
from troupe.speech.text.directions import direction_spans, is_enclosed, without_directions


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        # Alone on a line, or on several.
        ("(squinting)\nI saw it first.", "I saw it first."),
        ("Who is\nthere?\n(steps)", "Who is\nthere?"),
        ("(They look at\neach other.)\nHi.", "Hi."),
        ("  [He waits for a very long time, until the whole town has gone to sleep.]\nHi.", "Hi."),
        ("*(quietly)*\nHi.", "Hi."),
        ("(she looks up (at last))\nHi.", "Hi."),
        ("Hi.\n\n(exits)", "Hi."),
        # At the start, and after a sentence.
        ("(softly) Hello.", "Hello."),
        ("(To Ben) Go!", "Go!"),
        ("I know. (She sits.) Come here.", "I know. Come here."),
        ("No! [door slams] Wait…", "No! Wait…"),
        ("(laughs)(sighs) Hi.", "Hi."),
        ("Well... (beat) no.", "Well... no."),
        ("« (riant) Oui. »", "« Oui. »"),
        ("—(susurrando) Hola.", "—Hola."),
        # Usual words, anywhere.
        ("I was (laughs) so happy.", "I was so happy."),
        ("Oh [sighs], that.", "Oh, that."),
        ("Ich (lacht) weiß.", "Ich weiß."),
        ("C'est (soupire) fini.", "C'est fini."),
        ("你好（笑）吗", "你好吗"),
        ("（ため息）そうか。", "そうか。"),
        ("「やあ（笑）」", "「やあ」"),
        ("(يضحك) مرحبا.", "مرحبا."),
        ("네 (웃음) 맞아요.", "네 맞아요."),
        # Between asterisks.
        ("*laughs* That's good.", "That's good."),
        ("That's funny *laughs*", "That's funny"),
        ("*clears throat* Right.", "Right."),
        ("*lacht* Na gut.", "Na gut."),
        # Times of transcripts.
        ("[00:12] Hi. [01:02:03.5] There.", "Hi. There."),
    ],
)
def test_directions_are_not_spoken(text: str, spoken: str) -> None:
    assert without_directions(text) == spoken


@pytest.mark.parametrize(
    "text",
    [
        "He was born (1998) in Rome.",
        "(1998) was a good year.",
        "Look at the map (see page 4) first.",
        "It works. (See page 4.) Try it.",
        "I like it. (But not today.) You?",
        "It is late. (Right?) Go.",
        "The house (built by my father) is big.",
        "(555) 123-4567",
        "(a) the door, (b) the key",
        "(ii) the second",
        "It ended. (On 3 May it began again.) So?",
        "It is done. (That one was the last of all the doors in the house.) Go.",
        "*really* good",
        "I *never* said so.",
        "It is **very** good. *Always*",
        "2 * 3 * 4",
        "[pause 500ms] Hi. [spell: ABC] [say: word|wɜːd]",
        "Read [this](https://example.org/a).",
        "Yes[1] and no.[2]",
        "Hi :) there (: you",
        "",
    ],
)
def test_other_brackets_are_spoken(text: str) -> None:
    assert direction_spans(text) == []
    assert without_directions(text) == text


def test_spans_include_the_brackets() -> None:
    text = "(softly) Hi. [beat]\n(exits)"
    assert [text[a:b] for a, b in direction_spans(text)] == ["(softly)", "[beat]", "(exits)"]


@pytest.mark.parametrize(
    ("line", "enclosed"),
    [
        ("(steps)", True),
        ("[[x] y]", True),
        ("*(steps)*", True),
        ("（足音）", True),
        ("(laughs) I know (sighs)", False),
        ("(steps", False),
        ("(steps]", False),
        ("", False),
    ],
)
def test_a_line_that_is_one_bracket(line: str, enclosed: bool) -> None:
    assert is_enclosed(line) is enclosed


@given(st.text(alphabet="ab A.()[]*\n 1（）", max_size=60))
def test_spans_are_in_order_and_within_the_text(text: str) -> None:
    at = 0
    for start, end in direction_spans(text):
        assert at <= start < end <= len(text)
        at = end
    assert set(without_directions(text)) <= set(text)


@pytest.mark.parametrize(
    "part", ["(", "(a", "(a(b)", "((a)", "*", "*a ", "[", "(a\n", "( \n\n", '"(a)', "(laughs) "]
)
def test_hostile_texts_take_linear_time(part: str) -> None:
    assert is_linear(lambda size: without_directions(repeated(part, size)), 100_000)
