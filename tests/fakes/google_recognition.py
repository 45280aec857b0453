"""A server with the wire format of Google's Speech-to-Text v2, on a real socket. It hears what
`server.ear` is told."""

from __future__ import annotations

import base64
import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.fakes.recognition import Ear

PROJECT = "demo-test"
_INVALID = {"html": b"<html>Bad gateway</html>", "list": b"[]", "null": b"null"}
_ODD = b'{"results": [{"alternatives": [{"words": [{"word": "a", "endOffset": "soon"}]}]}]}'


@dataclass
class FakeGoogle:
    endpoint: str = ""
    ear: Ear = field(default_factory=Ear)
    requests: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    script: deque[str] = field(default_factory=deque)


class _Handler(BaseHTTPRequestHandler):
    fake: FakeGoogle

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.fake.requests.append(request)
        self.fake.paths.append(self.path)
        step = self.fake.script.popleft() if self.fake.script else "ok"
        words = self.fake.ear.hear(base64.b64decode(request["content"]))
        if step == "hang":
            self.fake.released.wait(30)
        elif step == "odd":
            self._send(200, _ODD)
        elif step in _INVALID:
            self._send(200, _INVALID[step])
        elif step != "ok":
            self._send(int(step), json.dumps({"error": {"message": self.fake.ear.says}}).encode())
        else:
            self._send(200, json.dumps(self._answer(words, request["config"])).encode())

    def _answer(
        self, words: list[tuple[str, float, float]], config: dict[str, Any]
    ) -> dict[str, Any]:
        if not words:
            return {"metadata": {"totalBilledDuration": "1s"}}
        said = [
            {"word": word, "endOffset": f"{end:.3f}s", "confidence": 0.9}
            | ({"startOffset": f"{start:.3f}s"} if start else {})
            for word, start, end in words
        ]
        alternative = {"transcript": self.fake.ear.says, "confidence": 0.9, "words": said}
        language = config["languageCodes"][0].lower()
        return {"results": [{"alternatives": [alternative], "languageCode": language}, {}]}

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Some tests make the client hang up."""


@contextmanager
def google_recognition() -> Iterator[FakeGoogle]:
    fake = FakeGoogle()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"fake": fake}))
    fake.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield fake
    finally:
        fake.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
