"""Which engine and which voice a request gets, and what it is told if there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from troupe.errors import UnknownChoice
from troupe.speech.catalogue import ENGINES
from troupe.speech.choice import (
    VoiceChoice,
    best_language,
    choose_named,
    choose_voice,
    count_voices,
    find_voices,
    known_language,
    offered_language,
    offered_languages,
    offered_styles,
)
from troupe.speech.engine import VoiceType
from troupe.speech.voices import all_voices

FEMALE = VoiceType.FEMALE
BOTH = ("elevenlabs", "espeak")


def wrong(error: pytest.ExceptionInfo[UnknownChoice]) -> dict[str, list[str]]:
    """The wrong fields with what is allowed."""
    details: Mapping[str, Any] = error.value.details or {}
    return {each["field"]: each["allowed"] for each in details["fields"]}


@pytest.mark.parametrize(
    ("language", "style", "engine", "code"),
    [
        ("en", "neutral", "elevenlabs", "en"),
        ("EN_us", "neutral", "espeak", "en-US"),  # only espeak has just this code
        ("de-AT", "neutral", "elevenlabs", "de"),
        ("en-scotland", "neutral", "espeak", "en-scotland"),
        ("sw", "neutral", "espeak", "sw"),  # only espeak has Swahili
        ("de", "whisper", "espeak", "de"),  # only espeak whispers
    ],
)
def test_the_first_engine_that_can_speaks(
    language: str, style: str, engine: str, code: str
) -> None:
    assert choose_voice(BOTH, language, FEMALE, style) == VoiceChoice(engine, code, FEMALE)


def test_an_engine_that_clones_goes_first_for_a_recording() -> None:
    engines = ("espeak", "f5tts")
    assert choose_voice(engines, "en", FEMALE, "neutral").engine == "espeak"
    assert choose_voice(engines, "en", FEMALE, "neutral", clones=True).engine == "f5tts"
    assert choose_voice(engines, "sw", FEMALE, "neutral", clones=True).engine == "espeak"


def test_what_no_engine_can_is_refused_with_what_they_can() -> None:
    with pytest.raises(UnknownChoice) as error:
        choose_voice(BOTH, "tlh", FEMALE, "neutral")
    assert {"en", "en-US", "sw"} <= set(wrong(error)["language"])
    with pytest.raises(UnknownChoice) as error:
        choose_voice(("f5tts", "google"), "en", FEMALE, "whisper")
    assert wrong(error) == {
        "voiceStyle": ["neutral", "narration", "conversational", "calm", "serious"]
    }
    with pytest.raises(UnknownChoice) as error:
        choose_voice(("f5tts",), "tlh", FEMALE, "whisper")
    assert set(wrong(error)) == {"language", "voiceStyle"}


@pytest.mark.parametrize(
    ("voice_id", "chosen"),
    [
        ("espeak-de-kids", VoiceChoice("espeak", "de", VoiceType.KIDS)),
        ("elevenlabs-male", VoiceChoice("elevenlabs", "de", VoiceType.MALE)),
    ],
)
def test_a_named_voice_names_its_engine(voice_id: str, chosen: VoiceChoice) -> None:
    assert choose_named(BOTH, voice_id, "de", "neutral") == chosen


@pytest.mark.parametrize(
    "voice_id",
    [
        "espeak-fr-female",  # another language
        "google-de-de-male",  # an engine that is not there
        "nobody",
        "",
        "+",
        "espeak-de-male+elevenlabs-male",
        "espeak-de-male:0.5+espeak-de-female:0.5",  # made by rules: there is nothing to blend
        "espeak-de-male:1",
    ],
)
def test_a_voice_that_does_not_fit_is_refused_with_those_that_do(voice_id: str) -> None:
    with pytest.raises(UnknownChoice) as error:
        choose_named(BOTH, voice_id, "de", "neutral")
    allowed = wrong(error)["voiceId"]
    assert {"espeak-de-male", "elevenlabs-female"} <= set(allowed)
    assert len(allowed) <= 60


def test_a_named_voice_without_the_style_is_refused() -> None:
    with pytest.raises(UnknownChoice) as error:
        choose_named(BOTH, "elevenlabs-male", "de", "whisper")
    assert "calm" in wrong(error)["voiceStyle"]


def test_languages_and_styles_of_all_engines_are_offered() -> None:
    codes = [each.code for each in offered_languages(BOTH)]
    assert len(codes) == len(set(codes)) > 138
    assert len(offered_styles(BOTH)) == 8
    assert known_language("tlh", BOTH) is None
    assert offered_language("EN-gb", BOTH).code == "en-GB"
    with pytest.raises(UnknownChoice):
        offered_language("tlh", BOTH)


def test_voices_are_found_in_the_order_in_which_they_are_chosen() -> None:
    found = find_voices(BOTH, language="de")
    assert [voice.id for voice in found][:4] == [
        "elevenlabs-female",
        "elevenlabs-male",
        "elevenlabs-kids",
        "espeak-de-female",
    ]
    assert [v.id for v in find_voices(BOTH, language="en-US", voice_type=VoiceType.MALE)] == [
        "espeak-en-us-male",
        "elevenlabs-male",
    ]
    assert {v.engine for v in find_voices(BOTH, style="whisper")} == {"espeak"}
    assert [v.id for v in find_voices(BOTH, search="SWAHILI woman")] == ["espeak-sw-female"]
    assert find_voices(BOTH, language="tlh") == []
    assert {v.engine for v in find_voices(BOTH, engine="elevenlabs")} == {"elevenlabs"}


def test_ids_name_one_voice() -> None:
    engines = ENGINES
    assert len(all_voices(engines)) == sum(len(all_voices((name,))) for name in engines)


@pytest.mark.parametrize("engine", ENGINES)
def test_every_voice_can_be_chosen(engine: str) -> None:
    for voice in all_voices((engine,)).values():
        choice = choose_named((engine,), voice.id, voice.languages[0], "neutral")
        assert (choice.engine, choice.language) == (engine, voice.languages[0])


def test_voices_are_counted_for_each_engine() -> None:
    assert count_voices(BOTH, "de") == {"elevenlabs": 3, "espeak": 3}
    assert list(count_voices(BOTH, "en-US")) == ["espeak", "elevenlabs"]
    assert count_voices(("f5tts",), "en") == {"f5tts": 0}  # it speaks as recordings


EMBEDDED = ("kokoro", "espeak")


@pytest.mark.parametrize(
    ("language", "style", "engine"),
    [
        ("en", "neutral", "kokoro"),
        ("en-GB", "neutral", "kokoro"),
        ("es-MX", "neutral", "kokoro"),
        ("en-scotland", "neutral", "espeak"),
        ("de", "neutral", "espeak"),
        ("en", "whisper", "espeak"),
    ],
)
def test_the_natural_voice_speaks_what_it_can_and_the_other_the_rest(
    language: str, style: str, engine: str
) -> None:
    assert choose_voice(EMBEDDED, language, FEMALE, style).engine == engine


def test_a_blend_is_a_name_of_its_engine() -> None:
    blend = "af_heart:0.7 + am_michael:0.3"
    chosen = choose_named(EMBEDDED, blend, "en", "neutral")
    assert chosen == VoiceChoice("kokoro", "en-US", FEMALE, "af_heart:0.7+am_michael:0.3")
    assert best_language(EMBEDDED, blend) == "en-US"
    assert best_language(EMBEDDED, "nobody") == ""


@pytest.mark.parametrize(
    "voice_id",
    [
        "af_heart:0.7+espeak-en-us-male:0.3",
        "af_heart:0+am_michael:1",
        "af_heart:x+am_michael",
        "af_heart:nan+am_michael",
        "af_heart+ef_dora",  # one of them does not speak English
        "af_heart+af_bella+af_sky+af_nova+af_kore",
        "af_heart+nobody",
    ],
)
def test_what_cannot_be_blended_is_refused(voice_id: str) -> None:
    with pytest.raises(UnknownChoice) as error:
        choose_named(EMBEDDED, voice_id, "en-US", "neutral")
    assert wrong(error)["voiceId"][0] == "af_heart"


def test_the_voices_of_an_accent_come_before_others_that_can_read_it() -> None:
    first = [voice.id for voice in find_voices(EMBEDDED, language="en-GB")]
    assert first[0] == "bf_emma"
    assert first.index("bm_daniel") < first.index("af_heart") < first.index("espeak-en-gb-female")
    assert count_voices(EMBEDDED, "fr") == {"kokoro": 1, "espeak": 3}
