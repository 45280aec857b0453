from __future__ import annotations

import pytest

from troupe.text import name_key, shorten, slug


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
