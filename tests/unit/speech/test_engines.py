"""What every speech engine keeps to: two embedded ones, and a remote one over a socket."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tests.fakes.openai_server import KEY, openai_server
from troupe.adapters.models.files import ModelFiles
from troupe.speech.engine import SpeechEngine, SpeechRequest, Voice, VoiceType
from troupe.speech.engines.espeak import EspeakEngine
from troupe.speech.engines.kokoro import KokoroEngine
from troupe.speech.engines.openai import OpenAIEngine
from troupe.speech.errors import SpeechError

ENGLISH = {"espeak": "en-US", "kokoro": "en-US", "openai": "en"}


@pytest.fixture(scope="module", params=ENGLISH)
def engine(request: pytest.FixtureRequest) -> Iterator[SpeechEngine]:
    if request.param == "openai":
        with openai_server() as server:
            remote = OpenAIEngine(KEY, server.base_url, "tts-1")
            yield remote
            remote.close()
        return
    made = EspeakEngine() if request.param == "espeak" else KokoroEngine(ModelFiles())
    yield made
    made.close()


def asked(engine: SpeechEngine, text: str, **voice: str) -> SpeechRequest:
    language = voice.get("language", ENGLISH[engine.name])
    style = voice.get("style", "neutral")
    return SpeechRequest(text, Voice(language, VoiceType.FEMALE, style))


def test_speech_has_sound_and_its_words_in_order(engine: SpeechEngine) -> None:
    speech = engine.synthesize(asked(engine, "Good evening."))
    assert speech.samples.dtype == np.int16
    assert speech.samples.any()
    assert speech.rate >= 8_000
    assert "".join(word.text for word in speech.words).replace(" ", "") == "Goodevening."
    times = [time for word in speech.words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert times[-1] <= speech.seconds + 0.01


@pytest.mark.parametrize(
    ("text", "voice", "code"),
    [
        ("…", {}, "nothing_to_speak"),
        ("Good evening.", {"language": "tlh"}, "unknown_voice"),
        ("Good evening.", {"style": "backwards"}, "unknown_voice"),
    ],
)
def test_what_cannot_be_spoken_is_refused_for_good(
    engine: SpeechEngine, text: str, voice: dict[str, str], code: str
) -> None:
    with pytest.raises(SpeechError) as refused:
        engine.synthesize(asked(engine, text, **voice))
    assert (refused.value.code, refused.value.retryable) == (code, False)


def test_a_text_above_the_maximum_is_refused(engine: SpeechEngine) -> None:
    text = "a " * (engine.capabilities.max_characters // 2 + 1)
    with pytest.raises(SpeechError) as refused:
        engine.synthesize(asked(engine, text))
    assert refused.value.code == "text_too_long"


def test_the_version_stays_the_same(engine: SpeechEngine) -> None:
    assert engine.version
    assert engine.version == engine.version
