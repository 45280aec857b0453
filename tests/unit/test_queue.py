"""Cloud Tasks: checking a queue, as health does on a deployment, and sending tasks, against a
server with its REST API."""

from __future__ import annotations

import base64
import json
import secrets
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import firebase_admin
import pytest
from google.auth.credentials import AnonymousCredentials
from requests import HTTPError

from tests.support.factories import test_settings
from tests.support.jobs import COUNT, Numbers
from troupe import tokens
from troupe.adapters.firestore import now
from troupe.adapters.queue import CloudTasksQueue
from troupe.generations.specs import VOICE
from troupe.jobs.sender import TaskSender
from troupe.jobs.specs import registry
from troupe.tokens import TASK_TOKEN_HEADER

ENQUEUED = "/projects/mine/locations/us-central1/queues/count/tasks"
QUEUE = "/v2/projects/mine/locations/us-central1/queues/generate"


class Server(ThreadingHTTPServer):
    asked: list[str]
    task: dict[str, Any]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        """Accepts a task as the emulator does."""
        self.server.asked.append(self.path)
        self.server.task = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["task"]
        self._answer(200, {"task": {"name": f"{ENQUEUED}/1"}})

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        found = self.path == QUEUE
        there = {"name": QUEUE.removeprefix("/v2/"), "state": "RUNNING"}
        self._answer(200 if found else 404, there if found else {})

    def _answer(self, status: int, answer: dict[str, Any]) -> None:
        body = json.dumps(answer)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.delenv("CLOUD_TASKS_EMULATOR_HOST", raising=False)
    with Server(("127.0.0.1", 0), Handler) as server:
        server.asked = []
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


def queue(server: Server) -> CloudTasksQueue:
    credential = SimpleNamespace(get_credential=AnonymousCredentials)
    app: Any = SimpleNamespace(project_id="mine", credential=credential)
    api = f"http://127.0.0.1:{server.server_port}"
    return CloudTasksQueue(app, "us-central1", api)


def test_checking_an_existing_queue_takes_one_request(server: Server) -> None:
    queue(server).check("generate")
    assert server.asked == [QUEUE]


def test_a_missing_queue_is_reported(server: Server) -> None:
    with pytest.raises(HTTPError):
        queue(server).check("nothing")


def test_a_task_goes_to_the_queue_of_its_kind(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "settings", test_settings)
    host = f"127.0.0.1:{server.server_port}"
    monkeypatch.setenv("CLOUD_TASKS_EMULATOR_HOST", host)
    app = firebase_admin.initialize_app(options={"projectId": "mine"}, name=secrets.token_hex(4))
    specs = registry(VOICE, COUNT)
    sender = TaskSender(CloudTasksQueue(app, "us-central1"), specs)
    job = COUNT.job(id="abc", uid="u", given=Numbers(numbers=[1]), request_hash="h", at=now())
    sender.send(job, 3)
    assert server.asked == [ENQUEUED]
    request = server.task["httpRequest"]
    payload = {"jobId": "abc", "uid": "u", "part": 3}
    assert json.loads(base64.b64decode(request["body"])) == {"data": payload}
    claims = tokens.decode(request["headers"][TASK_TOKEN_HEADER], purpose="task")
    assert claims.subject == "abc"
    firebase_admin.delete_app(app)
