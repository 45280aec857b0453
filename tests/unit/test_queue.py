"""Asking for the queue, as health does on a deployment, at a server that speaks its REST API."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from requests import HTTPError

from troupe.adapters.queue import CloudTasksQueue

QUEUE = "/v2/projects/mine/locations/us-central1/queues/generate"


class Server(ThreadingHTTPServer):
    asked: list[str]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        found = self.path == QUEUE
        body = json.dumps({"name": QUEUE.removeprefix("/v2/"), "state": "RUNNING"} if found else {})
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.delenv("CLOUD_TASKS_EMULATOR_HOST", raising=False)
    with Server(("127.0.0.1", 0), Handler) as server:
        server.asked = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def queue(server: Server, name: str = "generate") -> CloudTasksQueue:
    credential = SimpleNamespace(get_credential=AnonymousCredentials)
    app: Any = SimpleNamespace(project_id="mine", credential=credential)
    api = f"http://127.0.0.1:{server.server_port}"
    return CloudTasksQueue(app, "us-central1", name, api)


def test_a_queue_that_is_there_is_asked_once(server: Server) -> None:
    queue(server).check()
    assert server.asked == [QUEUE]


def test_a_queue_that_is_missing_is_told(server: Server) -> None:
    with pytest.raises(HTTPError):
        queue(server, "nothing").check()
