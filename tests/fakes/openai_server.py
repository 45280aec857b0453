"""A server with the wire format of OpenAI's `/v1/audio/speech`, `/v1/audio/transcriptions`,
`/v1/chat/completions` and `/v1/moderations`, on a real socket.

Its voice is a tone per word, so that tests can count the words. It hears what `server.ear` is told.
After `server.script("429", "ok")` the next request gets a 429, and all later ones get audio. Its
chat answers are scripts whose lines name their speaker, and translations in capitals. It moderates
by `server.flagged`: categories by the word that has them.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from tests.fakes.recognition import INVENTED, Ear
from tests.fakes.translators import capitals

RATE = 24_000
KEY = "sk-test-of-the-fake-server"
WORD_SECONDS, GAP_SECONDS = 0.3, 0.1
_PLACEHOLDER = re.compile("⟦\\d+⟧")


def tone_per_word(text: str, rate: int = RATE) -> bytes:
    """16-bit mono PCM: for each word 0.3 s of a tone and 0.1 s of silence."""
    times = np.arange(round(WORD_SECONDS * rate)) / rate
    gap = np.zeros(round(GAP_SECONDS * rate), "<i2")
    chunks = []
    for index, _ in enumerate(text.split()):
        tone = 8000 * np.sin(2 * np.pi * (220 + 20 * (index % 10)) * times)
        chunks += [tone.astype("<i2"), gap]
    return b"".join(chunk.tobytes() for chunk in chunks)


def wav(pcm: bytes, rate: int = RATE, *, channels: int = 1, streamed: bool = False) -> bytes:
    """A WAV file. `streamed`: with the sizes of a server that does not know the length yet."""
    size = 0xFFFFFFFF if streamed else len(pcm)
    total = 0xFFFFFFFF if streamed else 36 + len(pcm)
    parts = [b"RIFF", total.to_bytes(4, "little"), b"WAVEfmt ", (16).to_bytes(4, "little")]
    parts += [(1).to_bytes(2, "little"), channels.to_bytes(2, "little")]
    parts += [rate.to_bytes(4, "little"), (rate * 2 * channels).to_bytes(4, "little")]
    parts += [(2 * channels).to_bytes(2, "little"), (16).to_bytes(2, "little")]
    return b"".join([*parts, b"data", size.to_bytes(4, "little"), pcm])


def script_for(cast: list[str], lines: int) -> dict[str, Any]:
    """A script in which the cast take turns, each line naming its speaker."""
    names = [cast[number % len(cast)] for number in range(lines)]
    said = [f"This is {name}, line {number}." for number, name in enumerate(names, 1)]
    dialogue = [{"speaker": n, "text": t} for n, t in zip(names, said, strict=True)]
    return {"title": "A test of voices", "language": "en", "dialogue": dialogue}


@dataclass
class FakeOpenAI:
    base_url: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    retry_after: str = "0"
    formats: tuple[str, ...] = ("json_schema", "json_object")  # supported by the chat
    flagged: dict[str, str] = field(default_factory=dict)
    ear: Ear = field(default_factory=Ear)
    delay: float = 0.0  # seconds before each response with audio
    _script: deque[str] = field(default_factory=deque)
    _released: threading.Event = field(default_factory=threading.Event)

    def script(self, *steps: str) -> None:
        """Steps for the next requests, one each; see `_Handler`."""
        self._script.extend(steps)

    def next_step(self) -> str:
        return self._script.popleft() if self._script else "ok"


class _Handler(BaseHTTPRequestHandler):
    fake: FakeOpenAI
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.fake.headers.append({k.lower(): v for k, v in self.headers.items()})
        if self.path == "/v1/audio/transcriptions":
            self._transcribe(self.fake.next_step(), body)
        else:
            self._take(json.loads(body))

    def _take(self, request: dict[str, Any]) -> None:
        self.fake.requests.append(request)
        if self.headers["authorization"] != f"Bearer {KEY}":
            return self._fail(401, "invalid_api_key")
        if self.path == "/v1/chat/completions":
            return self._chat(self.fake.next_step(), request)
        if self.path == "/v1/moderations":
            return self._moderate(self.fake.next_step(), request)
        if self.path != "/v1/audio/speech":
            return self._fail(404, "not_found")
        if len(request["input"]) > 4096:
            return self._fail(400, "string_above_max_length")
        return self._do(self.fake.next_step(), request)

    def _do(self, step: str, request: dict[str, Any]) -> None:
        pcm = tone_per_word(request["input"])
        both = np.repeat(np.frombuffer(pcm, "<i2"), 2).tobytes()
        sounds = {
            "ok": ("audio/pcm", pcm),
            "rate": ("audio/pcm;rate=16000", tone_per_word(request["input"], 16_000)),
            "wav": ("audio/wav", wav(pcm)),
            "streamed-wav": ("audio/wav", wav(pcm, streamed=True)),
            "stereo-wav": ("audio/wav", wav(both, channels=2)),
            "short-wav": ("audio/wav", wav(pcm)[:30]),
            "odd": ("audio/pcm", pcm[:-1]),
            "empty": ("audio/pcm", b""),
            "json": ("application/json", b'{"error": "overloaded"}'),
            "json-as-audio": ("application/octet-stream", b'{"error": "overloaded" }'),
            "html": ("text/html", b"<html><body>Bad gateway</body></html>"),
            "mp3": ("audio/mpeg", b"ID3\x04" + bytes(600)),
        }
        if step in sounds:
            time.sleep(self.fake.delay)
            kind, body = sounds[step]
            self._send(200, kind, body)
        elif step == "hang":
            self.fake._released.wait(30)
        elif step == "drip":
            self._drip(pcm)
        elif step == "cut":
            self._begin("audio/pcm", len(pcm))
            self.wfile.write(pcm[: len(pcm) // 2])
            self.close_connection = True
        elif step == "quota":
            self._fail(429, "insufficient_quota")
        else:
            self._fail(int(step), "server_error")

    def _chat(self, step: str, request: dict[str, Any]) -> None:
        if request["response_format"]["type"] not in self.fake.formats:
            return self._fail(400, "invalid_request_error")
        asked = json.loads(next(m["content"] for m in request["messages"] if m["role"] == "user"))
        if "texts" in asked:
            return self._translate(step, asked["texts"])
        count = asked["lines"] if isinstance(asked["lines"], int) else 12
        script = script_for(asked["cast"], count)
        texts = {
            "ok": json.dumps(script),
            "fenced": f"```json\n{json.dumps(script)}\n```",
            "rubbish": "Once upon a time there was no JSON.",
            "cut-off": json.dumps(script)[:-20],
            "stranger": json.dumps(script_for(["Nobody"], count)),
            "one-too-many": json.dumps(script_for(asked["cast"], count + 1)),
            "silence": json.dumps(
                script | {"dialogue": [{"speaker": asked["cast"][0], "text": " "}]}
            ),
            "null": None,
        }
        if step in texts:
            self._complete({"content": texts[step]})
        elif step == "refusal":
            self._complete({"content": None, "refusal": "I cannot help with that."})
        elif step == "filtered":
            self._complete({"content": "{"}, "content_filter")
        elif step == "no-choices":
            self._send(200, "application/json", b'{"choices": []}')
        elif step == "html":
            self._send(200, "text/html", b"<html><body>Bad gateway</body></html>")
        elif step == "drip":
            self._drip(bytes(100_000))
        elif step == "hang":
            self.fake._released.wait(30)
        elif step == "quota":
            self._fail(429, "insufficient_quota")
        else:
            self._fail(int(step), "server_error")

    def _translate(self, step: str, texts: list[str]) -> None:
        said = [capitals(text, _PLACEHOLDER) for text in texts]
        answers: dict[str, Any] = {
            "ok": {"texts": said},
            "one-too-few": {"texts": said[:-1]},
            "numbers": {"texts": [1 for _ in said]},
            "lose": {"texts": [_PLACEHOLDER.sub("", text) for text in said]},
            "double": {"texts": [_PLACEHOLDER.sub(r"\g<0> \g<0>", text) for text in said]},
            "repeat": {"texts": [text * 9 + "and so on, " * 20 for text in said]},
            "empty": {"texts": ["" for _ in said]},
            "other": {"result": "fine"},
        }
        if step in answers:
            self._complete({"content": json.dumps(answers[step])})
        elif step == "refusal":
            self._complete({"content": None, "refusal": "I cannot help with that."})
        elif step == "html":
            self._send(200, "text/html", b"<html><body>Bad gateway</body></html>")
        elif step == "large":
            self._send(200, "application/json", b'"' + b"a" * (5 << 20) + b'"')
        elif step == "cut":
            self._begin("application/json", 1000)
            self.close_connection = True
        elif step == "hang":
            self.fake._released.wait(30)
        else:
            self._fail(int(step), "server_error")

    def _moderate(self, step: str, request: dict[str, Any]) -> None:
        names = {"hate", "self-harm/intent", *self.fake.flagged.values()}
        results = []
        for text in request["input"]:
            found = {name for word, name in self.fake.flagged.items() if word in text}
            categories = {name: name in found for name in sorted(names)}
            results.append({"flagged": bool(found), "categories": categories})
        bodies = {
            "ok": {"id": "modr-1", "model": request["model"], "results": results},
            "one-too-few": {"results": results[:-1]},
            "no-flags": {"results": [{} for _ in results]},
            "unnamed": {"results": [{"flagged": True, "categories": {}} for _ in results]},
            "strange": {
                "results": [{"flagged": True, "categories": {"<b>": True}} for _ in results]
            },
        }
        if step in bodies:
            self._send(200, "application/json", json.dumps(bodies[step]).encode())
        elif step == "html":
            self._send(200, "text/html", b"<html><body>Bad gateway</body></html>")
        elif step == "drip":
            self._drip(bytes(100_000))
        elif step == "hang":
            self.fake._released.wait(30)
        else:
            self._fail(int(step), "server_error")

    def _transcribe(self, step: str, body: bytes) -> None:
        """In `verbose_json`: words without punctuation, and segments without words."""
        words = self.fake.ear.hear_form(self.headers["content-type"], body)
        self.fake.requests.append({})
        if self.headers["authorization"] != f"Bearer {KEY}":
            return self._fail(401, "invalid_api_key")
        bare = [(word.strip(".,!?"), start, end) for word, start, end in words]
        doubts = {"no_speech_prob": 0.01, "avg_logprob": -0.2, "compression_ratio": 1.1}
        segment = {"id": 0, "start": 0.0, "end": self.fake.ear.seconds[-1], "text": ""}
        segment |= doubts | {"text": f" {self.fake.ear.says}"}
        if not words:  # what nobody said
            bare = [(INVENTED, 0.0, self.fake.ear.seconds[-1])]
            segment |= {"text": INVENTED, "no_speech_prob": 0.9, "avg_logprob": -0.7}
        answer = {
            "text": segment["text"],
            "language": "english",
            "duration": self.fake.ear.seconds[-1],
            "segments": [segment],
            "words": [{"word": word, "start": start, "end": end} for word, start, end in bare],
        }
        bodies: dict[str, Any] = {
            "ok": answer,
            "no-words": answer | {"words": []},
            "no-segments": answer | {"segments": []},
            "null": None,
            "list": [],
        }
        if step in bodies:
            self._send(200, "application/json", json.dumps(bodies[step]).encode())
        elif step == "html":
            self._send(200, "text/html", b"<html><body>Bad gateway</body></html>")
        elif step == "hang":
            self.fake._released.wait(30)
        elif step == "drip":
            self._drip(bytes(100_000))
        elif step == "quota":
            self._fail(429, "insufficient_quota")
        else:
            self._fail(int(step), "server_error")

    def _complete(self, message: dict[str, Any], reason: str = "stop") -> None:
        choice = {"index": 0, "message": {"role": "assistant"} | message, "finish_reason": reason}
        body = {"id": "chat-1", "object": "chat.completion", "choices": [choice]}
        self._send(200, "application/json", json.dumps(body).encode())

    def _drip(self, pcm: bytes) -> None:
        """Sends a little every 0.1 s, so that no read ever times out."""
        self._begin("audio/pcm", len(pcm))
        for at in range(0, len(pcm), 100):
            if self.fake._released.wait(0.1):
                return
            try:
                self.wfile.write(pcm[at : at + 100])
            except OSError:  # the client has hung up, as it should
                return

    def _begin(self, kind: str, length: int) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(length))
        self.end_headers()

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        if status == 429:
            self.send_header("retry-after", self.fake.retry_after)
        self.end_headers()
        self.wfile.write(body)

    def _fail(self, status: int, code: str) -> None:
        sent = self.fake.requests[-1]
        said = sent.get("input") or sent.get("messages")
        error = {"message": f"the input was: {said}", "code": code}
        self._send(status, "application/json", json.dumps({"error": error}).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Some tests make the client hang up."""


@contextmanager
def openai_server() -> Iterator[FakeOpenAI]:
    fake = FakeOpenAI("")
    handler = type("Handler", (_Handler,), {"fake": fake})
    server = _Server(("127.0.0.1", 0), handler)
    fake.base_url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield fake
    finally:
        fake._released.set()
        server.shutdown()
        thread.join()
        server.server_close()
