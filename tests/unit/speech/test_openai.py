from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest

from tests.fakes.openai_server import KEY, FakeOpenAI, openai_server, tone_per_word, wav
from tests.support.machine import slack
from tests.unit.speech.sound import rms
from troupe.riff import parse_wav
from troupe.speech.catalogue import STYLES
from troupe.speech.engine import Speech, SpeechRequest, TimingSource, Voice, VoiceType
from troupe.speech.engines.openai import OpenAIEngine
from troupe.speech.errors import SpeechError
from troupe.speech.prosody import Prosody

TEXT = "One two, three. Four!"


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with openai_server() as fake:
        yield fake


@pytest.fixture
def engine(server: FakeOpenAI) -> Iterator[OpenAIEngine]:
    engine = OpenAIEngine(KEY, server.base_url, "gpt-4o-mini-tts", timeout=20)
    yield engine
    engine.close()


def say(
    engine: OpenAIEngine,
    text: str = TEXT,
    language: str = "en",
    type_: VoiceType = VoiceType.FEMALE,
    style: str = "calm",
    speed: float = 1.0,
) -> Speech:
    return engine.synthesize(SpeechRequest(text, Voice(language, type_, style, speed)))


def failure(engine: OpenAIEngine, text: str = TEXT) -> tuple[str, bool]:
    with pytest.raises(SpeechError) as caught:
        say(engine, text)
    assert text not in str(caught.value)
    return caught.value.code, caught.value.retryable


def test_it_speaks(engine: OpenAIEngine, server: FakeOpenAI) -> None:
    speech = say(engine, speed=1.5)
    assert speech.rate == 24_000
    assert speech.seconds == pytest.approx(1.6)
    assert rms(speech.samples) > 3000
    request = server.requests[0]
    assert request["input"] == TEXT
    assert request["voice"] == "nova"
    assert request["response_format"] == "pcm"
    assert request["speed"] == 1.5
    assert "calmly" in request["instructions"]
    assert "English" in request["instructions"]


def test_rate_and_volume_are_those_of_the_prosody(engine: OpenAIEngine, server: FakeOpenAI) -> None:
    voice = Voice("en", VoiceType.MALE, "neutral", 1.5)
    plain = engine.synthesize(SpeechRequest(TEXT, voice))
    soft = engine.synthesize(SpeechRequest(TEXT, voice, prosody=Prosody(volume=-6.0)))
    assert np.abs(soft.samples).max() == pytest.approx(np.abs(plain.samples).max() / 2, rel=0.01)
    engine.synthesize(SpeechRequest(TEXT, voice, prosody=Prosody(rate=0.5)))
    assert [request["speed"] for request in server.requests] == [1.5, 1.5, 0.75]


def test_timings_are_estimated_over_the_audio(engine: OpenAIEngine) -> None:
    speech = say(engine)
    assert speech.timing_source is TimingSource.ESTIMATED
    assert [word.text for word in speech.words] == TEXT.split()
    assert all(word.start < word.end for word in speech.words)
    assert speech.words[0].start < 0.01
    assert speech.words[-1].end == pytest.approx(1.5, abs=0.01)  # the last 0.1 s are silent


def test_types_and_styles_request_different_voices(
    engine: OpenAIEngine, server: FakeOpenAI
) -> None:
    for type_ in VoiceType:
        for style in STYLES:
            say(engine, "Hi", type_=type_, style=style.id)
    asked = {(request["voice"], request["instructions"]) for request in server.requests}
    assert len(asked) == len(VoiceType) * len(STYLES)
    assert len({voice for voice, _ in asked}) == 3


def test_old_models_get_no_instructions(server: FakeOpenAI) -> None:
    engine = OpenAIEngine(KEY, server.base_url, "tts-1")
    say(engine)
    engine.close()
    assert "instructions" not in server.requests[0]


@pytest.mark.parametrize(
    ("step", "rate"),
    [("wav", 24_000), ("streamed-wav", 24_000), ("stereo-wav", 24_000), ("rate", 16_000)],
)
def test_the_format_declared_by_the_answer_is_used(
    engine: OpenAIEngine, server: FakeOpenAI, step: str, rate: int
) -> None:
    server.script(step)
    speech = say(engine)
    assert speech.rate == rate
    assert speech.samples.tobytes() == tone_per_word(TEXT, rate)


@pytest.mark.parametrize("step", ["500", "502", "503", "429", "408", "cut"])
def test_a_temporary_fault_is_retried_once(
    engine: OpenAIEngine, server: FakeOpenAI, step: str
) -> None:
    server.script(step)
    assert say(engine).seconds > 1
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("step", "code"),
    [("500", "engine_unavailable"), ("429", "engine_rate_limited"), ("cut", "engine_unavailable")],
)
def test_a_lasting_fault_is_reported_as_retryable(
    engine: OpenAIEngine, server: FakeOpenAI, step: str, code: str
) -> None:
    server.script(step, step, step)
    assert failure(engine) == (code, True)
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ("400", "engine_refused"),
        ("404", "engine_refused"),
        ("401", "engine_auth_failed"),
        ("403", "engine_auth_failed"),
        ("quota", "engine_auth_failed"),
    ],
)
def test_a_rejection_is_final(
    engine: OpenAIEngine, server: FakeOpenAI, step: str, code: str
) -> None:
    server.script(step)
    assert failure(engine) == (code, False)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "step", ["odd", "empty", "json", "json-as-audio", "html", "mp3", "short-wav"]
)
def test_invalid_answers_are_not_taken_for_audio(
    engine: OpenAIEngine, server: FakeOpenAI, step: str
) -> None:
    server.script(step)
    assert failure(engine) == ("engine_bad_audio", True)


@pytest.mark.parametrize("step", ["hang", "drip"])
def test_a_slow_server_takes_no_longer_than_the_timeout(server: FakeOpenAI, step: str) -> None:
    engine = OpenAIEngine(KEY, server.base_url, "tts-1", timeout=1.0)
    server.script(step, step, step)
    started = time.monotonic()
    assert failure(engine) == ("engine_timeout", True)
    assert time.monotonic() - started < 2.8 * slack()
    engine.close()


def test_a_requested_wait_beyond_the_timeout_fails_at_once(
    engine: OpenAIEngine, server: FakeOpenAI
) -> None:
    server.retry_after = "90"
    server.script("429")
    started = time.monotonic()
    assert failure(engine) == ("engine_rate_limited", True)
    assert time.monotonic() - started < 10 * slack()


def test_an_unreachable_server_is_retryable(server: FakeOpenAI) -> None:
    engine = OpenAIEngine(KEY, "http://127.0.0.1:9/v1", "tts-1", timeout=5)
    assert failure(engine) == ("engine_unavailable", True)
    engine.close()


def test_a_wrong_key_is_final(server: FakeOpenAI) -> None:
    engine = OpenAIEngine("sk-wrong", server.base_url, "tts-1")
    assert failure(engine) == ("engine_auth_failed", False)
    engine.close()


@pytest.mark.parametrize(
    ("text", "code"), [("x" * 4097, "text_too_long"), ("...", "nothing_to_speak")]
)
def test_requests_that_cannot_succeed_are_not_sent(
    engine: OpenAIEngine, server: FakeOpenAI, text: str, code: str
) -> None:
    with pytest.raises(SpeechError) as caught:
        say(engine, text)
    assert (caught.value.code, caught.value.retryable) == (code, False)
    assert server.requests == []


def test_an_unknown_language_is_not_sent(engine: OpenAIEngine, server: FakeOpenAI) -> None:
    with pytest.raises(SpeechError) as caught:
        say(engine, language="xx")
    assert caught.value.code == "unknown_voice"
    assert server.requests == []


def test_the_version_depends_on_model_and_server() -> None:
    versions = {
        OpenAIEngine(KEY, url, model).version
        for url in ("http://one.test/v1", "http://two.test/v1")
        for model in ("a", "b")
    }
    assert len(versions) == 4


@pytest.mark.parametrize(
    "body",
    [
        b"RIFF\0\0\0\0WAVE",
        b"RIFF\0\0\0\0WAVEdata\x04\0\0\0abcd",
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01",
        wav(b""),
        wav(b"ab", channels=0),
        wav(b"ab", rate=0),
        wav(b"a"),
    ],
)
def test_invalid_wav_is_rejected(body: bytes) -> None:
    with pytest.raises(ValueError, match="WAV"):
        parse_wav(body)


def test_wav_chunks_before_the_audio_are_skipped() -> None:
    body = wav(b"\x01\x00\x02\x00")
    odd_chunk = b"LIST\x03\x00\x00\x00abc\x00"
    samples, rate = parse_wav(body[:12] + odd_chunk + body[12:])
    assert (samples.tolist(), rate) == ([1, 2], 24_000)
    assert samples.dtype == np.int16
