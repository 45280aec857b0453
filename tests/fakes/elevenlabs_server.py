"""A server with the wire format of the parts of ElevenLabs' API that we use, on a real socket.

Its voice is a tone; each character lasts 0.05 s. It hears what `server.ear` is told. After
`server.script("/with-timestamps", "500")` the next request with that in its path gets a 500; see
`_INVALID` and `_NAMED` for other steps.
"""

from __future__ import annotations

import base64
import json
import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np

from tests.fakes.recognition import INVENTED, Ear, form

KEY = "xi-test-of-the-fake-server"
RATE = 24_000
SECONDS_PER_CHARACTER = 0.05
_INVALID = {
    "html": b"<html>Bad gateway</html>",
    "list": b"[]",
    "null": b"null",
    "no-sound": b'{"audio_base64": "", "alignment": null}',
    "odd": b'{"audio_base64": "AAAA"}',
    "not-base64": b'{"audio_base64": "%%%"}',
}
# The API's names of errors, and their statuses.
_NAMED = {"quota_exceeded": 401, "voice_limit_reached": 400, "voice_not_found": 404}


@dataclass
class FakeElevenLabs:
    base_url: str = ""
    voices: dict[str, str] = field(default_factory=dict)  # cloned: id to name
    spoken: list[dict[str, Any]] = field(default_factory=list)  # bodies, with "voice_id"
    samples: list[bytes] = field(default_factory=list)  # uploaded recordings
    paths: list[str] = field(default_factory=list)
    aligned: bool = True
    slots: int | None = None  # how many cloned voices the account keeps
    retry_after: str = "0"
    ear: Ear = field(default_factory=Ear)
    released: threading.Event = field(default_factory=threading.Event)
    _scripts: defaultdict[str, deque[str]] = field(default_factory=lambda: defaultdict(deque))

    def script(self, part: str, *steps: str) -> None:
        self._scripts[part].extend(steps)

    def next_step(self, path: str) -> str:
        for part, steps in self._scripts.items():
            if part in path and steps:
                return steps.popleft()
        return "ok"

    @property
    def is_full(self) -> bool:
        return self.slots is not None and len(self.voices) >= self.slots

    def count(self, part: str) -> int:
        return sum(part in path for path in self.paths)


class _Handler(BaseHTTPRequestHandler):
    fake: FakeElevenLabs

    def do_GET(self) -> None:
        self._handle(b"")

    def do_DELETE(self) -> None:
        self._handle(b"")

    def do_POST(self) -> None:
        self._handle(self.rfile.read(int(self.headers["content-length"])))

    def _handle(self, body: bytes) -> None:
        url = urlsplit(self.path)
        self.fake.paths.append(url.path)
        step = self.fake.next_step(url.path)
        if self.headers["xi-api-key"] != KEY:
            self._fail(401, "invalid_api_key")
        elif step == "hang":
            self.fake.released.wait(30)
        elif step == "drip":
            self._drip()
        elif step == "cut":
            self._begin(200, 1000)
        elif step == "done-but-cut":  # the work is done, but the response is lost
            self._answer(url.path, url.query, body)
            self._begin(200, 1000)
        elif step in _INVALID:
            self._send(200, _INVALID[step])
        elif step in _NAMED:
            self._fail(_NAMED[step], step)
        elif step == "ok" and url.path == "/v1/voices/add" and self.fake.is_full:
            self._fail(_NAMED["voice_limit_reached"], "voice_limit_reached")
        elif step != "ok":
            self._fail(int(step), "system_busy")
        elif url.path == "/v1/speech-to-text":
            self._send(200, json.dumps(self._transcript(body)).encode())
        elif (answer := self._answer(url.path, url.query, body)) is None:
            self._fail(404, "voice_not_found")
        else:
            self._send(200, json.dumps(answer).encode())

    def _answer(self, path: str, query: str, body: bytes) -> Any:
        if path == "/v2/voices":
            wanted = parse_qs(query)["search"][0]
            # Like the real API, also returns names that only resemble the term.
            found = {"v-other": f"{wanted}-older"} | {
                key: name for key, name in self.fake.voices.items() if wanted in name
            }
            voices = [
                {"voice_id": key, "name": name, "created_at_unix": 1_000 + place}
                for place, (key, name) in enumerate(found.items())
            ]
            return {"voices": voices, "has_more": False, "total_count": len(voices)}
        if path == "/v1/history":
            uses = [
                {"voice_id": use["voice_id"], "date_unix": 2_000 + number, "text": use["text"]}
                for number, use in enumerate(self.fake.spoken)
            ]
            return {"history": uses[::-1], "has_more": False}
        if path == "/v1/voices/add":
            fields = form(self.headers["content-type"], body)
            voice_id = f"v-clone-{len(self.fake.samples)}"
            self.fake.voices[voice_id] = fields["name"].get_content().strip()
            self.fake.samples.append(fields["files"].get_content())
            return {"voice_id": voice_id, "requires_verification": False}
        voice_id = path.split("/")[3]
        if self.command == "DELETE":
            return {"status": "ok"} if self.fake.voices.pop(voice_id, None) else None
        if voice_id.startswith("v-clone") and voice_id not in self.fake.voices:
            return None
        request = json.loads(body)
        self.fake.spoken.append(request | {"voice_id": voice_id} | parse_qs(query))
        return self._speech(request["text"])

    def _transcript(self, body: bytes) -> dict[str, Any]:
        words = self.fake.ear.hear_form(self.headers["content-type"], body)
        pieces: list[dict[str, Any]] = []
        for word, start, end in words:
            pieces.append(
                {"text": word, "type": "word", "start": start, "end": end, "logprob": -0.1}
            )
            pieces.append(
                {"text": " ", "type": "spacing", "start": end, "end": end, "logprob": 0.0}
            )
        if not words:
            event = {"text": "(music)", "type": "audio_event", "start": 0.0, "end": 1.0}
            said = {"text": INVENTED, "type": "word", "start": 0.0, "end": 0.2}
            pieces = [event | {"logprob": -0.1}, said | {"logprob": -2.0}]
        text = "".join(piece["text"] for piece in pieces)
        return {"language_code": "eng", "language_probability": 0.98, "text": text, "words": pieces}

    def _speech(self, text: str) -> dict[str, Any]:
        times = np.arange(round(RATE * SECONDS_PER_CHARACTER * len(text))) / RATE
        pcm = (8000 * np.sin(2 * np.pi * 220 * times)).astype("<i2").tobytes()
        starts = [index * SECONDS_PER_CHARACTER for index in range(len(text))]
        alignment = {
            "characters": list(text),
            "character_start_times_seconds": starts,
            "character_end_times_seconds": [start + SECONDS_PER_CHARACTER for start in starts],
        }
        return {
            "audio_base64": base64.b64encode(pcm).decode(),
            "alignment": alignment if self.fake.aligned else None,
            "normalized_alignment": None,
        }

    def _drip(self) -> None:
        """Sends a little every 0.1 s, so that no read ever times out."""
        self._begin(200, 1_000_000)
        while not self.fake.released.wait(0.1):
            try:
                self.wfile.write(b" ")
            except OSError:  # the client has hung up, as it should
                return

    def _fail(self, status: int, name: str) -> None:
        detail = {"status": name, "message": "the text was: One two, three. Four!"}
        self._send(status, json.dumps({"detail": detail}).encode())

    def _send(self, status: int, body: bytes) -> None:
        self._begin(status, len(body))
        self.wfile.write(body)

    def _begin(self, status: int, length: int) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(length))
        if status >= 429:
            self.send_header("retry-after", self.fake.retry_after)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Some tests make the client hang up."""


@contextmanager
def elevenlabs_server() -> Iterator[FakeElevenLabs]:
    fake = FakeElevenLabs()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"fake": fake}))
    fake.base_url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield fake
    finally:
        fake.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
