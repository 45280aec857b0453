"""How callers see a character, and what is derived from its name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from troupe.characters.edits import slug
from troupe.characters.records import Character, Config, Consent, Quality, Sample
from troupe.characters.view_schemas import CharacterView
from troupe.text import name_key

AT = datetime(2026, 1, 1, tzinfo=UTC)
QUALITY = Quality(
    seconds=8,
    level_db=-20,
    peak_db=-3,
    clipped_share=0,
    silence_share=0.1,
    verdict="good",
    advice=[],
)
ADA = Character(
    id="c1",
    uid="ada",
    display_name="Ada",
    name_key="ada",
    config=Config(),
    language="en-US",
    voice_type="kids",
    sample=Sample(name="s.wav", path="static/s.wav", sha256="ab", size=9, quality=QUALITY),
    consent=Consent(statement="Yes.", at=AT, sample_sha256="ab"),
    images={},
    next_image=0,
    output_prefix="ada",
    created_by_name="Ada",
    created_at=AT,
    updated_at=AT,
)


def view(uid: str = "ada", engine: str = "espeak", **changes: object) -> CharacterView:
    character = ADA.model_copy(update=changes)
    return CharacterView.of(character, uid=uid, is_starred=False, engines=(engine,))


def test_a_cloning_engine_uses_the_voice_of_the_sample() -> None:
    cloned = view(engine="f5tts")
    assert (cloned.voice_cloned, cloned.voice_note) == (True, "")


@pytest.mark.parametrize(
    ("language", "spoken"), [("en-US", "a kids voice in English (United States)"), ("tlh", "voice")]
)
def test_without_cloning_the_note_says_which_voice_speaks(language: str, spoken: str) -> None:
    character = view(language=language)
    assert character.voice_cloned is False
    assert character.voice_note is not None
    assert f"{spoken} speaks for this character." in character.voice_note


def test_only_the_owner_sees_consent() -> None:
    own, others = view("ada").consent, view("ben").consent
    assert own is not None
    assert (own.at, own.sample_sha256) == (AT, "ab")
    assert others is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("My New Character", "my_new_character"),
        ("  Ünïcode -- & more!", "unicode_more"),
        ("李小龍", "character_0123abcd"),
        ("../../etc", "etc"),
    ],
)
def test_files_are_named_after_the_character(name: str, expected: str) -> None:
    assert slug(name, "0123abcd4567") == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [("ADA", "ada"), ("Straße", "STRASSE"), ("ａｄａ", "Ada"), ("  Ada   L ", "ada l")],  # noqa: RUF001
)
def test_names_are_compared_without_case_width_and_spaces(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)
