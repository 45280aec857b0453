"""OpenAI's official client, unchanged, against a served app."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import av
import openai
import pytest
import requests

from tests.fakes.openai_server import KEY, FakeOpenAI, openai_server
from tests.fakes.proxy import Proxy, proxy
from tests.functions.test_api_keys_api import Owner, bearer
from tests.functions.test_company_pays_api import Employee
from tests.functions.test_transcriptions_api import SAID, PromptQueue
from tests.support.audits import audit_user
from tests.support.factories import ScriptedEngine, new_character, test_settings
from tests.support.served_rooms import served
from tests.support.speeches import noise, wav
from tests.support.wiring import app_for, rewired, services
from tools.locks import ROOT
from troupe.adapters.firestore import Database, Update
from troupe.generations.service import HistoryFilter
from troupe.openai_api.names import language_of
from troupe.speech.errors import SpeechError
from troupe.waiters import WAITERS
from troupe.web.schema import Page

TEXT = "The harbour was quiet. A boat came in."
HALF_AN_HOUR = timedelta(minutes=30)
NEWEST = (Page(limit=5), HistoryFilter())


@pytest.fixture
def owner(db: Database) -> Owner:
    return Owner(db)


@pytest.fixture
def ear() -> Iterator[FakeOpenAI]:
    with openai_server() as fake:
        fake.ear.says = SAID
        yield fake


@pytest.fixture
def base(emulators: object, ear: FakeOpenAI) -> Iterator[str]:
    """The address of the function itself, as a client is given it."""
    config = test_settings(
        TRANSCRIBER="openai", OPENAI_API_KEY=KEY, OPENAI_BASE_URL=ear.base_url, MAX_ATTEMPTS=2
    )
    with rewired(settings=config, queue=PromptQueue()), served(lambda path: "v1") as url:
        yield url


@pytest.fixture
def line(base: str) -> Iterator[Proxy]:
    """A line to the server, which counts requests, and can lose answers."""
    with proxy(int(base.rpartition(":")[2])) as made:
        yield made


def client(base: str, key: str, **options: Any) -> openai.OpenAI:
    return openai.OpenAI(base_url=base, api_key=key, **options)


def seconds(data: bytes, form: str = "mp3") -> float:
    if form == "pcm":
        return len(data) / 2 / 24_000
    with av.open(io.BytesIO(data), "r") as container:
        frames = list(container.decode(audio=0))
    return float(sum(frame.samples for frame in frames) / frames[0].sample_rate)


def used_and_held(owner: Owner) -> tuple[int, int]:
    balance = services().wallet.balance(owner.uid).tokens
    return balance.used, balance.held


@pytest.mark.parametrize(
    ("form", "mime"),
    [
        ("mp3", "audio/mpeg"),
        ("opus", "audio/ogg"),
        ("aac", "audio/aac"),
        ("flac", "audio/flac"),
        ("wav", "audio/wav"),
        ("pcm", "audio/pcm"),
    ],
)
def test_every_format_is_spoken(base: str, owner: Owner, form: Any, mime: str) -> None:
    _, key = owner.key("speech", cap={"tokens": 5})
    answer = client(base, key).audio.speech.with_raw_response.create(
        model="tts-1", voice="alloy", input=TEXT, response_format=form
    )
    headers = answer.headers
    assert headers["content-type"] == mime
    generation = services().generations.get(owner.uid, headers["x-troupe-generation-id"]).generation
    assert generation.audio is not None
    assert seconds(answer.content, form) == pytest.approx(generation.audio.seconds, abs=0.12)
    assert headers["x-troupe-tokens-charged"] == "1"
    assert headers["x-troupe-tokens-remaining"] == "19"
    assert headers["x-troupe-budget-remaining"] == "4"
    assert headers["x-troupe-payer"] == f"user:{owner.uid}"
    assert used_and_held(owner) == (1, 0)
    assert audit_user(owner.db, owner.uid) == []


def test_the_first_sentence_is_sent_before_the_second_is_spoken(base: str, owner: Owner) -> None:
    _, key = owner.key()
    listened = threading.Event()

    def before(number: int) -> None:
        if number == 2:
            assert listened.wait(20)

    engine = ScriptedEngine(before)
    asking = client(base, key).audio.speech.with_streaming_response
    with (
        rewired(engines=lambda _: engine),
        asking.create(model="tts-1", voice="echo", input=TEXT) as answer,
    ):
        chunks = answer.iter_bytes()
        assert len(next(chunks)) > 1000
        listened.set()
        assert len(b"".join(chunks)) > 1000
    assert used_and_held(owner) == (1, 0)


def test_events_carry_the_audio_and_what_it_cost(base: str, owner: Owner) -> None:
    _, key = owner.key()
    asking = client(base, key).audio.speech.with_streaming_response
    with asking.create(
        model="gpt-4o-mini-tts", voice="nova", input=TEXT, stream_format="sse"
    ) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in answer.iter_lines() if line]
    events = [json.loads(line.removeprefix("data: ")) for line in lines]
    *deltas, done = events
    assert {each["type"] for each in deltas} == {"speech.audio.delta"}
    sound = b"".join(b64decode(each["audio"]) for each in deltas)
    assert done["type"] == "speech.audio.done"
    usage = done["usage"]
    assert (usage["input_tokens"], usage["total_tokens"], usage["characters"]) == (1, 1, len(TEXT))
    assert seconds(sound) == pytest.approx(usage["seconds"], abs=0.12)


def test_speed_reaches_beyond_what_engines_do(base: str, owner: Owner) -> None:
    _, key = owner.key()
    speech = client(base, key).audio.speech
    long = {
        speed: seconds(
            speech.create(
                model="troupe-espeak", voice="sage", input=TEXT, speed=speed, response_format="wav"
            ).content
        )
        for speed in (0.25, 0.5, 2.0, 4.0)
    }
    assert long[0.25] == pytest.approx(2 * long[0.5], rel=0.1)
    assert long[4.0] == pytest.approx(long[2.0] / 2, rel=0.2)  # the filter adds a little


def test_voices_are_found_by_every_name(base: str, owner: Owner) -> None:
    _, key = owner.key()
    character = new_character(owner.db, owner.uid, "Ada")
    owner.db.commit(Update(f"characters/{character}", {"config.speed": 1.5}))
    names: tuple[Any, ...] = ("verse", "male", "espeak-de-female", {"id": character})
    spoken = []
    for voice in names:
        answer = client(base, key).audio.speech.with_raw_response.create(
            model="tts-1", voice=voice, input="Good evening.", instructions="Smile."
        )
        assert answer.headers["x-troupe-ignored"] == "instructions"
        made = services().generations.get(owner.uid, answer.headers["x-troupe-generation-id"])
        spoken.append(made.generation)
    assert [each.voice_type for each in spoken[:3]] == ["male", "male", "female"]
    assert [each.language for each in spoken[:3]] == ["en-US", "en-US", "de"]
    assert spoken[3].character_id == character
    assert [each.speed for each in spoken] == [1, 1, 1, 1.5]  # that of the character


def test_the_script_of_a_text_tells_its_language() -> None:
    texts = ("שלום עולם", "Привет, мир", "東京は夜です", "你好", "Good evening", "123", "สวัสดี")
    told = [language_of(text, ("espeak",)) for text in texts]
    assert told == ["he", "ru", "ja", "zh", None, None, "th"]
    assert language_of("สวัสดี", ("kokoro",)) is None  # it speaks no Thai


@pytest.mark.parametrize("form", ["json", "text", "srt", "vtt"])
def test_sound_is_transcribed(base: str, owner: Owner, form: Any) -> None:
    _, key = owner.key("transcribe")
    found: Any = client(base, key).audio.transcriptions.create(
        model="whisper-1", file=("a.wav", wav(noise(4))), language="en", response_format=form
    )
    if form == "json":
        assert found.text == SAID
        assert found.usage.seconds == 4
    elif form == "text":
        assert found == f"{SAID}\n"
    else:
        assert "00:00:0" in found
        assert "Good evening." in found
    assert used_and_held(owner) == (1, 0)
    assert audit_user(owner.db, owner.uid) == []


def test_a_detailed_transcription_has_segments_and_words(base: str, owner: Owner) -> None:
    _, key = owner.key("transcribe")
    answer = client(base, key).audio.transcriptions.with_raw_response.create(
        model="gpt-4o-transcribe",
        file=("a.wav", wav(noise(4))),
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    found: Any = answer.parse()
    assert (found.text, found.duration) == (SAID, 4)
    assert [word.word for word in found.words] == SAID.split()
    assert all(word.start <= word.end <= 4 for word in found.words)
    assert " ".join(segment.text for segment in found.segments) == SAID
    assert answer.headers["x-troupe-tokens-charged"] == "1"
    assert answer.headers["x-troupe-tokens-remaining"] == "19"


def test_a_transcription_is_sent_as_events(base: str, owner: Owner) -> None:
    _, key = owner.key("transcribe")
    *deltas, done = client(base, key).audio.transcriptions.create(
        model="gpt-4o-transcribe", file=("a.wav", wav(noise(4))), stream=True
    )
    assert "".join(each.delta for each in deltas) == SAID  # type: ignore[union-attr]
    assert done.text == SAID  # type: ignore[union-attr]


def test_models_are_listed(base: str) -> None:
    asking = client(base, "no key at all")
    ids = [model.id for model in asking.models.list()]
    assert {"tts-1", "gpt-4o-mini-tts", "troupe", "troupe-espeak", "whisper-1"} <= {*ids}
    assert asking.models.retrieve("troupe-espeak").owned_by == "troupe"
    with pytest.raises(openai.NotFoundError) as caught:
        asking.models.retrieve("gpt-5")
    assert caught.value.code == "model_not_found"


def speaks(**changes: Any) -> Callable[[openai.OpenAI], object]:
    sent = {"model": "tts-1", "voice": "alloy", "input": TEXT, **changes}
    return lambda asking: asking.audio.speech.create(**sent)


def listens(**changes: Any) -> Callable[[openai.OpenAI], object]:
    sent = {"model": "whisper-1", "file": ("a.wav", wav(noise(1))), **changes}
    return lambda asking: asking.audio.transcriptions.create(**sent)


@pytest.mark.parametrize(
    ("ask", "error", "code", "param"),
    [
        (speaks(voice="nobody"), openai.BadRequestError, "invalid_voice", "voice"),
        (speaks(voice="../x/y"), openai.BadRequestError, "invalid_voice", "voice"),
        (speaks(voice="__all__"), openai.BadRequestError, "invalid_voice", "voice"),
        (speaks(voice="af_heart+af_bella"), openai.BadRequestError, "invalid_voice", "voice"),
        (speaks(voice={"id": 5}), openai.BadRequestError, "invalid_voice", "voice"),
        (speaks(voice="a" * 201), openai.BadRequestError, "invalid_voice", "voice"),
        (speaks(model="tts-9"), openai.NotFoundError, "model_not_found", "model"),
        (speaks(model="whisper-1"), openai.NotFoundError, "model_not_found", "model"),
        (
            speaks(input="a" * 4_097),
            openai.BadRequestError,
            "string_above_max_length",
            "input",
        ),
        (speaks(input=""), openai.BadRequestError, "string_below_min_length", "input"),
        (
            speaks(input=openai.omit),
            openai.BadRequestError,
            "missing_required_parameter",
            "input",
        ),
        (speaks(speed=4.1), openai.BadRequestError, "invalid_value", "speed"),
        (speaks(response_format="au"), openai.BadRequestError, "invalid_value", "response_format"),
        (
            speaks(extra_body={"language": "tlh"}),
            openai.BadRequestError,
            "invalid_value",
            "language",
        ),
        (speaks(extra_body={"max_cost": 0}), openai.BadRequestError, "cost_above_max", None),
        (listens(), openai.PermissionDeniedError, "scope_missing", None),
    ],
)
def test_every_error_is_the_client_s_own_and_is_not_tried_again(
    line: Proxy, owner: Owner, ask: Any, error: type[openai.APIStatusError], code: str, param: Any
) -> None:
    _, key = owner.key("speech")
    with pytest.raises(error) as caught:
        ask(client(line.url, key))
    assert (caught.value.code, caught.value.param) == (code, param)
    assert caught.value.type == "invalid_request_error"
    if code == "invalid_voice":
        assert "There is no such voice here. Use ash, " in caught.value.message
    assert caught.value.request_id
    assert len(line.paths) == 1
    assert used_and_held(owner) == (0, 0)


def test_a_transcription_that_is_refused(base: str, owner: Owner) -> None:
    _, key = owner.key("transcribe")
    asking = client(base, key)
    for ask, code, param in (
        (listens(file=("a.txt", b"not a sound")), "unsupported_media_type", None),
        (listens(language="tlh"), "invalid_value", "language"),
        (listens(response_format="diarized_json"), "invalid_value", "response_format"),
    ):
        with pytest.raises(openai.BadRequestError) as caught:
            ask(asking)
        assert (caught.value.code, caught.value.param) == (code, param)
    with pytest.raises(openai.NotFoundError):
        listens(model="tts-1")(asking)


@pytest.mark.parametrize("key", ["sk-nothing", "trp_a_b"])
def test_a_wrong_key_is_refused(line: Proxy, key: str) -> None:
    with pytest.raises(openai.AuthenticationError) as caught:
        speaks()(client(line.url, key))
    assert caught.value.code == "invalid_api_key"
    assert len(line.paths) == 1


def test_money_that_is_out_is_not_asked_for_again(line: Proxy, db: Database) -> None:
    poor = Owner(db, tokens=0)
    _, key = poor.key()
    _, capped = Owner(db).key(cap={"tokens": 0})
    for its, code in ((key, "insufficient_quota"), (capped, "key_budget_spent")):
        line.paths.clear()
        with pytest.raises(openai.RateLimitError) as caught:
            speaks()(client(line.url, its))
        assert (caught.value.code, caught.value.type) == (code, "insufficient_quota")
        assert caught.value.response.headers["x-should-retry"] == "false"
        assert len(line.paths) == 1


def test_the_rate_of_a_key_is_told(line: Proxy, owner: Owner) -> None:
    _, key = owner.key(rate=1)
    asking = client(line.url, key, max_retries=0)
    headers = asking.audio.speech.with_raw_response.create(
        model="tts-1", voice="alloy", input="One."
    ).headers
    assert headers["x-ratelimit-limit-requests"] == "1"
    assert headers["x-ratelimit-remaining-requests"] == "0"
    assert int(headers["openai-processing-ms"]) >= 0
    with pytest.raises(openai.RateLimitError) as caught:  # a minute may end between two
        for _ in range(2):
            speaks()(asking)
    assert (caught.value.code, caught.value.type) == ("rate_limit_exceeded", "requests")
    left = caught.value.response.headers
    assert left["x-ratelimit-reset-requests"] == f"{left['retry-after']}s"


@pytest.mark.parametrize("form", ["mp3", "flac", "pcm"])
def test_a_request_that_is_sent_again_is_charged_once(line: Proxy, owner: Owner, form: str) -> None:
    _, key = owner.key()
    line.script("/audio/speech", "lost", "lost")
    answer: Any = speaks(response_format=form)(client(line.url, key))
    assert len(line.paths) == 3
    (generation,) = services().generations.history(owner.uid, *NEWEST)[0]
    assert seconds(answer.content, form) == pytest.approx(generation.audio.seconds, abs=0.12)  # type: ignore[union-attr]
    assert used_and_held(owner) == (1, 0)
    assert audit_user(owner.db, owner.uid) == []


def test_a_transcription_that_is_sent_again_is_charged_once(line: Proxy, owner: Owner) -> None:
    _, key = owner.key("transcribe")
    line.script("/audio/transcriptions", "lost")
    found: Any = listens(file=("a.wav", wav(noise(4))))(client(line.url, key))
    assert len(line.paths) == 2
    assert found.text == SAID
    assert owner.db.count("transcriptions", where=[("uid", "==", owner.uid)]) == 1
    assert used_and_held(owner) == (1, 0)


AGAIN = {"X-Stainless-Retry-Count": "1"}


def post(base: str, key: str, path: str = "/v1/audio/speech", **sent: Any) -> requests.Response:
    """As a program without the official client does."""
    headers = {**bearer(key), **sent.pop("headers", {})}
    if "files" not in sent and "json" not in sent:
        sent = {"json": {"input": TEXT, "voice": "alloy", **sent}}
    return requests.post(f"{base}{path}", headers=headers, timeout=60, **sent)


def test_only_what_the_same_key_has_just_asked_for_is_joined(base: str, owner: Owner) -> None:
    _, key = owner.key()
    _, other_key = owner.key()
    stranger = Owner(owner.db)
    _, strange = stranger.key()

    def ask(its: str, **sent: Any) -> str:
        answer = post(base, its, **sent)
        assert answer.status_code == 200, answer.text
        return answer.headers["x-troupe-generation-id"]

    first = ask(key)
    assert ask(key, headers=AGAIN) == first
    others = {
        ask(key),  # nothing says that it is the same
        ask(other_key, headers=AGAIN),
        ask(strange, headers=AGAIN),
        ask(key, headers=AGAIN, input="Good night."),
    }
    assert len(others) == 4
    assert first not in others
    assert used_and_held(owner) == (4, 0)
    assert used_and_held(stranger) == (1, 0)
    old = {"createdAt": services().jobs.get(first)[0].created_at - HALF_AN_HOUR}
    for job in owner.db.find("jobs", where=[("uid", "==", owner.uid)], limit=20):
        owner.db.commit(Update(job.path, old))
    assert ask(key, headers=AGAIN) not in {first, *others}


def test_a_repeat_waits_for_the_first_which_is_still_speaking(base: str, owner: Owner) -> None:
    _, key = owner.key()
    begun, end = threading.Event(), threading.Event()

    def before(number: int) -> None:
        if number == 2:
            begun.set()
            assert end.wait(20)

    engine = ScriptedEngine(before)
    with rewired(engines=lambda _: engine), ThreadPoolExecutor(2) as pool:
        first = pool.submit(post, base, key)
        assert begun.wait(20)
        second = pool.submit(post, base, key, headers=AGAIN)
        while not WAITERS.taken:
            assert not second.done()
        end.set()
        heard = first.result(), second.result()
    assert [each.status_code for each in heard] == [200, 200]
    lengths = [seconds(each.content) for each in heard]
    assert lengths[0] == pytest.approx(lengths[1], abs=0.12)
    assert used_and_held(owner) == (1, 0)


def test_what_failed_is_made_anew(base: str, owner: Owner) -> None:
    _, key = owner.key()

    def before(number: int) -> None:
        if number == 1:
            raise SpeechError("engine_bad_audio", "The engine sent no audio.", retryable=False)

    engine = ScriptedEngine(before)
    with rewired(engines=lambda _: engine):
        failed = post(base, key)
        assert failed.status_code == 400
        assert failed.json()["error"]["code"] == "speech_failed"
        assert post(base, key, headers=AGAIN).status_code == 200
    assert used_and_held(owner) == (1, 0)


def test_an_idempotency_key_is_for_one_request(base: str, owner: Owner) -> None:
    _, key = owner.key()
    named = {"Idempotency-Key": "k1"}
    first, again = (post(base, key, headers=named) for _ in range(2))
    ids = [each.headers["x-troupe-generation-id"] for each in (first, again)]
    assert ids[0] == ids[1]
    other = post(base, key, headers=named, input="Something else.")
    assert (other.status_code, other.json()["error"]["code"]) == (400, "idempotency_key_reused")


def test_a_user_may_come_with_an_access_token(base: str, owner: Owner) -> None:
    token = owner.headers["Authorization"].removeprefix("Bearer ")
    assert post(base, token).status_code == 200


def test_a_company_may_pay_within_the_cap_of_its_member(base: str, db: Database) -> None:
    employee = Employee(db)
    path = f"companies/{employee.company}/members/{employee.uid}"
    db.commit(Update(path, {"cap": {"tokens": 1}}))
    token = employee.headers["Authorization"].removeprefix("Bearer ")
    company = {"X-Troupe-Company": employee.company}
    paid = post(base, token, headers=company)
    assert paid.headers["x-troupe-payer"] == f"company:{employee.company}"
    assert paid.headers["x-troupe-tokens-remaining"] == "8"
    assert paid.headers["x-troupe-budget-remaining"] == "0"
    # The same request is not the same if somebody else pays.
    mine = post(base, token, headers=AGAIN)
    assert mine.headers["x-troupe-payer"] == f"user:{employee.uid}"
    spent = post(base, token, headers=company, input="More.")
    assert (spent.status_code, spent.json()["error"]["code"]) == (429, "insufficient_quota")
    strange = post(base, token, headers={"X-Troupe-Company": employee.other})
    assert (strange.status_code, strange.json()["error"]["code"]) == (404, "company_not_found")


def test_programs_that_are_made_for_other_servers(base: str, owner: Owner) -> None:
    """Clients of Azure have another header for the key, and one program of Home Assistant asks for
    few voices. Open WebUI asks again without the language that it was told is wrong. (What programs
    send besides is in programs.json.)"""
    _, key = owner.key("speech", "transcribe")
    azure = requests.post(
        f"{base}/v1/audio/speech?api-version=2024-02-15-preview",
        json={"input": "Hello.", "model": "tts-1", "voice": "nova"},
        headers={"api-key": key},
        timeout=60,
    )
    assert azure.status_code == 200
    listed = requests.get(f"{base}/v1/audio/voices?limit=20", timeout=60).json()
    assert len(listed["data"]) == len(listed["voices"]) == 20
    wrong = post(
        base,
        key,
        "/v1/audio/transcriptions",
        files={"file": ("speech.wav", wav(noise(2)))},
        data={"model": "whisper-1", "language": "tlh"},
    )
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "language")
    assert post(base, "", json={"input": "Hello.", "voice": "onyx"}).status_code == 401


def test_what_nobody_serves_is_refused_as_openai_would(emulators: object) -> None:
    asking = app_for("v1").test_client()
    for method, path, status, code in (
        ("GET", "/v1/files", 404, "not_found"),
        ("GET", "/v1/audio/speech", 405, "method_not_allowed"),
        ("POST", "/v1/audio/speech", 401, "invalid_api_key"),
    ):
        answer = asking.open(path, method=method, json={} if method == "POST" else None)
        assert (answer.status_code, answer.json["error"]["code"]) == (status, code)
        assert answer.json["error"].keys() == {"message", "type", "param", "code"}


def test_browsers_may_send_and_read_what_the_client_does(emulators: object) -> None:
    with rewired(settings=test_settings(CORS_ORIGINS="https://app.example.com")):
        asking = app_for("v1").test_client()
        origin = {"Origin": "https://app.example.com"}
        wanted = "authorization,content-type,x-stainless-os,x-stainless-retry-count"
        preflight = {
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": wanted,
        }
        answer = asking.options("/v1/audio/speech", headers={**origin, **preflight})
        allowed = answer.headers["Access-Control-Allow-Headers"].lower()
        assert {each.strip() for each in allowed.split(",")} == {*wanted.split(",")}
        answer = asking.get("/v1/models", headers=origin)
        assert "X-Troupe-Tokens-Charged" in answer.headers["Access-Control-Expose-Headers"]


def test_the_examples_of_the_guide_run(
    base: str, owner: Owner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, key = owner.key("speech", "transcribe")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_BASE_URL", f"{base}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", key)
    guide = (ROOT / "docs" / "openai.md").read_text()
    code = "".join(re.findall(r"```python\n(.*?)```", guide, re.DOTALL))
    printed = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout
    (command,) = re.findall(r"```bash\n(.*?)```", guide, re.DOTALL)
    subprocess.run(["bash", "-c", command], check=True)
    assert seconds((tmp_path / "welcome.mp3").read_bytes()) > 1
    assert seconds((tmp_path / "hello.opus").read_bytes()) > 0.3
    assert SAID in printed
    assert "troupe-espeak" in printed
