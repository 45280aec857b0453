# ruff: noqa: RUF001 - names in other scripts
"""Names in a screenplay are compared by keys."""

from __future__ import annotations

import unicodedata

import pytest

from troupe.scripts.errors import InvalidDialogue
from troupe.scripts.names import Cast, speaker_key
from troupe.scripts.screenplay import parse_screenplay


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("ANNA", "Anna"),
        ("Ａｎｎａ", "Anna"),
        ("\ufeffAnna", "Anna"),
        ("An\u200bna\u2060", "Anna"),
        ("A\u00adnna", "Anna"),
        ("  Anna \u00a0 Lind ", "Anna Lind"),
        ("ZOË O’HARA", "Zoë O'Hara"),
        ("O`Hara", "O'Hara"),
        ("JEAN‑LUC", "Jean-Luc"),
        ("Jean–Luc", "Jean-Luc"),
        ("“Anna”", "Anna"),
        ("«Anna»", "Anna"),
        ("**Anna**", "Anna"),
        ("- Anna", "Anna"),
        ("# Anna", "Anna"),
        ("[Anna]", "Anna"),
        ("STRASSE", "Straße"),
        (unicodedata.normalize("NFD", "José"), "José"),
        ("Ανδρέας", "ΑΝΔΡΈΑΣ"),
        ("ﾊﾅｺ", "ハナコ"),
        ("🎅\ufe0f", "🎅"),
    ],
)
def test_names_with_equal_keys(written: str, name: str) -> None:
    assert speaker_key(written) == speaker_key(name)
    assert Cast({"x": name, "y": "Somebody"}).find(written) == ["x"]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("JOSE", "José"),
        ("Zoe", "Zoë"),
        ("DR ZOE", "Dr. Zoë"),
        ("Andreas", "Andréas"),
        ("ISIL", "Işıl"),
        ("Łukasz", "Lukasz"),
        ("SOREN", "Søren"),
        ("مُحَمَّد", "محمد"),
    ],
)
def test_accents_and_punctuation_may_be_missing(written: str, name: str) -> None:
    assert speaker_key(written) != speaker_key(name)
    assert Cast({"x": name, "y": "Somebody"}).find(written) == ["x"]


@pytest.mark.parametrize(
    ("written", "found"), [("José", ["x"]), ("Jose", ["y"]), ("JOSÉ", ["x"]), ("Jôse", [])]
)
def test_accents_tell_two_names_apart(written: str, found: list[str]) -> None:
    assert Cast({"x": "José", "y": "Jose"}).find(written) == found


@pytest.mark.parametrize(
    ("written", "name"), [("カ", "ガ"), ("क", "कि"), ("Ben", "Benn"), ("", "…")]
)
def test_other_names_are_not_found(written: str, name: str) -> None:
    assert Cast({"x": name}).find(written) == []


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("BENN", "Did you mean Ben?"),
        ("O'Hara", "Did you mean Dr. Zoë O'Hara?"),
        ("Anna & Ben", "Write a line for each of them."),
        ("ANNA UND BEN", "Write a line for each of them."),
        ("Zed", "'Zed' is not in the cast (Anna, Ben, Dr. Zoë O'Hara)."),
    ],
)
def test_an_unknown_name_gets_a_hint(written: str, hint: str) -> None:
    cast = Cast({"a": "Anna", "b": "Ben", "z": "Dr. Zoë O'Hara"})
    assert cast.unknown(written).endswith(hint)


def test_no_long_line_is_kept_as_a_name() -> None:
    line = "no name at all " * 10_000
    with pytest.raises(InvalidDialogue):
        parse_screenplay(line, {"a": "Anna"})
    speaker_key.cache_clear()
    with pytest.raises(InvalidDialogue):
        parse_screenplay(f"{line}\n\n{line}2", {"a": "Anna"})
    assert speaker_key.cache_info().currsize <= len(("a", "Anna"))
