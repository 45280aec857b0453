"""Idempotency-Key where a repeated request would double something: scripts, characters, files."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from werkzeug.datastructures import FileStorage

from tests.fakes.openai_server import KEY, openai_server
from tests.support.characters import CONSENT, OTHER_SOUND, SOUND
from tests.support.factories import code, new_character, signed_in, test_settings
from tests.support.forms import multipart
from tests.support.sounds import recording
from tests.support.wiring import app_for, rewired
from troupe.accounts.quotas import Quotas
from troupe.adapters.firestore import Database
from troupe.adapters.llm import LanguageModel
from troupe.adapters.storage import Files

Headers = dict[str, str]


@dataclass(frozen=True)
class Made:
    """Something that a request creates. `ask` sends it: one that differs with `other`. `id_of`
    reads its id from the answer."""

    collection: str
    ask: Callable[[Headers, bool], Any]
    id_of: Callable[[Any], str]


def script(db: Database, uid: str) -> Made:
    cast = [new_character(db, uid, "Anna")]

    def ask(headers: Headers, other: bool) -> Any:
        line = {"speaker": cast[0], "text": "Bye." if other else "Hi."}
        body = {"selectedCharacters": cast, "dialogue": [line]}
        return app_for("scripts").test_client().post("/api/scripts", json=body, headers=headers)

    return Made("scripts", ask, lambda data: str(data["script"]["id"]))


def character(db: Database, uid: str) -> Made:
    def ask(headers: Headers, other: bool) -> Any:
        sound = FileStorage(io.BytesIO(OTHER_SOUND if other else SOUND), filename="a.wav")
        form = multipart(displayName="Ada", audioFile=sound, consent=CONSENT)
        client = app_for("characters").test_client()
        return client.post("/api/characters/complete", headers=headers, **form)

    return Made("characters", ask, lambda data: str(data["character"]["id"]))


def file(db: Database, uid: str) -> Made:
    def ask(headers: Headers, other: bool) -> Any:
        sent = FileStorage(io.BytesIO(recording()), filename="b.wav" if other else "a.wav")
        client = app_for("files").test_client()
        return client.post("/api/files/upload", headers=headers, **multipart(file=sent))

    return Made("files", ask, lambda data: str(data["fileId"]))


KINDS = pytest.mark.parametrize("kind", [script, character, file])


def keyed(headers: Headers) -> Headers:
    return headers | {"Idempotency-Key": secrets.token_hex(8)}


def count(db: Database, made: Made, uid: str) -> int:
    return db.count(made.collection, where=[("uid", "==", uid)])


@KINDS
def test_a_repeat_creates_nothing(
    emulators: object, db: Database, kind: Callable[[Database, str], Made]
) -> None:
    uid, headers = signed_in(db)
    made, headers = kind(db, uid), keyed(headers)
    before = count(db, made, uid)
    first = made.ask(headers, False)
    assert first.status_code == 201, first.text
    again = made.ask(headers, False)
    assert (again.status_code, made.id_of(again.json["data"])) == (
        201,
        made.id_of(first.json["data"]),
    )
    assert count(db, made, uid) == before + 1


@KINDS
def test_another_request_under_the_key_is_refused(
    emulators: object, db: Database, kind: Callable[[Database, str], Made]
) -> None:
    uid, headers = signed_in(db)
    made, headers = kind(db, uid), keyed(headers)
    assert made.ask(headers, False).status_code == 201
    assert code(made.ask(headers, True)) == (409, "idempotency_key_reused")


@KINDS
def test_requests_without_a_key_create_each_their_own(
    emulators: object, db: Database, kind: Callable[[Database, str], Made]
) -> None:
    uid, headers = signed_in(db)
    made = kind(db, uid)
    ids = {made.id_of(made.ask(headers, False).json["data"]) for _ in range(2)}
    assert len(ids) == 2


@KINDS
def test_the_key_of_somebody_else_is_another_one(
    emulators: object, db: Database, kind: Callable[[Database, str], Made]
) -> None:
    ids, key = set(), secrets.token_hex(8)
    for uid, headers in (signed_in(db), signed_in(db)):
        made = kind(db, uid)
        answer = made.ask(headers | {"Idempotency-Key": key}, False)
        assert answer.status_code == 201
        ids.add(made.id_of(answer.json["data"]))
    assert len(ids) == 2


@KINDS
def test_of_requests_at_once_one_creates(
    emulators: object, db: Database, files: Files, kind: Callable[[Database, str], Made]
) -> None:
    uid, headers = signed_in(db)
    made, headers = kind(db, uid), keyed(headers)
    before = count(db, made, uid)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: made.ask(headers, False), range(3)))
    assert {answer.status_code for answer in answers} == {201}
    (its_id,) = {made.id_of(answer.json["data"]) for answer in answers}
    assert count(db, made, uid) == before + 1
    stored = db.get(f"{made.collection}/{its_id}").data
    if made.collection == "files":
        assert files.list(f"files/{uid}/") == [stored["path"]], "the others left no file"
    if made.collection == "characters":
        assert files.list(f"static/audio_files/{its_id}") == [stored["sample"]["path"]]


@KINDS
def test_a_repeat_is_answered_when_the_quota_is_full(
    emulators: object, db: Database, kind: Callable[[Database, str], Made]
) -> None:
    uid, headers = signed_in(db)
    made, headers = kind(db, uid), keyed(headers)
    with rewired(quotas=Quotas(db, test_settings(QUOTAS="none=1/1/1/100"))):
        first = made.ask(headers, False)
        assert first.status_code == 201, first.text
        again = made.ask(headers, False)
        assert made.id_of(again.json["data"]) == made.id_of(first.json["data"])
        assert made.ask(keyed(headers), False).json["error"]["code"] == "quota_exceeded"
    assert db.get(f"{made.collection}/{made.id_of(first.json['data'])}").exists


def test_the_model_writes_a_script_once(emulators: object, db: Database) -> None:
    uid, headers = signed_in(db)
    headers, client = keyed(headers), app_for("scripts").test_client()
    body = {"selectedCharacters": [new_character(db, uid, "Anna")], "prompt": "A quarrel."}
    with openai_server() as fake:
        model = LanguageModel(KEY, fake.base_url, "gpt-5.4-mini")
        with rewired(language_model=lambda: model):
            first, again = (
                client.post("/api/scripts/generate", json=body, headers=headers) for _ in range(2)
            )
            changed = body | {"prompt": "A duel."}
            other = client.post("/api/scripts/generate", json=changed, headers=headers)
        model.close()
    assert first.status_code == again.status_code == 201, first.text
    assert first.json["data"]["script"]["id"] == again.json["data"]["script"]["id"]
    assert len(fake.requests) == 1
    assert code(other) == (409, "idempotency_key_reused")
