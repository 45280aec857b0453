# ruff: noqa: RUF001 - this file tests the punctuation of other scripts
from __future__ import annotations

import random
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.growth import is_linear, repeated
from troupe.speech.text.segmenter import phrases, prepare, words

FUNCTIONS = Path(__file__).parents[3] / "functions"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("“引用”です。「散歩」に", ["“引用”", "です。", "「散歩」", "に"]),
        ("👍🏽今日は\U00020000です", ["👍🏽", "今日", "は", "\U00020000", "です"]),
        ("他说 \"今天\"好。「Python」と", ["他", "说", '"今天"', "好。", "「Python」", "と"]),
        ("育った。コンピューター！", ["育っ", "た。", "コンピューター！"]),
        ("สวัสดีครับ (ตอนเช้า) ดีๆ", ["สวัสดี", "ครับ", "(ตอน", "เช้า)", "ดีๆ"]),
        ("• One\n• Two\n— Oui", ["• One", "• Two", "— Oui"]),
        ("dit : « Bonjour » (oui) ¿Qué?", ["dit :", "« Bonjour »", "(oui)", "¿Qué?"]),
        ("a (", ["a ("]),
        ("...", []),
        ("\ud800 字", ["\ud800 字"]),
    ],
)  # fmt: skip
def test_marks_go_with_the_word_they_touch(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in words(text)] == expected


def test_japanese_is_divided_into_phrases() -> None:
    text = "彼女は小さな港町で生まれ、昔話を聞きながら育った。"
    cuts = sorted({0} | phrases(text))
    parts = [text[a:b] for a, b in pairwise(cuts)]
    assert parts == ["彼女は", "小さな", "港町で", "生まれ、", "昔話を", "聞きながら", "育った。"]
    assert phrases("今天早上") == frozenset()


@pytest.mark.parametrize(
    "piece", ["今天早上老港口很安静渔夫们低声谈论着天气", "สวัสดีครับวันนี้อากาศดีมาก"]
)
def test_a_long_run_is_cut_as_a_short_one(piece: str) -> None:
    once = [piece[start:end] for start, end in words(piece)]
    text = piece * 100
    assert [text[start:end] for start, end in words(text)] == once * 100


# What ICU cuts by a dictionary or joins to its neighbours, and what ends lines.
_INK = (
    *"今天早上老港口很安静彼女は小さな町で生まれ、育った。コンピューター々ーｱﾊﾟ字一\U00020000",
    *("สวัสดี", "วันนี้", "ไป", "ๆ", "ສະບາຍດີ", "មួយ", "ថ្ងៃ", "နေ့", "ကမ္ဘာ", "\u0e49", "\u0301", "\u200d"),
    *("a", "1", ".", "'", " ", "\n", "\r", "\t", "\u2028", "\ud800", "👍🏽", "🇫🇷", "\ufe0f", "한"),
)


def test_lines_are_cut_together_as_each_is_alone() -> None:
    chance = random.Random(3)
    for number in range(200):
        longest = 500 if number % 20 == 0 else 8
        lines = [
            "".join(chance.choices(_INK, k=chance.randint(1, longest)))
            for _ in range(chance.randint(2, 12))
        ]
        prepare([])
        alone = [words(line) for line in lines]
        prepare(lines)
        assert [words(line) for line in lines] == alone, lines


def test_lines_are_not_given_to_icu_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"{first}{second}" for first in "今天早上老港口" for second in "很安静"]
    prepare(lines)
    monkeypatch.setattr("icu4py.breakers.WordBreaker", None)
    assert len([span for line in lines for span in words(line)]) >= len(lines)


@pytest.mark.parametrize(
    "unit", ["ア", "ก็", "一", "ကက", "字a", "。「", "「", "— ", "ก\u0e49" + "\u0e49" * 9]
)
def test_hostile_text_takes_linear_time(unit: str) -> None:
    def cut(size: int) -> None:
        text = repeated(unit, size)
        words(text)
        phrases(text)

    assert is_linear(cut, 50_000)  # ICU alone is quadratic for katakana


def test_serving_captions_loads_no_segmenter() -> None:
    code = (
        "import sys, troupe.generations.endpoints, troupe.generations.service\n"
        "print([name for name in sys.modules if name.startswith(('icu4py', 'babel', 'numpy'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=FUNCTIONS, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
