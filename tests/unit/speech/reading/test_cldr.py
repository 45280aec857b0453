"""Languages without a module of their own are read by CLDR."""

from __future__ import annotations

import pytest

from tests.unit.speech.reading.rows import Row, rows, said, unlike

TABLE = rows(
    "sv",
    """
    7 barn → sju barn
    12,5 km → tolv komma fem kilometer
    5 % → fem procent
    -5 °C → minus fem grader Celsius
    3 mai → tre mai
    2026-05-12 → tolv maj tjugohundratjugosex
    [fi]
    5 kg → viisi kilogrammaa
    12.5.2026 → kaksitoista toukokuuta kaksituhattakaksikymmentäkuusi
    100 € → sata euroa
    [cs]
    5 kg → pět kilogramů
    [bn]
    7 → 7
    """,
)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]} {row[1]}")
def test_it_is_said_in_words(row: Row) -> None:
    language, source, words = row
    assert said(source, language) == words


def test_it_is_heard_as_its_words() -> None:
    assert unlike(TABLE) == []
