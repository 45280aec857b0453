"""Which parts of a line stay as they are, whatever the translator does with the rest."""

from __future__ import annotations

import pytest

from troupe.scripts.translated_lines import Masked, masked, names_pattern

CAST = ("Anna", "The King", "A")


def hidden(text: str, *terms: str) -> Masked:
    return masked(text, names_pattern(CAST, terms))


def test_directions_and_names_are_hidden() -> None:
    made = hidden(
        "(softly) ANNA, come. (She turns to Anna) Annabel and the king (as of 1998) wait."
    )
    assert made.text == "⟦1⟧ ⟦2⟧, come. ⟦3⟧ Annabel and the king (as of 1998) wait."
    assert list(made.directions.values()) == ["(softly)", "(She turns to Anna)"]
    assert made.names == {"⟦2⟧": "ANNA"}
    assert hidden("Anna meets The King.", "the king").text == "⟦1⟧ meets The King."


@pytest.mark.parametrize(
    ("text", "translated", "shown"),
    [
        ("(softly) Hello, Anna.", "⟦1⟧ Olá, ⟦2⟧.", "(softly) Olá, Anna."),
        ("Hello, Anna. (softly) Yes.", "⟦2⟧ Sim. Olá, ⟦1⟧.", "(softly) Sim. Olá, Anna."),
        # Not a direction there any longer: the sentence before it has lost its end.
        ("Come. (She turns round) Look!", "Venha ⟦1⟧ Olhe!", "Venha\n(She turns round)\nOlhe!"),
        # Spoken, and a direction by the words with which its translation begins.
        (
            "No. (But I know her.) Yes.",
            "Não. (Porém a conheço.) Sim.",
            "Não. Porém a conheço. Sim.",
        ),
        ("Say *smile*", "Diga *sorri*", "Diga sorri"),
        ("(softly) A ⟦1⟧.", "⟦2⟧ Um ⟦1⟧.", "(softly) Um ⟦1⟧."),
        ("⟦99999⟧ Anna", "⟦99999⟧ ⟦1⟧", "⟦99999⟧ Anna"),
        ("Hello, Anna.", "Olá.", None),
        ("(softly) Hello.", "⟦1⟧ ⟦1⟧ Olá.", None),
    ],
)
def test_exactly_the_same_directions_stay_unspoken(
    text: str, translated: str, shown: str | None
) -> None:
    assert hidden(text).unmasked(translated) == shown


def test_a_title_has_no_directions() -> None:
    title = masked("(But) Anna", names_pattern(CAST, ()), directed=False)
    assert title.unmasked("(Porém) ⟦1⟧") == "(Porém) Anna"
