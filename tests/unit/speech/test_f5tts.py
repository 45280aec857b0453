from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.fakes.openai_server import wav
from tests.fakes.proxy import Proxy, proxy
from tests.support.f5tts import GradioApp
from tests.support.machine import slack
from tests.unit.speech.sound import pitch
from troupe.speech.engine import Reference, Speech, SpeechRequest, TimingSource, Voice, VoiceType
from troupe.speech.engines.f5tts import F5TTSEngine
from troupe.speech.errors import SpeechError

TEXT = "One two, three. Four!"
# For tests that inspect calls, since abandoned calls of other tests may still be running.
INSPECTED = "Five six, seven."


def recording(frequency: float, seconds: float = 2.0, text: str = "What was said.") -> Reference:
    times = np.arange(round(24_000 * seconds)) / 24_000
    pcm = (8000 * np.sin(2 * np.pi * frequency * times)).astype("<i2").tobytes()
    audio = wav(pcm)
    return Reference(audio, hashlib.sha256(audio).hexdigest(), text)


VOICE = Voice("en", VoiceType.FEMALE, "neutral", reference=recording(200.0))


def inspected(app: GradioApp) -> list[dict[str, Any]]:
    return [call for call in app.calls() if call["gen_text"] != TEXT]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GradioApp]:
    app = GradioApp(tmp_path_factory.mktemp("f5tts"))
    yield app
    app.close()


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("troupe.speech.engines.remote.WAITS", (0.02,))


@pytest.fixture
def server(app: GradioApp) -> Iterator[Proxy]:
    app.log.write_text("")
    with proxy(app.port) as before:
        yield before


@pytest.fixture
def engine(server: Proxy) -> Iterator[F5TTSEngine]:
    engine = F5TTSEngine(server.url, timeout=20)
    yield engine
    engine.close()


def say(engine: F5TTSEngine, text: str = TEXT, **voice: Any) -> Speech:
    return engine.synthesize(SpeechRequest(text, replace(VOICE, **voice)))


def failure(engine: F5TTSEngine, text: str = TEXT, **voice: Any) -> tuple[str, bool]:
    with pytest.raises(SpeechError) as caught:
        say(engine, text, **voice)
    assert text not in str(caught.value)
    return caught.value.code, caught.value.retryable


def test_it_speaks_in_the_voice_of_the_reference(engine: F5TTSEngine) -> None:
    for frequency in (150.0, 300.0):
        speech = say(engine, reference=recording(frequency))
        assert speech.rate == 24_000
        assert speech.samples.dtype == np.int16
        assert speech.seconds == pytest.approx(0.05 * len(TEXT), abs=0.01)
        assert pitch(speech.samples, speech.rate) == pytest.approx(frequency, rel=0.02)


def test_every_setting_is_sent_in_its_place(engine: F5TTSEngine, app: GradioApp) -> None:
    speech = say(
        engine, INSPECTED, speed=0.7, nfe_steps=16, cross_fade_seconds=0.25, remove_silences=True
    )
    (call,) = inspected(app)
    assert call.pop("pitch") == pytest.approx(200.0, abs=1)
    assert 0 <= call.pop("seed") < 2**31 - 1
    assert call == {
        "ref_text": "What was said.",
        "gen_text": INSPECTED,
        "remove_silence": True,
        "randomize_seed": False,
        "cross_fade": 0.25,
        "nfe": 16,
        "speed": 0.7,
    }
    assert speech.seconds == pytest.approx(0.05 * len(INSPECTED) / 0.7, abs=0.01)


def test_the_same_request_sounds_the_same(server: Proxy, app: GradioApp) -> None:
    heard = []
    for _ in range(2):
        engine = F5TTSEngine(server.url)
        heard.append(say(engine, INSPECTED).samples.tobytes())
        engine.close()
    assert heard[0] == heard[1]
    assert len({call["seed"] for call in inspected(app)}) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"text": "Another text."},
        {"reference": recording(220.0)},
        {"reference": recording(200.0, text="Something else was said.")},
        {"speed": 1.1},
        {"nfe_steps": 20},
        {"cross_fade_seconds": 0.2},
        {"remove_silences": True},
    ],
)
def test_another_request_has_another_seed(
    engine: F5TTSEngine, app: GradioApp, other: dict[str, Any]
) -> None:
    say(engine, INSPECTED)
    say(engine, **{"text": INSPECTED, **other})
    first, second = inspected(app)
    assert first["seed"] != second["seed"]


def test_timings_are_estimated_over_the_audio(engine: F5TTSEngine) -> None:
    speech = say(engine)
    assert speech.timing_source is TimingSource.ESTIMATED
    assert [word.text for word in speech.words] == TEXT.split()
    assert speech.words[-1].end == pytest.approx(speech.seconds, abs=0.01)


def test_a_reference_the_server_will_cut_is_sent_without_its_text(
    engine: F5TTSEngine, app: GradioApp
) -> None:
    say(engine, INSPECTED, reference=recording(200.0, seconds=12.0))
    say(engine, INSPECTED, reference=recording(200.0, seconds=12.5))
    assert [call["ref_text"] for call in inspected(app)] == ["What was said.", ""]


def test_a_reference_is_uploaded_once(engine: F5TTSEngine, server: Proxy) -> None:
    for _ in range(2):
        say(engine)
        say(engine, reference=recording(300.0))
    assert server.count("/upload") == 2


def test_a_restarted_server_gets_the_reference_again(
    engine: F5TTSEngine, server: Proxy, app: GradioApp
) -> None:
    say(engine)
    app.restart()
    assert say(engine).seconds > 1
    assert server.count("/upload") == 2


def test_threads_share_an_engine(engine: F5TTSEngine, server: Proxy) -> None:
    frequencies = [150.0, 200.0, 250.0] * 4
    barrier = threading.Barrier(len(frequencies))

    def one(index: int) -> float:
        barrier.wait()
        # Gradio names files by their content and overwrites a file while sending it.
        speech = say(engine, f"Text number {index}.", reference=recording(frequencies[index]))
        return pitch(speech.samples, speech.rate)

    with ThreadPoolExecutor(len(frequencies)) as pool:
        heard = list(pool.map(one, range(len(frequencies))))
    assert heard == pytest.approx(frequencies, rel=0.02)
    assert server.count("/upload") == 3


STAGES = ["/upload", "POST /gradio_api/call", "GET /gradio_api/call", "/file="]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("step", ["500", "cut"])
def test_a_temporary_fault_is_retried_once(
    engine: F5TTSEngine, server: Proxy, stage: str, step: str
) -> None:
    server.script(stage, step)
    assert say(engine).seconds > 1
    assert server.count(stage) == 2


@pytest.mark.parametrize(
    ("stage", "step", "code"),
    [
        ("/upload", "500", "engine_unavailable"),
        ("POST /gradio_api/call", "429", "engine_rate_limited"),
        ("GET /gradio_api/call", "cut", "engine_unavailable"),
        ("GET /gradio_api/call", "unfinished", "engine_unavailable"),
        ("/file=", "503", "engine_unavailable"),
    ],
)
def test_a_lasting_fault_is_reported_as_retryable(
    engine: F5TTSEngine, server: Proxy, stage: str, step: str, code: str
) -> None:
    server.script(stage, step, step, step)
    assert failure(engine) == (code, True)
    assert server.count(stage) == 2


@pytest.mark.parametrize(
    ("step", "code"),
    [("404", "engine_refused"), ("422", "engine_refused"), ("401", "engine_auth_failed")],
)
def test_a_rejection_is_final(engine: F5TTSEngine, server: Proxy, step: str, code: str) -> None:
    server.script("POST /gradio_api/call", step)
    assert failure(engine) == (code, False)
    assert server.count("POST /gradio_api/call") == 1


@pytest.mark.parametrize(
    ("stage", "step"),
    [
        ("/upload", "html"),
        ("/upload", "list"),
        ("/upload", "nested"),
        ("POST /gradio_api/call", "html"),
        ("POST /gradio_api/call", "list"),
        ("GET /gradio_api/call", "outputs"),
        ("/file=", "html"),
        ("/file=", "empty"),
        ("/file=", "wav"),
    ],
)
def test_invalid_answers_are_not_taken_for_audio(
    engine: F5TTSEngine, server: Proxy, stage: str, step: str
) -> None:
    server.script(stage, step, step)
    assert failure(engine) == ("engine_bad_audio", True)


@pytest.mark.parametrize("stage", ["/upload", "GET /gradio_api/call"])
def test_a_silent_server_times_out(server: Proxy, stage: str) -> None:
    engine = F5TTSEngine(server.url, timeout=30, silence=0.8)
    server.script(stage, "hang", "hang")
    failed, seconds = took(lambda: failure(engine))
    assert failed == ("engine_timeout", True)
    assert 1.6 <= seconds < 20  # twice the silence, not the timeout of the whole call
    assert server.count(stage) == 2
    engine.close()


@pytest.mark.parametrize("stage", ["GET /gradio_api/call", "/file="])
def test_heartbeats_alone_do_not_keep_a_call_alive(server: Proxy, stage: str) -> None:
    engine = F5TTSEngine(server.url, timeout=1)
    server.script(stage, "drip", "drip")
    failed, seconds = took(lambda: failure(engine))
    assert failed == ("engine_timeout", True)
    assert 1 <= seconds < 8 * slack()
    engine.close()


def test_a_slow_model_times_out(server: Proxy) -> None:
    hasty, patient = F5TTSEngine(server.url, timeout=0.5), F5TTSEngine(server.url, timeout=20)
    result, seconds = took(lambda: failure(hasty, "Wait"))
    assert result == ("engine_timeout", True)
    assert seconds < 1.5 * slack()
    assert say(patient).seconds > 1  # once the server has finished the abandoned call
    hasty.close()
    patient.close()


def took(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.monotonic()
    result = work()
    return result, time.monotonic() - started


def test_a_requested_wait_beyond_the_timeout_fails_at_once(
    engine: F5TTSEngine, server: Proxy
) -> None:
    server.retry_after = "90"
    server.script("/upload", "429")
    result, seconds = took(lambda: failure(engine))
    assert result == ("engine_rate_limited", True)
    assert seconds < 2 * slack()


def test_a_failing_model_is_retryable(engine: F5TTSEngine, server: Proxy) -> None:
    assert failure(engine, "Fail") == ("engine_unavailable", True)
    assert server.count("POST /gradio_api/call") == 2


def test_an_answer_without_audio_is_retryable(engine: F5TTSEngine) -> None:
    assert failure(engine, "Nothing") == ("engine_bad_audio", True)


def test_an_unreachable_server_is_retryable() -> None:
    engine = F5TTSEngine("http://127.0.0.1:9", timeout=5)
    assert failure(engine) == ("engine_unavailable", True)
    engine.close()


@pytest.mark.parametrize(
    ("text", "voice", "code"),
    [
        (TEXT, {"reference": None}, "reference_required"),
        (TEXT, {"reference": Reference(b"no sound", "00")}, "reference_unusable"),
        ("x" * 601, {}, "text_too_long"),
        ("...", {}, "nothing_to_speak"),
        (TEXT, {"language": "de"}, "unknown_voice"),
        (TEXT, {"style": "whisper"}, "unknown_voice"),
    ],
)
def test_requests_that_cannot_succeed_are_not_sent(
    engine: F5TTSEngine, server: Proxy, text: str, voice: dict[str, Any], code: str
) -> None:
    with pytest.raises(SpeechError) as caught:
        say(engine, text, **voice)
    assert (caught.value.code, caught.value.retryable) == (code, False)
    assert server.paths == []


def test_the_version_depends_on_the_server() -> None:
    urls = ["http://one.test", "http://two.test", "http://one.test/"]
    engines = [F5TTSEngine(url) for url in urls]
    versions = [engine.version for engine in engines]
    for engine in engines:
        engine.close()
    assert versions[0] == versions[2] != versions[1]


def test_an_invalid_url_is_rejected() -> None:
    with pytest.raises(ValueError, match="F5TTS_URL"):
        F5TTSEngine("localhost:7860")
