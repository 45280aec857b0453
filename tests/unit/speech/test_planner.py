# ruff: noqa: RUF001 - this file is about the punctuation of other scripts
from __future__ import annotations

from itertools import pairwise

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.growth import is_linear, repeated
from troupe.speech.text.planner import cut

PROSE = "The harbour was quiet that morning, and the men talked in low voices of the weather. "
ALPHABET = (
    "ab cD.,!?\n\n 3é\u0301\u0308-'\"()”。，！、中文字かーっ한글가각กำน้ाक्षि ्"
    "\u200d\ufe0f👩👍🏽🇫🇷🇩\u2029\r\t#"
)
texts = st.one_of(st.text(max_size=300), st.text(alphabet=ALPHABET, max_size=300))


def pieces(text: str, limit: int, language: str = "en") -> list[str]:
    return [text[a:b] for a, b in pairwise(cut(text, limit, language))]


@given(texts, st.integers(1, 60), st.sampled_from(["en", "de", "ja", "zh", "ar", "hi", "th", ""]))
@settings(max_examples=400, deadline=None)
def test_pieces_join_to_the_text_within_the_limit(text: str, limit: int, language: str) -> None:
    offsets = cut(text, limit, language)
    assert offsets[0] == 0
    assert offsets[-1] == len(text)
    assert all(0 < b - a <= limit for a, b in pairwise(offsets))


@given(texts, st.integers(20, 60))
@settings(max_examples=400, deadline=None)
def test_no_grapheme_is_split(text: str, limit: int) -> None:
    graphemes = [match.span() for match in regex.finditer(r"\X", text)]
    whole = {start for start, _ in graphemes} | {len(text)}
    inside_giants = {at for a, b in graphemes if b - a > limit // 2 for at in range(a, b + 1)}
    assert set(cut(text, limit, "en")) <= whole | inside_giants


@given(st.lists(st.text(alphabet="abcdéßñ’'-", min_size=1, max_size=12), max_size=80))
@settings(max_examples=200, deadline=None)
def test_no_word_is_split(words: list[str]) -> None:
    text = " ".join(words)
    assert [word for piece in pieces(text, 13) for word in piece.split()] == words


@pytest.mark.parametrize(
    ("text", "limit", "language", "expected"),
    [
        ("One two.\n\nThree. Four", 12, "en", ["One two.\n\n", "Three. Four"]),
        ("One, two. Three, four", 14, "en", ["One, two. ", "Three, four"]),
        ("One two, three four", 14, "en", ["One two, ", "three four"]),
        ('He said "Stop." Then', 17, "en", ['He said "Stop." ', "Then"]),
        ("今日は天気がいい。明日も！はい", 12, "ja", ["今日は天気がいい。", "明日も！はい"]),
        ("你好世界，今天天气很好", 8, "zh", ["你好世界，", "今天天气很好"]),
        ("中文中文中文word中文", 8, "zh", ["中文中文中文", "word中文"]),
        ("مرحبا بالعالم؟ كيف حالك", 16, "ar", ["مرحبا بالعالم؟ ", "كيف حالك"]),
        ("यह अच्छा है। वह भी", 15, "hi", ["यह अच्छा है। ", "वह भी"]),
        ("สวัสดีครับ ขอบคุณ", 12, "th", ["สวัสดีครับ ", "ขอบคุณ"]),
        ("aaaa bbbbbbbbbbbb", 8, "en", ["aaaa ", "bbbbbbbb", "bbbb"]),
    ],
)  # fmt: skip
def test_cuts_at_the_strongest_boundary(
    text: str, limit: int, language: str, expected: list[str]
) -> None:
    assert pieces(text, limit, language) == expected


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("and there was Dr. Smith of it", "en"),
        ("we brought fruit, e.g. Apples of", "en"),
        ("it was told to J. R. Tolkien by it", "en"),
        ("the number is about 3.14 or so it", "en"),
        ("and so he came on the 3. Mai dann", "de"),
        ("he went to the U.S. Army and so it", "en"),
        ("with ham, eggs etc. and more of it", "en"),
    ],
)
def test_an_abbreviation_does_not_end_a_sentence(text: str, language: str) -> None:
    # The comma is the weaker boundary, so it wins only if the full stop is not one.
    text += ", with a tail that is as long"
    assert pieces(text, 40, language)[0].endswith(", ")


def test_a_year_can_end_a_sentence() -> None:
    assert pieces("It was built in 1999. Then it was, of course, sold", 38)[0].endswith("1999. ")


def test_pieces_have_similar_sizes() -> None:
    text = PROSE * 50
    sizes = [len(piece) for piece in pieces(text, len(text) - 100)]
    assert len(sizes) == 2
    assert min(sizes) > 0.45 * len(text)


UNITS = [
    PROSE, "a", ". ", "你好，世界。", "你", "नमस्ते ", "\u0301", "👨‍👩‍👧", "🇫🇷",
    "x" * 5000 + " y\n\n", "\n",
]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("limit", [4000, 800])
def test_linear_time(unit: str, limit: int) -> None:
    assert is_linear(lambda size: cut(repeated(unit, size), limit, "en"), 200_000)


def test_a_limit_below_one_is_rejected() -> None:
    with pytest.raises(ValueError, match="limit"):
        cut("a", 0, "en")
