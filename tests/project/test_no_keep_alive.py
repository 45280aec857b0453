"""The emulator suite opens a connection to a function for each request."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from local.components import NO_KEEP_ALIVE
from local.tools import node

TWICE = """
const ask = () => new Promise((done, failed) => require("http").get(process.argv[1], (answer) => {
  answer.resume().on("end", () => setImmediate(done));
}).on("error", failed));
ask().then(ask);
"""


class Counted(ThreadingHTTPServer):
    """Counts connections, and keeps them open as gunicorn does."""

    connections = 0

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    def process_request(self, *given: object) -> None:
        self.connections += 1
        super().process_request(*given)  # type: ignore[arg-type]


@pytest.fixture
def server() -> Iterator[Counted]:
    with Counted(("127.0.0.1", 0), Counted.Handler) as server:
        Thread(target=server.serve_forever, args=(0.02,)).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize(("options", "connections"), [([], 1), ([f"--require={NO_KEEP_ALIVE}"], 2)])
def test_no_request_uses_the_connection_of_another(
    server: Counted, options: list[str], connections: int
) -> None:
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    subprocess.run([node()[0], *options, "-e", TWICE, url], check=True, timeout=30)
    assert server.connections == connections
