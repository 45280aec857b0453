from __future__ import annotations

import pytest

from troupe.speech.text.verbalise import say_as, spell


@pytest.mark.parametrize(
    ("kind", "format_", "text", "words"),
    [
        ("cardinal", "", "1,234", "one thousand two hundred thirty-four"),
        ("cardinal", "", "-5.2", "minus five point two"),
        ("cardinal", "", "many", None),
        ("ordinal", "", "21", "twenty-first"),
        ("ordinal", "", "3rd", "third"),
        ("ordinal", "", "third", None),
        ("digits", "", "2026", "two zero two six"),
        ("digits", "", "A4", None),
        ("digits", "", "²", None),
        ("characters", "", "A4", "A, four"),
        ("spell-out", "", "ABC", "A, B, C"),
        ("verbatim", "", "abc", "A, B, C"),
        ("characters", "", "-", None),
        ("fraction", "", "3/4", "three quarters"),
        ("fraction", "", "3 1/2", "three and a half"),
        ("fraction", "", "9/11", None),
        ("unit", "", "10 km", "ten kilometers"),
        ("unit", "", "10 apples", None),
        ("date", "", "12/05/2026", "December fifth, twenty twenty-six"),
        ("date", "dmy", "12/05/2026", "the twelfth of May, twenty twenty-six"),
        ("date", "ymd", "2026-05-12", "May twelfth, twenty twenty-six"),
        ("date", "md", "5/12", "May twelfth"),
        ("date", "my", "5/2026", "May, twenty twenty-six"),
        ("date", "y", "1066", "ten sixty-six"),
        ("date", "dmy", "31/13/2026", None),
        ("date", "d", "3", None),
        ("date", "ymd", "12/05", None),
        ("time", "", "3:05 pm", "three oh five PM"),
        ("time", "", "soon", None),
        ("telephone", "", "555 123", "five five five, one two three"),
        ("telephone", "", "call me", None),
        ("currency", "", "$5.50", "five dollars and fifty cents"),
        ("currency", "", "5.50", None),
        ("poem", "", "5", None),
        ("cardinal", "", "", None),
    ],
)
def test_text_of_a_told_kind(kind: str, format_: str, text: str, words: str | None) -> None:
    assert say_as(text, "en-US", kind, format_) == words


@pytest.mark.parametrize("language", ["tlh-Piqd", "en-Shaw", "nonsense", ""])
def test_a_language_that_nobody_spells_has_no_words(language: str) -> None:
    assert say_as("5", language, "cardinal") is None


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("ABC", "en-US", "A, B, C"),
        ("usa-7", "en-US", "U, S, A, seven"),
        ("Öß", "de", "Ö, ß"),
        ("…", "de", ""),
    ],
)
def test_letters_are_spelled_one_by_one(text: str, language: str, words: str) -> None:
    assert spell(text, language) == words
