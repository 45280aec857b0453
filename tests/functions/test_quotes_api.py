"""Quotes, and the most that a request may cost, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.factories import CountingDatabase, HeldQueue, code, new_character, signed_in
from tests.support.plans import give_seconds
from tests.support.scenes import Scene, new_scene
from tests.support.wiring import app_for, rewired
from troupe.adapters.firestore import Database

GENERATE, QUOTE = "/api/voice/generate", "/api/voice/quote"


@pytest.fixture
def client(queue: HeldQueue) -> FlaskClient:
    return app_for("voice").test_client()


@pytest.fixture
def scene(queue: HeldQueue, db: Database) -> Scene:
    return new_scene(app_for("scripts").test_client(), db)


def body(characters: int = 5500, **changes: Any) -> dict[str, Any]:
    return {"text": ("word " * characters)[:characters], "language": "en-US"} | changes


def state(db: Database, uid: str) -> Any:
    jobs = db.count("jobs", where=[("uid", "==", uid)])
    return db.get(f"wallets/{uid}").data, jobs


def test_a_quote_is_what_is_reserved(client: FlaskClient, db: Database) -> None:
    uid, headers = signed_in(db)
    before = state(db, uid)
    for characters in (1, 1000, 1001, 5500):
        quoted = client.post(QUOTE, json=body(characters), headers=headers).json["data"]
        assert quoted["payer"] == {"kind": "user", "id": uid}
        assert (quoted["meter"], quoted["sufficient"]) == ("tokens", True)
        assert quoted["voiceSecondsAtMost"] >= characters / 20
        assert quoted["available"] == before[0]["tokens"]["granted"]
        assert quoted["tokens"] == -(-characters // 1000)
    assert state(db, uid) == before, "a quote holds nothing"
    started = client.post(GENERATE, json=body(), headers=headers).json["data"]
    assert started["tokensReserved"] == quoted["tokens"] == 6
    assert started["job"]["charge"] == {"meter": "tokens", "held": 6, "charged": None}
    left = client.post(QUOTE, json=body(15_000), headers=headers).json["data"]
    assert (left["available"], left["tokens"], left["sufficient"]) == (14, 15, False)


def test_voice_seconds_are_quoted_first(client: FlaskClient, db: Database) -> None:
    uid, headers = signed_in(db)
    give_seconds(db, uid, 100_000)
    quoted = client.post(QUOTE, json=body(), headers=headers).json["data"]
    assert (quoted["meter"], quoted["tokens"], quoted["available"]) == ("voiceSeconds", 0, 100_000)
    started = client.post(GENERATE, json=body(maxTokens=0), headers=headers)
    assert started.status_code == 202
    held = started.json["data"]["job"]["charge"]["held"]
    assert held == quoted["voiceSecondsAtMost"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"language": "xx"}, (422, "unknown_choice")),
        ({"targetLanguage": "de"}, (422, "unknown_choice")),
        ({"characterId": "nobody"}, (404, "character_not_found")),
        ({"text": " "}, (422, "invalid_input")),
        ({"speed": 9}, (422, "invalid_input")),
        ({"maxTokens": -1}, (422, "invalid_input")),
    ],
)
def test_a_quote_checks_what_the_request_checks(
    client: FlaskClient, db: Database, changes: dict[str, Any], expected: tuple[int, str]
) -> None:
    _, headers = signed_in(db)
    answers = [
        client.post(path, json=body(**changes), headers=headers) for path in (QUOTE, GENERATE)
    ]
    assert [code(answer) for answer in answers] == [expected] * 2
    assert answers[0].json["error"] == answers[1].json["error"]


def test_a_quote_reads_one_document_more_than_its_checks(
    counting: CountingDatabase, queue: HeldQueue
) -> None:
    uid, headers = signed_in(counting)
    character = new_character(counting, uid, "Ada")
    with rewired(database=counting):
        client = app_for("voice").test_client()
        client.post(QUOTE, json=body(), headers=headers)
        counting.calls.clear()
        for character_id in (None, character):
            answer = client.post(QUOTE, json=body(characterId=character_id), headers=headers)
            assert answer.status_code == 200
    # Both: who calls, and the wallet. The second: the character.
    assert dict(counting.calls) == {"batch_get_documents": 5}


@pytest.mark.parametrize("path", ["/generate-audio", "/generate-video"])
def test_a_script_above_the_maximum_is_refused_before_anything_is_written(
    scene: Scene, db: Database, path: str
) -> None:
    before = state(db, scene.uid)
    refused = scene.post(path, maxTokens=0, backgroundVideo="#203040")
    assert code(refused) == (409, "cost_above_max")
    assert refused.json["error"]["details"] == {"tokens": 1, "maxTokens": 0, "meter": "tokens"}
    assert state(db, scene.uid) == before
    assert scene.record().active_job_id is None
    assert scene.post(path, maxTokens=1, backgroundVideo="#203040").status_code == 202


def test_a_text_above_the_maximum_is_refused(client: FlaskClient, db: Database) -> None:
    uid, headers = signed_in(db)
    before = state(db, uid)
    refused = client.post(GENERATE, json=body(maxTokens=5), headers=headers)
    assert code(refused) == (409, "cost_above_max")
    assert refused.json["error"]["details"] == {"tokens": 6, "maxTokens": 5, "meter": "tokens"}
    assert state(db, uid) == before
    keyed = headers | {"Idempotency-Key": "again"}
    made = client.post(GENERATE, json=body(maxTokens=6), headers=keyed)
    assert made.status_code == 202
    again = client.post(GENERATE, json=body(maxTokens=3), headers=keyed)
    assert again.json["data"]["generation"]["id"] == made.json["data"]["generation"]["id"]


@pytest.mark.parametrize("operation", ["audio", "video"])
def test_a_script_is_quoted_as_it_is_reserved(scene: Scene, db: Database, operation: str) -> None:
    before = state(db, scene.uid)
    quoted = scene.post("/quote", operation=operation).json["data"]
    assert (quoted["meter"], quoted["tokens"], quoted["sufficient"]) == ("tokens", 1, True)
    assert quoted["payer"] == {"kind": "user", "id": scene.uid}
    assert (quoted["voiceSecondsAtMost"] is None) == (operation == "video")
    assert state(db, scene.uid) == before
    job = scene.post(f"/generate-{operation}", backgroundVideo="#203040").json["data"]["job"]
    assert job["charge"] == {"meter": "tokens", "held": 1, "charged": None}
    assert code(scene.post("/quote", operation=operation)) == (409, "script_busy")


def test_a_script_is_quoted_for_its_owner(scene: Scene, db: Database) -> None:
    other = scene.as_another(db)
    assert code(other.post("/quote", operation="audio")) == (404, "script_not_found")
    assert code(scene.post("/quote", operation="opera")) == (422, "invalid_input")
    assert code(scene.post("/quote")) == (422, "invalid_input")
