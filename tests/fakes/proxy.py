"""A proxy in front of a real server, which can answer in its place.

After `proxy.script("/upload", "500")` the next request with "/upload" in its path gets a 500. All
others are passed on.
"""

from __future__ import annotations

import http.client
import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_INVALID = {
    "html": b"<html><body>Bad gateway</body></html>",
    "list": b"[]",
    "nested": b"[" * 100_000,
    "empty": b"",
    "wav": b"RIFF\x24\x00\x00\x00WAVEfmt ",
    "outputs": b'event: complete\ndata: [{"path": 7}, null, "", 1]\n\n',
    "unfinished": b"event: heartbeat\ndata: null\n\n",
}


@dataclass
class Proxy:
    port: int  # of the server behind the proxy
    url: str = ""
    paths: list[str] = field(default_factory=list)  # of all requests: "POST /gradio_api/upload"
    retry_after: str = "0"
    released: threading.Event = field(default_factory=threading.Event)
    _scripts: defaultdict[str, deque[str]] = field(default_factory=lambda: defaultdict(deque))

    def script(self, part: str, *steps: str) -> None:
        """Steps for the next requests, one each: a status, a key of `_INVALID`, "hang", "drip",
        "cut", "lost" (pass it on, and answer nothing), "late" (pass it on, and answer 504 when
        the answer is there) or "-" (pass it on)."""
        self._scripts[part].extend(steps)

    def next_step(self, path: str) -> str:
        for part, steps in self._scripts.items():
            if part in path and steps:
                return steps.popleft()
        return "-"

    def count(self, part: str) -> int:
        return sum(part in path for path in self.paths)


class _Handler(BaseHTTPRequestHandler):
    proxy: Proxy

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        asked = f"{self.command} {self.path}"
        self.proxy.paths.append(asked)
        step = self.proxy.next_step(asked)
        if step in ("-", "lost", "late"):
            self._pass_on(body, step)
        elif step == "hang":
            self.proxy.released.wait(30)
        elif step == "drip":
            self._drip()
        elif step == "cut":
            self._begin(200, 1000)
            self.wfile.write(b"event: ")
        elif step in _INVALID:
            self._begin(200, len(_INVALID[step]))
            self.wfile.write(_INVALID[step])
        else:
            self._begin(int(step), 0)

    def _pass_on(self, body: bytes, step: str) -> None:
        server = http.client.HTTPConnection("127.0.0.1", self.proxy.port, timeout=30)
        try:
            server.request(self.command, self.path, body, dict(self.headers.items()))
            answer = server.getresponse()
            if step != "-":
                answer.read()
                if step == "late":
                    self._begin(504, 0)
                return
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("transfer-encoding", "connection", "date", "server"):
                    self.send_header(name, value)
            self.end_headers()
            while chunk := answer.read1(65536):
                self.wfile.write(chunk)
        except OSError:  # one of them hung up
            return
        finally:
            server.close()

    def _drip(self) -> None:
        """Sends a heartbeat every 0.1 s, so that no read ever times out."""
        self._begin(200, 1_000_000)
        while not self.proxy.released.wait(0.1):
            try:
                self.wfile.write(b"event: heartbeat\ndata: null\n\n")
            except OSError:  # the client has hung up, as it should
                return

    def _begin(self, status: int, length: int) -> None:
        self.send_response(status)
        self.send_header("content-length", str(length))
        if status >= 429:
            self.send_header("retry-after", self.proxy.retry_after)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Some tests make the client hang up."""


@contextmanager
def proxy(port: int) -> Iterator[Proxy]:
    """A proxy in front of the local server at `port`."""
    made = Proxy(port)
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": made}))
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield made
    finally:
        made.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
