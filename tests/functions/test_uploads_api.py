"""Uploads that can be resumed: what arrives, what is made of it, and that nothing else stays."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, BinaryIO

import pytest
import requests
from flask.testing import FlaskClient

from tests.support.characters import Interrupted
from tests.support.factories import code, signed_in, test_settings
from tests.support.sounds import recording
from tests.support.uploads import received, send
from tests.support.wiring import app_for, rewired, services
from tests.unit.media.test_recordings import WAV, png
from troupe.accounts.quotas import Quotas
from troupe.adapters.firestore import Committed, Database, Document, Update, Write, now
from troupe.adapters.storage import Files, StoredFile
from troupe.errors import Unavailable
from troupe.files.errors import MAX_BYTES, UploadNotFound
from troupe.files.lifecycle import erase, export
from troupe.files.records import UserFile
from troupe.files.service import UserFiles
from troupe.files.uploads import Uploads
from troupe.idempotency import Asked
from troupe.media.uploads.proofs import Recording
from troupe.media.uploads.recordings import prove_recording
from troupe.orphans import OrphanedFiles
from troupe.settings import settings

UPLOADS = "/api/files/uploads"
HALF = 256 * 1024
SOUND = recording(seconds=4)
Headers = dict[str, str]


@pytest.fixture
def client(emulators: object) -> FlaskClient:
    return app_for("files").test_client()


def begin(client: FlaskClient, headers: Headers, data: bytes = SOUND, **more: Any) -> Any:
    body = {"name": "Ada.wav", "size": len(data), **more}
    answer = client.post(UPLOADS, json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json["data"]["upload"]


def complete(client: FlaskClient, headers: Headers, upload: Any) -> Any:
    return client.post(f"{UPLOADS}/{upload['id']}/complete", headers=headers)


def kept(db: Database, files: Files, uid: str) -> tuple[int, int, list[str], list[str]]:
    """The uploads and files of a user: documents, then what is in storage."""
    mine = [("uid", "==", uid)]
    return (
        db.count("uploads", where=mine),
        db.count("files", where=mine),
        files.list(f"uploads/{uid}/"),
        files.list(f"files/{uid}/"),
    )


NOTHING: tuple[int, int, list[str], list[str]] = (0, 0, [], [])


def test_a_file_arrives_in_parts_and_is_one_like_any_other(
    client: FlaskClient, db: Database, files: Files
) -> None:
    uid, headers = signed_in(db)
    upload = begin(client, headers, lastModified="2026-11-28T10:00:00Z")
    assert len(SOUND) > HALF
    assert received(upload["url"], len(SOUND)) == 0
    assert send(upload["url"], SOUND, 0, HALF).status_code == 308
    assert code(complete(client, headers, upload)) == (409, "upload_incomplete")
    assert client.get(UPLOADS, headers=headers).json["data"] == {"uploads": [upload]}
    assert received(upload["url"], len(SOUND)) == HALF
    assert send(upload["url"], SOUND, HALF).status_code == 200
    made = complete(client, headers, upload)
    assert made.status_code == 201, made.text
    file = made.json["data"]["file"]
    assert made.headers["Location"] == file["url"].partition("?")[0]
    assert (file["id"], file["name"], file["size"]) == (upload["id"], "Ada.wav", len(SOUND))
    (listed,) = client.get("/api/files", headers=headers).json["data"]["files"]
    assert listed == file
    download = client.get(file["url"], headers=headers)
    assert (download.data, download.mimetype) == (SOUND, "audio/wav")
    assert complete(client, headers, upload).json == made.json
    assert client.get(UPLOADS, headers=headers).json["data"] == {"uploads": []}
    path = db.get(f"files/{file['id']}").data["path"]
    assert kept(db, files, uid) == (0, 1, [], [path])
    assert client.delete(f"{UPLOADS}/{upload['id']}", headers=headers).status_code == 404
    client.delete(f"/api/files/{file['id']}", headers=headers)
    assert code(complete(client, headers, upload)) == (404, "upload_not_found")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "a.wav", "size": MAX_BYTES + 1}, 413),
        ({"name": "a.wav", "size": 10**30}, 413),
        ({"name": "a.wav", "size": 0}, 422),
        ({"name": "", "size": 1}, 422),
        ({"name": "x" * 1001, "size": 1}, 422),
        ({"name": "a.wav", "size": 1, "lastModified": "yesterday"}, 422),
        ({"name": "a.wav"}, 422),
    ],
)
def test_what_cannot_become_a_file_is_not_begun(
    client: FlaskClient, db: Database, body: dict[str, Any], status: int
) -> None:
    uid, headers = signed_in(db)
    assert client.post(UPLOADS, json=body, headers=headers).status_code == status
    assert db.count("uploads", where=[("uid", "==", uid)]) == 0


class Asking(Files):
    """The real storage; records which sessions it has made, and for which pages."""

    def __init__(self, files: Files) -> None:
        super().__init__(files._bucket, can_sign=False)
        self.origins: list[str | None] = []
        self.urls: list[str] = []

    def begin_upload(self, path: str, size: int, origin: str | None) -> str:
        self.origins.append(origin)
        self.urls.append(super().begin_upload(path, size, origin))
        return self.urls[-1]


def test_uploads_count_towards_the_quota_before_anything_is_stored(
    client: FlaskClient, db: Database, files: Files
) -> None:
    asking = Asking(files)
    quotas = Quotas(db, test_settings(QUOTAS="guest=1/1/1/1, none=1/1/2/1"))
    with rewired(quotas=quotas, files=asking):
        uid, headers = signed_in(db)
        page = {"Origin": "https://studio.example.com"}
        first = begin(client, headers | page)
        begin(client, headers | {"Origin": "null"})
        third = client.post(UPLOADS, json={"name": "a", "size": 1}, headers=headers)
        assert code(third) == (409, "quota_exceeded")
        assert third.json["error"]["details"] == {"quota": "files", "maximum": 2}
        assert client.delete(f"{UPLOADS}/{first['id']}", headers=headers).status_code == 200
        large = {"name": "a", "size": 1024 * 1024 - len(SOUND) + 1}
        fourth = client.post(UPLOADS, json=large, headers=headers)
        assert fourth.json["error"]["details"]["quota"] == "fileBytes"
    assert asking.origins == [page["Origin"], None]
    assert kept(db, files, uid) == (1, 0, [], [])


def test_a_full_quota_does_not_lose_what_has_arrived(
    client: FlaskClient, db: Database, files: Files
) -> None:
    uid, headers = signed_in(db)
    upload = begin(client, headers, WAV)
    send(upload["url"], WAV)
    with rewired(quotas=Quotas(db, test_settings(QUOTAS="guest=1/1/0/1, none=1/1/0/1"))):
        assert code(complete(client, headers, upload)) == (409, "quota_exceeded")
    assert kept(db, files, uid)[:2] == (1, 0)
    assert complete(client, headers, upload).status_code == 201


@pytest.mark.parametrize(
    ("announced", "arrived", "error"),
    [
        (png(), png(), (415, "unsupported_media_type")),
        (WAV[: len(WAV) // 2], WAV[: len(WAV) // 2], (422, "broken_audio")),
        (WAV[:100], WAV, (422, "upload_has_other_size")),
        (WAV, WAV[:100], (422, "upload_has_other_size")),
        (WAV, b"\0" * (MAX_BYTES + 1), (413, "file_too_large")),
    ],
    ids=["png", "half a wav", "larger", "smaller", "far too large"],
)
def test_what_is_rejected_is_deleted(
    client: FlaskClient,
    db: Database,
    files: Files,
    announced: bytes,
    arrived: bytes,
    error: tuple[int, str],
) -> None:
    uid, headers = signed_in(db)
    upload = begin(client, headers, announced)
    assert send(upload["url"], arrived).status_code == 200
    assert code(complete(client, headers, upload)) == error
    assert kept(db, files, uid) == NOTHING
    assert code(complete(client, headers, upload)) == (404, "upload_not_found")


def test_a_stranger_sees_and_ends_nothing(client: FlaskClient, db: Database) -> None:
    _, ada = signed_in(db)
    _, ben = signed_in(db)
    upload = begin(client, ada, WAV)
    send(upload["url"], WAV)
    assert client.get(UPLOADS, headers=ben).json["data"] == {"uploads": []}
    assert client.delete(f"{UPLOADS}/{upload['id']}", headers=ben).status_code == 404
    assert complete(client, ben, upload).status_code == 404
    assert complete(client, ada, upload).status_code == 201
    assert complete(client, ben, upload).status_code == 404, "of the file with this id, too"


def test_an_abandoned_upload_takes_nothing_more(
    client: FlaskClient, db: Database, files: Files
) -> None:
    uid, headers = signed_in(db)
    upload = begin(client, headers)
    send(upload["url"], SOUND, 0, HALF)
    arrived = begin(client, headers, WAV)
    send(arrived["url"], WAV)
    for each in (upload, arrived):
        path = f"{UPLOADS}/{each['id']}"
        assert client.delete(path, headers=headers).status_code == 200
        assert client.delete(path, headers=headers).status_code == 404
    assert received(upload["url"], len(SOUND)) is None
    assert send(upload["url"], SOUND, HALF).status_code == 404
    assert kept(db, files, uid) == NOTHING


def proved(file: BinaryIO, _: str) -> Recording:
    return prove_recording(file)


def uploads_of(db: Database, files: Files, prove: Callable[[BinaryIO, str], Recording]) -> Uploads:
    orphans = OrphanedFiles(db, lambda: files)
    user_files = UserFiles(db, lambda: files, orphans, prove, settings())
    return Uploads(db, lambda: files, lambda: user_files)


def arrived(db: Database, files: Files, uid: str) -> str:
    asked = Asked(secrets.token_hex(16))
    upload = uploads_of(db, files, proved).begin(uid, "a.wav", len(WAV), asked)
    send(upload.url, WAV)
    return upload.id


def test_of_two_completions_at_once_one_makes_the_file(db: Database, files: Files) -> None:
    uid, _ = signed_in(db)
    upload_id = arrived(db, files, uid)
    other: list[UserFile] = []

    def prove(file: BinaryIO, user: str) -> Recording:
        other.append(uploads_of(db, files, proved).complete(uid, upload_id))
        return proved(file, user)

    made = uploads_of(db, files, prove).complete(uid, upload_id)
    assert [made] == other
    assert kept(db, files, uid) == (0, 1, [], [made.path])


def test_an_upload_that_is_abandoned_while_it_is_checked_makes_no_file(
    db: Database, files: Files
) -> None:
    uid, _ = signed_in(db)
    upload_id = arrived(db, files, uid)

    def prove(file: BinaryIO, user: str) -> Recording:
        uploads_of(db, files, proved).delete(uid, upload_id)
        return proved(file, user)

    with pytest.raises(UploadNotFound):
        uploads_of(db, files, prove).complete(uid, upload_id)
    assert kept(db, files, uid) == NOTHING


def test_an_upload_that_is_abandoned_before_it_is_read_is_gone(db: Database, files: Files) -> None:
    uid, _ = signed_in(db)
    upload_id = arrived(db, files, uid)

    class Abandoned(Files):
        def stat(self, path: str) -> StoredFile:
            uploads_of(db, files, proved).delete(uid, upload_id)
            return super().stat(path)

    with pytest.raises(UploadNotFound):
        uploads_of(db, Abandoned(files._bucket, can_sign=False), proved).complete(uid, upload_id)


def test_a_repeat_leaves_no_session_without_a_document(db: Database, files: Files) -> None:
    uid, _ = signed_in(db)
    asked, asking = Asked(secrets.token_hex(16), "a request"), Asking(files)
    first = uploads_of(db, files, proved)

    class Meanwhile(Database):
        """The first request is quicker, and its upload is ended before the repeat reads it."""

        def commit(self, *writes: Write) -> Committed:
            if len(asking.urls) == 1:
                first.begin(uid, "a.wav", 1, asked)
            return super().commit(*writes)

        def get(self, path: str) -> Document:
            if len(asking.urls) == 1 and path == f"uploads/{asked.id}":
                first.delete(uid, asked.id)
            return super().get(path)

    begun = uploads_of(Meanwhile(db._client), asking, proved).begin(uid, "a.wav", 1, asked)
    assert [received(url, 1) for url in asking.urls] == [None, 0]
    assert begun.url == asking.urls[1] == first.get(uid, asked.id).url


def test_a_completion_whose_response_is_lost_can_be_repeated(db: Database, files: Files) -> None:
    uid, _ = signed_in(db)
    upload_id = arrived(db, files, uid)
    lossy = Interrupted(db._client)

    def lose(writes: tuple[Write, ...]) -> None:
        if len(writes) == 3:
            raise Unavailable(retry_after=1)

    lossy.after = lose
    with pytest.raises(Unavailable):
        uploads_of(lossy, files, proved).complete(uid, upload_id)
    made = services().user_files.find(uid, upload_id)
    assert made is not None
    assert files.list(f"files/{uid}/") == [made.path]
    (left,) = files.list(f"uploads/{uid}/")
    (record,) = db.find("discards", where=[("paths", "array_contains", left)], limit=2)
    db.commit(Update(record.path, {"dueAt": now() - timedelta(days=9)}))
    services().orphans.sweep(1)
    assert kept(db, files, uid) == (0, 1, [], [made.path])


def test_a_key_is_for_one_upload(client: FlaskClient, db: Database, files: Files) -> None:
    uid, headers = signed_in(db)
    keyed = headers | {"Idempotency-Key": secrets.token_hex(8)}
    with ThreadPoolExecutor(3) as pool:
        begun = list(pool.map(lambda _: begin(client, keyed, WAV), range(3)))
    assert begun[0] == begun[1] == begun[2]
    other = client.post(UPLOADS, json={"name": "b", "size": 1}, headers=keyed)
    assert code(other) == (409, "idempotency_key_reused")
    send(begun[0]["url"], WAV)
    assert complete(client, headers, begun[0]).status_code == 201
    body = {"name": "Ada.wav", "size": len(WAV)}
    again = client.post(UPLOADS, json=body, headers=keyed)
    assert code(again) == (409, "upload_completed")
    assert again.json["error"]["details"] == {"fileId": begun[0]["id"]}
    assert kept(db, files, uid)[:3] == (0, 1, [])


def test_the_sweep_ends_uploads_that_were_not_completed(
    client: FlaskClient, own_db: Database, files: Files
) -> None:
    uid, headers = signed_in(own_db)
    with rewired(database=own_db):
        old, new = begin(client, headers), begin(client, headers)
        send(old["url"], SOUND, 0, HALF)
        expired = {"expiresAt": now() - timedelta(seconds=1)}
        own_db.commit(Update(f"uploads/{old['id']}", expired))
        assert services().uploads.expire(100) == 1
    assert received(old["url"], len(SOUND)) is None
    assert received(new["url"], len(SOUND)) == 0
    assert own_db.count("uploads", where=[("uid", "==", uid)]) == 1


def test_uploads_do_not_outlive_their_user(client: FlaskClient, db: Database, files: Files) -> None:
    uid, headers = signed_in(db)
    going_on, there = begin(client, headers), begin(client, headers, WAV)
    send(going_on["url"], SOUND, 0, HALF)
    send(there["url"], WAV)
    exported = [each for each in export(uid, database=db) if not isinstance(each, str)]
    assert [each.data["name"] for each in exported] == ["Ada.wav"] * 2
    assert not {"url", "path"} & {name for each in exported for name in each.data}
    uploads, orphan = services().uploads, f"uploads/{uid}/late"
    files.upload(orphan, b"late", "audio/wav")
    counts = [erase(uid, 5, database=db, files=files, uploads=uploads) for _ in range(3)]
    assert counts == [2, 1, 0]
    assert send(going_on["url"], SOUND, HALF).status_code == 404
    assert kept(db, files, uid) == NOTHING


def test_the_local_storage_lets_pages_send(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    url, page = begin(client, headers)["url"], {"Origin": "https://studio.example.com"}
    asked = requests.options(url, headers=page, timeout=30)
    assert asked.headers["Access-Control-Allow-Origin"] == page["Origin"]
    assert "PUT" in asked.headers["Access-Control-Allow-Methods"]
    assert "Content-Range" in asked.headers["Access-Control-Allow-Headers"]
