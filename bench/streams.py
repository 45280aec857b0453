"""How soon a client hears the first sound of a short text."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from typing import Any

import requests

from bench.http import Account, row
from bench.serving import Served, served
from local.stack import Stack

TIMES = 7
# New words each time, because stored speech is not spoken again.
_SENTENCES = (
    "The harbour was quiet on the morning of day {}.",
    "A boat came in, and number {} went out to meet it.",
)
# Makes the function load its engine, as an instance that has spoken before.
_PREVIEWS = {"espeak": "espeak-en-us-female", "kokoro": "af_heart"}


def measure(env: Mapping[str, str], account: Account) -> list[dict[str, Any]]:
    """Against the function's own address, which streams; after a first text."""
    rows = []
    for engine, preview in _PREVIEWS.items():
        chosen = {**env, "SPEECH_ENGINES": engine}
        path = f"/api/voice/voices/{preview}/preview"
        with served("stream", path, chosen) as function:
            first = [_first_byte(function, account, n) for n in range(TIMES + 1)][1:]
        heard = statistics.median(first)
        name = f"first byte of a stream of two sentences, {engine}"
        if engine == "espeak":
            rows.append(row(name, heard * 1000, "ms", 150))
        else:
            alone = _kokoro_alone()
            rows.append(row(name, heard * 1000, "ms"))
            rows.append(row(f"{name} ÷ one engine call", heard / alone, "ratio", 1.2))
    return rows


def _first_byte(function: Served, account: Account, number: int) -> float:
    body = {"text": " ".join(_SENTENCES).format(number, number), "language": "en-US"}
    began = time.perf_counter()
    with requests.post(
        f"{function.url}/api/voice/stream",
        json=body,
        headers=account.headers,
        stream=True,
        timeout=60,
    ) as answer:
        answer.raise_for_status()
        chunks = answer.iter_content(None)
        next(chunks)
        first = time.perf_counter() - began
        for _ in chunks:  # the job ends with the stream, and makes room for the next
            pass
    return first


def _kokoro_alone() -> float:
    """Seconds for a call of the engine with the first sentence."""
    from troupe.adapters.models.files import ModelFiles
    from troupe.speech.engine import SpeechRequest, Voice, VoiceType
    from troupe.speech.engines.kokoro import KokoroEngine

    engine = KokoroEngine(ModelFiles())
    voice = Voice("en-US", VoiceType.FEMALE, "neutral")
    times = []
    for number in range(TIMES + 1):
        began = time.perf_counter()
        engine.synthesize(SpeechRequest(_SENTENCES[0].format(number), voice))
        times.append(time.perf_counter() - began)
    engine.close()
    return statistics.median(times[1:])


def waiting(stack: Stack) -> list[dict[str, Any]]:
    """A short text with `Prefer: wait`, through Hosting and the queue. The engine takes a few
    milliseconds of it."""
    from local.client import Client
    from local.seed import account, seed_stack

    seed_stack(stack)
    ada = account("ada@example.com")
    times = []
    with Client(stack.base_url) as client:
        client.sign_in(ada.email, ada.password)
        for number in range(TIMES + 1):
            text = _SENTENCES[0].format(number)
            began = time.perf_counter()
            done = client.data(
                *("POST", "/api/voice/generate"),
                json={"text": text, "language": "en-US", "voiceId": "espeak-en-us-female"},
                headers={"Prefer": "wait=20"},
            )
            times.append(time.perf_counter() - began)
            if not done["audioUrl"]:
                raise RuntimeError(f"not done in time: {done}")
    heard = statistics.median(times[1:])
    return [row("a short text by Prefer: wait, espeak", heard * 1000, "ms", 250)]
