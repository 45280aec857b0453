"""Functions on a real socket, as deployed, and Node programs that use those of rooms."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from werkzeug import Response as BaseResponse
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.support.companies import Person, a_person
from tests.support.rooms import Place
from tests.support.wiring import app_for
from troupe.adapters.firestore import Create, now
from troupe.rooms.records import Member
from troupe.rooms.writes import member_path

PROGRAMS = Path(__file__).parents[1] / "clients" / "live"


def _function_of(path: str) -> str:
    if path.startswith("/api/auth/"):
        return "auth"
    last = path.rpartition("/")[2]
    return {"events": "live", "captions": "captions"}.get(last, "rooms")


def _framework(function_of: Callable[[str], str]) -> Flask:
    """What functions-framework and main.py make of our apps: a request within a request."""
    app = Flask("functions-framework")

    @app.route("/<path:path>", methods=["GET", "POST", "PUT", "DELETE", "OPTIONS"])
    def serve(path: str) -> BaseResponse:
        return Response.from_app(app_for(function_of(request.path)), request.environ)

    return app


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Hundreds of requests would hide what a failing test says."""


@contextmanager
def served(function_of: Callable[[str], str]) -> Iterator[str]:
    """The address of functions, with the services of the current test and a thread for each
    request. `function_of`: which one serves a path."""
    app = _framework(function_of)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Silent)
    server.daemon_threads = True  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def served_rooms() -> AbstractContextManager[str]:
    """Those that rooms need, at one address, as Hosting serves them."""
    return served(_function_of)


def token_of(person: Person) -> str:
    return person.headers["Authorization"].removeprefix("Bearer ")


def members(room: Place, count: int) -> list[str]:
    """Adds members without inviting each; returns their tokens."""
    at, found = now(), []
    for _ in range(count):
        person = a_person(room.db)
        fields = {"name": "Ada", "language": room.record.language, "joined_at": at}
        member = Member(id=person.uid, uid=person.uid, room_id=room.id, **fields)
        room.db.commit(Create(member_path(room.id, person.uid), member.stored()))
        found.append(token_of(person))
    return found


def run_program(name: str, base: str, *, seconds: float = 120, **given: Any) -> Any:
    """What a program of tests/clients/live prints, as JSON. It is told the addresses of the
    emulators, too."""
    config = {
        "base": base,
        "auth": os.environ["FIREBASE_AUTH_EMULATOR_HOST"],
        "firestore": os.environ["FIRESTORE_EMULATOR_HOST"],
        **given,
    }
    done = subprocess.run(
        ["node", str(PROGRAMS / name), json.dumps(config)],
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)
