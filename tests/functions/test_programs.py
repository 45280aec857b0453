"""What programs send, as it was written down from them (programs.json), gets what they read.

Where `source` ends with "run", the code of that version, unchanged, sent it to a server that wrote
it down; otherwise the requests were written from it. The key and the sound are put in here."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import pytest
import requests

from tests.fakes.openai_server import KEY, openai_server
from tests.functions.test_api_keys_api import Owner
from tests.functions.test_transcriptions_api import SAID, PromptQueue
from tests.support.factories import test_settings
from tests.support.served_rooms import served
from tests.support.speeches import noise, wav
from tests.support.wiring import rewired
from troupe.adapters.firestore import Database

PROGRAMS = json.loads(Path(__file__).with_name("programs.json").read_text())
SCOPES = ("speech", "transcribe", "characters:read")


@pytest.fixture
def base(emulators: object) -> Iterator[str]:
    with openai_server() as ear:
        ear.ear.says = SAID
        config = test_settings(
            TRANSCRIBER="openai", OPENAI_API_KEY=KEY, OPENAI_BASE_URL=ear.base_url
        )
        with rewired(settings=config, queue=PromptQueue()), served(lambda path: "v1") as url:
            yield url


def form(parts: list[dict[str, Any]], boundary: str) -> bytes:
    """The fields, and the sound in place of the file."""
    lines = []
    for part in parts:
        head = "".join(f"{name}: {value}\r\n" for name, value in part["headers"].items())
        value = part["value"].encode() if "value" in part else wav(noise(2))
        lines.append(f"--{boundary}\r\n{head}\r\n".encode() + value + b"\r\n")
    return b"".join(lines) + f"--{boundary}--\r\n".encode()


def send(base: str, key: str, recorded: dict[str, Any]) -> requests.Response:
    headers = {name: value.replace("KEY", key) for name, value in recorded["headers"].items()}
    kinds = {name.lower(): value for name, value in headers.items()}
    data: Any = json.dumps(recorded["json"]).encode() if "json" in recorded else None
    if "parts" in recorded:
        data = form(recorded["parts"], kinds["content-type"].partition("boundary=")[2])
    if "chunked" in recorded:
        data = pieces(data)  # requests sends no length of such a body
    return requests.request(
        recorded["method"], base + recorded["path"], headers=headers, data=data, timeout=60
    )


def pieces(data: bytes) -> Iterator[bytes]:
    for at in range(0, len(data), 4096):
        yield data[at : at + 4096]


def mp3(answer: requests.Response) -> None:
    assert answer.headers["content-type"] == "audio/mpeg"
    assert answer.headers["x-request-id"]
    if "history-item-id" in answer.headers:  # of ElevenLabs' API
        assert answer.headers["request-id"]
    with av.open(io.BytesIO(answer.content), "r", format="mp3") as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) > 4_000


def pcm(answer: requests.Response) -> None:
    assert answer.headers["content-type"] == "audio/pcm"
    assert len(answer.content) > 10_000


def text(answer: requests.Response) -> None:
    assert answer.json()["text"] == SAID


def listed(answer: requests.Response) -> None:
    assert "gpt-4o-mini-tts" in [each["id"] for each in answer.json()["data"]]


def models(answer: requests.Response) -> None:
    assert {"id": "tts-1", "name": "tts-1"} in answer.json()["models"]


def voices(answer: requests.Response) -> None:
    named = {each["id"]: each["name"] for each in answer.json()["voices"]}
    assert (named["alloy"], named["espeak-de-male"]) == ("Alloy", "German, man")


def elevenlabs_models(answer: requests.Response) -> None:
    (first, *_) = answer.json()
    assert (first["model_id"], first["name"]) == ("troupe", "troupe")
    assert first["can_do_text_to_speech"]
    assert "de" in {each["language_id"] for each in first["languages"]}


def elevenlabs_voices(answer: requests.Response) -> None:
    named = {each["voice_id"]: each["name"] for each in answer.json()["voices"]}
    assert named["espeak-de-male"] == "German, man"


READS: dict[str, Callable[[requests.Response], None]] = {
    "mp3": mp3,
    "pcm": pcm,
    "text": text,
    "list": listed,
    "models": models,
    "voices": voices,
    "elevenlabs models": elevenlabs_models,
    "elevenlabs voices": elevenlabs_voices,
}


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda each: each["program"])
def test_what_a_program_sends_gets_what_it_reads(
    base: str, db: Database, program: dict[str, Any]
) -> None:
    _, key = Owner(db).key(*SCOPES)
    for recorded in program["requests"]:
        answer = send(base, key, recorded)
        assert answer.status_code == 200, f"{recorded['path']}: {answer.text}"
        READS[recorded["reads"]](answer)


def test_programs_are_told_that_a_key_is_wrong(base: str) -> None:
    for program in PROGRAMS:
        for recorded in program["requests"]:
            if recorded["method"] == "POST":
                assert send(base, "sk-nothing", recorded).status_code == 401
