"""The official clients of OpenAI and ElevenLabs, unchanged, on the whole stack."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
from base64 import b64decode
from pathlib import Path
from typing import Any, NamedTuple

import av
import httpx
import openai
import pytest
from elevenlabs.client import ElevenLabs
from elevenlabs.core.api_error import ApiError

from tests.conftest import Running
from tests.e2e.users import signed_up

TEXT = "The harbour was quiet. A boat came in."
GEORGE = "JBFqnCBsd6RMkjVDRZzb"
SCOPES = ("speech", "transcribe", "characters:read", "usage:read")


class Keys(NamedTuple):
    """Of one user: with every scope, without that of speech, and with a budget that is spent."""

    good: str
    deaf: str
    spent: str


@pytest.fixture(scope="module")
def keys(stack: Running) -> Keys:
    client, _, _ = signed_up(stack)

    def key(*scopes: str, **body: Any) -> str:
        asked = {"name": "Program", "scopes": scopes, **body}
        secret: str = client.data("POST", "/api/keys", json=asked)["secret"]
        return secret

    return Keys(key(*SCOPES), key("transcribe"), key("speech", cap={"tokens": 0}))


def seconds(data: bytes) -> float:
    with av.open(io.BytesIO(data), "r") as container:
        frames = list(container.decode(audio=0))
    return float(sum(frame.samples for frame in frames) / frames[0].sample_rate)


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower()))


@pytest.fixture(scope="module")
def javascript(
    stack: Running, keys: Keys, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], Path]:
    """What OpenAI's client for JavaScript got, and the folder with the audio."""
    folder = tmp_path_factory.mktemp("javascript")
    node = shutil.which("node")
    assert node
    script = Path(__file__).with_name("openai_client.mjs")
    addresses = f"{stack.base_url}/v1", stack.function("v1")
    done = subprocess.run(
        [node, script, *addresses, json.dumps(keys._asdict()), folder],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded: dict[str, Any] = json.loads(done.stdout)
    return loaded, folder


def test_openai_for_javascript_speaks_in_every_format(
    javascript: tuple[dict[str, Any], Path],
) -> None:
    got, folder = javascript
    assert got["types"] == {
        "mp3": "audio/mpeg",
        "opus": "audio/ogg",
        "aac": "audio/aac",
        "flac": "audio/flac",
        "wav": "audio/wav",
        "pcm": "audio/pcm",
    }
    raw = len((folder / "whole.pcm").read_bytes()) / 2 / 24_000
    assert raw > 2
    for form in got["types"].keys() - {"pcm"}:
        assert seconds((folder / f"whole.{form}").read_bytes()) == pytest.approx(raw, abs=0.15)
    assert seconds((folder / "streamed.mp3").read_bytes()) == pytest.approx(raw, abs=0.15)
    assert got["chunks"] > 1


def test_openai_for_javascript_transcribes_and_lists(
    javascript: tuple[dict[str, Any], Path],
) -> None:
    got, _ = javascript
    assert len(words(got["input"]) - words(got["heard"]["text"])) <= 4, got["heard"]["text"]
    assert words(got["heard"]["text"]) <= words(" ".join(w["word"] for w in got["heard"]["words"]))
    assert {"tts-1", "troupe", "troupe-espeak", "whisper-1"} <= {*got["models"]}
    assert {"alloy", "espeak-de-male"} <= {voice["id"] for voice in got["voices"]}


def test_openai_for_javascript_raises_its_own_errors_once(
    javascript: tuple[dict[str, Any], Path],
) -> None:
    got, _ = javascript
    failures = {
        name: (each["name"], each["status"], each["code"], each["param"])
        for name, each in got["failures"].items()
    }
    assert failures == {
        "wrongKey": ("AuthenticationError", 401, "invalid_api_key", None),
        "wrongScope": ("PermissionDeniedError", 403, "scope_missing", None),
        "spent": ("RateLimitError", 429, "key_budget_spent", None),
        "model": ("NotFoundError", 404, "model_not_found", "model"),
        "voice": ("BadRequestError", 400, "invalid_voice", "voice"),
        "long": ("BadRequestError", 400, "string_above_max_length", "input"),
        "speed": ("BadRequestError", 400, "invalid_value", "speed"),
    }
    assert {each["requests"] for each in got["failures"].values()} == {1}


def test_openai_for_python(stack: Running, keys: Keys) -> None:
    with (
        openai.OpenAI(base_url=f"{stack.base_url}/v1", api_key=keys.good) as client,
        openai.OpenAI(base_url=stack.function("v1"), api_key=keys.good) as direct,
    ):
        spoken = client.audio.speech.create(
            model="tts-1", voice="echo", input=TEXT, response_format="wav"
        ).content
        asking = direct.audio.speech.with_streaming_response
        with asking.create(model="tts-1", voice="echo", input=TEXT) as answer:
            streamed = b"".join(answer.iter_bytes())
        assert seconds(streamed) == pytest.approx(seconds(spoken), abs=0.15)
        *deltas, done = client.audio.transcriptions.create(
            model="whisper-1", file=("a.wav", spoken), stream=True
        )
        assert "".join(each.delta for each in deltas) == done.text  # type: ignore[union-attr]
        assert "boat" in words(done.text)  # type: ignore[union-attr]
        assert "troupe-espeak" in {model.id for model in client.models.list()}
    with openai.OpenAI(base_url=f"{stack.base_url}/v1", api_key=keys.spent) as poor:
        with pytest.raises(openai.RateLimitError) as caught:
            poor.audio.speech.create(model="tts-1", voice="echo", input=TEXT)
        assert caught.value.code == "key_budget_spent"


def test_elevenlabs(stack: Running, keys: Keys) -> None:
    with httpx.Client(timeout=60) as http:

        def client(key: str, base: str = stack.base_url) -> ElevenLabs:
            return ElevenLabs(base_url=base, api_key=key, httpx_client=http)

        asking, direct = client(keys.good), client(keys.good, stack.function("v1"))
        spoken = b"".join(
            asking.text_to_speech.convert(GEORGE, text=TEXT, output_format="wav_24000")
        )
        long = seconds(spoken)
        assert long > 1
        streamed = b"".join(direct.text_to_speech.stream(GEORGE, text=TEXT))
        assert seconds(streamed) == pytest.approx(long, abs=0.15)
        timed = asking.text_to_speech.convert_with_timestamps(GEORGE, text=TEXT)
        lines = [*direct.text_to_speech.stream_with_timestamps(GEORGE, text=TEXT)]
        parts = [b64decode(each.audio_base_64) for each in lines]
        assert seconds(b"".join(parts)) == pytest.approx(long, abs=0.15)
        for alignment in (timed.alignment, lines[-1].alignment):
            assert alignment is not None
            assert "".join(alignment.characters) == TEXT
            assert long - 0.5 < alignment.character_end_times_seconds[-1] <= long + 0.01
        assert "espeak-de-male" in {each.voice_id for each in asking.voices.get_all().voices}
        german = asking.voices.search(language="de", page_size=100).voices
        assert {(each.labels or {})["language"] for each in german} == {"de"}
        assert "troupe-espeak" in {each.model_id for each in asking.models.list()}
        assert asking.user.subscription.get().character_count > 0
        for key, status, code in (
            ("sk-nothing", "invalid_api_key", 401),
            (keys.deaf, "missing_permissions", 403),
            (keys.spent, "quota_exceeded", 401),
        ):
            with pytest.raises(ApiError) as caught:
                b"".join(client(key).text_to_speech.convert(GEORGE, text=TEXT))
            assert caught.value.status_code == code
            assert caught.value.body["detail"]["status"] == status
