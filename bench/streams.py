"""How soon a client hears the first sound of a short text."""

from __future__ import annotations

import json
import statistics
import time
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import requests

from bench.http import Account, row
from bench.serving import Served, served

TIMES = 7
_BARE_SPEECH = Path(__file__).with_name("bare_speech") / "main.py"
_NAMES = {"first": "first byte", "whole": "all"}
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
                    _heard(ours, account, "/api/voice/stream", by_stream),
                    _heard(openai, account, "/v1/audio/speech", by_openai),
                )
            )
    stream, speech = (
        statistics.median(each.first for each in of_one) for of_one in zip(*times[1:], strict=True)
    )
    name = "first byte of /v1/audio/speech, espeak"
    return [
        row(name, speech * 1000, "ms"),
        row(f"{name} ÷ that of /api/voice/stream", speech / stream, "ratio", 1.2),
    ]


def beside_bare(env: Mapping[str, str], account: Account) -> list[dict[str, Any]]:
    """A short sentence by OpenAI's API, in turn with a bare endpoint around the same engine: what
    accounts, money, the history and storage add. espeak takes a few milliseconds for it, so only
    the ratio with an engine that people listen to has a limit."""
    rows = []
    for engine, limit in (("espeak", None), ("kokoro", 1.5)):
        chosen = {**env, "SPEECH_ENGINES": engine}
        with (
            served("bare_speech", "/", chosen, source=_BARE_SPEECH) as bare,
            served("v1", "/v1/models", chosen) as openai,
        ):
            times = []
            for number in range(TIMES + 1):
                body = {"input": _SENTENCES[0].format(f"{number} of {engine}"), "voice": "alloy"}
                times.append(
                    [_heard(each, account, "/v1/audio/speech", body) for each in (bare, openai)]
                )
        theirs, ours = zip(*times[1:], strict=True)
        for what in ("first", "whole"):
            alone, heard = (
                statistics.median(getattr(each, what) for each in of_one)
                for of_one in (theirs, ours)
            )
            name = f"{_NAMES[what]} of a sentence by /v1/audio/speech, {engine}"
            rows.append(row(name, heard * 1000, "ms"))
            rows.append(row(f"{name} ÷ bare endpoint", heard / alone, "ratio", limit))
    return rows


def _two_sentences(function: Served, account: Account, number: int) -> float:
    body = {"text": " ".join(_SENTENCES).format(number, number), "language": "en-US"}
    return _heard(function, account, "/api/voice/stream", body).first


class _Heard(NamedTuple):
    """Seconds until the first byte, and until the last."""

    first: float
    whole: float


def _heard(function: Served, account: Account, path: str, body: dict[str, Any]) -> _Heard:
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
        return _Heard(first, time.perf_counter() - began)


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
