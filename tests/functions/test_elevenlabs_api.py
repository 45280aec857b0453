"""ElevenLabs' official client, unchanged, against a served app."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import threading
import wave
from base64 import b64decode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
import requests
from elevenlabs import VoiceSettings
from elevenlabs.client import ElevenLabs
from elevenlabs.core.api_error import ApiError
from elevenlabs.errors import UnprocessableEntityError

from tests.fakes.proxy import Proxy, proxy
from tests.functions.test_api_keys_api import Owner, bearer
from tests.functions.test_company_pays_api import Employee
from tests.support.audits import audit_user
from tests.support.factories import ScriptedEngine, new_character, test_settings
from tests.support.plans import Shop
from tests.support.served_rooms import served
from tests.support.wiring import app_for, rewired, services
from tools.locks import ROOT
from troupe.adapters.firestore import Database, Update
from troupe.characters.records import Visibility
from troupe.generations.records import Generation
from troupe.generations.service import HistoryFilter
from troupe.speech.errors import SpeechError
from troupe.waiters import WAITERS
from troupe.web.schema import Page

TEXT = "The harbour was quiet. A boat came in."
GEORGE, SARAH = "JBFqnCBsd6RMkjVDRZzb", "EXAVITQu4vr4xnSDxMaL"
SPEAK = f"/v1/text-to-speech/{GEORGE}"
HALF_A_MINUTE = timedelta(seconds=30)
NEWEST = (Page(limit=5), HistoryFilter())


@pytest.fixture
def owner(db: Database) -> Owner:
    return Owner(db)


@pytest.fixture
def base(emulators: object) -> Iterator[str]:
    """The address of the function itself, as a client is given it."""
    config = test_settings(MAX_ATTEMPTS=2, APP_URL="https://app.example.com")
    with rewired(settings=config), served(lambda path: "v1") as url:
        yield url


@pytest.fixture
def line(base: str) -> Iterator[Proxy]:
    """A line to the server, which counts requests, and can lose answers."""
    with proxy(int(base.rpartition(":")[2])) as made:
        yield made


CONNECTIONS = httpx.Client(timeout=60)


@pytest.fixture(scope="module", autouse=True)
def closed() -> Iterator[None]:
    """ElevenLabs' client leaves its connections to the garbage collector, which warns."""
    with CONNECTIONS:
        yield


def client(base: str, key: str) -> ElevenLabs:
    return ElevenLabs(base_url=base, api_key=key, httpx_client=CONNECTIONS)


def post(base: str, key: str, path: str = SPEAK, **sent: Any) -> requests.Response:
    """As a program without the official client does."""
    headers = {"xi-api-key": key, **sent.pop("headers", {})}
    params = sent.pop("params", None)
    body = {"text": TEXT, **sent}
    return requests.post(f"{base}{path}", headers=headers, params=params, json=body, timeout=60)


def seconds(data: bytes) -> float:
    with av.open(io.BytesIO(data), "r") as container:
        frames = list(container.decode(audio=0))
    return float(sum(frame.samples for frame in frames) / frames[0].sample_rate)


def used_and_held(owner: Owner) -> tuple[int, int]:
    balance = services().wallet.balance(owner.uid).tokens
    return balance.used, balance.held


def newest(owner: Owner) -> Generation:
    return services().generations.history(owner.uid, *NEWEST)[0][0]


def made(owner: Owner) -> int:
    return owner.db.count("generations", where=[("uid", "==", owner.uid)])


def length(owner: Owner) -> float:
    audio = newest(owner).audio
    assert audio is not None
    return audio.seconds


@pytest.mark.parametrize(
    ("form", "mime"),
    [
        ("mp3_44100_128", "audio/mpeg"),
        ("opus_48000_64", "audio/ogg"),
        ("pcm_16000", "audio/pcm"),
        ("pcm_44100", "audio/pcm"),
        ("ulaw_8000", "audio/PCMU"),
        ("alaw_8000", "audio/PCMA"),
        ("wav_24000", "audio/wav"),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_every_format_is_spoken(
    base: str, owner: Owner, form: Any, mime: str, streamed: bool
) -> None:
    _, key = owner.key("speech", cap={"tokens": 5})
    raw = client(base, key).text_to_speech.with_raw_response
    ask = raw.stream if streamed else raw.convert
    with ask(GEORGE, text=TEXT, output_format=form) as answer:
        sound, headers = b"".join(answer.data), answer.headers
    assert headers["content-type"] == mime
    codec, rate, *_ = form.split("_")
    heard = {
        "pcm": lambda: len(sound) / 2 / int(rate),
        "ulaw": lambda: len(sound) / 8000,
        "alaw": lambda: len(sound) / 8000,
    }.get(codec, lambda: seconds(sound))()
    assert heard == pytest.approx(length(owner), abs=0.12)
    generation = newest(owner)
    assert generation.voice_type == "male"
    assert headers["history-item-id"] == headers["x-troupe-generation-id"] == generation.id
    assert headers["request-id"] == headers["x-request-id"]
    assert headers["character-cost"] == "1000"
    assert headers["x-troupe-tokens-charged"] == "1"
    assert headers["x-troupe-budget-remaining"] == "4"
    assert used_and_held(owner) == (1, 0)
    assert audit_user(owner.db, owner.uid) == []


def test_a_wav_file_tells_its_length_and_rate(base: str, owner: Owner) -> None:
    _, key = owner.key()
    answer = post(base, key, params={"output_format": "wav_16000"})
    with wave.open(io.BytesIO(answer.content)) as file:
        told = file.getnframes() / file.getframerate()
        assert file.getframerate() == 16_000
        assert len(file.readframes(file.getnframes())) == 2 * file.getnframes()
    assert told == pytest.approx(length(owner), abs=0.01)


@pytest.mark.parametrize(("form", "codec"), [("ulaw_8000", "mulaw"), ("alaw_8000", "alaw")])
def test_formats_of_telephones_sound_the_same(
    base: str, owner: Owner, form: str, codec: str
) -> None:
    """What ffmpeg reads from it differs from the samples by what eight bits leave out."""
    _, key = owner.key()
    named = {"Idempotency-Key": "k1"}  # so that both are the same speech
    raw, coded = (
        post(base, key, params={"output_format": each}, headers=named).content
        for each in ("pcm_8000", form)
    )
    samples = np.frombuffer(raw, "<i2").astype(float)
    with av.open(io.BytesIO(coded), "r", format=codec, options={"sample_rate": "8000"}) as file:
        heard = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])
    assert len(heard) == len(samples)
    noise = np.abs(heard - samples)
    assert np.all(noise <= np.maximum(16, np.abs(samples) / 16))
    assert np.abs(samples).max() > 1000


def test_the_first_sentence_is_sent_before_the_second_is_spoken(base: str, owner: Owner) -> None:
    _, key = owner.key()
    listened = threading.Event()

    def before(number: int) -> None:
        if number == 2:
            assert listened.wait(20)

    engine = ScriptedEngine(before)
    with rewired(engines=lambda _: engine):
        chunks = client(base, key).text_to_speech.stream(SARAH, text=TEXT)
        assert len(next(chunks)) > 500
        listened.set()
        assert len(b"".join(chunks)) > 1000
    assert newest(owner).voice_type == "female"
    assert used_and_held(owner) == (1, 0)


def assert_aligned(alignment: Any, text: str, long: float) -> None:
    assert "".join(alignment.characters) == text
    starts = alignment.character_start_times_seconds
    ends = alignment.character_end_times_seconds
    assert len(starts) == len(ends) == len(text)
    times = [time for pair in zip(starts, ends, strict=True) for time in pair]
    assert times == sorted(times)
    assert starts[0] >= 0
    assert long - 0.5 < ends[-1] <= long
    # Each sentence is heard in its part of the audio.
    second = text.index("A boat")
    assert 0.3 * long < starts[second] < 0.8 * long


def test_the_times_of_characters_come_with_the_audio(base: str, owner: Owner) -> None:
    _, key = owner.key()
    spoken = client(base, key).text_to_speech.convert_with_timestamps(
        GEORGE, text=TEXT, output_format="pcm_22050"
    )
    heard = len(b64decode(spoken.audio_base_64)) / 2 / 22_050
    assert heard == pytest.approx(length(owner), abs=0.01)
    assert_aligned(spoken.alignment, TEXT, heard)
    assert spoken.normalized_alignment == spoken.alignment


def test_the_times_of_characters_come_last_in_a_stream(base: str, owner: Owner) -> None:
    _, key = owner.key()
    listened = threading.Event()

    def before(number: int) -> None:
        if number == 2:
            assert listened.wait(20)

    engine = ScriptedEngine(before)
    with rewired(engines=lambda _: engine):
        chunks = client(base, key).text_to_speech.stream_with_timestamps(GEORGE, text=TEXT)
        first = next(chunks)
        assert len(b64decode(first.audio_base_64)) > 500
        listened.set()
        *others, last = chunks
    assert [chunk.alignment for chunk in (first, *others)] == [None] * (len(others) + 1)
    sound = b"".join(b64decode(chunk.audio_base_64) for chunk in (first, *others))
    assert seconds(sound) == pytest.approx(length(owner), abs=0.12)
    assert last.audio_base_64 == ""
    assert_aligned(last.alignment, TEXT, length(owner))


def test_settings_of_a_voice(base: str, owner: Owner) -> None:
    _, key = owner.key()
    character = new_character(owner.db, owner.uid, "Ada")
    owner.db.commit(Update(f"characters/{character}", {"config.speed": 1.5}))
    speech = client(base, key).text_to_speech.with_raw_response
    with speech.convert(
        GEORGE,
        text="Guten Abend.",
        model_id="eleven_multilingual_v2",
        language_code="de",
        voice_settings=VoiceSettings(stability=0.5, similarity_boost=0.75, speed=0.8),
        seed=7,
        previous_text="Hello.",
    ) as answer:
        ignored = answer.headers["x-troupe-ignored"]
    assert {*ignored.split(", ")} == {
        *("seed", "previous_text"),
        *("voice_settings.stability", "voice_settings.similarity_boost"),
    }
    assert (newest(owner).language, newest(owner).speed) == ("de", 0.8)
    for voice, model in ((character, "eleven_v3"), ("espeak-fr-female", "troupe-espeak")):
        with speech.convert(voice, text="One.", model_id=model) as answer:
            assert "x-troupe-ignored" not in answer.headers
    found = services().generations.history(owner.uid, *NEWEST)[0]
    assert (found[0].language, found[0].speed) == ("fr", 1)
    assert (found[1].character_id, found[1].speed) == (character, 1.5)


def test_models_are_listed_as_its_clients_read_them(base: str, owner: Owner) -> None:
    models = client(base, "no key at all").models.list()
    assert {model.model_id for model in models} >= {"troupe", "troupe-espeak"}
    assert all(model.can_do_text_to_speech for model in models)
    assert "de" in {each.language_id for each in models[0].languages or ()}
    answer = requests.get(f"{base}/v1/models", timeout=60)
    assert answer.json()["object"] == "list"  # of OpenAI
    assert "xi-api-key" in answer.headers["vary"].lower()


def test_voices_are_those_of_the_server_and_ones_own(base: str, owner: Owner) -> None:
    _, key = owner.key("characters:read", "speech")
    mine = new_character(owner.db, owner.uid, "Ada")
    stranger = Owner(owner.db)
    secret = new_character(owner.db, stranger.uid, "Eve", visibility=Visibility.PRIVATE)
    shared = new_character(owner.db, stranger.uid, "Bob")
    asking = client(base, key)
    voices = {each.voice_id: each for each in asking.voices.get_all().voices}
    assert mine in voices
    assert not voices.keys() & {secret, shared}
    assert voices[mine].category == "cloned"
    german = voices["espeak-de-male"]
    assert (german.name, german.category) == ("German, man", "premade")
    assert german.labels == {"language": "de", "gender": "male"}
    preview = "https://app.example.com/api/voice/voices/espeak-de-male/preview"
    assert german.preview_url == preview
    assert asking.voices.get(mine).is_owner
    assert asking.voices.get(GEORGE).name == "George"
    assert asking.voices.get("espeak-de-male").name == german.name
    assert not asking.voices.get(shared).is_owner
    for missing in (secret, "nobody", "__x__"):
        with pytest.raises(ApiError) as caught:
            asking.voices.get(missing)
        assert (caught.value.status_code, status(caught.value)) == (404, "voice_not_found")
    with pytest.raises(ApiError) as caught:
        b"".join(asking.text_to_speech.convert(secret, text=TEXT))
    assert (caught.value.status_code, status(caught.value)) == (404, "voice_not_found")


def test_voices_are_searched_in_pages(base: str, owner: Owner) -> None:
    _, key = owner.key("characters:read")
    mine = new_character(owner.db, owner.uid, "Ada")
    voices = client(base, key).voices
    first = voices.search()
    assert (len(first.voices), first.has_more) == (10, True)
    assert first.voices[0].voice_id == mine
    second = voices.search(next_page_token=first.next_page_token, page_size=20)
    assert len(second.voices) == 20
    assert not {each.voice_id for each in first.voices} & {each.voice_id for each in second.voices}
    women = voices.search(language="en", gender="female", page_size=100)
    assert women.voices
    assert not women.has_more
    assert women.next_page_token is None
    assert {each.labels["gender"] for each in women.voices if each.labels} == {"female"}
    found = voices.search(search="ada", category="cloned")
    assert [each.voice_id for each in found.voices] == [mine]
    assert found.total_count == 1


def test_a_user_has_characters_to_speak(base: str, owner: Owner) -> None:
    _, key = owner.key("usage:read", "speech")
    new_character(owner.db, owner.uid, "Ada")
    asking = client(base, key)
    user = asking.user.get()
    assert (user.user_id, user.workspace_id) == (owner.uid, owner.uid)
    before = user.subscription
    assert (before.tier, before.status, before.voice_slots_used) == ("free", "free", 1)
    assert (before.character_count, before.character_limit) == (0, 20_000)
    assert post(base, key).headers["character-cost"] == "1000"
    assert asking.user.subscription.get().character_count == 1000
    shop = Shop(owner.db)
    plan = shop.plan(tokens=100)
    shop.subscriptions.subscribe(owner.uid, plan.id)
    has = asking.user.subscription.get()
    assert (has.tier, has.status, has.billing_period) == (plan.id, "active", "monthly_period")
    assert has.character_limit == 120_000
    end = int(shop.subscription(owner.uid).period_end.timestamp())
    assert has.next_character_count_reset_unix == end


def test_a_company_may_pay(base: str, db: Database) -> None:
    employee = Employee(db)
    token = employee.headers["Authorization"].removeprefix("Bearer ")
    company = {"X-Troupe-Company": employee.company}
    paid = requests.post(
        f"{base}{SPEAK}", headers={**bearer(token), **company}, json={"text": TEXT}, timeout=60
    )
    assert paid.headers["x-troupe-payer"] == f"company:{employee.company}"
    user = requests.get(f"{base}/v1/user", headers={**bearer(token), **company}, timeout=60).json()
    assert user["workspace_id"] == employee.company
    assert user["subscription"]["character_limit"] == 9000
    assert user["subscription"]["character_count"] == 1000
    strange = {"X-Troupe-Company": employee.other}
    for method, path in (("POST", SPEAK), ("GET", "/v1/user"), ("GET", "/v1/user/subscription")):
        answer = requests.request(
            method,
            f"{base}{path}",
            headers={**bearer(token), **strange},
            json={"text": TEXT} if method == "POST" else None,
            timeout=60,
        )
        assert (answer.status_code, answer.json()["detail"]["status"]) == (404, "company_not_found")


def status(error: ApiError) -> str:
    assert error.body["detail"].keys() == {"status", "message"}
    return str(error.body["detail"]["status"])


def fails(base: str, key: str, voice: str = GEORGE, **sent: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        b"".join(client(base, key).text_to_speech.convert(voice, **{"text": TEXT, **sent}))
    return caught.value


def test_wrong_requests_fail_as_they_do_at_elevenlabs(base: str, owner: Owner) -> None:
    _, key = owner.key()
    unknown = fails(base, key, voice="nobody")
    assert (unknown.status_code, status(unknown)) == (404, "voice_not_found")
    model = fails(base, key, model_id="gpt-5")
    assert (model.status_code, status(model)) == (404, "model_not_found")
    for wrong, loc in (
        ({"text": ""}, ["body", "text"]),
        ({"text": "a" * 4097}, ["body", "text"]),
        ({"output_format": "flac_44100"}, ["query", "output_format"]),
        ({"voice_settings": VoiceSettings(speed=9.0)}, ["body", "voice_settings", "speed"]),
        ({"language_code": "tlh"}, ["body", "language_code"]),
    ):
        error = fails(base, key, **wrong)
        assert isinstance(error, UnprocessableEntityError), wrong
        assert [each["loc"] for each in error.body["detail"]] == [loc]
        assert error.body["detail"][0].keys() == {"loc", "msg", "type"}
    silent = fails(base, key, text="...")
    assert (silent.status_code, status(silent)) == (400, "nothing_to_speak")
    broken = requests.post(
        f"{base}{SPEAK}",
        data=b"{",
        headers={"xi-api-key": key, "Content-Type": "application/json"},
        timeout=60,
    )
    assert (broken.status_code, broken.json()["detail"]["status"]) == (400, "bad_request")
    assert made(owner) == 0


def test_a_refused_key_is_told_why(line: Proxy, owner: Owner) -> None:
    for key in ("sk-nothing", "trp_a_b"):
        error = fails(line.url, key)
        assert (error.status_code, status(error)) == (401, "invalid_api_key")
    nothing = requests.post(f"{line.url}{SPEAK}", json={"text": TEXT}, timeout=60)
    assert nothing.status_code == 401
    assert nothing.json()["detail"]["status"] == "needs_authorization"
    _, listener = owner.key("transcribe")
    error = fails(line.url, listener)
    assert (error.status_code, status(error)) == (403, "missing_permissions")
    asking = client(line.url, listener)
    others: list[Callable[[], Any]] = [asking.user.get, asking.voices.get_all]
    for ask in others:
        with pytest.raises(ApiError) as caught:
            ask()
        assert (caught.value.status_code, status(caught.value)) == (403, "missing_permissions")


def test_a_client_does_not_try_again_when_the_tokens_are_spent(line: Proxy, db: Database) -> None:
    poor = Owner(db, tokens=0)
    _, key = poor.key()
    _, capped = Owner(db).key(cap={"tokens": 0})
    for its in (key, capped):
        line.paths.clear()
        with pytest.raises(ApiError) as caught:
            client(line.url, its).text_to_speech.convert_with_timestamps(GEORGE, text=TEXT)
        assert (caught.value.status_code, status(caught.value)) == (401, "quota_exceeded")
        assert len(line.paths) == 1


def test_a_request_that_its_client_sends_again_is_charged_once(line: Proxy, owner: Owner) -> None:
    """After the 504 of a proxy, which is what Hosting answers after a minute."""
    _, key = owner.key()
    line.script("/with-timestamps", "late")
    spoken = client(line.url, key).text_to_speech.convert_with_timestamps(GEORGE, text=TEXT)
    assert len(line.paths) == 2
    assert_aligned(spoken.alignment, TEXT, length(owner))
    assert made(owner) == 1
    assert used_and_held(owner) == (1, 0)
    assert audit_user(owner.db, owner.uid) == []


ALL = (SPEAK, f"{SPEAK}/stream", f"{SPEAK}/with-timestamps", f"{SPEAK}/stream/with-timestamps")


@pytest.mark.parametrize("path", ALL)
def test_only_what_the_same_key_has_just_asked_for_is_joined(
    base: str, owner: Owner, path: str
) -> None:
    _, key = owner.key()
    _, other_key = owner.key()
    stranger = Owner(owner.db)
    _, strange = stranger.key()

    def ask(its: str, **sent: Any) -> str:
        answer = post(base, its, path, **sent)
        assert answer.status_code == 200, answer.text
        return answer.headers["history-item-id"]

    first = ask(key)
    assert ask(key) == first
    others = {
        ask(other_key),
        ask(strange),
        ask(key, text="Good night."),
        ask(key, headers={"Idempotency-Key": "another-take"}),
    }
    assert len(others) == 4
    assert first not in others
    assert used_and_held(owner) == (4, 0)
    assert used_and_held(stranger) == (1, 0)


def test_another_take_a_little_later_is_another_generation(base: str, owner: Owner) -> None:
    _, key = owner.key()
    first = post(base, key).headers["history-item-id"]
    ended = services().jobs.get(first)[0].completed_at
    assert ended is not None
    owner.db.commit(Update(f"jobs/{first}", {"completedAt": ended - HALF_A_MINUTE}))
    assert post(base, key).headers["history-item-id"] != first
    assert used_and_held(owner) == (2, 0)


@pytest.mark.parametrize("path", ALL)
def test_a_repeat_waits_for_the_first_which_is_still_speaking(
    base: str, owner: Owner, path: str
) -> None:
    _, key = owner.key()
    begun, end = threading.Event(), threading.Event()

    def before(number: int) -> None:
        if number == 2:
            begun.set()
            assert end.wait(20)

    engine = ScriptedEngine(before)
    with rewired(engines=lambda _: engine), ThreadPoolExecutor(2) as pool:
        first = pool.submit(post, base, key, path)
        assert begun.wait(20)
        second = pool.submit(post, base, key, path)
        while not WAITERS.taken:
            assert not second.done()
        end.set()
        heard = first.result(), second.result()
    assert [each.status_code for each in heard] == [200, 200]
    ids = {each.headers["history-item-id"] for each in heard}
    assert len(ids) == 1
    if path.endswith("with-timestamps"):
        told = [json.loads(each.text.splitlines()[-1])["alignment"] for each in heard]
        assert told[0] == told[1]
    assert used_and_held(owner) == (1, 0)


def test_what_failed_is_made_anew(base: str, owner: Owner) -> None:
    _, key = owner.key()

    def before(number: int) -> None:
        if number == 1:
            raise SpeechError("engine_bad_audio", "The engine sent no audio.", retryable=False)

    engine = ScriptedEngine(before)
    with rewired(engines=lambda _: engine):
        failed = post(base, key)
        assert (failed.status_code, failed.json()["detail"]["status"]) == (400, "speech_failed")
        assert post(base, key).status_code == 200
    assert used_and_held(owner) == (1, 0)


def test_the_rate_limit_of_a_key_is_429(base: str, owner: Owner) -> None:
    _, key = owner.key(rate=1)
    answers = (post(base, key) for _ in range(3))  # a minute may end between two
    refused = next(each for each in answers if each.status_code != 200)
    assert (refused.status_code, refused.json()["detail"]["status"]) == (429, "rate_limit_exceeded")
    assert int(refused.headers["retry-after"]) > 0


def test_each_service_refuses_in_its_own_form(emulators: object) -> None:
    asking = app_for("v1").test_client()
    theirs = {"xi-api-key": "nothing"}
    for method, path, headers, code in (
        ("GET", "/v1/history", theirs, 404),
        ("GET", "/v2/agents", {}, 404),
        ("GET", SPEAK, theirs, 405),
        ("POST", SPEAK, {}, 401),
    ):
        answer = asking.open(path, method=method, headers=headers)
        assert answer.status_code == code
        assert answer.json["detail"].keys() == {"status", "message"}
        assert "request-id" in answer.headers
        assert "openai-processing-ms" not in answer.headers
    for path, code in (("/v1/files", 404), ("/v1/audio/speech", 405)):
        answer = asking.get(path)
        assert answer.status_code == code
        assert answer.json["error"].keys() == {"message", "type", "param", "code"}


def test_browsers_may_send_and_read_what_the_client_does(emulators: object) -> None:
    with rewired(settings=test_settings(CORS_ORIGINS="https://app.example.com")):
        asking = app_for("v1").test_client()
        origin = {"Origin": "https://app.example.com"}
        wanted = "content-type,xi-api-key"
        preflight = {
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": wanted,
        }
        answer = asking.options(SPEAK, headers={**origin, **preflight})
        allowed = answer.headers["Access-Control-Allow-Headers"].lower()
        assert {each.strip() for each in allowed.split(",")} == {*wanted.split(",")}
        answer = asking.get("/v1/voices", headers=origin)
        exposed = answer.headers["Access-Control-Expose-Headers"].lower()
        assert {"character-cost", "x-troupe-tokens-charged"} <= {*exposed.split(", ")}


def test_the_examples_of_the_guide_run(
    base: str, owner: Owner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, key = owner.key("speech", "characters:read", "usage:read")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ELEVENLABS_BASE_URL", base)
    monkeypatch.setenv("ELEVENLABS_API_KEY", key)
    guide = (ROOT / "docs" / "elevenlabs.md").read_text()
    code = "".join(re.findall(r"```python\n(.*?)```", guide, re.DOTALL))
    printed = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout
    (command,) = re.findall(r"```bash\n(.*?)```", guide, re.DOTALL)
    subprocess.run(["bash", "-c", command], check=True)
    assert seconds((tmp_path / "welcome.mp3").read_bytes()) > 1
    assert len((tmp_path / "hello.ulaw").read_bytes()) > 2000
    assert re.search(r"^G 0\.\d$", printed, re.MULTILINE)
    assert "espeak-" in printed
    assert "of 20000 characters" in printed
