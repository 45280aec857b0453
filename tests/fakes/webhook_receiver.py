"""A server that webhooks are sent to. `answers.extend(["500", "hang"])` says what the next requests
get, in turn: a status, with `:value` of Location or Retry-After, or one of `_STRANGE`. After them,
all get 200."""

from __future__ import annotations

import ssl
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

LARGE = 100_000_000
_STRANGE = {"hang", "drip", "large", "nonsense", "cut"}


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: str


@dataclass
class Receiver:
    """`sent`: bytes of large answers. `arrived`: released by every request."""

    port: int = 0
    answers: deque[str] = field(default_factory=deque)
    got: list[Received] = field(default_factory=list)
    sent: int = 0
    delay: float = 0
    at_once: int = 0
    most_at_once: int = 0
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def take(self, received: Received) -> str:
        with self.lock:
            self.got.append(received)
            return self.answers.popleft() if self.answers else "200"


class _Handler(BaseHTTPRequestHandler):
    fake: Receiver

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        step = self.fake.take(Received(self.path, headers, body))
        self._enter(1)
        self.fake.arrived.release()
        try:
            self.fake.released.wait(self.fake.delay)
            with suppress(OSError):
                self._answer(step)
        finally:
            self._enter(-1)

    def _enter(self, change: int) -> None:
        with self.fake.lock:
            self.fake.at_once += change
            self.fake.most_at_once = max(self.fake.most_at_once, self.fake.at_once)

    def _answer(self, step: str) -> None:
        self.close_connection = True
        if step in _STRANGE:
            getattr(self, f"_{step}")()
            return
        status, _, value = step.partition(":")
        self.send_response(int(status))
        if value:
            self.send_header("Location" if status.startswith("3") else "Retry-After", value)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def _hang(self) -> None:
        self.fake.released.wait(30)

    def _drip(self) -> None:
        """A head that never ends, often enough for every timeout between two bytes."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self.fake.released.wait(0.05):
            self.wfile.write(b"x")

    def _large(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(LARGE))
        self.end_headers()
        block = bytes(65_536)
        for _ in range(LARGE // len(block)):
            self.wfile.write(block)
            self.fake.sent += len(block)

    def _nonsense(self) -> None:
        self.wfile.write(b"\x00\x01 nothing of HTTP\r\n\r\n")

    def _cut(self) -> None:
        """Hangs up without a word."""

    def log_message(self, format: str, *args: Any) -> None: ...


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 200

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients hang up."""


@contextmanager
def webhook_receiver(certificate: Path | None = None) -> Iterator[Receiver]:
    """With a `certificate` and its key, it speaks TLS."""
    fake = Receiver()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"fake": fake}))
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    fake.port = server.server_port
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
    try:
        yield fake
    finally:
        fake.released.set()
        server.shutdown()
        server.server_close()
