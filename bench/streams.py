"""How soon a client hears the first sound of a short text."""

from __future__ import annotations

import json
import statistics
import time
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import requests

from bench.http import Account, row
from bench.serving import Served, served

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
            first = [_two_sentences(function, account, n) for n in range(TIMES + 1)][1:]
        heard = statistics.median(first)
        name = f"first byte of a stream of two sentences, {engine}"
        if engine == "espeak":
            rows.append(row(name, heard * 1000, "ms", 150))
        else:
            alone = _kokoro_alone()
            rows.append(row(name, heard * 1000, "ms"))
            rows.append(row(f"{name} ÷ one engine call", heard / alone, "ratio", 1.2))
    return rows


def as_openai(env: Mapping[str, str], account: Account) -> list[dict[str, Any]]:
    """A short sentence by OpenAI's API, in turn with the same by ours."""
    espeak = {**env, "SPEECH_ENGINES": "espeak"}
    with (
        served("stream", f"/api/voice/voices/{_PREVIEWS['espeak']}/preview", espeak) as ours,
        served("v1", "/v1/models", espeak) as openai,
    ):
        times = []
        for number in range(TIMES + 1):
            text = _SENTENCES[0].format(f"{number} of somebody else")
            by_stream = {"text": text, "language": "en-US"}
            by_openai = {"input": f"Once, {text}", "voice": "alloy"}
            times.append(
                (
                    _first_byte(ours, account, "/api/voice/stream", by_stream),
                    _first_byte(openai, account, "/v1/audio/speech", by_openai),
                )
            )
    stream, speech = (statistics.median(each) for each in zip(*times[1:], strict=True))
    name = "first byte of /v1/audio/speech, espeak"
    return [
        row(name, speech * 1000, "ms"),
        row(f"{name} ÷ that of /api/voice/stream", speech / stream, "ratio", 1.2),
    ]


def _two_sentences(function: Served, account: Account, number: int) -> float:
    body = {"text": " ".join(_SENTENCES).format(number, number), "language": "en-US"}
    return _first_byte(function, account, "/api/voice/stream", body)


def _first_byte(function: Served, account: Account, path: str, body: dict[str, Any]) -> float:
    began = time.perf_counter()
    with requests.post(
        f"{function.url}{path}",
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


def waiting(env: Mapping[str, str], account: Account) -> list[dict[str, Any]]:
    """A short text with `Prefer: wait`: two functions, and a queue that dispatches at once, because
    the tasks emulator looks for new tasks only once a second. The engine takes a few milliseconds
    of it."""
    espeak = {**env, "SPEECH_ENGINES": "espeak"}
    with served("generate", None, espeak) as worker, _queue(worker.url) as host:
        voice = {**espeak, "CLOUD_TASKS_EMULATOR_HOST": host}
        with served("voice", "/api/voice/languages", voice) as function:
            times = [_waited(function, account, n) for n in range(TIMES + 1)]
    heard = statistics.median(times[1:])
    return [row("a short text by Prefer: wait, espeak", heard * 1000, "ms", 250)]


def _waited(function: Served, account: Account, number: int) -> float:
    began = time.perf_counter()
    answer = requests.post(
        f"{function.url}/api/voice/generate",
        json={"text": _SENTENCES[0].format(f"{number} by the clock"), "language": "en-US"},
        headers={**account.headers, "Prefer": "wait=20"},
        timeout=60,
    )
    answer.raise_for_status()
    if not answer.json()["data"]["audioUrl"]:
        raise RuntimeError(f"not done in time: {answer.text}")
    return time.perf_counter() - began


@contextmanager
def _queue(worker: str) -> Iterator[str]:
    """A server that accepts tasks as the tasks emulator does, and sends each to `worker` at once.
    Yields its host and port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            task = json.loads(body)["task"]["httpRequest"]
            sent = {
                "data": b64decode(task["body"]),
                "headers": {"Content-Type": "application/json", **task["headers"]},
                "timeout": 60,
            }
            Thread(target=requests.post, args=(worker,), kwargs=sent, daemon=True).start()
            answer = json.dumps({"task": {"name": f"{self.path}/1"}}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
