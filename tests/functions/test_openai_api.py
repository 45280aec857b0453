"""OpenAI's official client, unchanged, against a served app."""

from __future__ import annotations

import io
import json
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import httpx2
import openai
import pytest
import requests

from tests.fakes.openai_server import KEY, FakeOpenAI, openai_server
from tests.functions.test_api_keys_api import Owner, bearer
from tests.functions.test_transcriptions_api import SAID, PromptQueue
from tests.support.audits import audit_user
from tests.support.factories import ScriptedEngine, new_character, test_settings
from tests.support.served_rooms import served
from tests.support.speeches import noise, wav
from tests.support.wiring import app_for, rewired, services
from troupe.adapters.firestore import Database, Update
from troupe.speech.errors import SpeechError

TEXT = "The harbour was quiet. A boat came in."


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


class Lossy(httpx2.HTTPTransport):
    """Loses the first answers, after the server has sent all of each. Notes what is sent."""

    def __init__(self, lost: int = 0) -> None:
        super().__init__()
        self._lost = lost
        self.counts: list[str | None] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.counts.append(request.headers.get("x-stainless-retry-count"))
        answer = super().handle_request(request)
        if len(self.counts) <= self._lost:
            answer.read()
            raise httpx2.ReadError("the connection is gone", request=request)
        return answer


def client(base: str, key: str, sent: Lossy | None = None) -> openai.OpenAI:
    http = openai.DefaultHttpxClient(transport=sent) if sent else None
    return openai.OpenAI(base_url=base, api_key=key, http_client=http)


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
