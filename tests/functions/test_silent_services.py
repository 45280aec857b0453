"""A service that accepts connections and never answers: every request ends in time, with 503.

Here a request gets three seconds for its calls. That it gets ten, and that each call keeps within
that, is tested in tests/unit/test_deadlines.py."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.contract.examples import request_of
from tests.contract.operations import Operation, served
from tests.support.factories import HeldQueue, signed_in
from tests.support.machine import slack
from tests.support.media_files import sent
from tests.support.silent import silent_services
from tests.support.sounds import recording
from tests.support.wiring import app_for, deliver, rewired, services
from troupe import deadlines, tokens
from troupe.adapters.firebase import OPTIONS
from troupe.adapters.firestore import Database

PATIENCE = 3.0  # seconds
# /api/health waits five; the rest is for a busy machine. Without deadlines, gRPC waits a minute.
LONGEST = 9.0
# As many as share a machine without waiting for each other.
AT_ONCE = 48
SPEAK = {"text": "Good evening.", "language": "en-US"}

pytestmark = pytest.mark.slow


@pytest.fixture
def silent(emulators: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(deadlines, "REQUEST_SECONDS", PATIENCE)
    # The Admin SDK tries twice.
    monkeypatch.setitem(OPTIONS, "httpTimeout", PATIENCE / 2)
    with silent_services() as found:
        yield found


def ask(operation: Operation) -> tuple[int, float, bool]:
    """The status, the seconds, and whether the answer says when to try again."""
    ids = dict.fromkeys(("userId", "jobId", "kind", *operation.names), "abc")
    ids["name"] = "swagger-ui.css" if "assets" in operation.path else "abc_def.mp4"
    token = tokens.encode(purpose="access", subject="ada", ttl=60, session_id="s1")
    body = request_of(operation.route, {})
    query = {"search": "x"} if operation.path.endswith("search") else {}
    started = time.monotonic()
    answer = (
        app_for(operation.function)
        .test_client()
        .open(
            operation.filled({**ids}),
            method=operation.method,
            headers={"Authorization": f"Bearer {token}"},
            query_string=query,
            **body,
        )
    )
    seconds = time.monotonic() - started
    with answer:
        return answer.status_code, seconds, "Retry-After" in answer.headers


def test_no_operation_waits_for_firestore(silent: Any) -> None:
    operations = [each for each in served() if not each.route.alias_of]
    with rewired(database=silent.database, queue=HeldQueue()):
        for operation in operations:
            app_for(operation.function)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(ask, operations))
    for operation, (status, seconds, hinted) in zip(operations, answers, strict=True):
        assert seconds <= LONGEST * slack(), (operation.id, status, seconds)
        if str(operation.route.auth) != "public":
            assert (status, hinted) == (503, True), (operation.id, status)
        assert status != 500, operation.id


def test_no_operation_waits_for_storage_or_the_queue(
    db: Database, queue: HeldQueue, silent: Any
) -> None:
    uid, headers = signed_in(db)
    voice, files = app_for("voice").test_client(), app_for("files").test_client()
    place = voice.post("/api/voice/generate", json=SPEAK, headers=headers).headers["Location"]
    deliver(queue)
    file = services().user_files.add(uid, "a.wav", sent(recording()))
    avatar = next(each for each in served() if each.id == "uploadAvatar")
    asked = [
        lambda: voice.get(f"{place}/audio", headers=headers),
        lambda: voice.get(f"{place}/audio", headers={**headers, "Range": "bytes=5-9"}),
        lambda: voice.get(f"{place}/captions", headers=headers),
        lambda: voice.delete(place, headers=headers),
        lambda: files.get(f"/api/files/download/{file.id}", headers=headers),
        lambda: (
            app_for("auth")
            .test_client()
            .post(avatar.path, headers=headers, **request_of(avatar.route, {}))
        ),
    ]

    def timed(call: Any) -> tuple[int, float]:
        started = time.monotonic()
        with call() as answer:
            return answer.status_code, time.monotonic() - started

    with rewired(files=silent.files), ThreadPoolExecutor(len(asked)) as pool:
        answers = list(pool.map(timed, asked))
    assert {status for status, _ in answers} == {503}
    assert max(seconds for _, seconds in answers) <= LONGEST * slack()
    with rewired(queue=silent.queue):
        status, seconds = timed(
            lambda: voice.post("/api/voice/generate", json=SPEAK, headers=headers)
        )
    # The sweep enqueues the job later.
    assert (status, seconds <= LONGEST * slack()) == (202, True)


def test_no_operation_waits_for_firebase_auth(silent: Any) -> None:
    client = app_for("auth").test_client()
    body = {"email": "ada@example.com", "password": "secret-123"}
    paths = ("/api/auth/login", "/api/auth/register")

    def timed(path: str) -> tuple[int, float]:
        started = time.monotonic()
        return client.post(path, json=body).status_code, time.monotonic() - started

    with rewired(identity=silent.identity), ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(timed, paths))
    assert {status for status, _ in answers} == {503}
    assert max(seconds for _, seconds in answers) <= LONGEST * slack()
