"""Recordings over HTTP: what is stored, and what is rejected without a trace."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any, BinaryIO

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage

from tests.support.characters import Interrupted
from tests.support.factories import CountingDatabase, signed_in
from tests.support.forms import multipart
from tests.support.media_files import sent
from tests.support.sounds import recording
from tests.support.wiring import app_for, rewired, services
from tests.unit.media.test_recordings import M4A, WAV, png, zipped
from troupe.adapters.firestore import Database, Update, Write, now
from troupe.adapters.storage import Files
from troupe.errors import Unavailable
from troupe.files.errors import MAX_BYTES
from troupe.files.service import UserFiles
from troupe.media.uploads.proofs import Recording
from troupe.media.uploads.recordings import prove_recording
from troupe.orphans import OrphanedFiles
from troupe.settings import settings
from troupe.web.schema import Page

UPLOAD = "/api/files/upload"


@pytest.fixture
def client(emulators: object) -> FlaskClient:
    return app_for("files").test_client()


def upload(client: FlaskClient, headers: dict[str, str], data: bytes, name: str = "a.wav") -> Any:
    form = multipart(file=FileStorage(io.BytesIO(data), name))
    return client.post(UPLOAD, headers=headers, **form)


def stored(db: Database, files: Files, uid: str) -> tuple[int, list[str]]:
    return db.count("files", where=[("uid", "==", uid)]), files.list(f"files/{uid}/")


def test_a_recording_stays_when_nobody_knows_whether_its_commit_succeeded(
    db: Database, files: Files
) -> None:
    lossy, uid = Interrupted(db._client), signed_in(db)[0]

    def lose(writes: tuple[Write, ...]) -> None:
        if len(writes) == 2:
            raise Unavailable(retry_after=1)

    lossy.after = lose
    orphans = OrphanedFiles(lossy, lambda: files)
    user_files = UserFiles(lossy, lambda: files, orphans, proved, settings())
    with pytest.raises(Unavailable):
        user_files.add(uid, "a.wav", sent(recording()))
    (listed,), _ = services().user_files.page(uid, Page())
    assert files.list(f"files/{uid}/") == [listed.path]


def test_the_life_of_a_recording(client: FlaskClient, db: Database, files: Files) -> None:
    uid, headers = signed_in(db)
    answer = upload(client, headers, recording("mp3"), "Music/Über mich.wav")
    assert answer.status_code == 201
    data = answer.json["data"]
    assert answer.headers["Location"] == data["fileUrl"].partition("?")[0]
    assert data["fileUrl"] == data["file"]["url"]
    assert data["file"]["name"] == "Über mich.mp3"
    (listed,) = client.get("/api/files", headers=headers).json["data"]["files"]
    assert listed == data["file"]
    download = client.get(data["fileUrl"], headers=headers)
    assert (download.data, download.mimetype) == (recording("mp3"), "audio/mpeg")
    disposition = download.headers["Content-Disposition"]
    assert disposition.startswith('attachment; filename="Uber mich.mp3"')
    assert "filename*=UTF-8''%C3%9Cber%20mich.mp3" in disposition
    assert download.headers["X-Content-Type-Options"] == "nosniff"
    deleted = client.delete(f"/api/files/{data['fileId']}", headers=headers)
    assert deleted.status_code == 200
    assert client.get(data["fileUrl"], headers=headers).status_code == 404
    assert client.delete(f"/api/files/{data['fileId']}", headers=headers).status_code == 404
    assert stored(db, files, uid) == (0, [])


def test_byte_ranges(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    url = upload(client, headers, WAV).json["data"]["fileUrl"]
    part = client.get(url, headers=headers | {"Range": "bytes=100-199"})
    assert (part.status_code, part.data) == (206, WAV[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(WAV)}"
    beyond = client.get(url, headers=headers | {"Range": f"bytes={len(WAV)}-"})
    assert beyond.status_code == 416


def test_another_users_file_is_not_found(client: FlaskClient, db: Database) -> None:
    _, ada = signed_in(db)
    _, ben = signed_in(db)
    data = upload(client, ada, WAV).json["data"]
    assert client.get(data["fileUrl"], headers=ben).status_code == 404
    assert client.delete(f"/api/files/{data['fileId']}", headers=ben).status_code == 404
    assert client.get("/api/files", headers=ben).json["data"] == {"files": []}
    assert client.get(data["fileUrl"], headers=ada).status_code == 200


@pytest.mark.parametrize(
    ("data", "statuses"),
    [
        (png(), {415}),
        (zipped(), {415}),
        (b"", {415, 422}),
        (WAV[: len(WAV) // 2], {422}),
        (M4A[: len(M4A) // 2], {422}),
        (b"RIFF" + b"\0" * (MAX_BYTES + 1024 * 1024 - 4), {413}),
        (b"\0" * 33 * 1024 * 1024, {413}),
    ],
    ids=["png", "zip", "empty", "half a wav", "half an m4a", "31 MB", "33 MB"],
)
def test_a_rejected_file_leaves_nothing(
    client: FlaskClient, db: Database, files: Files, data: bytes, statuses: set[int]
) -> None:
    uid, headers = signed_in(db)
    answer = upload(client, headers, data)
    assert answer.status_code in statuses
    assert answer.json["error"]["code"]
    assert stored(db, files, uid) == (0, [])


def test_a_form_without_a_file(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    for form in ({}, {"file": "no file, but text"}, {"other": (io.BytesIO(WAV), "a.wav")}):
        answer = client.post(UPLOAD, data=form, headers=headers, content_type="multipart/form-data")
        assert answer.status_code == 422, form
    assert client.post(UPLOAD, json={"file": "x"}, headers=headers).status_code == 415


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd.wav"),
        ("a\r\nSet-Cookie: x.wav", "a Set-Cookie x.wav"),
        ("....", "recording.wav"),
        ("C:\\Music\\song.wav", "song.wav"),
        ("x" * 10_000 + ".mp3", "x" * 120 + ".wav"),
        ("a<b>:c.exe", "a b c.wav"),
        ("私の声.m4a", "私の声.wav"),
    ],
)
def test_file_names_are_sanitized(client: FlaskClient, db: Database, name: str, kept: str) -> None:
    uid, _ = signed_in(db)
    file = services().user_files.add(uid, name, sent(WAV))
    assert file.name == kept


def proved(file: BinaryIO, _: str) -> Recording:
    return prove_recording(file)


def test_a_failed_commit_leaves_no_file(
    db: Database, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid, _ = signed_in(db)
    broken = Database(db._client)
    service = UserFiles(broken, lambda: files, OrphanedFiles(db, lambda: files), proved, settings())

    def fail(*_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(broken, "commit", fail)
    with pytest.raises(ConnectionError):
        service.add(uid, "a.wav", sent(WAV))
    assert stored(db, files, uid) == (0, [])


def test_the_sweep_deletes_expired_files(
    client: FlaskClient, own_db: Database, files: Files
) -> None:
    uid, headers = signed_in(own_db)
    with rewired(database=own_db):
        old, new = (upload(client, headers, WAV).json["data"]["fileId"] for _ in range(2))
        own_db.commit(Update(f"files/{old}", {"expiresAt": now() - timedelta(seconds=1)}))
        assert services().user_files.expire(100) == 1
    count, (path,) = stored(own_db, files, uid)
    assert (count, path) == (1, own_db.get(f"files/{new}").data["path"])


@pytest.mark.parametrize("query", ["page=0", "limit=1e9", "limit=0", "page=x", "cursor=abc"])
def test_bad_pages_are_rejected(client: FlaskClient, db: Database, query: str) -> None:
    _, headers = signed_in(db)
    assert client.get(f"/api/files?{query}", headers=headers).status_code == 422


def test_a_cursor_of_another_list_is_rejected(client: FlaskClient, db: Database) -> None:
    _, ada = signed_in(db)
    _, ben = signed_in(db)
    for _ in range(2):
        upload(client, ada, WAV)
    first = client.get("/api/files?limit=1", headers=ada).json
    cursor = first["meta"]["nextCursor"]
    second = client.get(f"/api/files?limit=1&cursor={cursor}", headers=ada).json
    assert first["data"]["files"] != second["data"]["files"]
    answer = client.get(f"/api/files?cursor={cursor}", headers=ben)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "invalid_cursor")


def test_a_page_is_two_reads(counting: CountingDatabase, files: Files) -> None:
    uid, _ = signed_in(counting)
    service = UserFiles(
        counting, lambda: files, OrphanedFiles(counting, lambda: files), proved, settings()
    )
    from troupe.web.schema import Page

    service.add(uid, "a.wav", sent(WAV))
    counting.calls.clear()
    service.page(uid, Page())
    assert counting.calls == {"run_query": 1, "run_aggregation_query": 1}
