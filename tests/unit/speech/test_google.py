# ruff: noqa: RUF001 - IPA has letters that look like others
from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from google.cloud import texttospeech

from tests.fakes.google_speech import FakeGoogle, google_server
from tests.support.machine import slack
from tests.unit.speech.sound import pitch, rms
from troupe.speech.catalogue import capabilities
from troupe.speech.engine import (
    Phonemes,
    Speech,
    SpeechRequest,
    TimingSource,
    Voice,
    VoiceType,
)
from troupe.speech.engines.google import GoogleEngine
from troupe.speech.errors import SpeechError
from troupe.speech.prosody import Prosody

TEXT = "One two, three. Four!"
VOICE = Voice("en-US", VoiceType.FEMALE, "neutral")
LIST, SPEAK = "ListVoices", "SynthesizeSpeech"


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("troupe.speech.engines.remote.WAITS", (0.02,))


@pytest.fixture
def server() -> Iterator[FakeGoogle]:
    with google_server() as fake:
        yield fake


@pytest.fixture
def engine(server: FakeGoogle) -> Iterator[GoogleEngine]:
    engine = GoogleEngine(server.endpoint, timeout=20)
    yield engine
    engine.close()


def say(engine: GoogleEngine, text: str = TEXT, **voice: Any) -> Speech:
    return engine.synthesize(SpeechRequest(text, replace(VOICE, **voice)))


def failure(engine: GoogleEngine, text: str = TEXT, **voice: Any) -> tuple[str, bool]:
    with pytest.raises(SpeechError) as caught:
        say(engine, text, **voice)
    assert text not in str(caught.value)
    return caught.value.code, caught.value.retryable


def test_it_speaks(engine: GoogleEngine, server: FakeGoogle) -> None:
    speech = say(engine, speed=1.25)
    assert speech.rate == 24_000
    assert speech.seconds == pytest.approx(0.4 * 4 / 1.25, abs=0.001)
    (request,) = server.requests
    assert request.input.text == TEXT
    assert request.voice.language_code == "en-US"
    assert request.audio_config.audio_encoding == texttospeech.AudioEncoding.LINEAR16


def test_timings_are_estimated_over_the_audio(engine: GoogleEngine) -> None:
    speech = say(engine)
    assert speech.timing_source is TimingSource.ESTIMATED
    assert [word.text for word in speech.words] == TEXT.split()
    assert speech.words[-1].end == pytest.approx(speech.seconds, abs=0.01)


@pytest.mark.parametrize(
    ("language", "type_", "name"),
    [
        ("en-US", VoiceType.MALE, "en-US-Neural2-A"),
        ("en-US", VoiceType.FEMALE, "en-US-Neural2-C"),
        ("en-US", VoiceType.KIDS, "en-US-Neural2-C"),
        ("cs-CZ", VoiceType.MALE, "cs-CZ-Chirp3-HD-Puck"),
        ("cs-CZ", VoiceType.KIDS, "cs-CZ-Wavenet-A"),
        ("th", VoiceType.FEMALE, "th-TH-Chirp3-HD-Kore"),
    ],
)
def test_a_voice_is_chosen_by_language_and_type(
    engine: GoogleEngine, server: FakeGoogle, language: str, type_: VoiceType, name: str
) -> None:
    say(engine, language=language, type=type_)
    assert server.requests[0].voice.name == name


@pytest.mark.parametrize(
    ("language", "type_"), [("th-TH", VoiceType.KIDS), ("he-IL", VoiceType.MALE)]
)
def test_a_missing_voice_is_not_replaced_by_another(
    engine: GoogleEngine, server: FakeGoogle, language: str, type_: VoiceType
) -> None:
    assert failure(engine, language=language, type=type_) == ("unknown_voice", False)
    assert server.requests == []


def test_the_kids_voice_is_higher_than_the_others(engine: GoogleEngine) -> None:
    heard = {
        type_: pitch(speech.samples, speech.rate)
        for type_ in VoiceType
        if (speech := say(engine, type=type_))
    }
    assert heard[VoiceType.MALE] < heard[VoiceType.FEMALE] < 230
    assert heard[VoiceType.KIDS] > 250


def test_each_style_has_different_settings(engine: GoogleEngine, server: FakeGoogle) -> None:
    styles = capabilities("google").styles
    for style in styles:
        say(engine, style=style)
    asked = [request.audio_config for request in server.requests]
    assert len({(one.speaking_rate, one.pitch) for one in asked}) == len(styles)


def test_a_voice_without_pitch_expresses_styles_by_rate(engine: GoogleEngine) -> None:
    slow, even = (say(engine, language="th", style=style) for style in ("calm", "neutral"))
    assert slow.seconds > even.seconds * 1.1


@pytest.mark.parametrize(("speed", "sent"), [(0.5, 0.5), (2.0, 2.0)])
def test_speeds_are_sent(
    engine: GoogleEngine, server: FakeGoogle, speed: float, sent: float
) -> None:
    say(engine, speed=speed)
    assert server.requests[0].audio_config.speaking_rate == sent


def test_pronunciations_are_sent_as_ssml(engine: GoogleEngine, server: FakeGoogle) -> None:
    text = "Ask <Ada> & Nguyen, \x01Ada!"
    phonemes = (Phonemes(5, 8, "ˈeɪdə"), Phonemes(12, 18, 'ˈwɪn"'))
    speech = engine.synthesize(SpeechRequest(text, VOICE, phonemes))
    assert server.requests[0].input.ssml == (
        '<speak>Ask &lt;<phoneme alphabet="ipa" ph="ˈeɪdə">Ada</phoneme>&gt; &amp; '
        '<phoneme alphabet="ipa" ph=\'ˈwɪn"\'>Nguyen</phoneme>,  Ada!</speak>'
    )
    assert [word.text for word in speech.words] == ["Ask", "<Ada> &", "Nguyen,", "\x01Ada!"]


def test_ssml_beyond_the_byte_limit_is_sent_as_text(
    engine: GoogleEngine, server: FakeGoogle
) -> None:
    text = "Ada " + "&a" * 300
    engine.synthesize(SpeechRequest(text, VOICE, (Phonemes(0, 3, "ˈeɪdə"),)))
    assert server.requests[0].input.ssml
    text = "Ada " + "&" * 1200
    engine.synthesize(SpeechRequest(text, VOICE, (Phonemes(0, 3, "ˈeɪdə"),)))
    assert server.requests[1].input.text == text


@pytest.mark.parametrize(
    ("prosody", "rate", "semitones"),
    [
        (Prosody(rate=0.5), 0.5, 0.0),
        (Prosody(pitch=3.0), 1.0, 3.0),
        (Prosody(rate=2.0, pitch=-12.0), 2.0, -12.0),
    ],
)
def test_prosody_is_sent(
    engine: GoogleEngine, server: FakeGoogle, prosody: Prosody, rate: float, semitones: float
) -> None:
    engine.synthesize(SpeechRequest(TEXT, VOICE, prosody=prosody))
    sent = server.requests[0].audio_config
    assert (sent.speaking_rate, sent.pitch) == (rate, semitones)


def test_the_volume_is_that_of_the_prosody(engine: GoogleEngine) -> None:
    plain = say(engine)
    soft = engine.synthesize(SpeechRequest(TEXT, VOICE, prosody=Prosody(volume=-6.0)))
    assert rms(soft.samples) == pytest.approx(rms(plain.samples) / 2, rel=0.02)
    assert soft.words == plain.words


def test_voices_are_listed_once_per_language(engine: GoogleEngine, server: FakeGoogle) -> None:
    for language in ("en-US", "cs-CZ", "en-US", "en"):
        say(engine, language=language)
    assert server.count(LIST) == 2


def test_threads_share_an_engine(engine: GoogleEngine, server: FakeGoogle) -> None:
    barrier = threading.Barrier(10)

    def one(index: int) -> float:
        barrier.wait()
        return say(engine, "word " * (index + 1)).seconds

    with ThreadPoolExecutor(10) as pool:
        heard = list(pool.map(one, range(10)))
    assert heard == pytest.approx([0.4 * (index + 1) for index in range(10)], abs=0.001)
    assert server.count(LIST) == 1


@pytest.mark.parametrize("method", [LIST, SPEAK])
@pytest.mark.parametrize(
    ("step", "code"),
    [
        ("UNAVAILABLE", "engine_unavailable"),
        ("INTERNAL", "engine_unavailable"),
        ("UNKNOWN", "engine_unavailable"),
        ("RESOURCE_EXHAUSTED", "engine_rate_limited"),
    ],
)
def test_a_temporary_fault_is_retried_once(
    engine: GoogleEngine, server: FakeGoogle, method: str, step: str, code: str
) -> None:
    server.script(method, step)
    assert say(engine).seconds > 1
    server.script(SPEAK, step, step, step)
    assert failure(engine) == (code, True)
    assert server.count(SPEAK) == (4 if method == SPEAK else 3)


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ("INVALID_ARGUMENT", "engine_refused"),
        ("UNAUTHENTICATED", "engine_auth_failed"),
        ("PERMISSION_DENIED", "engine_auth_failed"),
    ],
)
def test_a_rejection_is_final(
    engine: GoogleEngine, server: FakeGoogle, step: str, code: str
) -> None:
    server.script(SPEAK, step)
    assert failure(engine) == (code, False)
    assert server.count(SPEAK) == 1


def test_the_wait_requested_by_the_server_is_respected(
    engine: GoogleEngine, server: FakeGoogle
) -> None:
    server.retry_seconds = 0.5
    server.script(SPEAK, "RESOURCE_EXHAUSTED")
    started = time.monotonic()
    say(engine)
    assert time.monotonic() - started > 0.5


def test_a_requested_wait_beyond_the_timeout_fails_at_once(
    engine: GoogleEngine, server: FakeGoogle
) -> None:
    server.retry_seconds = 90
    server.script(SPEAK, "RESOURCE_EXHAUSTED")
    started = time.monotonic()
    assert failure(engine) == ("engine_rate_limited", True)
    assert time.monotonic() - started < 10 * slack()


@pytest.mark.parametrize("step", ["empty", "mp3"])
def test_invalid_answers_are_not_taken_for_audio(
    engine: GoogleEngine, server: FakeGoogle, step: str
) -> None:
    server.script(SPEAK, step, step)
    assert failure(engine) == ("engine_bad_audio", True)


def test_a_slow_server_takes_no_longer_than_the_timeout(server: FakeGoogle) -> None:
    engine = GoogleEngine(server.endpoint, timeout=1)
    server.script(SPEAK, "hang", "hang", "hang")
    started = time.monotonic()
    assert failure(engine) == ("engine_timeout", True)
    assert time.monotonic() - started < 2.8 * slack()
    engine.close()


def test_an_unreachable_server_is_retryable() -> None:
    engine = GoogleEngine("http://127.0.0.1:9", timeout=5)
    assert failure(engine) == ("engine_unavailable", True)
    engine.close()


@pytest.mark.parametrize(
    ("text", "voice", "code"),
    [
        ("x" * 1251, {}, "text_too_long"),
        ("...", {}, "nothing_to_speak"),
        (TEXT, {"language": "cy"}, "unknown_voice"),
        (TEXT, {"style": "whisper"}, "unknown_voice"),
    ],
)
def test_requests_that_cannot_succeed_are_not_sent(
    engine: GoogleEngine, server: FakeGoogle, text: str, voice: dict[str, Any], code: str
) -> None:
    with pytest.raises(SpeechError) as caught:
        say(engine, text, **voice)
    assert (caught.value.code, caught.value.retryable) == (code, False)
    assert server.calls == []


def test_the_longest_text_fits_the_byte_limit_of_the_api() -> None:
    assert len(("𝄞" * capabilities("google").max_characters).encode()) <= 5000


def test_the_version_depends_on_the_server() -> None:
    engines = [GoogleEngine(f"http://127.0.0.1:{port}") for port in (9, 10)]
    assert len({engine.version for engine in engines}) == 2
    for engine in engines:
        engine.close()
