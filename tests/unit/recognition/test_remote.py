"""What remote transcribers send, and how they fail."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes import elevenlabs_server as elevenlabs
from tests.fakes import openai_server as openai
from tests.fakes.google_recognition import PROJECT, FakeGoogle, google_recognition
from tests.support.speeches import noise
from troupe.recognition.catalogue import WHISPER, capabilities, language_code
from troupe.recognition.engines.answers import code_of
from troupe.recognition.engines.elevenlabs import ElevenLabsTranscriber
from troupe.recognition.engines.google import GoogleTranscriber
from troupe.recognition.engines.openai import OpenAITranscriber
from troupe.recognition.listen import listen, nothing_to_check
from troupe.recognition.transcriber import Transcriber, Word
from troupe.recognition.words import grouped, written
from troupe.speech.errors import SpeechError

SOUND = noise(2)
SAID = "One, two. Three!"


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("troupe.speech.engines.remote.WAITS", (0.02,))


@pytest.fixture
def open_ai() -> Iterator[openai.FakeOpenAI]:
    with openai.openai_server() as fake:
        fake.ear.says = SAID
        yield fake


@pytest.fixture
def google() -> Iterator[FakeGoogle]:
    with google_recognition() as fake:
        fake.ear.says = SAID
        yield fake


@pytest.fixture
def scribe() -> Iterator[elevenlabs.FakeElevenLabs]:
    with elevenlabs.elevenlabs_server() as fake:
        fake.ear.says = SAID
        yield fake


def whisper_1(fake: openai.FakeOpenAI, timeout: float = 20, key: str = openai.KEY) -> Transcriber:
    return OpenAITranscriber(key, fake.base_url, "whisper-1", timeout=timeout)


def chirp(fake: FakeGoogle, timeout: float = 20) -> Transcriber:
    return GoogleTranscriber(PROJECT, fake.endpoint, ["en-US", "es-ES"], timeout=timeout)


def scribe_1(fake: elevenlabs.FakeElevenLabs, key: str = elevenlabs.KEY) -> Transcriber:
    return ElevenLabsTranscriber(key, fake.base_url, "scribe_v1", timeout=20)


def failure(transcriber: Transcriber) -> tuple[str, bool]:
    with pytest.raises(SpeechError) as caught:
        transcriber.transcribe(SOUND, None, nothing_to_check)
    assert "One" not in str(caught.value)
    return caught.value.code, caught.value.retryable


def texts(transcriber: Transcriber, language: str | None = None) -> list[str]:
    found = listen(transcriber, SOUND, language)
    return [word.text for segment in found.segments for word in segment.words]


def test_openai_gets_the_sound_and_the_language(open_ai: openai.FakeOpenAI) -> None:
    assert texts(whisper_1(open_ai), "en") == ["One, ", "two. ", "Three!"]
    assert open_ai.ear.seconds == [2.0]
    assert open_ai.ear.fields[0]["language"] == "en"
    assert open_ai.ear.fields[0]["model"] == "whisper-1"
    assert open_ai.ear.fields[0]["response_format"] == "verbose_json"
    texts(whisper_1(open_ai))
    assert "language" not in open_ai.ear.fields[1]


def test_openai_without_the_times_of_words(open_ai: openai.FakeOpenAI) -> None:
    """Some compatible servers send segments only, and some words only."""
    open_ai.script("no-words", "no-segments")
    assert texts(whisper_1(open_ai)) == ["One, ", "two. ", "Three!"]
    assert texts(whisper_1(open_ai)) == ["One ", "two ", "Three "]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (["500", "500"], ("engine_unavailable", True)),
        (["429", "429"], ("engine_rate_limited", True)),
        (["quota"], ("engine_auth_failed", False)),
        (["400"], ("engine_refused", False)),
        (["null"], ("engine_bad_answer", True)),
        (["list"], ("engine_bad_answer", True)),
        (["html"], ("engine_bad_answer", True)),
    ],
)
def test_openai_fails(
    open_ai: openai.FakeOpenAI, steps: list[str], expected: tuple[str, bool]
) -> None:
    open_ai.script(*steps)
    assert failure(whisper_1(open_ai)) == expected


def test_openai_is_asked_again(open_ai: openai.FakeOpenAI) -> None:
    open_ai.script("503", "ok")
    assert texts(whisper_1(open_ai))
    assert failure(whisper_1(open_ai, key="sk-wrong")) == ("engine_auth_failed", False)


@pytest.mark.parametrize("step", ["hang", "drip"])
def test_openai_that_is_silent_or_slow_is_given_up(open_ai: openai.FakeOpenAI, step: str) -> None:
    open_ai.script(step, step)
    assert failure(whisper_1(open_ai, timeout=0.6)) == ("engine_timeout", True)


def test_google_gets_the_sound_and_the_languages(google: FakeGoogle) -> None:
    transcriber = chirp(google)
    found = listen(transcriber, SOUND)
    assert found.language == "en-us"
    assert texts(transcriber, "es-ES") == ["One, ", "two. ", "Three! "]
    configs = [request["config"] for request in google.requests]
    assert [config["languageCodes"] for config in configs] == [["en-US", "es-ES"], ["es-ES"]]
    assert configs[0]["features"]["enableWordTimeOffsets"]
    assert google.paths[0] == f"/v2/projects/{PROJECT}/locations/global/recognizers/_:recognize"


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (["503", "503"], ("engine_unavailable", True)),
        (["403"], ("engine_auth_failed", False)),
        (["400"], ("engine_refused", False)),
        (["html"], ("engine_bad_answer", True)),
        (["list"], ("engine_bad_answer", True)),
        (["null"], ("engine_bad_answer", True)),
        (["odd"], ("engine_bad_answer", True)),
    ],
)
def test_google_fails(google: FakeGoogle, steps: list[str], expected: tuple[str, bool]) -> None:
    google.script.extend(steps)
    assert failure(chirp(google)) == expected


def test_google_that_is_silent_is_given_up(google: FakeGoogle) -> None:
    google.script.extend(["hang", "hang"])
    assert failure(chirp(google, timeout=0.6)) == ("engine_timeout", True)
    google.released.set()


def test_elevenlabs_gets_the_sound_and_the_language(scribe: elevenlabs.FakeElevenLabs) -> None:
    assert texts(scribe_1(scribe), "en") == ["One, ", "two. ", "Three! "]
    assert scribe.ear.fields[0]["language_code"] == "en"
    found = listen(scribe_1(scribe), SOUND)
    assert (found.language, found.language_probability) == ("en", 0.98)
    assert "language_code" not in scribe.ear.fields[1]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (["500", "500"], ("engine_unavailable", True)),
        (["429", "429"], ("engine_rate_limited", True)),
        (["quota_exceeded"], ("engine_auth_failed", False)),
        (["html", "html"], ("engine_bad_answer", True)),
        (["list", "list"], ("engine_bad_answer", True)),
        (["null", "null"], ("engine_bad_answer", True)),
        (["cut", "cut"], ("engine_unavailable", True)),
    ],
)
def test_elevenlabs_fails(
    scribe: elevenlabs.FakeElevenLabs, steps: list[str], expected: tuple[str, bool]
) -> None:
    scribe.script("/speech-to-text", *steps)
    assert failure(scribe_1(scribe)) == expected


def test_elevenlabs_needs_its_key(scribe: elevenlabs.FakeElevenLabs) -> None:
    assert failure(scribe_1(scribe, "xi-wrong")) == ("engine_auth_failed", False)
    with pytest.raises(ValueError, match="ELEVENLABS_API_KEY"):
        scribe_1(scribe, "")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        *(("english", "en"), ("Haitian Creole", "ht"), ("myanmar", "my"), ("eng", "en")),
        *(("por", "pt"), ("zh", "zh"), ("klingon", ""), ("", "")),
    ],
)
def test_languages_have_one_code(given: str, code: str) -> None:
    assert code_of(given) == code


@pytest.mark.parametrize(
    ("name", "given", "code"),
    [
        *(("whisper", "pt-BR", "pt"), ("whisper", "EN_us", "en"), ("whisper", "cmn", "zh")),
        *(("whisper", "tlh", None), ("whisper", "", None), ("openai", "nb-NO", "no")),
        *(("google", "en", "en-US"), ("google", "de-AT", "de-DE"), ("google", "xx", None)),
    ],
)
def test_a_language_is_asked_for_by_the_code_of_the_transcriber(
    name: str, given: str, code: str | None
) -> None:
    assert language_code(given, name) == code
    assert code is None or code in capabilities(name).languages


def test_an_unknown_transcriber_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="whisper, openai, google, elevenlabs"):
        capabilities("parrot")


def test_whispers_languages_are_those_of_its_package() -> None:
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    assert {*WHISPER} == {*_LANGUAGE_CODES} - {"yue"}  # which only larger models know


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        (" “Yes,” he said (twice). ", "Yes he said twice", ["“Yes,” ", "he ", "said ", "(twice)."]),
        ("它是、好的。", "它 是 好 的", ["它", "是、", "好", "的。"]),
        ("It's 9 o'clock", "It's 9 o'clock", ["It's ", "9 ", "o'clock"]),
    ],
)
def test_words_get_the_punctuation_of_their_text(
    text: str, words: str, expected: list[str]
) -> None:
    timed = [Word(word, n, n + 1) for n, word in enumerate(words.split())]
    found = written(text, timed, 0, len(timed))
    assert [word.text for word in found] == expected
    assert [word.start for word in found] == [0, *range(1, len(timed))]


def test_words_that_do_not_fit_their_text_get_estimated_times() -> None:
    found = written("Seven, eight nine.", [Word("ten", 0, 1)], 2.0, 4.0)
    assert [word.text for word in found] == ["Seven, ", "eight ", "nine."]
    assert (found[0].start, found[-1].end) == (2.0, 4.0)
    assert written("  ", [], 0, 1) == ()


def test_words_are_grouped_by_sentences_and_pauses() -> None:
    said = [("So. ", 0), ("Well ", 1), ("then ", 1.5), ("go ", 4)]
    found = grouped([Word(text, at, at + 0.4) for text, at in said])
    assert [segment.text for segment in found] == ["So.", "Well then", "go"]
    many = grouped([Word("a ", n / 10, n / 10 + 0.1) for n in range(100)])
    assert [len(segment.words) for segment in many] == [40, 40, 20]
