"""Account deletion: no trace of the user remains, even after crashes; others keep their data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support import firebase_client
from tests.support.audits import audit_user
from tests.support.characters import CONSENT, PICTURE, SOUND
from tests.support.deliveries import Killed
from tests.support.factories import HeldQueue
from tests.support.firebase_client import PASSWORD, is_known, new_email
from tests.support.forms import multipart
from tests.support.stores import everything
from tests.support.wiring import app_for, rewired, services
from troupe.accounts.deletion import COLLECTION, GRACE_PERIOD, Deletions
from troupe.adapters.firestore import Create, Database, Delete, Update, now
from troupe.adapters.storage import Files
from troupe.settings import settings
from troupe.wallet.errors import StillHeld
from troupe.wallet.ledger import hold_writes
from troupe.wallet.lifecycle import CLOSINGS
from troupe.wallet.lifecycle import erase as erase_wallet
from troupe.wallet.records import Meter


class Tenant:
    """A registered user who can create one of everything."""

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
        return self.send(function, "POST", path, **multipart(**fields))

    def character(self) -> str:
        form = {"displayName": "Ada", "audioFile": SOUND, "imageFiles": PICTURE}
        made = self.upload("characters", "/api/characters/complete", **form, consent=CONSENT)
        return str(made["character"]["id"])

    def speak(self, text: str) -> str:
        body = {"text": text, "language": "en-us"}
        return str(self.send("voice", "POST", "/api/voice/generate", json=body)["generation"]["id"])

    def create_everything(self, queue: HeldQueue, starred: str) -> str:
        """Creates one of everything, some of it in progress; returns the character's id."""
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
        for _ in range(2):  # a job follows when another one ends; the third one stays in the queue
            (task,) = queue.take()
            services().runner.run(task["jobId"], task.get("part"), task.get("uid"))
        self.speak("This one waits. " * 3)
        said = {"subjectKind": "character", "subjectId": starred, "rating": 4, "text": "Clear."}
        self.send("calls", "POST", "/api/reviews", json=said)
        said = {"subjectKind": "script", "subjectId": script, "text": "Louder, please."}
        self.send("calls", "POST", "/api/comments", json=said)
        return character

    def delete_account(self) -> None:
        self.send("auth", "DELETE", "/api/auth/account")

    def is_scheduled(self) -> bool:
        return services().database.get(f"{COLLECTION}/{self.uid}").exists


@pytest.fixture
def db(own_db: Database) -> Iterator[Database]:
    """All of it is searched for traces again and again."""
    with rewired(database=own_db):
        yield own_db


def client(function: str) -> FlaskClient:
    return app_for(function).test_client()


def traces(db: Database, files: Files, *words: str) -> list[str]:
    """Paths in Firestore and Storage that contain one of these words, in path or contents."""
    named = [path for path, data in everything(db) if any(w in path + data for w in words)]
    return named + [path for path in files.list("") if any(word in path for word in words)]


def backdate(db: Database, uid: str) -> None:
    """Backdates the deletion, so that its grace period is over and it is due."""
    long_ago = now() - 2 * GRACE_PERIOD
    db.commit(Update(f"{COLLECTION}/{uid}", {"requestedAt": long_ago, "dueAt": long_ago}))


def files_of(db: Database, uid: str) -> set[str]:
    """The user's files whose paths do not contain the uid."""
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
    """Records the paths of closings committed together with the deletion of the user's wallet.
    The closings themselves do not name the user."""
    commit = Database.commit
    found: list[Any] = []

    def watched(self: Database, *writes: Any) -> Any:
        answer = commit(self, *writes)
        if Delete(f"wallets/{uid}") in [replace(w, seen=None) for w in writes if type(w) is Delete]:
            found.extend(w.path for w in writes if w.path.startswith(CLOSINGS))
        return answer

    monkeypatch.setattr(Database, "commit", watched)
    return found


@pytest.mark.slow
def test_no_trace_of_the_user_remains_and_others_keep_their_data(
    queue: HeldQueue, db: Database, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, user = Tenant(), Tenant()
    others_character = other.character()
    character = user.create_everything(queue, others_character)
    other.send("characters", "POST", f"/api/characters/{character}/star")
    other.speak("Mine.")
    own_files = files_of(db, user.uid)
    assert len(own_files) >= 7
    assert len(traces(db, files, user.uid)) > 20
    others_before = traces(db, files, other.uid)
    closings = closings_of(user.uid, monkeypatch)

    user.delete_account()
    assert not is_known(user.uid)
    assert traces(db, files, user.email) == []
    assert not db.get(f"usernames/{user.username}").exists  # free at once
    services().deletions.sweep(100)
    assert traces(db, files, user.username) == []
    assert audit_user(db, other.uid) == []
    left = [path for path in traces(db, files, user.uid) if "discards/" not in path]
    assert left == [f"deletions/{user.uid}", f"users/{user.uid}"]
    assert user.is_scheduled()  # until nothing from before the deletion can still run

    backdate(db, user.uid)
    services().deletions.sweep(100)
    assert traces(db, files, user.uid) == []
    assert not own_files & set(files.list(""))
    assert db.get(f"characters/{others_character}").data["starred"] == 0
    star = f"characters/{character}/stars/{other.uid}"  # on a deleted character
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


def test_a_deletion_killed_after_any_commit_resumes(
    queue: HeldQueue, db: Database, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, user = Tenant(), Tenant()
    others_character = other.character()
    user.create_everything(queue, others_character)
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

    user.delete_account()
    monkeypatch.setattr(Database, "commit", killed)
    kills = 0
    while user.is_scheduled():
        assert audit_user(db, user.uid) == [] or not db.get(f"wallets/{user.uid}").exists
        backdate(db, user.uid)
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


def test_data_written_by_a_request_in_progress_is_erased_too(
    queue: HeldQueue, db: Database, files: Files
) -> None:
    user = Tenant()
    user.delete_account()
    services().deletions.sweep(100)
    # Late writes of a request that was authenticated before: a session, files, a record.
    stored = {"uid": user.uid, "createdAt": now(), "starred": 0}
    db.commit(
        Update(f"users/{user.uid}", {"sessions.late": {"userAgent": "late"}}),
        Create(f"subscriptions/{user.uid}", stored),
        Create(f"users/{user.uid}/activities/late", stored),
    )
    files.upload(f"generations/{user.uid}/late/audio.mp3", b"late", "audio/mpeg")
    files.upload(f"speech/{user.uid}/late.wav", b"late", "audio/wav")
    files.upload(f"files/{user.uid}/late.wav", b"late", "audio/wav")
    backdate(db, user.uid)
    services().deletions.sweep(100)
    assert traces(db, files, user.uid) == []


def test_a_failing_eraser_blocks_neither_other_erasers_nor_other_users(
    queue: HeldQueue, db: Database, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = Tenant(), Tenant()
    broken = [first.uid]

    def failing(uid: str, limit: int) -> int:
        if uid in broken:
            raise ConnectionError("storage is down")
        return 0

    erasers = {"broken": failing, **services().erasers}
    deletions = Deletions(db, services().identity, services().orphans, lambda: erasers)
    for user in (first, second):
        deletions.begin(user.uid)
        backdate(db, user.uid)
    deletions.sweep(100)
    assert traces(db, files, second.uid) == []
    assert not db.get(f"wallets/{first.uid}").exists
    waiting = db.get(f"{COLLECTION}/{first.uid}").data
    assert (waiting["failures"], waiting["dueAt"] > now()) == (1, True)
    assert "account_deletion_stumbled" in capsys.readouterr().out
    deletions.sweep(100)  # not due yet
    assert db.get(f"{COLLECTION}/{first.uid}").data == waiting
    broken.clear()
    backdate(db, first.uid)
    deletions.sweep(100)
    assert traces(db, files, first.uid) == []


def test_deleting_an_account_twice_has_no_further_effect(queue: HeldQueue, db: Database) -> None:
    user = Tenant()
    services().deletions.begin(user.uid)
    before = db.get(f"{COLLECTION}/{user.uid}")
    services().deletions.begin(user.uid)
    assert db.get(f"{COLLECTION}/{user.uid}") == before


def test_a_guest_can_delete_the_account(queue: HeldQueue, db: Database, files: Files) -> None:
    guest = client("auth").post("/api/auth/guest").get_json()["data"]
    headers = {"Authorization": f"Bearer {guest['accessToken']}"}
    assert client("auth").delete("/api/auth/account", headers=headers).status_code == 200
    uid = guest["user"]["id"]
    backdate(db, uid)
    services().deletions.sweep(100)
    assert traces(db, files, uid) == []


def test_a_user_signed_in_only_with_firebase_can_delete_the_account(
    queue: HeldQueue, db: Database, files: Files
) -> None:
    account = firebase_client.sign_up()
    headers = {"Authorization": f"Bearer {account['idToken']}"}
    assert client("auth").get("/api/me", headers=headers).status_code == 200
    assert client("auth").delete("/api/auth/account", headers=headers).status_code == 200
    assert client("auth").get("/api/me", headers=headers).status_code == 401
    backdate(db, account["localId"])
    services().deletions.sweep(100)
    assert traces(db, files, account["localId"]) == []


def test_a_wallet_with_a_hold_is_not_closed(queue: HeldQueue, db: Database) -> None:
    user = Tenant()
    wallet = db.get(f"wallets/{user.uid}")
    db.commit(*hold_writes(wallet, "a-job", Meter.TOKENS, 3, "voice", now()))
    with pytest.raises(StillHeld):
        erase_wallet(user.uid, 50, database=db)
    assert db.get(wallet.path).exists
