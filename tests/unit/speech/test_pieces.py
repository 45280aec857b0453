# ruff: noqa: RUF001 - this file is about the punctuation of other scripts
from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.growth import is_linear, repeated
from troupe.borders import Border
from troupe.speech.text.pieces import Form, Piece, parts, pieces, within

WRAPPED = """\
The committee met in the old hall by the river and talked until the lamps were
lit, and in the end it was decided that the bridge should be built of stone and
not of wood."""

WIDE = "It was a long and quiet day, and it went on and on"


def cut(text: str, language: str = "en", form: Form = Form.TEXT) -> list[tuple[str, str]]:
    return [(p.text.text, p.border or "") for p in pieces(text, language, form)]


def texts(text: str, language: str = "en") -> list[str]:
    return [piece.text.text for piece in pieces(text, language)]


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("We met Dr. Marlow. He ran.", "en", ["We met Dr. Marlow.", "He ran."]),
        ("He asked Prof. Lind. She knew.", "en", ["He asked Prof. Lind.", "She knew."]),
        ("It cost 1.200 euros. Too much.", "en", ["It cost 1.200 euros.", "Too much."]),
        ("See No. 7 on p. 12. Good.", "en", ["See No. 7 on p. 12.", "Good."]),
        ("No. I will not.", "en", ["No.", "I will not."]),
        ("In the U.S. The law is odd.", "en", ["In the U.S.", "The law is odd."]),
        ("The U.S. Army came.", "en", ["The U.S. Army came."]),
        ("We left at 5 p.m. It rained.", "en", ["We left at 5 p.m.", "It rained."]),
        ('"Stop!" she said. Then he left.', "en", ['"Stop!" she said.', "Then he left."]),
        ("“Why?” he asked.", "en", ["“Why?” he asked."]),
        ("Wait… what? Yes.", "en", ["Wait… what?", "Yes."]),
        ("Am 3. Mai war es. Gut.", "de", ["Am 3. Mai war es.", "Gut."]),
        ("Hr. Müller kam, z. B. Am Abend.", "de", ["Hr. Müller kam, z. B. Am Abend."]),
        ("M. Dupont et Mme. Roy. Bon.", "fr", ["M. Dupont et Mme. Roy.", "Bon."]),
        ("Le Sr. López vino. Sí.", "es", ["Le Sr. López vino.", "Sí."]),
        ("今日は。明日も！はい", "ja", ["今日は。", "明日も！", "はい"]),
        ("मैं हूँ। वह है।", "hi", ["मैं हूँ।", "वह है।"]),
        ("كيف حالك؟ بخير.", "ar", ["كيف حالك؟", "بخير."]),
    ],
)
def test_sentences(text: str, language: str, expected: list[str]) -> None:
    assert texts(text, language) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "1. Peel the apple\n2. Cut it",
            [("1. Peel the apple", "item"), ("2. Cut it", "paragraph")],
        ),
        ("• one\n▪ two\n– three", [("one", "item"), ("two", "item"), ("three", "paragraph")]),
        (
            "Roses are red\nViolets are blue",
            [("Roses are red", "item"), ("Violets are blue", "paragraph")],
        ),
        (
            "Chapter 7: The Water\nThere was a man who sailed.",
            [("Chapter 7: The Water", "heading"), ("There was a man who sailed.", "paragraph")],
        ),
        (
            "The Long Way Home\n\nIt was a dark and stormy night in March.",
            [
                ("The Long Way Home", "heading"),
                ("It was a dark and stormy night in March.", "paragraph"),
            ],
        ),
        ("Title\n=====\nText here.", [("Title", "heading"), ("Text here.", "paragraph")]),
        ("One.\n\n***\n\nTwo.", [("One.", "scene"), ("Two.", "paragraph")]),
        ("One.\n\n⁂\n\nTwo.", [("One.", "scene"), ("Two.", "paragraph")]),
        (
            "One. Two.\n\nThree.",
            [("One.", "sentence"), ("Two.", "paragraph"), ("Three.", "paragraph")],
        ),
        ("| a | b |\n|---|---|\n| 1 | 2 |", [("a, b", "item"), ("1, 2", "paragraph")]),
        ("> He said\n> no.", [("He said", "item"), ("no.", "paragraph")]),
    ],
)  # fmt: skip
def test_borders(text: str, expected: list[tuple[str, str]]) -> None:
    assert cut(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (WRAPPED, [" ".join(WRAPPED.split())]),
        ("The com-\nmittee met.", ["The committee met."]),
        ("An Anglo-\nSaxon king.", ["An Anglo-Saxon king."]),
        (f"{WIDE}\n\n12\n\non for years.", [f"{WIDE} on for years."]),
        ("One.\n\nPage 3 of 10\n\nTwo.", ["One.", "Two."]),
        ("One.\n\n- 3 -\n\nTwo.", ["One.", "Two."]),
        (
            f"{WIDE}\n\nMy Book\n12\n\nof it. {WIDE}\n\nMy Book\n13\n\nmore.",
            [f"{WIDE} of it.", f"{WIDE} more."],
        ),
        (f"{WIDE}.\n\f\nMy Book\n\nOne.\n\f\nMy Book\n\nTwo.", [f"{WIDE}.", "One.", "Two."]),
        ("It was so.\n\n3\n\nThe third day came.", ["It was so.", "3", "The third day came."]),
        (
            "It is known.¹ So it is said[2]. See m² and [sic].",
            ["It is known.", "So it is said.", "See m² and [sic]."],
        ),
        ("a\u200bb so\u00adft \ufeffword", ["ab soft word"]),
    ],
)  # fmt: skip
def test_pasted_text(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Tôi là người Việt Nam.", "vi"),
        ("El año pasado, el señor Muñoz.", "es"),
        ("한국어를 배웁니다.", "ko"),
        ("Příliš žluťoučký kůň.", "cs"),
        ("L’élève a été reçu à l’école.", "fr"),
        ("Die schöne Müllerin.", "de"),
    ],
)
def test_normal_forms_of_one_text_are_equal(text: str, language: str) -> None:
    decomposed = unicodedata.normalize("NFD", text)
    assert decomposed != text
    assert texts(decomposed, language) == texts(text, language)


def test_pieces_of_ssml_are_its_sentences_and_paragraphs() -> None:
    ssml = "<speak><p><s># One &amp; two</s><s>three</s></p><p>* four</p></speak>"
    assert cut(ssml, form=Form.SSML) == [
        ("# One & two", "sentence"),
        ("three", "paragraph"),
        ("* four", "paragraph"),
    ]


def test_directions_of_a_line_are_left_out() -> None:
    assert cut("(softly) Hello (laughs) you.", form=Form.LINE) == [("Hello you.", "paragraph")]
    assert cut("Hello (laughs) you.") == [("Hello (laughs) you.", "paragraph")]


MARKUP = [
    "word", "other. ", "*", "**", "_", "`", "[", "]", "(", ")", "> ", "# ", "- ", "\n", "\n\n", " ",
    "|", "|-|", "~~", "<b>", "</b>", "[pause 1s]", "[say: word|wɜːd]", "[spell: other]", "12\n\n",
    "-\n", "\f", "\u0301", "我", "。", "é", "\u200b", "***\n\n", "[1]", "²",
]  # fmt: skip


@given(st.lists(st.sampled_from(MARKUP), max_size=60), st.integers(5, 80))
@settings(max_examples=300, deadline=None)
def test_parts_have_every_piece_once_and_in_order(units: list[str], limit: int) -> None:
    source = "".join(units)
    found = pieces(source, "en")
    cuts = parts(found, source, limit, "en")
    assert (cuts[0], cuts[-1]) == (0, len(source))
    assert all(a < b for a, b in pairwise(cuts)) or not source
    in_parts = [piece for a, b in pairwise(cuts) for piece in within(found, a, b)]
    assert _letters(in_parts) == _letters(found)
    assert [piece.start for piece in in_parts] == sorted(piece.start for piece in in_parts)


def _letters(found: list[Piece] | tuple[Piece, ...]) -> str:
    return "".join("".join(piece.text.text.split()) for piece in found)


def test_parts_end_at_the_strongest_border_in_reach() -> None:
    source = "Aa bb. Cc dd.\n\nEe ff. Gg hh. Ii jj kk."
    found = pieces(source, "en")
    first, second = parts(found, source, 30, "en")[1:]
    assert source[first:second].startswith("Ee")
    assert within(found, 0, first)[-1].border is Border.PARAGRAPH


UNITS = [
    "word ", "A. ", "a\n", "a\n\n", "- a\n", "# a\n\n", "1. ", "*", "Dr. ", "…", "a|b\n", "12\n\n",
    "\f\n", "e\u0301 ", "我", "ก", "“", "--- \n", "Page 1\n\n", "[pause 1s]a", "[say: a|b]", "a-\n",
    "\u0300\u0315", "[1]", "(a) ", "> a\n",
]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_linear_time(unit: str) -> None:
    def read(size: int) -> None:
        text = repeated(unit, size)
        parts(pieces(text, "en"), text, 4_000, "en")

    assert is_linear(read, 40_000)
