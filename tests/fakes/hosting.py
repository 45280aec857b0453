"""A proxy that does to streams what Firebase Hosting does: it passes on whole answers only, and
gives up a request after a minute.
https://firebase.google.com/docs/hosting/functions"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_CUT = 60.0  # seconds


class _Handler(BaseHTTPRequestHandler):
    port: int  # of the server behind the proxy

    def do_GET(self) -> None:
        self._pass_on()

    def do_POST(self) -> None:
        self._pass_on()

    def do_PUT(self) -> None:
        self._pass_on()

    def do_DELETE(self) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        server = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_CUT)
        cut = threading.Timer(_CUT, server.close)
        cut.start()
        try:
            server.request(self.command, self.path, body, dict(self.headers.items()))
            answer = server.getresponse()
            whole = answer.read()
        except (OSError, http.client.HTTPException):
            self.send_error(503)
            return
        finally:
            cut.cancel()
            server.close()
        self.send_response(answer.status)
        for name in ("Content-Type", "Retry-After"):
            if value := answer.getheader(name):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(whole)))
        self.end_headers()
        self.wfile.write(whole)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients hang up."""


@contextmanager
def hosting(port: int) -> Iterator[str]:
    """The address of such a proxy in front of the local server at `port`."""
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"port": port}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
