"""The fake app of F5-TTS in its own process, for tests: with the Gradio that F5-TTS uses."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

from local.ports import free_ports

ROOT = Path(__file__).parents[2]
GRADIO = ROOT / ".local" / "gradio" / "bin" / "python"


class GradioApp:
    def __init__(self, folder: Path) -> None:
        assert GRADIO.exists(), "`make .local/setup/gradio` installs the Gradio that this needs"
        self.port = free_ports(["gradio"])["gradio"]
        self.log = folder / "calls.jsonl"
        self._process = subprocess.Popen(
            [str(GRADIO), "-m", "tests.fakes.f5tts_app", str(self.port), str(self.log)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._wait()

    def _wait(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.strip() == "ready":
                return
        raise AssertionError("the Gradio app did not start")

    def restart(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self._wait()

    def calls(self) -> list[dict[str, Any]]:
        return logged(self.log)

    def close(self) -> None:
        self._process.communicate(timeout=20)


def logged(log: Path) -> list[dict[str, Any]]:
    """The inputs of each call."""
    return [json.loads(line) for line in log.read_text().splitlines()]


class Standby:
    """Listens in place of the app, and starts it for whoever is the first to send something: few
    tests need it. For health checks, which only connect, it is there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._app: GradioApp | None = None
        self._starting = threading.Lock()
        handler = type("Handler", (_Handler,), {"standby": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.log = folder / "calls.jsonl"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def app(self) -> GradioApp:
        with self._starting:
            self._app = self._app or GradioApp(self._folder)
            return self._app

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        if self._app is not None:
            self._app.close()


class _Handler(BaseRequestHandler):
    standby: Standby

    def handle(self) -> None:
        first = self.request.recv(1 << 16)
        if not first:
            return
        app = ("127.0.0.1", self.standby.app().port)
        with suppress(OSError), socket.create_connection(app) as other:
            other.sendall(first)
            back = threading.Thread(target=_pass_on, args=(other, self.request), daemon=True)
            back.start()
            _pass_on(self.request, other)
            back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):  # one of them has hung up
        while data := source.recv(1 << 16):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


class _Server(ThreadingTCPServer):
    daemon_threads = True
