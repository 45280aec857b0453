"""Pausing and purging the queue, against a server with the REST API of Cloud Tasks."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksRestTransport

from tests.support.factories import test_settings
from tests.support.wiring import command, rewired, services
from troupe.adapters.queue_control import QueueControl
from troupe.commands.queue import TASKS_SHOWN

NAME = "projects/mine/locations/us-central1/queues/generate"
STATES = {"pause": "PAUSED", "resume": "RUNNING"}


@dataclass
class Queue:
    state: str = "RUNNING"
    tasks: list[dict[str, Any]] = field(default_factory=list)

    def add(self, number: int) -> None:
        for each in range(number):
            task = {"name": f"{NAME}/tasks/{each}", "scheduleTime": "2026-01-01T00:00:00Z"}
            self.tasks.append(task | {"dispatchCount": each})

    def answer(self, path: str) -> dict[str, Any] | None:
        if path == "/queueStats":  # the emulator's
            numbers = {"numberOfTasks": len(self.tasks), "runningTasks": 1, "maxRate": 100}
            return {"queue:p-l-generate": numbers}
        place, _, verb = path.removeprefix("/v2/").partition("?")[0].partition(":")
        if place == f"{NAME}/tasks":
            return {"tasks": self.tasks}
        if place != NAME:
            return None
        self.state = STATES.get(verb, self.state)
        if verb == "purge":
            self.tasks = []
        return {"name": NAME, "state": self.state}


class Handler(BaseHTTPRequestHandler):
    queue: Queue

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = self.queue.answer(self.path)
        error = {"error": {"code": 404, "message": "Queue does not exist.", "status": "NOT_FOUND"}}
        body = json.dumps(error if found is None else found).encode()
        self.send_response(404 if found is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def project_queue() -> Iterator[Queue]:
    """The queue of a project, which the commands use."""
    held = Queue()
    handler = type("Bound", (Handler,), {"queue": held})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        transport = CloudTasksRestTransport(
            host=f"127.0.0.1:{server.server_port}",
            credentials=AnonymousCredentials(),
            url_scheme="http",
        )
        client = tasks_v2.CloudTasksClient(transport=transport)
        real = test_settings(FUNCTIONS_EMULATOR="false", JWT_SECRET="s" * 32)

        def connect(name: str) -> QueueControl:
            return QueueControl(client, NAME.replace("generate", name))

        with rewired(settings=real, queue_control=connect):
            yield held
        transport.close()
        server.shutdown()


def test_list_shows_the_state_and_the_tasks(project_queue: Queue, capsys: Any) -> None:
    project_queue.add(2)
    assert command(["queue", "list"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "generate: RUNNING",
        "  0 due 2026-01-01T00:00:00Z, tried 0 times",
        "  1 due 2026-01-01T00:00:00Z, tried 1 times",
        "2 tasks",
    ]


def test_a_long_list_is_cut(project_queue: Queue, capsys: Any) -> None:
    project_queue.add(TASKS_SHOWN + 5)
    assert command(["queue", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert (len(lines), lines[-1]) == (TASKS_SHOWN + 2, f"{TASKS_SHOWN} tasks and more")


@pytest.mark.parametrize(("action", "state"), STATES.items())
def test_the_queue_is_paused_and_resumed(
    project_queue: Queue, capsys: Any, action: str, state: str
) -> None:
    project_queue.state = "DISABLED"
    assert command(["queue", action]) == 0
    assert (project_queue.state, capsys.readouterr().out) == (state, f"generate: {state}\n")


def test_purge_requires_yes(project_queue: Queue, capsys: Any) -> None:
    project_queue.add(3)
    assert (command(["queue", "purge"]), len(project_queue.tasks)) == (2, 3)
    assert "--yes" in capsys.readouterr().err
    assert (command(["queue", "purge", "--yes"]), len(project_queue.tasks)) == (0, 0)


def test_another_queue_can_be_named(project_queue: Queue, capsys: Any) -> None:
    assert command(["queue", "list", "--queue", "generate"]) == 0
    assert capsys.readouterr().out.startswith("generate: RUNNING\n")
    assert command(["queue", "pause", "--queue", "other"]) == 1
    assert "Queue does not exist." in capsys.readouterr().err


@pytest.mark.parametrize("action", ["pause", "resume", "purge"])
def test_actions_the_emulator_lacks_are_reported(action: str, capsys: Any) -> None:
    with rewired(settings=test_settings()):
        assert command(["queue", action, "--yes"]) == 3
    assert f"{action}: not possible here" in capsys.readouterr().err


def test_the_emulator_reports_numbers(
    project_queue: Queue, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    project_queue.add(3)
    host = services().queue_control("generate")._client.transport._host.removeprefix("http://")
    monkeypatch.setenv("CLOUD_TASKS_EMULATOR_HOST", host)
    with rewired(settings=test_settings()):
        assert command(["queue", "list"]) == 0
    assert "queue:p-l-generate: 3 tasks waiting, 1 running\n" in capsys.readouterr().out


def test_an_emulator_that_does_not_answer_is_reported(
    capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUD_TASKS_EMULATOR_HOST", "127.0.0.1:9")
    with rewired(settings=test_settings()):
        assert command(["queue", "list"]) == 1
    assert "no answer from 127.0.0.1:9" in capsys.readouterr().err
