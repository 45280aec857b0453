from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Literal

import pytest

import troupe
from tests.support.growth import is_linear, repeated
from troupe.text import MOST_MARKS, name_key, normalized, shorten, slug


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("Größe XL", "grosse-xl"),
        ("  Café — Olé!  ", "cafe-ole"),
        ("Plan 9", "plan-9"),
        ("東京", ""),
    ],
)
def test_a_slug_is_plain(name: str, made: str) -> None:
    assert slug(name) == made


def test_names_are_compared_without_case_spaces_and_compatibility_forms() -> None:
    assert name_key("  Ada\u3000LOVELACE ") == "ada lovelace"
    assert name_key("\uff21\uff44\uff41") == name_key("ada")
    assert name_key("STRASSE") == name_key("Straße")


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("short", "short"),
        ("a\n b ", "a b"),
        ("exactly ten", "exactly t…"),
        ("eight  ab c", "eight ab c"),
    ],
)
def test_a_long_text_ends_with_an_ellipsis(text: str, made: str) -> None:
    assert shorten(text, 10) == made


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_marks_that_python_orders_in_quadratic_time_are_limited(
    form: Literal["NFC", "NFD", "NFKC", "NFKD"],
) -> None:
    marks = "\u0300\u0315"
    assert len(normalized(form, "a" + marks * 100_000)) <= 1 + MOST_MARKS
    assert is_linear(lambda size: normalized(form, "a" + repeated(marks, size)), 50_000)
    vietnamese = "Tiếng Việt ọ̣́"
    assert normalized(form, vietnamese) == unicodedata.normalize(form, vietnamese)


def test_only_short_texts_are_normalised_by_python_itself() -> None:
    """Single characters, clusters and pronunciations, whose lengths are limited."""
    source = Path(troupe.__file__).parent
    calling = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if "unicodedata.normalize(" in path.read_text()
    }
    assert calling == {
        "text.py",
        "speech/engines/espeak.py",
        "speech/engines/espeak_ipa.py",
        "speech/text/clean.py",
        "speech/text/ipa.py",
    }
