"""Servers with the wire formats of DeepL, Cloud Translation and LibreTranslate, on real sockets.

They "translate" by writing words in capitals, and keep the elements that their real counterparts
are told to keep. After `server.script("503", "ok")` the next request for a translation gets a 503;
see `_Handler.do_POST` for the steps.
"""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "test-key-of-the-fake-server"
_ENTITY = re.compile(r"&[A-Z]+;")
_ELEMENT = re.compile(r'<x>\d+</x>|<span translate="no">\d+</span>')


def capitals(text: str, kept: re.Pattern[str] = _ELEMENT) -> str:
    """The text in capitals, but for what matches `kept`."""
    return "".join(
        part if kept.fullmatch(part) else _ENTITY.sub(lambda m: m[0].lower(), part.upper())
        for part in re.split(f"({kept.pattern})", text)
    )


@dataclass
class FakeTranslator:
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    retry_after: str = "0"
    _script: deque[str] = field(default_factory=deque)
    _released: threading.Event = field(default_factory=threading.Event)

    def script(self, *steps: str) -> None:
        self._script.extend(steps)

    def next_step(self) -> str:
        return self._script.popleft() if self._script else "ok"


class _Handler(BaseHTTPRequestHandler):
    fake: FakeTranslator
    protocol_version = "HTTP/1.1"

    # Of each service.
    def allowed(self, request: dict[str, Any]) -> bool:
        return True

    def texts(self, request: dict[str, Any]) -> list[str]:
        raise NotImplementedError

    def answer(self, texts: list[Any]) -> Any:
        raise NotImplementedError

    def languages(self) -> Any:
        raise NotImplementedError

    def do_GET(self) -> None:
        self._note({})
        self._send(200, self.languages())

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self._note(request)
        if not self.allowed(request):
            return self._send(403, {"message": "forbidden"})
        said = [capitals(text) for text in self.texts(request)]
        step = self.fake.next_step()
        answers: dict[str, list[Any]] = {
            "ok": said,
            "one-too-few": said[:-1],
            "numbers": [1 for _ in said],
            "lose": [_ELEMENT.sub("", text) for text in said],
            "double": [_ELEMENT.sub(r"\g<0> \g<0>", text) for text in said],
            "repeat": [text * 9 + "and so on, " * 20 for text in said],
            "empty": ["" for _ in said],
        }
        if step in answers:
            self._send(200, self.answer(answers[step]))
        elif step == "html":
            self._write(200, b"<html><body>Bad gateway</body></html>")
        elif step == "other":
            self._send(200, {"result": "fine"})
        elif step == "hang":
            self.fake._released.wait(30)
        elif step == "cut":
            self.send_response(200)
            self.send_header("content-length", "1000")
            self.end_headers()
            self.close_connection = True
        elif step == "large":
            self._write(200, b'"' + b"a" * (5 << 20) + b'"')
        else:
            self._send(int(step), {"message": f"the text was: {request}"})

    def _note(self, request: dict[str, Any]) -> None:
        self.fake.paths.append(self.path)
        self.fake.requests.append(request)
        self.fake.headers.append({k.lower(): v for k, v in self.headers.items()})

    def _send(self, status: int, content: Any) -> None:
        self._write(status, json.dumps(content).encode())

    def _write(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        if status == 429:
            self.send_header("retry-after", self.fake.retry_after)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


class _DeepL(_Handler):
    def allowed(self, request: dict[str, Any]) -> bool:
        return self.headers["authorization"] == f"DeepL-Auth-Key {KEY}"

    def texts(self, request: dict[str, Any]) -> list[str]:
        assert self.path == "/v2/translate"
        assert request["ignore_tags"] == ["x"]
        return list(request["text"])

    def answer(self, texts: list[Any]) -> Any:
        return {"translations": [{"detected_source_language": "EN", "text": t} for t in texts]}

    def languages(self) -> Any:
        more = ["EN", "PT"] if self.path.endswith("source") else ["EN-GB", "EN-US", "PT-BR"]
        return [{"language": code, "name": code} for code in ["DE", *more]]


class _Google(_Handler):
    def texts(self, request: dict[str, Any]) -> list[str]:
        assert self.path == "/v3/projects/demo-troupe/locations/global:translateText"
        assert request["mimeType"] == "text/html"
        return list(request["contents"])

    def answer(self, texts: list[Any]) -> Any:
        return {"translations": [{"translatedText": text} for text in texts]}

    def languages(self) -> Any:
        both = {"supportSource": True, "supportTarget": True}
        return {"languages": [{"languageCode": code, **both} for code in ("de", "en", "pt")]}


class _LibreTranslate(_Handler):
    def allowed(self, request: dict[str, Any]) -> bool:
        return bool(request.get("api_key") == KEY)

    def texts(self, request: dict[str, Any]) -> list[str]:
        assert self.path == "/translate"
        assert request["format"] == "html"
        return list(request["q"])

    def answer(self, texts: list[Any]) -> Any:
        return {"translatedText": texts}

    def languages(self) -> Any:
        return [{"code": code, "name": code, "targets": []} for code in ("de", "en", "pt")]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Some tests make the client hang up."""


@contextmanager
def _served(handler: type[_Handler]) -> Iterator[FakeTranslator]:
    fake = FakeTranslator()
    server = _Server(("127.0.0.1", 0), type("Handler", (handler,), {"fake": fake}))
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield fake
    finally:
        fake._released.set()
        server.shutdown()
        thread.join()
        server.server_close()


SERVERS: dict[str, Callable[[], Any]] = {
    "deepl": lambda: _served(_DeepL),
    "google": lambda: _served(_Google),
    "libretranslate": lambda: _served(_LibreTranslate),
}
