"""The HTTP edge of the `generate` function: authentication, and the answers to Cloud Tasks."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import functions_framework
import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.factories import HeldQueue, new_user
from tests.support.wiring import services
from troupe import tokens
from troupe.adapters.firestore import Database, Update, now
from troupe.generations.request_schemas import GenerateVoice
from troupe.tokens import TASK_TOKEN_HEADER

MAIN = Path(__file__).parents[2] / "functions" / "main.py"


@pytest.fixture(scope="module")
def file_db(deployed_db: Database) -> Database:
    """That of main.py."""
    return deployed_db


@pytest.fixture
def client(queue: HeldQueue) -> FlaskClient:
    """The function as functions-framework serves it."""
    app: Flask = functions_framework.create_app("generate", str(MAIN))
    return app.test_client()


@pytest.fixture
def task(queue: HeldQueue, db: Database) -> tuple[dict[str, Any], dict[str, str]]:
    """The task of a job as it is sent to Cloud Tasks: payload and headers."""
    request = GenerateVoice.model_validate({"text": "Good evening.", "language": "en"})
    services().generations.generate(new_user(db), request.command(), None)
    ((payload, headers),) = queue.tasks
    return payload, headers


def status_of(db: Database, payload: dict[str, Any]) -> str:
    return str(db.get(f"jobs/{payload['jobId']}").data["status"])


def test_an_authentic_task_is_done(
    client: FlaskClient, db: Database, task: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    payload, headers = task
    assert client.post("/", json={"data": payload}, headers=headers).status_code == 200
    claimed = next(line for line in capsys.readouterr().out.splitlines() if "job_claimed" in line)
    assert payload["uid"] in claimed
    assert status_of(db, payload) == "completed"
    assert client.post("/", json={"data": payload}, headers=headers).status_code == 200


def test_a_request_without_a_valid_token_is_rejected(
    client: FlaskClient, db: Database, task: Any
) -> None:
    payload, _ = task
    job_id = payload["jobId"]
    bad = {
        "nothing": "",
        "rubbish": "x.y.z",
        "an access token": tokens.encode(purpose="access", subject=job_id, ttl=60),
        "an expired one": tokens.encode(purpose="task", subject=job_id, ttl=-60),
    }
    for name, token in bad.items():
        answer = client.post("/", json={"data": payload}, headers={TASK_TOKEN_HEADER: token})
        assert answer.status_code == 401, name
    other = {TASK_TOKEN_HEADER: tokens.encode(purpose="task", subject="another", ttl=60)}
    assert client.post("/", json={"data": payload}, headers=other).status_code == 403
    assert status_of(db, payload) == "queued"


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        [],
        {"jobId": 5},
        {"jobId": "../users/x"},
        {"jobId": "a", "part": "0"},
        {"jobId": "a", "part": True},
    ],
)
def test_a_malformed_task_is_rejected(client: FlaskClient, data: Any) -> None:
    assert client.post("/", json={"data": data}).status_code == 400
    assert client.post("/", data=b"{", content_type="application/json").status_code in (400, 500)


def test_a_task_of_a_deleted_job_succeeds(client: FlaskClient) -> None:
    headers = {TASK_TOKEN_HEADER: tokens.encode(purpose="task", subject="gone", ttl=60)}
    assert client.post("/", json={"data": {"jobId": "gone"}}, headers=headers).status_code == 200


def test_a_task_of_a_leased_job_is_redelivered(
    client: FlaskClient, db: Database, task: Any
) -> None:
    payload, headers = task
    lease = now() + timedelta(days=365)
    path = f"jobs/{payload['jobId']}"
    db.commit(Update(path, {"status": "in_progress", "leaseUntil": lease, "attempt": 1}))
    assert client.post("/", json={"data": payload}, headers=headers).status_code == 409
