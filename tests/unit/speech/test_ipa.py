# ruff: noqa: RUF001 - this file is about letters that look like others
from __future__ import annotations

import re

import pytest

from troupe.speech.text.ipa import InvalidIPA, parse_ipa


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ˈwɪn", "ˈwɪn"),
        ("həˈləʊ ˈwɜːld", "həˈləʊ ˈwɜːld"),
        ("/wɜːd/", "wɜːd"),
        ("[wɜːd]", "wɜːd"),
        (" wɜːd\n", "wɜːd"),
        ("gu:s", "ɡuːs"),
        ("'wɪn", "ˈwɪn"),
        ("bɛt", "bɛt"),
        ("bεt", "bɛt"),
        ("t͡ʃɪp", "t͡ʃɪp"),
        ("ʧɪp", "ʧɪp"),
        ("bɔ̃ʒuʁ", "bɔ\u0303ʒuʁ"),
        ("õ", "o\u0303"),
        ("ko̞ɲːit͡ɕiɰᵝa̠", "ko̞ɲːit͡ɕiɰᵝa̠"),
        ("ɪç", "ɪç"),
        ("ni˨˩˦ xɑʊ˨˩˦", "ni˨˩˦ xɑʊ˨˩˦"),
        ("ⁿda.ka", "ⁿda.ka"),
        ("kʼa", "kʼa"),
        ("bʌtn̩", "bʌtn̩"),
        ("pʰɪt", "pʰɪt"),
    ],
)
def test_pronunciations_are_taken(text: str, said: str) -> None:
    assert parse_ipa(text) == said
    assert parse_ipa(said) == said


@pytest.mark.parametrize(
    ("text", "at", "why"),
    [
        ("Nguyen", 0, "“N”"),
        ("wɪ7n", 2, "“7”"),
        ("h@ləʊ", 1, "“@”"),
        ("wɪn!", 3, "“!”"),
        ("/wɪ/n/", 3, "“/”"),
        ("мир", 0, "“м”"),
        ("wɪn\x00", 3, "U+0000"),
        ("wɪn[[", 3, "“[”"),
        ("<ɪ>", 0, "“<”"),
        ("\ud800", 0, "no symbol"),
        ("\u0303a", 0, "without a sound before it"),
        ("a ːb", 2, "without a sound before it"),
        ("wɪnˈ", 3, "needs a sound after it"),
        ("t͡", 1, "needs a sound after it"),
        ("t͡ ʃ", 2, "ties a sound to none"),
        ("ˈˈa", 1, "a stress without a sound"),
        ("ˈ.a", 1, "a stress without a sound"),
        ("", None, "has no sound"),
        ("//", None, "has no sound"),
        ("˥", None, "has no sound"),
        ("a" * 101, None, "longer than 100"),
    ],
)
def test_the_wrong_symbol_is_named(text: str, at: int | None, why: str) -> None:
    with pytest.raises(InvalidIPA, match=re.escape(why)) as caught:
        parse_ipa(text)
    assert caught.value.at == at
