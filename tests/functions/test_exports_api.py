"""Exporting one's data over HTTP."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest

from tests.support.admins import Admin
from tests.support.factories import HeldQueue, code, new_character, signed_in, test_settings
from tests.support.wiring import app_for, deliver, rewired
from troupe.adapters.firestore import Database, Update, now

EXPORT = "/api/auth/export"


def ask(method: str, path: str, headers: dict[str, str]) -> Any:
    return app_for("auth").test_client().open(path, method=method, headers=headers)


@pytest.fixture
def user(db: Database) -> tuple[str, dict[str, str]]:
    return signed_in(db)


def finished(queue: HeldQueue, headers: dict[str, str]) -> dict[str, Any]:
    started = ask("POST", EXPORT, headers)
    assert started.status_code == 202, started.text
    deliver(queue)
    answer = ask("GET", started.headers["Location"], headers)
    assert answer.status_code == 200
    data: dict[str, Any] = answer.json["data"]
    return data


def test_an_export_is_started_followed_and_downloaded(
    queue: HeldQueue, db: Database, user: tuple[str, dict[str, str]]
) -> None:
    uid, headers = user
    new_character(db, uid, "Grace")
    started = ask("POST", EXPORT, headers).json["data"]["job"]
    assert (started["kind"], started["status"]) == ("export", "queued")
    waiting = ask("GET", f"{EXPORT}/{started['jobId']}", headers).json["data"]
    assert waiting["archive"] is None
    assert code(ask("GET", f"{EXPORT}/{started['jobId']}/archive", headers)) == (
        409,
        "export_not_ready",
    )
    data = finished(queue, headers)
    assert data["job"]["jobId"] == started["jobId"]
    assert (data["job"]["status"], data["job"]["overallProgress"]) == ("completed", 100)
    assert data["archive"]["missing"] == 1  # the character has no file here
    answer = ask("GET", data["archive"]["url"], {})  # the link opens without a bearer token
    assert answer.status_code == 200
    assert answer.mimetype == "application/zip"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert len(answer.data) == data["archive"]["size"]
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert {"README.txt", "index.json", "documents/account.json"} <= set(archive.namelist())
        assert b"Grace" in archive.read("documents/characters.json")
    again = ask("GET", f"{EXPORT}/{started['jobId']}/archive", headers | {"Range": "bytes=0-1"})
    assert (again.status_code, again.data) == (206, b"PK")


def test_nobody_else_sees_it(
    queue: HeldQueue, db: Database, admin: Admin, user: tuple[str, dict[str, str]]
) -> None:
    job_id = finished(queue, user[1])["job"]["jobId"]
    _, stranger = signed_in(db)
    for other in (stranger, admin.headers):
        for path in (f"{EXPORT}/{job_id}", f"{EXPORT}/{job_id}/archive"):
            assert code(ask("GET", path, other)) == (404, "export_not_found")
    for method, path in (("POST", EXPORT), ("GET", f"{EXPORT}/{job_id}/archive")):
        assert ask(method, path, {}).status_code == 401


def test_a_job_of_another_kind_is_not_an_export(
    queue: HeldQueue, user: tuple[str, dict[str, str]]
) -> None:
    body = {"text": "Hello.", "language": "en-us"}
    client = app_for("voice").test_client()
    answer = client.post("/api/voice/generate", json=body, headers=user[1])
    job_id = answer.json["data"]["job"]["jobId"]
    assert code(ask("GET", f"{EXPORT}/{job_id}", user[1])) == (404, "export_not_found")


def test_the_archive_of_an_earlier_export_is_gone(
    queue: HeldQueue, db: Database, user: tuple[str, dict[str, str]]
) -> None:
    first = finished(queue, user[1])
    second = finished(queue, user[1])
    path = f"{EXPORT}/{first['job']['jobId']}"
    assert ask("GET", path, user[1]).json["data"]["archive"] is None
    assert code(ask("GET", f"{path}/archive", user[1])) == (409, "export_not_ready")
    assert second["archive"] is not None
    fields = {"archive.expiresAt": now()}
    db.commit(Update(f"exports/{user[0]}", fields))
    path = f"{EXPORT}/{second['job']['jobId']}/archive"
    assert code(ask("GET", path, user[1])) == (409, "export_not_ready")


def test_it_needs_a_recent_sign_in(
    queue: HeldQueue, db: Database, user: tuple[str, dict[str, str]]
) -> None:
    uid, headers = user
    (session_id,) = db.get(f"users/{uid}").data["sessions"]
    earlier = now() - timedelta(minutes=6)
    db.commit(Update(f"users/{uid}", {f"sessions.{session_id}.createdAt": earlier}))
    for _ in range(6):  # more than EXPORT_LIMIT allows in a day
        assert code(ask("POST", EXPORT, headers)) == (403, "recent_sign_in_required")
    assert queue.take() == []
    db.commit(Update(f"users/{uid}", {"guest": True}))  # who could not sign in again
    assert ask("POST", EXPORT, headers).status_code == 202


def test_exports_are_limited_per_day(queue: HeldQueue, user: tuple[str, dict[str, str]]) -> None:
    with rewired(settings=test_settings(EXPORT_LIMIT="2/86400, 0")):
        statuses = [ask("POST", EXPORT, user[1]).status_code for _ in range(3)]
    assert statuses == [202, 202, 429]


def test_a_suspended_user_cannot_download(
    queue: HeldQueue, db: Database, user: tuple[str, dict[str, str]]
) -> None:
    data = finished(queue, user[1])
    db.commit(Update(f"users/{user[0]}", {"suspended": True}))
    assert ask("GET", data["archive"]["url"], {}).status_code == 403
