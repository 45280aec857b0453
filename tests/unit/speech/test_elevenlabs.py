from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.fakes.elevenlabs_server import KEY, FakeElevenLabs, elevenlabs_server
from tests.support.machine import slack
from tests.unit.speech.sound import pitch
from troupe.speech.catalogue import capabilities
from troupe.speech.engine import Reference, Speech, SpeechRequest, TimingSource, Voice, VoiceType
from troupe.speech.engines.elevenlabs import ElevenLabsEngine
from troupe.speech.errors import SpeechError
from troupe.speech.prosody import Prosody

TEXT = "One two, three. Four!"
MODEL = "eleven_multilingual_v2"
VOICE = Voice("en", VoiceType.FEMALE, "neutral")
REFERENCE = Reference(b"RIFF of a recording", "ab" * 32, "What was said.")
CLONE = "troupe-" + "ab" * 16
SPEAK, SEARCH, ADD = "/with-timestamps", "/v2/voices", "/v1/voices/add"


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("troupe.speech.engines.remote.WAITS", (0.02,))


@pytest.fixture
def server() -> Iterator[FakeElevenLabs]:
    with elevenlabs_server() as fake:
        yield fake


@pytest.fixture
def engine(server: FakeElevenLabs) -> Iterator[ElevenLabsEngine]:
    engine = ElevenLabsEngine(KEY, server.base_url, MODEL, timeout=20)
    yield engine
    engine.close()


def say(engine: ElevenLabsEngine, text: str = TEXT, **voice: Any) -> Speech:
    return engine.synthesize(SpeechRequest(text, replace(VOICE, **voice)))


def failure(engine: ElevenLabsEngine, text: str = TEXT, **voice: Any) -> tuple[str, bool]:
    with pytest.raises(SpeechError) as caught:
        say(engine, text, **voice)
    assert text not in str(caught.value)
    return caught.value.code, caught.value.retryable


def test_it_speaks(engine: ElevenLabsEngine, server: FakeElevenLabs) -> None:
    speech = say(engine)
    assert speech.rate == 24_000
    assert speech.seconds == pytest.approx(0.05 * len(TEXT))
    assert pitch(speech.samples, speech.rate) == pytest.approx(220, rel=0.02)
    (spoken,) = server.spoken
    assert spoken["text"] == TEXT
    assert spoken["model_id"] == MODEL
    assert spoken["output_format"] == ["pcm_24000"]
    assert spoken["language_code"] is None  # this model rejects it
    assert 0 <= spoken["seed"] < 2**32


def test_other_models_get_the_language(server: FakeElevenLabs) -> None:
    engine = ElevenLabsEngine(KEY, server.base_url, "eleven_flash_v2_5")
    say(engine, language="de-AT")
    engine.close()
    assert server.spoken[0]["language_code"] == "de"


def test_word_timings_come_from_the_characters(engine: ElevenLabsEngine) -> None:
    speech = say(engine)
    assert speech.timing_source is TimingSource.ENGINE
    assert [word.text for word in speech.words] == ["One", "two,", "three.", "Four!"]
    starts = [TEXT.index(word.text) * 0.05 for word in speech.words]
    assert [word.start for word in speech.words] == pytest.approx(starts)
    ends = [start + 0.05 * len(word.text) for start, word in zip(starts, speech.words, strict=True)]
    assert [word.end for word in speech.words] == pytest.approx(ends)


def test_without_character_timings_words_are_estimated(
    engine: ElevenLabsEngine, server: FakeElevenLabs
) -> None:
    server.aligned = False
    speech = say(engine)
    assert speech.timing_source is TimingSource.ESTIMATED
    assert [word.text for word in speech.words] == ["One", "two,", "three.", "Four!"]


def test_each_type_has_a_stock_voice(server: FakeElevenLabs) -> None:
    engine = ElevenLabsEngine(KEY, server.base_url, MODEL, voices="kids=my-child, male = my-man")
    for type_ in VoiceType:
        say(engine, type=type_)
    engine.close()
    spoken = dict(zip(VoiceType, (call["voice_id"] for call in server.spoken), strict=True))
    assert spoken[VoiceType.KIDS] == "my-child"
    assert spoken[VoiceType.MALE] == "my-man"
    assert len(set(spoken.values())) == 3


def test_each_style_has_different_settings(
    engine: ElevenLabsEngine, server: FakeElevenLabs
) -> None:
    styles = capabilities("elevenlabs").styles
    for style in styles:
        say(engine, style=style)
    asked = [call["voice_settings"] for call in server.spoken]
    assert len({(one["stability"], one["speed"]) for one in asked}) == len(styles)


@pytest.mark.parametrize(("speed", "sent"), [(0.5, 0.7), (1.1, 1.1), (2.0, 1.2)])
def test_speeds_are_clamped_to_the_limits_of_the_api(
    engine: ElevenLabsEngine, server: FakeElevenLabs, speed: float, sent: float
) -> None:
    say(engine, speed=speed)
    assert server.spoken[0]["voice_settings"]["speed"] == pytest.approx(sent)


def test_rate_and_volume_are_those_of_the_prosody(
    engine: ElevenLabsEngine, server: FakeElevenLabs
) -> None:
    plain = engine.synthesize(SpeechRequest(TEXT, VOICE))
    asked = SpeechRequest(TEXT, VOICE, prosody=Prosody(rate=1.1, volume=-6.0))
    soft = engine.synthesize(asked)
    assert server.spoken[1]["voice_settings"]["speed"] == pytest.approx(1.1)
    assert np.abs(soft.samples).max() == pytest.approx(np.abs(plain.samples).max() / 2, rel=0.01)


def test_a_recording_is_cloned_once(engine: ElevenLabsEngine, server: FakeElevenLabs) -> None:
    say(engine, reference=REFERENCE)
    say(engine, reference=REFERENCE)
    assert server.voices == {"v-clone-0": CLONE}
    assert server.samples == [REFERENCE.audio]
    assert [call["voice_id"] for call in server.spoken] == ["v-clone-0", "v-clone-0"]
    assert server.count(SEARCH) == 1


def test_another_process_finds_the_clone(server: FakeElevenLabs) -> None:
    for _ in range(2):
        engine = ElevenLabsEngine(KEY, server.base_url, MODEL)
        say(engine, reference=REFERENCE)
        engine.close()
    assert server.voices == {"v-clone-0": CLONE}


def test_a_clone_whose_response_was_lost_is_not_made_twice(
    engine: ElevenLabsEngine, server: FakeElevenLabs
) -> None:
    server.script(ADD, "done-but-cut")
    say(engine, reference=REFERENCE)
    assert server.voices == {"v-clone-0": CLONE}


def test_a_clone_deleted_elsewhere_is_made_again(
    engine: ElevenLabsEngine, server: FakeElevenLabs
) -> None:
    say(engine, reference=REFERENCE)
    server.voices.clear()
    server.voices["v-clone-1000"] = "troupe-another"
    assert say(engine, reference=REFERENCE).seconds > 1
    assert list(server.voices.values()).count(CLONE) == 1


def test_forget_deletes_all_clones_of_a_recording_and_no_others(
    engine: ElevenLabsEngine, server: FakeElevenLabs
) -> None:
    say(engine, reference=REFERENCE)
    server.voices |= {"v-clone-1": CLONE, "v-clone-2": "troupe-another"}
    engine.forget(REFERENCE.sha256)
    assert server.voices == {"v-clone-2": "troupe-another"}
    engine.forget(REFERENCE.sha256)  # there is none left
    say(engine, reference=REFERENCE)
    assert list(server.voices.values()).count(CLONE) == 1


@pytest.mark.parametrize("step", ["500", "done-but-cut"])
def test_forget_succeeds_after_a_temporary_fault(
    engine: ElevenLabsEngine, server: FakeElevenLabs, step: str
) -> None:
    say(engine, reference=REFERENCE)
    server.script("/v1/voices/v-clone-0", step)
    engine.forget(REFERENCE.sha256)
    assert server.voices == {}


def test_forget_ignores_a_clone_deleted_meanwhile(
    engine: ElevenLabsEngine, server: FakeElevenLabs
) -> None:
    say(engine, reference=REFERENCE)
    server.voices["v-clone-1"] = CLONE
    server.script("/v1/voices/v-clone-0", "voice_not_found")
    engine.forget(REFERENCE.sha256)
    assert "v-clone-1" not in server.voices
    assert server.count("/v1/voices/v-clone-0") == 1


def test_forget_reports_a_clone_it_may_not_delete(
    engine: ElevenLabsEngine, server: FakeElevenLabs
) -> None:
    say(engine, reference=REFERENCE)
    server.script("/v1/voices/v-clone-0", "403")
    with pytest.raises(SpeechError) as caught:
        engine.forget(REFERENCE.sha256)
    assert caught.value.code == "engine_auth_failed"
    assert server.voices == {"v-clone-0": CLONE}


def test_threads_share_an_engine(engine: ElevenLabsEngine, server: FakeElevenLabs) -> None:
    references = [replace(REFERENCE, sha256=f"{index % 3}" * 64) for index in range(12)]
    barrier = threading.Barrier(len(references))

    def one(index: int) -> int:
        barrier.wait()
        return len(say(engine, f"Words {'x' * index}", reference=references[index]).samples)

    with ThreadPoolExecutor(len(references)) as pool:
        heard = list(pool.map(one, range(len(references))))
    assert heard == [round(24_000 * 0.05 * (6 + index)) for index in range(12)]
    assert len(server.voices) == 3


@pytest.mark.parametrize("stage", [SPEAK, SEARCH, ADD])
@pytest.mark.parametrize("step", ["500", "429", "cut"])
def test_a_temporary_fault_is_retried_once(
    engine: ElevenLabsEngine, server: FakeElevenLabs, stage: str, step: str
) -> None:
    server.script(stage, step)
    assert say(engine, reference=REFERENCE).seconds > 1
    assert server.count(stage) == 2
    assert list(server.voices.values()) == [CLONE]


@pytest.mark.parametrize(
    ("step", "code"),
    [("503", "engine_unavailable"), ("429", "engine_rate_limited"), ("cut", "engine_unavailable")],
)
def test_a_lasting_fault_is_reported_as_retryable(
    engine: ElevenLabsEngine, server: FakeElevenLabs, step: str, code: str
) -> None:
    server.script(SPEAK, step, step, step)
    assert failure(engine) == (code, True)
    assert server.count(SPEAK) == 2


@pytest.mark.parametrize(
    ("stage", "step", "code"),
    [
        (SPEAK, "400", "engine_refused"),
        (SPEAK, "422", "engine_refused"),
        (SPEAK, "401", "engine_auth_failed"),
        (SPEAK, "quota_exceeded", "engine_auth_failed"),
        (ADD, "voice_limit_reached", "engine_voices_full"),
    ],
)
def test_a_rejection_is_final(
    engine: ElevenLabsEngine, server: FakeElevenLabs, stage: str, step: str, code: str
) -> None:
    server.script(stage, step, step)
    assert failure(engine, reference=REFERENCE) == (code, False)
    assert server.count(stage) == 1


def test_a_missing_stock_voice_is_final(engine: ElevenLabsEngine, server: FakeElevenLabs) -> None:
    server.script(SPEAK, "voice_not_found", "voice_not_found")
    assert failure(engine) == ("engine_refused", False)


@pytest.mark.parametrize(
    ("stage", "step"),
    [
        (SPEAK, "html"),
        (SPEAK, "list"),
        (SPEAK, "null"),
        (SPEAK, "no-sound"),
        (SPEAK, "odd"),
        (SPEAK, "not-base64"),
        (SEARCH, "html"),
        (ADD, "html"),
        (ADD, "list"),
    ],
)
def test_invalid_answers_are_not_taken_for_audio(
    engine: ElevenLabsEngine, server: FakeElevenLabs, stage: str, step: str
) -> None:
    server.script(stage, step, step)
    assert failure(engine, reference=REFERENCE) == ("engine_bad_audio", True)


@pytest.mark.parametrize("step", ["hang", "drip"])
def test_a_slow_server_takes_no_longer_than_the_timeout(server: FakeElevenLabs, step: str) -> None:
    engine = ElevenLabsEngine(KEY, server.base_url, MODEL, timeout=2)
    server.script(SPEAK, step, step, step)
    started = time.monotonic()
    assert failure(engine) == ("engine_timeout", True)
    assert time.monotonic() - started < 5 * slack()
    assert server.count(SPEAK) == 2
    engine.close()


def test_a_requested_wait_beyond_the_timeout_fails_at_once(
    engine: ElevenLabsEngine, server: FakeElevenLabs
) -> None:
    server.retry_after = "90"
    server.script(SPEAK, "429")
    started = time.monotonic()
    assert failure(engine) == ("engine_rate_limited", True)
    assert time.monotonic() - started < 10 * slack()


def test_an_unreachable_server_is_retryable() -> None:
    engine = ElevenLabsEngine(KEY, "http://127.0.0.1:9", MODEL, timeout=5)
    assert failure(engine) == ("engine_unavailable", True)
    engine.close()


def test_a_wrong_key_is_final(server: FakeElevenLabs) -> None:
    engine = ElevenLabsEngine("xi-wrong", server.base_url, MODEL)
    assert failure(engine) == ("engine_auth_failed", False)
    engine.close()


@pytest.mark.parametrize(
    ("text", "voice", "code"),
    [
        ("x" * 2501, {}, "text_too_long"),
        ("...", {}, "nothing_to_speak"),
        (TEXT, {"language": "cy"}, "unknown_voice"),
        (TEXT, {"style": "whisper"}, "unknown_voice"),
    ],
)
def test_requests_that_cannot_succeed_are_not_sent(
    engine: ElevenLabsEngine, server: FakeElevenLabs, text: str, voice: dict[str, Any], code: str
) -> None:
    with pytest.raises(SpeechError) as caught:
        say(engine, text, **voice)
    assert (caught.value.code, caught.value.retryable) == (code, False)
    assert server.paths == []


def test_the_version_depends_on_model_server_and_voices() -> None:
    engines = [
        ElevenLabsEngine(KEY, url, model, voices=voices)
        for url in (None, "http://one.test")
        for model in ("a", "b")
        for voices in ("", "male=mine")
    ]
    assert len({engine.version for engine in engines}) == 8
    for engine in engines:
        engine.close()


@pytest.mark.parametrize("voices", ["george=x", "male", "male="])
def test_invalid_voices_are_rejected(voices: str) -> None:
    with pytest.raises(ValueError, match="ELEVENLABS_VOICES"):
        ElevenLabsEngine(KEY, None, MODEL, voices=voices)


def test_a_missing_key_is_rejected() -> None:
    with pytest.raises(ValueError, match="ELEVENLABS_API_KEY"):
        ElevenLabsEngine("", None, MODEL)


def recordings(number: int) -> list[Reference]:
    return [
        Reference(REFERENCE.audio, hashlib.sha256(b"%d" % each).hexdigest())
        for each in range(number)
    ]


def cloned(server: FakeElevenLabs, *references: Reference) -> None:
    """Whether exactly these recordings have clones."""
    assert {*server.voices.values()} == {f"troupe-{each.sha256[:32]}" for each in references}


def test_a_full_account_loses_its_least_recently_used_clone(
    engine: ElevenLabsEngine, server: FakeElevenLabs
) -> None:
    first, second, third = recordings(3)
    server.slots = 2
    for reference in (first, second, first, third):
        say(engine, reference=reference)
    cloned(server, first, third)
    # Another process does not know that a clone is gone, and makes it again.
    say(engine, reference=second)
    cloned(server, third, second)


def test_without_a_history_the_oldest_clone_makes_room(
    engine: ElevenLabsEngine, server: FakeElevenLabs
) -> None:
    first, second, third = recordings(3)
    server.slots = 2
    say(engine, reference=second)
    say(engine, reference=first)
    say(engine, reference=second)
    server.script("/v1/history", "403")
    say(engine, reference=third)
    cloned(server, first, third)


def test_voices_that_are_not_troupes_are_never_deleted(
    engine: ElevenLabsEngine, server: FakeElevenLabs
) -> None:
    server.slots = 2
    server.voices |= {"v-mine": "George", "v-like": "troupe-of-actors"}
    assert failure(engine, reference=REFERENCE) == ("engine_voices_full", False)
    assert {*server.voices} == {"v-mine", "v-like"}


def test_the_account_is_asked_once_more_after_making_room(
    engine: ElevenLabsEngine, server: FakeElevenLabs
) -> None:
    (other,) = recordings(1)
    say(engine, reference=other)
    server.script(ADD, "voice_limit_reached", "voice_limit_reached")
    assert failure(engine, reference=REFERENCE) == ("engine_voices_full", False)
    assert server.count(ADD) == 3
    assert server.voices == {}
