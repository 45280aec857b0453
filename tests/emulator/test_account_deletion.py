"""Leaving: nothing that names a user is left, whatever stops the erasure; others are untouched."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from tests.support import firebase_client
from tests.support.characters import CONSENT, PICTURE, SOUND
from tests.support.deliveries import Killed
from tests.support.factories import HeldQueue
from tests.support.firebase_client import PASSWORD, is_known, new_email
from tests.support.wiring import app_for, services
from troupe.accounts.deletion import COLLECTION, PATIENCE, Deletions
from troupe.adapters.firestore import Create, Database, Delete, Update, now
from troupe.adapters.storage import Files
from troupe.commands.ledger_audit import audit_user
from troupe.settings import settings
from troupe.wallet.errors import StillHeld
from troupe.wallet.ledger import hold_writes
from troupe.wallet.lifecycle import CLOSINGS
from troupe.wallet.lifecycle import erase as erase_wallet
from troupe.wallet.records import Meter


class Tenant:
    """A user who has one of everything."""

    def __init__(self) -> None:
        self.email, self.username = new_email(), f"u.{new_email()[:10]}"
        body = {"email": self.email, "password": PASSWORD, "username": self.username}
        found = client("auth").post("/api/register", json=body).get_json()["data"]
        self.uid = str(found["user"]["id"])
        self.headers = {"Authorization": f"Bearer {found['accessToken']}"}

    def send(self, function: str, method: str, path: str, **kwargs: Any) -> dict[str, Any]:
        answer = client(function).open(path, method=method, headers=self.headers, **kwargs)
        assert answer.status_code < 300, answer.text
        found: dict[str, Any] = answer.get_json()["data"]
        return found

    def upload(self, function: str, path: str, **fields: Any) -> dict[str, Any]:
        # The test client itself would leave a temporary file open for what is large.
        form = {
            name: FileStorage(io.BytesIO(value), name) if isinstance(value, bytes) else value
            for name, value in fields.items()
        }
        boundary, body = encode_multipart(form)
        kind = f'multipart/form-data; boundary="{boundary}"'
        return self.send(function, "POST", path, data=body, content_type=kind)

    def character(self) -> str:
        form = {"displayName": "Ada", "audioFile": SOUND, "imageFiles": PICTURE}
        made = self.upload("characters", "/api/characters/complete", **form, consent=CONSENT)
        return str(made["character"]["id"])

    def speak(self, text: str) -> str:
        body = {"text": text, "language": "en-us"}
        return str(self.send("voice", "POST", "/api/voice/generate", json=body)["generation"]["id"])

    def furnish(self, queue: HeldQueue, starred: str) -> str:
        """One of everything, some of it under way; the id of a character."""
        character = self.character()
        self.send("characters", "POST", f"/api/characters/{starred}/star")
        self.upload("auth", "/api/auth/avatar", avatar=PICTURE)
        self.upload("files", "/api/files/upload", file=SOUND)
        self.speak("This one is done. " * 3)
        dialogue = [{"speaker": character, "text": "Is it on?"}]
        made = {"selectedCharacters": [character], "dialogue": dialogue}
        for _ in range(2):
            script = self.send("scripts", "POST", "/api/scripts", json=made)["script"]["id"]
            self.send("scripts", "POST", f"/api/scripts/{script}/generate-audio", json={})
        *done, waiting = queue.take()
        for task in done:
            services().runner.run(task["jobId"], task.get("part"))
        queue.tasks.append((waiting, {}))
        self.speak("This one waits. " * 3)
        return character

    def leave(self) -> None:
        self.send("auth", "DELETE", "/api/auth/account")

    def waits(self) -> bool:
        return services().database.get(f"{COLLECTION}/{self.uid}").exists


def client(function: str) -> FlaskClient:
    return app_for(function).test_client()


def everything(db: Database) -> Iterator[tuple[str, str]]:
    """Path and contents of every document there is, in whatever collection, by one query."""
    client: Any = db._client
    every = {"from_": [{"all_descendants": True}]}  # of no collection in particular
    root = f"{client._database_string}/documents"
    asked = {"parent": root, "structured_query": every}
    for answer in client._firestore_api.run_query(asked, metadata=client._rpc_metadata):
        if answer.document.name:
            yield answer.document.name.removeprefix(f"{root}/"), str(answer.document.fields)


def traces(db: Database, files: Files, *words: str) -> list[str]:
    """All that names one of these, in Firestore and in Storage."""
    named = [path for path, data in everything(db) if any(w in path + data for w in words)]
    return named + [path for path in files.list("") if any(word in path for word in words)]


def now_is_later(db: Database, uid: str) -> None:
    """As if the deletion had been asked for long ago, and all that waits for it were due."""
    long_ago = now() - 2 * PATIENCE
    db.commit(Update(f"{COLLECTION}/{uid}", {"requestedAt": long_ago, "dueAt": long_ago}))


def files_of(db: Database, uid: str) -> set[str]:
    """What is stored of the user and does not say so in its path."""
    user = db.get(f"users/{uid}").data
    paths = {user["avatarPath"]}
    for document in db.find("characters", where=[("uid", "==", uid)], limit=10):
        paths |= {document.data["sample"]["path"]}
        paths |= {image["path"] for image in document.data["images"].values()}
    for document in db.find("scripts", where=[("uid", "==", uid)], limit=10):
        paths |= set(services().files.list(f"scripts/{document.id}/"))
    for document in db.find("jobs", where=[("uid", "==", uid)], limit=10):
        for part in db.find(f"jobs/{document.id}/parts", limit=50):
            paths |= {sound["path"] for sound in part.data["payload"]["sounds"]}
    return paths


def closings_of(uid: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths of the closings that are committed with the end of the user's wallet from now on;
    nothing in them tells whose they are."""
    commit = Database.commit
    found: list[Any] = []

    def watched(self: Database, *writes: Any) -> Any:
        answer = commit(self, *writes)
        if Delete(f"wallets/{uid}") in [replace(w, seen=None) for w in writes if type(w) is Delete]:
            found.extend(w.path for w in writes if w.path.startswith(CLOSINGS))
        return answer

    monkeypatch.setattr(Database, "commit", watched)
    return found


def test_nothing_that_names_the_user_is_left_and_others_keep_theirs(
    queue: HeldQueue, db: Database, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, user = Tenant(), Tenant()
    others_character = other.character()
    character = user.furnish(queue, others_character)
    other.send("characters", "POST", f"/api/characters/{character}/star")
    other.speak("Mine.")
    own_files = files_of(db, user.uid)
    assert len(own_files) >= 7
    assert len(traces(db, files, user.uid)) > 20
    others_before = traces(db, files, other.uid)
    closings = closings_of(user.uid, monkeypatch)

    user.leave()
    assert not is_known(user.uid)
    assert traces(db, files, user.email) == []
    assert not db.get(f"usernames/{user.username}").exists  # free at once
    services().deletions.sweep(100)
    assert traces(db, files, user.username) == []
    assert audit_user(db, other.uid) == []
    left = [path for path in traces(db, files, user.uid) if "discards/" not in path]
    assert left == [f"deletions/{user.uid}", f"users/{user.uid}"]
    assert user.waits()  # for what was under way when the user left

    now_is_later(db, user.uid)
    services().deletions.sweep(100)
    assert traces(db, files, user.uid) == []
    assert not own_files & set(files.list(""))
    assert db.get(f"characters/{others_character}").data["starred"] == 0
    star = f"characters/{character}/stars/{other.uid}"  # given to what is gone
    assert sorted(traces(db, files, other.uid)) == sorted(set(others_before) - {star})
    (closing,) = closings
    sums = db.get(closing).data
    assert sums.pop("month") == f"{now():%Y-%m}"
    used = sums["tokens"]["used"]
    assert used > 0
    assert sums == {
        "tokens": {"granted": settings().tokens_to_give, "used": used},
        "voiceSeconds": {"granted": 0, "used": 0},
    }


def test_killed_after_every_commit_it_goes_on_where_it_was(
    queue: HeldQueue, db: Database, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, user = Tenant(), Tenant()
    others_character = other.character()
    user.furnish(queue, others_character)
    own_files = files_of(db, user.uid)
    closings = closings_of(user.uid, monkeypatch)
    commit = Database.commit
    done: set[str] = set()

    def killed(self: Database, *writes: Any) -> Any:
        answer = commit(self, *writes)
        step = ",".join(f"{type(write).__name__} {write.path}" for write in writes)
        if step not in done and COLLECTION not in writes[-1].path:
            done.add(step)
            raise Killed
        return answer

    user.leave()
    monkeypatch.setattr(Database, "commit", killed)
    kills = 0
    while user.waits():
        assert audit_user(db, user.uid) == [] or not db.get(f"wallets/{user.uid}").exists
        now_is_later(db, user.uid)
        try:
            services().deletions.sweep(100)
        except Killed:
            kills += 1
            assert kills < 200
    monkeypatch.undo()
    assert kills >= 15
    for note in db.find("discards", limit=1000):
        if own_files & set(note.data["paths"]):
            db.commit(Update(note.path, {"dueAt": now()}))
    services().orphans.sweep(200)
    assert traces(db, files, user.uid) == []
    assert not own_files & set(files.list(""))
    assert db.get(f"characters/{others_character}").data["starred"] == 0  # once
    assert len(closings) == 1


def test_a_request_that_was_under_way_leaves_nothing_either(
    queue: HeldQueue, db: Database, files: Files
) -> None:
    user = Tenant()
    user.leave()
    services().deletions.sweep(100)
    # What a request does that had been let in before: a late session, a late file, a late record.
    stored = {"uid": user.uid, "createdAt": now(), "starred": 0}
    db.commit(
        Update(f"users/{user.uid}", {"sessions.late": {"userAgent": "late"}}),
        Create(f"subscriptions/{user.uid}", stored),
        Create(f"users/{user.uid}/activities/late", stored),
    )
    files.upload(f"generations/{user.uid}/late/audio.mp3", b"late", "audio/mpeg")
    files.upload(f"files/{user.uid}/late.wav", b"late", "audio/wav")
    now_is_later(db, user.uid)
    services().deletions.sweep(100)
    assert traces(db, files, user.uid) == []


def test_one_eraser_that_fails_holds_up_neither_the_others_nor_other_users(
    queue: HeldQueue, db: Database, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = Tenant(), Tenant()
    broken = [first.uid]

    def stumbling(uid: str, limit: int) -> int:
        if uid in broken:
            raise ConnectionError("storage is away")
        return 0

    erasers = {"broken": stumbling, **services().erasers}
    deletions = Deletions(db, services().identity, services().orphans, lambda: erasers)
    for user in (first, second):
        deletions.begin(user.uid)
        now_is_later(db, user.uid)
    deletions.sweep(100)
    assert traces(db, files, second.uid) == []
    assert not db.get(f"wallets/{first.uid}").exists
    waiting = db.get(f"{COLLECTION}/{first.uid}").data
    assert (waiting["failures"], waiting["dueAt"] > now()) == (1, True)
    assert "account_deletion_stumbled" in capsys.readouterr().out
    deletions.sweep(100)  # not due yet
    assert db.get(f"{COLLECTION}/{first.uid}").data == waiting
    broken.clear()
    now_is_later(db, first.uid)
    deletions.sweep(100)
    assert traces(db, files, first.uid) == []


def test_leaving_twice_is_leaving_once(queue: HeldQueue, db: Database) -> None:
    user = Tenant()
    services().deletions.begin(user.uid)
    before = db.get(f"{COLLECTION}/{user.uid}")
    services().deletions.begin(user.uid)
    assert db.get(f"{COLLECTION}/{user.uid}") == before


def test_a_guest_can_leave(queue: HeldQueue, db: Database, files: Files) -> None:
    guest = client("auth").post("/api/auth/guest").get_json()["data"]
    headers = {"Authorization": f"Bearer {guest['accessToken']}"}
    assert client("auth").delete("/api/auth/account", headers=headers).status_code == 200
    uid = guest["user"]["id"]
    now_is_later(db, uid)
    services().deletions.sweep(100)
    assert traces(db, files, uid) == []


def test_a_user_whom_only_firebase_signed_in_can_leave(
    queue: HeldQueue, db: Database, files: Files
) -> None:
    account = firebase_client.sign_up()
    headers = {"Authorization": f"Bearer {account['idToken']}"}
    assert client("auth").get("/api/me", headers=headers).status_code == 200
    assert client("auth").delete("/api/auth/account", headers=headers).status_code == 200
    assert client("auth").get("/api/me", headers=headers).status_code == 401
    now_is_later(db, account["localId"])
    services().deletions.sweep(100)
    assert traces(db, files, account["localId"]) == []


def test_a_wallet_that_a_job_holds_something_of_is_not_closed(
    queue: HeldQueue, db: Database
) -> None:
    user = Tenant()
    wallet = db.get(f"wallets/{user.uid}")
    db.commit(*hold_writes(wallet, "a-job", Meter.TOKENS, 3, "voice", now()))
    with pytest.raises(StillHeld):
        erase_wallet(user.uid, 50, database=db)
    assert db.get(wallet.path).exists
